from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from glue_service import JOB, Glue, Refused, glue_service, names

from runyard.core.job import Task
from runyard.core.run import Outcome
from runyard.dialects.aws_ids import run_id
from runyard.dialects.glue.starting import start_with_arguments
from runyard.engine.requests import Request as RunRequest
from runyard.engine.starting import Starting


@pytest.fixture
def glue(tmp_path: Path) -> Iterator[Glue]:
    with glue_service(tmp_path) as service:
        yield service


def test_a_started_run_is_shown_with_its_arguments_merged(glue: Glue) -> None:
    glue(
        "CreateJob",
        Name="nightly",
        DefaultArguments={"--a": "1", "--b": "1"},
        NonOverridableArguments={"--c": "3"},
        **JOB,
    )

    started = glue("StartJobRun", JobName="nightly", Arguments={"--b": "2", "--c": "2"}, Timeout=4)

    run = glue("GetJobRun", JobName="nightly", RunId=started["JobRunId"])["JobRun"]
    assert run["Arguments"] == {"--a": "1", "--b": "2", "--c": "3"}
    assert (run["Timeout"], run["Attempt"], run["JobRunState"]) == (4, 0, "WAITING")
    assert run["LogGroupName"] == "/aws-glue/python-jobs"


def test_a_run_goes_from_waiting_over_running_to_its_end(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    running = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]
    glue.end(Outcome.FAILED, "ValueError: no rows")

    ended = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]

    assert running["JobRunState"] == "RUNNING"
    assert "CompletedOn" not in running
    assert (ended["JobRunState"], ended["ErrorMessage"]) == ("FAILED", "ValueError: no rows")
    assert ended["CompletedOn"] >= ended["StartedOn"]


def test_what_a_run_was_told_stays_when_its_job_changes(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", Timeout=9, **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]

    glue("UpdateJob", JobName="nightly", JobUpdate={**JOB, "Timeout": 1})

    assert glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]["Timeout"] == 9


def test_a_run_of_a_missing_job_cannot_start(glue: Glue) -> None:
    with pytest.raises(
        Refused, match=r"^EntityNotFoundException: Failed to start job run due to missing metadata.$"
    ) as caught:
        glue("StartJobRun", JobName="none")

    assert caught.value.status == 400


def test_a_run_beyond_the_limit_of_its_job_is_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    glue("StartJobRun", JobName="nightly")

    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException: Concurrent runs exceeded for nightly$"):
        glue("StartJobRun", JobName="nightly")
    assert len(glue("GetJobRuns", JobName="nightly")["JobRuns"]) == 1


@pytest.mark.parametrize(("of_the_job", "of_the_run"), [(True, None), (False, True), (None, True)])
def test_with_queuing_a_run_beyond_the_limit_waits_and_says_why(
    glue: Glue, *, of_the_job: bool | None, of_the_run: bool | None
) -> None:
    glue("CreateJob", Name="nightly", JobRunQueuingEnabled=of_the_job, **JOB)
    glue("StartJobRun", JobName="nightly")

    run = glue("StartJobRun", JobName="nightly", JobRunQueuingEnabled=of_the_run)["JobRunId"]

    shown = glue("GetJobRun", JobName="nightly", RunId=run)["JobRun"]
    assert shown["JobRunState"] == "WAITING"
    assert shown["StateDetail"] == "Job nightly has reached its limit of 1 concurrent runs."
    assert shown["JobRunQueuingEnabled"] is True


def test_queuing_turned_off_for_a_run_refuses_it(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", JobRunQueuingEnabled=True, **JOB)
    glue("StartJobRun", JobName="nightly")

    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException"):
        glue("StartJobRun", JobName="nightly", JobRunQueuingEnabled=False)


def test_a_job_may_have_several_runs_at_once(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 2}, **JOB)
    started = [glue("StartJobRun", JobName="nightly")["JobRunId"] for _ in range(2)]

    assert len(set(started)) == 2
    with pytest.raises(Refused, match=r"^ConcurrentRunsExceededException"):
        glue("StartJobRun", JobName="nightly")


