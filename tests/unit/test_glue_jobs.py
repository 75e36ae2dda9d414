from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from glue_service import COMMAND, JOB, Glue, Refused, glue_service, names

from runyard.core.job import Task


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path) as service:
        yield service


def test_a_created_job_is_shown_as_it_was_given(glue: Glue) -> None:
    created = glue("CreateJob", Name="nightly", Description="d", DefaultArguments={"--a": "1"}, **JOB)

    assert created == {"Name": "nightly"}
    job = glue("GetJob", JobName="nightly")["Job"]
    assert job["Command"] == COMMAND
    assert job["DefaultArguments"] == {"--a": "1"}
    assert job["Timeout"] == 2880
    assert job["CreatedOn"] == job["LastModifiedOn"]


def test_a_second_job_of_the_same_name_is_refused_and_the_first_stays(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Description="first", **JOB)

    with pytest.raises(Refused, match=r"^AlreadyExistsException: Job nightly already exists"):
        glue("CreateJob", Name="nightly", Description="second", **JOB)
    assert glue("GetJob", JobName="nightly")["Job"]["Description"] == "first"


def test_a_job_of_another_workspace_is_not_found(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    reply = glue.reply("GetJob", {"JobName": "nightly"}, glue.engine.workspace("other"))

    assert msgspec.json.decode(reply.body) == {
        "__type": "EntityNotFoundException",
        "Message": "Job nightly not found.",
    }


def test_a_job_that_breaks_a_rule_is_not_created(glue: Glue) -> None:
    with pytest.raises(Refused, match=r"^InvalidInputException: Please set both Worker Type and Number of Workers"):
        glue("CreateJob", Name="nightly", Role="r", Command={"Name": "glueetl"}, WorkerType="G.1X")
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job nightly not found"):
        glue("GetJob", JobName="nightly")


def test_an_update_overwrites_the_whole_job(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Description="old", GlueVersion="4.0", Timeout=9, Tags={"a": "1"}, **JOB)

    assert glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "MaxRetries": 2}) == {"JobName": "nightly"}
    job = glue("GetJob", JobName="nightly")["Job"]
    assert "Description" not in job
    assert (job["MaxRetries"], job["Timeout"], job["GlueVersion"]) == (2, 2880, "4.0")
    assert job["LastModifiedOn"] > job["CreatedOn"]
    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:1:job/nightly") == {"Tags": {"a": "1"}}


def test_an_update_of_a_missing_job_or_against_a_rule_is_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Timeout=9, **JOB)

    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job other not found"):
        glue("UpdateJob", JobName="other", JobUpdate=JOB)
    with pytest.raises(Refused, match=r"^InvalidInputException: MaxRetries must be between 0 and 10"):
        glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "MaxRetries": 11})
    assert glue("GetJob", JobName="nightly")["Job"]["Timeout"] == 9


def test_jobs_are_listed_in_pages_and_by_tags(glue: Glue) -> None:
    for number in range(5):
        glue("CreateJob", Name=f"job {number}", Tags={"odd": str(number % 2)}, **JOB)

    first = glue("GetJobs", MaxResults=2)
    second = glue("GetJobs", MaxResults=2, NextToken=first["NextToken"])
    third = glue("GetJobs", MaxResults=2, NextToken=second["NextToken"])

    assert names(first, "Jobs", "Name") == ["job 0", "job 1"]
    assert names(second, "Jobs", "Name") == ["job 2", "job 3"]
    assert names(third, "Jobs", "Name") == ["job 4"]
    assert "NextToken" not in third
    odd = glue("ListJobs", Tags={"odd": "1"}, MaxResults=1)
    assert odd["JobNames"] == ["job 1"]
    assert glue("ListJobs", Tags={"odd": "1"}, NextToken=odd["NextToken"]) == {"JobNames": ["job 3"]}
    assert glue("ListJobs", Tags={"odd": "2"}) == {"JobNames": []}


def test_a_list_that_is_a_page_long_has_no_next_page(glue: Glue) -> None:
    for number in range(2):
        glue("CreateJob", Name=f"job {number}", **JOB)

    assert glue("ListJobs", MaxResults=2) == {"JobNames": ["job 0", "job 1"]}


def test_jobs_of_other_languages_are_not_listed_as_glue_jobs(glue: Glue) -> None:
    tasks = (Task(key="t", kind="python_script"),)
    facts: dict[str, Any] = {"settings": {}, "tasks": tasks}
    glue.engine.create_job(glue.workspace, once=False, name="n", language="databricks", **facts)

    assert glue("ListJobs") == {"JobNames": []}


def test_a_token_of_another_list_is_refused(glue: Glue) -> None:
    with pytest.raises(
        Refused, match=r"^InvalidInputException: The page token '.*' is not one that this list gave out"
    ):
        glue("GetJobs", NextToken="garbage")


def test_several_jobs_are_shown_at_once_and_missing_ones_named(glue: Glue) -> None:
    glue("CreateJob", Name="one", **JOB)
    glue("CreateJob", Name="two", **JOB)

    answer = glue("BatchGetJobs", JobNames=["two", "none", "one", "two"])

    assert names(answer, "Jobs", "Name") == ["two", "one"]
    assert answer["JobsNotFound"] == ["none"]


def test_a_deleted_job_is_gone_and_deleting_it_again_is_no_error(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]

    assert glue("DeleteJob", JobName="nightly") == {"JobName": "nightly"}
    assert glue("DeleteJob", JobName="nightly") == {"JobName": "nightly"}
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job nightly not found"):
        glue("GetJob", JobName="nightly")
    assert glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]["Id"] == run


# tags

ARN = "arn:aws:glue:us-east-1:123456789012:job/nightly"


def test_tags_are_added_changed_and_removed(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Tags={"a": "1", "b": "1"}, **JOB)

    assert glue("TagResource", ResourceArn=ARN, TagsToAdd={"b": "2", "c": "3"}) == {}
    assert glue("UntagResource", ResourceArn=ARN, TagsToRemove=["a", "unknown"]) == {}
    assert glue("GetTags", ResourceArn=ARN) == {"Tags": {"b": "2", "c": "3"}}


def test_tags_are_found_though_a_name_has_colons_and_slashes(glue: Glue) -> None:
    glue("CreateJob", Name="a:b/c", Tags={"k": "v"}, **JOB)

    assert glue("GetTags", ResourceArn="arn:aws:glue:us-east-1:123456789012:job/a:b/c") == {"Tags": {"k": "v"}}


def test_tags_beyond_fifty_are_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Tags={str(number): "" for number in range(50)}, **JOB)

    with pytest.raises(Refused, match=r"^InvalidInputException: A resource may have at most 50 tags"):
        glue("TagResource", ResourceArn=ARN, TagsToAdd={"one more": ""})


@pytest.mark.parametrize("resource", ["job/other", "job/", "crawler/nightly", "job"])
def test_tags_of_what_is_no_job_of_ours_are_not_found(glue: Glue, resource: str) -> None:
    glue("CreateJob", Name="nightly", **JOB)

    with pytest.raises(Refused, match=r"^EntityNotFoundException: "):
        glue("GetTags", ResourceArn=f"arn:aws:glue:us-east-1:123456789012:{resource}")
