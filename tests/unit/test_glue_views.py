from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runyard.core.job import Job, Task
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.dialects.aws_ids import run_id
from runyard.dialects.glue.asked import effective, run_settings
from runyard.dialects.glue.views import JOB, JOB_RUN, is_retried, newest, tries

TASK = Task(key="main", kind="python_script")
WORDS = effective({"Role": "r", "Command": {"Name": "pythonshell"}, "DefaultArguments": {"--a": "1"}, "Timeout": 5}, {})


def a_run(**more: Any) -> Run:
    facts: dict[str, Any] = {
        "id": 900,
        "workspace_id": 1,
        "job_id": 5,
        "job_name": "nightly",
        "language": "glue",
        "settings": run_settings(WORDS, {}),
        "tasks": (TASK,),
        "state": State.RUNNING,
        "created_at": 1_000,
        "updated_at": 3_500,
        "attempt_at": 1_000,
        "running_at": 2_000,
    }
    return Run(**{**facts, **more})


def ended(outcome: Outcome, **more: Any) -> Run:
    return a_run(state=State.ENDED, outcome=outcome, ended_at=9_999, updated_at=10_000, **more)


def test_a_run_is_shown_with_what_was_fixed_when_it_started() -> None:
    assert JOB_RUN.show(newest(a_run())) == {
        "Id": run_id(900),
        "Attempt": 0,
        "JobName": "nightly",
        "JobMode": "SCRIPT",
        "StartedOn": 1.0,
        "LastModifiedOn": 3.5,
        "JobRunState": "RUNNING",
        "Arguments": {"--a": "1"},
        "PredecessorRuns": [],
        "AllocatedCapacity": 0,
        "ExecutionTime": 0,
        "Timeout": 5,
        "MaxCapacity": 0.0625,
        "LogGroupName": "/aws-glue/python-jobs",
        "GlueVersion": "3.0",
    }


def test_an_ended_run_has_its_end_and_execution_time() -> None:
    shown = JOB_RUN.show(newest(ended(Outcome.SUCCEEDED)))

    assert shown["JobRunState"] == "SUCCEEDED"
    assert shown["CompletedOn"] == 9.999
    assert shown["ExecutionTime"] == 7
    assert "ErrorMessage" not in shown
    assert "DPUSeconds" not in shown


@pytest.mark.parametrize(
    ("outcome", "state", "message"),
    [
        (Outcome.FAILED, "FAILED", "The job failed without a message; see its log."),
        (Outcome.CRASHED, "FAILED", "The job's process was lost."),
        (Outcome.CANCELLED, "STOPPED", "The job run was stopped on request."),
        (Outcome.TIMED_OUT, "TIMEOUT", "The job run was ended because it exceeded its timeout."),
    ],
)
def test_a_run_that_did_not_succeed_always_has_an_error_message(outcome: Outcome, state: str, message: str) -> None:
    silent = JOB_RUN.show(newest(ended(outcome)))
    told = JOB_RUN.show(newest(ended(outcome, message="ValueError: no rows")))

    assert (silent["JobRunState"], silent["ErrorMessage"]) == (state, message)
    assert told["ErrorMessage"] == "ValueError: no rows"


def test_a_skipped_run_says_why() -> None:
    shown = JOB_RUN.show(newest(ended(Outcome.SKIPPED, reason="Job nightly has reached its limit.")))

    assert (shown["JobRunState"], shown["ErrorMessage"]) == ("FAILED", "Job nightly has reached its limit.")


def test_a_waiting_run_says_why_and_a_running_one_no_longer() -> None:
    waiting = JOB_RUN.show(newest(a_run(state=State.QUEUED, reason="No place is free.")))
    running = JOB_RUN.show(newest(a_run(reason="No place is free.")))

    assert (waiting["JobRunState"], waiting["StateDetail"]) == ("WAITING", "No place is free.")
    assert "StateDetail" not in running


def test_a_run_started_in_another_language_has_what_clients_read_and_nothing_made_up() -> None:
    run = a_run(language="databricks", settings={"Timeout": 5, "notebook_params": {"a": "1"}})

    assert JOB_RUN.show(newest(run)) == {
        "Id": run_id(900),
        "Attempt": 0,
        "JobName": "nightly",
        "StartedOn": 1.0,
        "LastModifiedOn": 3.5,
        "JobRunState": "RUNNING",
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "LogGroupName": "/aws-glue/jobs",
    }


def test_flexible_runs_tell_dpu_seconds() -> None:
    words = effective({"Command": {"Name": "glueetl"}, "ExecutionClass": "FLEX", "MaxCapacity": 4.0}, {})
    flex = ended(Outcome.SUCCEEDED, settings=run_settings(words, {}))

    assert JOB_RUN.show(newest(flex))["DPUSeconds"] == pytest.approx(4 * 7.999)
    assert JOB_RUN.show(newest(replace(flex, running_at=None)))["DPUSeconds"] == 0
    assert "DPUSeconds" not in JOB_RUN.show(newest(replace(flex, ended_at=None)))