def test_a_delay_notice_is_due_after_the_minutes_asked_for(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", NotificationProperty={"NotifyDelayAfter": 2}, **JOB)

    glue("StartJobRun", JobName="nightly")

    run = glue.store.read(lambda ledger: ledger.due_notices(glue.clock() + 121_000, 10))[0]
    assert run.notify_at == run.created_at + 120_000


def test_a_run_that_tries_another_again_names_it(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    before = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED)

    again = glue("StartJobRun", JobName="nightly", JobRunId=before)["JobRunId"]

    shown = glue("GetJobRun", JobName="nightly", RunId=again)["JobRun"]
    assert (shown["PreviousRunId"], shown["Attempt"]) == (before, 0)
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job run jr_x not found"):
        glue("StartJobRun", JobName="nightly", JobRunId="jr_x")


def test_an_automatic_retry_is_a_job_run_of_its_own(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=1, **JOB)
    first = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED, "first broken")
    glue.begin()

    listed = glue("GetJobRuns", JobName="nightly")["JobRuns"]

    assert [one["Id"] for one in listed] == [f"{first}_attempt_1", first]
    assert [one["JobRunState"] for one in listed] == ["RUNNING", "FAILED"]
    assert listed[0]["PreviousRunId"] == first
    assert listed[1]["ErrorMessage"] == "first broken"
    assert glue("GetJobRun", JobName="nightly", RunId=f"{first}_attempt_1")["JobRun"] == listed[0]
    assert glue("GetJobRun", JobName="nightly", RunId=first)["JobRun"] == listed[1]


@pytest.mark.parametrize("named", ["jr_x", run_id(5), "{run}_attempt_1", "other job"])
def test_a_run_that_is_not_there_is_not_found(glue: Glue, named: str) -> None:
    glue("CreateJob", Name="nightly", **JOB)
    run = glue("StartJobRun", JobName="nightly")["JobRunId"]
    job, asked_for = ("other", run) if named == "other job" else ("nightly", named.format(run=run))

    with pytest.raises(Refused, match=f"^EntityNotFoundException: Job run {asked_for} not found.$"):
        glue("GetJobRun", JobName=job, RunId=asked_for)


def test_runs_are_listed_newest_first_in_pages_that_neither_lose_nor_repeat(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=2, ExecutionProperty={"MaxConcurrentRuns": 9}, **JOB)
    glue("CreateJob", Name="other", **JOB)
    glue("StartJobRun", JobName="other")
    for _ in range(3):
        glue("StartJobRun", JobName="nightly")
    for _ in range(2):
        glue.begin()
        glue.end(Outcome.FAILED)
    whole = glue("GetJobRuns", JobName="nightly")
    paged: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    while True:
        page = glue("GetJobRuns", JobName="nightly", MaxResults=2, **token)
        paged += page["JobRuns"]
        if "NextToken" not in page:
            break
        assert len(page["JobRuns"]) == 2
        token = {"NextToken": page["NextToken"]}
        glue("StartJobRun", JobName="nightly")  # newer runs do not disturb older pages

    assert paged == whole["JobRuns"]
    assert [one["Attempt"] for one in paged] == [2, 1, 0] * 3
    assert "NextToken" not in whole


def test_a_page_never_exceeds_two_hundred_runs(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 1000}, **JOB)
    for _ in range(201):
        glue("StartJobRun", JobName="nightly")

    page = glue("GetJobRuns", JobName="nightly", MaxResults=1000)
    rest = glue("GetJobRuns", JobName="nightly", MaxResults=1000, NextToken=page["NextToken"])

    assert (len(page["JobRuns"]), len(rest["JobRuns"])) == (200, 1)
    assert "NextToken" not in rest


def test_runs_of_a_missing_job_and_a_token_of_another_job_are_refused(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 2}, **JOB)
    glue("CreateJob", Name="other", **JOB)
    for _ in range(2):
        glue("StartJobRun", JobName="nightly")
    token = glue("GetJobRuns", JobName="nightly", MaxResults=1)["NextToken"]

    with pytest.raises(Refused, match=r"^InvalidInputException: The page token"):
        glue("GetJobRuns", JobName="other", NextToken=token)
    with pytest.raises(Refused, match=r"^EntityNotFoundException: Job none not found"):
        glue("GetJobRuns", JobName="none")


