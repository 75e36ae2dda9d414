"""The operations on jobs, over an engine that records but starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, script

from runyard.core.errors import InvalidRequest, NotFound


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path / "home") as yard:
        yield yard


def names(answer: dict[str, Any]) -> list[str]:
    return [job["settings"]["name"] for job in answer.get("jobs", [])]


# get


def test_a_job_is_shown_with_who_made_it_and_when(yard: Yard) -> None:
    job_id = yard.create(script("a"), run_as={"service_principal_name": "robot"})

    shown = yard("getJob", job_id=job_id)

    assert shown["job_id"] == job_id
    assert shown["creator_user_name"] == "ada@example.com"
    assert shown["run_as_user_name"] == "robot"
    assert shown["created_time"] == yard.engine.job(yard.workspace, job_id).created_at
    assert "creator_user_name" not in shown["settings"]
    assert "next_page_token" not in shown


def test_a_job_that_is_not_there_is_not_found(yard: Yard) -> None:
    for operation in ("getJob", "deleteJob", "runJobNow", "updateJob", "resetJob"):
        with pytest.raises(NotFound) as missing:
            yard(operation, job_id=5, new_settings={"name": "n"})

        assert (missing.value.kind, missing.value.name) == ("job", 5)


def test_many_tasks_come_in_pages_of_100_in_the_newest_version(yard: Yard) -> None:
    clusters = [{"job_cluster_key": f"c{number}", "new_cluster": {}} for number in range(100)]
    job_id = yard.create(*(script(f"t{number}") for number in range(250)), job_clusters=clusters)

    pages = [yard("getJob", job_id=job_id)]
    while "next_page_token" in pages[-1]:
        pages.append(yard("getJob", job_id=job_id, page_token=pages[-1]["next_page_token"]))

    keys = [task["task_key"] for page in pages for task in page["settings"]["tasks"]]
    assert [len(page["settings"]["tasks"]) for page in pages] == [100, 100, 50]
    assert keys == [f"t{number}" for number in range(250)]
    assert [len(page["settings"]["job_clusters"]) for page in pages] == [100, 0, 0]
    assert [page.get("has_more") for page in pages] == [True, True, None]


def test_many_tasks_come_at_once_in_older_versions(yard: Yard) -> None:
    job_id = yard.create(*(script(f"t{number}") for number in range(150)))

    shown = yard("getJob", "2.1", job_id=job_id)

    assert len(shown["settings"]["tasks"]) == 150
    assert "next_page_token" not in shown


def test_a_page_token_of_another_job_is_refused(yard: Yard) -> None:
    jobs = [yard.create(*(script(f"t{number}") for number in range(101))) for _ in range(2)]
    token = yard("getJob", job_id=jobs[0])["next_page_token"]

    with pytest.raises(InvalidRequest, match="page token"):
        yard("getJob", job_id=jobs[1], page_token=token)


# list


def test_jobs_are_listed_newest_first_without_their_tasks(yard: Yard) -> None:
    for name in ("a", "b"):
        yard.create(script("t"), name=name, job_clusters=[{"job_cluster_key": "c", "new_cluster": {}}])

    answer = yard("listJobs")

    assert names(answer) == ["b", "a"]
    assert "tasks" not in answer["jobs"][0]["settings"]
    assert "job_clusters" not in answer["jobs"][0]["settings"]
    assert "has_more" not in answer
    assert "next_page_token" not in answer


def test_an_expanded_list_shows_the_first_100_tasks_and_says_that_there_are_more(yard: Yard) -> None:
    yard.create(*(script(f"t{number}") for number in range(101)))
    yard.create(script("a"))

    small, large = yard("listJobs", expand_tasks=True)["jobs"]

    assert len(large["settings"]["tasks"]) == 100
    assert large["has_more"] is True
    assert len(small["settings"]["tasks"]) == 1
    assert "has_more" not in small


def test_pages_of_a_list_can_be_walked_both_ways(yard: Yard) -> None:
    for number in range(5):
        yard.create(script("t"), name=str(number))

    first = yard("listJobs", limit=2)
    second = yard("listJobs", limit=2, page_token=first["next_page_token"])
    third = yard("listJobs", limit=2, page_token=second["next_page_token"])
    back = yard("listJobs", limit=2, page_token=third["prev_page_token"])
    front = yard("listJobs", limit=2, page_token=back["prev_page_token"])

    assert [names(page) for page in (first, second, third, back, front)] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
        ["2", "1"],
        ["4", "3"],
    ]
    assert "prev_page_token" not in first
    assert "next_page_token" not in third
    assert "prev_page_token" not in front


def test_older_versions_say_whether_there_is_more(yard: Yard) -> None:
    for _ in range(2):
        yard.create(script("t"))

    assert yard("listJobs", "2.1", limit=1)["has_more"] is True
    assert yard("listJobs", "2.1")["has_more"] is False


def test_the_oldest_version_lists_jobs_whole(yard: Yard) -> None:
    yard("createJob", "2.0", notebook_task={"notebook_path": "/a"})

    (job,) = yard("listJobs", "2.0")["jobs"]

    assert job["settings"]["notebook_task"]["notebook_path"] == "/a"


def test_a_name_filters_exactly_and_whatever_its_case(yard: Yard) -> None:
    for name in ("Report", "report", "reports"):
        yard.create(script("t"), name=name)

    assert names(yard("listJobs", name="REPORT")) == ["report", "Report"]
    assert yard("listJobs", name="rep") == {}


def test_pages_of_jobs_of_one_name_hold_together(yard: Yard) -> None:
    for name in ("a", "b", "a", "b", "a"):
        yard.create(script("t"), name=name)

    first = yard("listJobs", name="a", limit=2)
    second = yard("listJobs", name="a", limit=2, page_token=first["next_page_token"])

    assert [len(names(page)) for page in (first, second)] == [2, 1]
    assert "next_page_token" not in second


def test_a_list_may_begin_at_an_offset_but_not_a_deep_one(yard: Yard) -> None:
    for number in range(3):
        yard.create(script("t"), name=str(number))

    with pytest.raises(InvalidRequest) as refused:
        yard("listJobs", offset=10_020)

    assert names(yard("listJobs", offset=1)) == ["1", "0"]
    assert str(refused.value).startswith(
        "The supplied offset 10020 has exceeded the value of 10000 allowed for this parameter."
        "Please use the page_token parameter to paginate: "
    )


@pytest.mark.parametrize(("version", "limit"), [("2.2", 101), ("2.1", 101), ("2.0", 1001)])
def test_a_page_has_at_most_so_many_jobs(yard: Yard, version: str, limit: int) -> None:
    with pytest.raises(InvalidRequest, match=f"Invalid limit {limit} - it has to be no more than {limit - 1}"):
        yard("listJobs", version, limit=limit)


def test_jobs_of_other_languages_and_workspaces_are_not_in_the_list(yard: Yard) -> None:
    task = yard.engine.job(yard.workspace, yard.create(script("t"), name="mine")).tasks
    yard.engine.create_job(yard.workspace, name="glue", language="glue", settings={}, tasks=task)
    yard.engine.create_job(yard.engine.workspace("other"), name="x", language="databricks", settings={}, tasks=task)

    assert names(yard("listJobs")) == ["mine"]