def test_runs_that_scale_by_themselves_tell_dpu_seconds_if_their_capacity_is_known() -> None:
    scaling = {"Arguments": {"--enable-auto-scaling": "true"}}
    known = effective({"Command": {"Name": "glueetl"}, "MaxCapacity": 4.0}, scaling)
    unknown = effective({"Command": {"Name": "glueetl"}, "WorkerType": "G.99X", "NumberOfWorkers": 2}, scaling)

    assert "DPUSeconds" in JOB_RUN.show(newest(ended(Outcome.SUCCEEDED, settings=run_settings(known, {}))))
    assert "DPUSeconds" not in JOB_RUN.show(newest(ended(Outcome.SUCCEEDED, settings=run_settings(unknown, {}))))


def test_a_retry_that_was_asked_for_names_the_run_before_it() -> None:
    plain = JOB_RUN.show(newest(a_run(previous_run_id=800)))
    of_a_retry = run_settings(WORDS, {"JobRunId": run_id(800, 1)})

    assert plain["PreviousRunId"] == run_id(800)
    assert plain["Attempt"] == 0
    named = JOB_RUN.show(newest(a_run(previous_run_id=800, settings=of_a_retry)))
    assert named["PreviousRunId"] == run_id(800, 1)


def an_attempt(number: int, **more: Any) -> Attempt:
    facts: dict[str, Any] = {
        "id": 901 + number,
        "run_id": 900,
        "task_key": "main",
        "number": number,
        "state": State.ENDED,
        "outcome": Outcome.FAILED,
        "created_at": 1_000 + number,
        "updated_at": 5_000,
        "running_at": 2_000,
        "ended_at": 5_000,
        "message": f"broken {number}",
    }
    return Attempt(**{**facts, **more})


def test_automatic_retries_are_job_runs_of_their_own_newest_first() -> None:
    run = a_run(attempt=2, attempt_at=8_000)

    shown = [JOB_RUN.show(one) for one in tries(run, [an_attempt(0), an_attempt(1), an_attempt(2)])]

    assert [one["Id"] for one in shown] == [run_id(900, 2), run_id(900, 1), run_id(900)]
    assert [one["Attempt"] for one in shown] == [2, 1, 0]
    assert [one.get("PreviousRunId") for one in shown] == [run_id(900, 1), run_id(900), None]
    assert [one["JobRunState"] for one in shown] == ["RUNNING", "FAILED", "FAILED"]
    assert [one.get("ErrorMessage") for one in shown] == [None, "broken 1", "broken 0"]
    assert [one["StartedOn"] for one in shown] == [8.0, 1.001, 1.0]
    assert [one["ExecutionTime"] for one in shown] == [0, 3, 3]


def test_a_run_of_several_tasks_is_one_job_run_whatever_its_tasks_retried() -> None:
    other = replace(TASK, key="other")
    run = a_run(attempt=2, attempt_at=8_000, tasks=(TASK, other), language="databricks")

    assert is_retried(run) is False
    assert JOB_RUN.show(newest(run))["Id"] == run_id(900)
    assert JOB_RUN.show(newest(run))["StartedOn"] == 1.0
    assert is_retried(a_run(attempt=1)) is True
    assert is_retried(a_run()) is False


def test_earlier_tries_of_a_run_of_another_language_show_none_of_its_words() -> None:
    run = a_run(attempt=1, language="databricks", settings={"Timeout": 5})

    assert all("Timeout" not in JOB_RUN.show(one) for one in tries(run, [an_attempt(0)]))


def test_what_is_shown_of_a_run_can_be_read_back() -> None:
    run = ended(Outcome.TIMED_OUT, message="too slow", settings=run_settings(WORDS, {"JobRunId": run_id(800)}))

    words = JOB_RUN.read(JOB_RUN.show(newest(run)))

    assert words["phase"] == "timed_out"
    assert words["started_at"] == 1_000
    assert words["ended_at"] == 9_999
    assert words["message"] == "too slow"
    assert words["previous_run_id"] == run_id(800)
    assert words["settings"]["Arguments"] == {"--a": "1"}
    assert "reason" not in words


def test_a_job_is_shown_with_the_defaults_it_runs_with() -> None:
    settings = {"Role": "r", "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/s.py"}}
    job = Job(
        id=5,
        workspace_id=1,
        name="nightly",
        language="glue",
        settings=settings,
        tasks=(TASK,),
        created_at=1_000,
        updated_at=2_500,
    )

    assert JOB.show(job) == {
        "Name": "nightly",
        "JobMode": "SCRIPT",
        "Role": "r",
        "CreatedOn": 1.0,
        "LastModifiedOn": 2.5,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/s.py"},
        "MaxRetries": 0,
        "AllocatedCapacity": 10,
        "Timeout": 480,
        "MaxCapacity": 10.0,
        "GlueVersion": "5.1",
    }


def test_a_job_s_own_words_come_back_unchanged() -> None:
    settings = {
        "Role": "r",
        "Command": {"Name": "glueetl", "ScriptLocation": "s3://b/s.py", "PythonVersion": "3"},
        "JobMode": "NOTEBOOK",
        "Timeout": 3,
        "WorkerType": "G.99X",
        "NumberOfWorkers": 2,
        "ExecutionProperty": {"MaxConcurrentRuns": 7},
        "CodeGenConfigurationNodes": {"node-1": {"Filter": {"Name": "f"}}},
    }
    job = Job(
        id=5,
        workspace_id=1,
        name="n",
        language="glue",
        settings=settings,
        tasks=(TASK,),
        created_at=1,
        updated_at=1,
    )

    shown = JOB.show(job)

    assert {name: shown[name] for name in settings} == settings
    assert "MaxCapacity" not in shown