def test_runs_are_stopped_and_what_cannot_be_stopped_is_told(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", ExecutionProperty={"MaxConcurrentRuns": 9}, **JOB)
    done, running = (glue("StartJobRun", JobName="nightly")["JobRunId"] for _ in range(2))
    glue.begin()
    glue("BatchStopJobRun", JobName="nightly", JobRunIds=[done])
    glue.end(Outcome.CANCELLED, attempts=glue.on_process()[:1])
    waiting = glue("StartJobRun", JobName="nightly")["JobRunId"]

    answer = glue("BatchStopJobRun", JobName="nightly", JobRunIds=[running, done, "jr_x", waiting, running])

    assert answer["SuccessfulSubmissions"] == [
        {"JobName": "nightly", "JobRunId": running},
        {"JobName": "nightly", "JobRunId": waiting},
    ]
    assert answer["Errors"] == [
        {
            "JobName": "nightly",
            "JobRunId": done,
            "ErrorDetail": {
                "ErrorCode": "JobRunInTerminalStateException",
                "ErrorMessage": f"Job run {done} has ended; there is nothing to stop.",
            },
        },
        {
            "JobName": "nightly",
            "JobRunId": "jr_x",
            "ErrorDetail": {
                "ErrorCode": "EntityNotFoundException",
                "ErrorMessage": "Job run jr_x not found.",
            },
        },
    ]
    states = {one["Id"]: one["JobRunState"] for one in glue("GetJobRuns", JobName="nightly")["JobRuns"]}
    assert states == {done: "STOPPED", running: "STOPPING", waiting: "STOPPED"}


def test_stopping_the_first_try_of_a_run_stops_the_try_that_goes_on(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", MaxRetries=1, **JOB)
    first = glue("StartJobRun", JobName="nightly")["JobRunId"]
    glue.begin()
    glue.end(Outcome.FAILED)
    glue.begin()

    answer = glue("BatchStopJobRun", JobName="nightly", JobRunIds=[first])

    assert names(answer, "SuccessfulSubmissions", "JobRunId") == [first]
    assert glue("GetJobRuns", JobName="nightly")["JobRuns"][0]["JobRunState"] == "STOPPING"


def test_a_run_of_another_language_is_seen_and_stopped_by_its_job_s_name(glue: Glue) -> None:
    request = RunRequest(language="databricks", job_name="etl", tasks=(Task(key="t", kind="python_script"),))
    run = run_id(glue.engine.start_run(glue.workspace, request).id)

    seen = glue("GetJobRun", JobName="etl", RunId=run)["JobRun"]
    glue("BatchStopJobRun", JobName="etl", JobRunIds=[run])

    assert seen["JobRunState"] == "WAITING"
    assert glue("GetJobRun", JobName="etl", RunId=run)["JobRun"]["JobRunState"] == "STOPPED"


def test_another_language_starts_a_glue_job_with_names_and_values(glue: Glue) -> None:
    glue("CreateJob", Name="nightly", DefaultArguments={"--a": "1"}, **JOB)
    job = glue.engine.job_named(glue.workspace, "nightly")

    starting = Starting(engine=glue.engine, workspace=glue.workspace, job=job, parameters={"day": "monday"})
    run = start_with_arguments(starting)

    shown = glue("GetJobRun", JobName="nightly", RunId=run_id(run.id))["JobRun"]
    assert shown["Arguments"] == {"--a": "1", "--day": "monday"}


def test_runs_of_a_job_that_another_language_made_are_listed_by_its_name(glue: Glue) -> None:
    task = Task(key="main", kind="python_script", spec={"script": "/a.py"})
    request = RunRequest(language="native", job_name="theirs", tasks=(task,))
    run = glue.engine.start_run(glue.workspace, request)

    listed = glue("GetJobRuns", JobName="theirs")["JobRuns"]
    stopped = glue("BatchStopJobRun", JobName="theirs", JobRunIds=[listed[0]["Id"]])

    assert [one["Id"] for one in listed] == [run_id(run.id)]
    assert [one["JobRunId"] for one in stopped["SuccessfulSubmissions"]] == [run_id(run.id)]
    with pytest.raises(Refused, match="EntityNotFoundException"):
        glue("GetJobRuns", JobName="nobody's")
