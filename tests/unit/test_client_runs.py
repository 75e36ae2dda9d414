from __future__ import annotations

import boto3
import pytest
from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState

from runyard.client.connection import DATABRICKS, DREMIO, GLUE
from runyard.client.runs import DREMIO_PHASES, read_run
from runyard.core.run import Outcome, State

REFERENCE_STATES = (
    "NOT_SUBMITTED",
    "STARTING",
    "RUNNING",
    "COMPLETED",
    "CANCELED",
    "FAILED",
    "CANCELLATION_REQUESTED",
    "PLANNING",
    "PENDING",
    "METADATA_RETRIEVAL",
    "QUEUED",
    "ENGINE_START",
    "EXECUTION_PLANNING",
    "INVALID_STATE",
)


def glue_states() -> list[str]:
    model = boto3.session.Session().client("glue", region_name="us-east-1").meta.service_model
    return list(model.shape_for("JobRunState").enum)


def test_every_state_of_glue_is_a_phase_and_only_its_ends_are_ends() -> None:
    ended = {state for state in glue_states() if read_run(GLUE, {"JobRunState": state}).has_ended}

    assert ended == {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
    assert {state for state in glue_states() if read_run(GLUE, {"JobRunState": state}).succeeded} == {"SUCCEEDED"}


def test_every_life_cycle_of_databricks_ends_where_the_sdk_ends_to_wait() -> None:
    ended = {
        one.value
        for one in RunLifeCycleState
        if read_run(DATABRICKS, {"run_id": 1, "state": {"life_cycle_state": one.value}}).has_ended
    }

    assert ended == {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}


@pytest.mark.parametrize("result", [one.value for one in RunResultState])
def test_every_result_of_databricks_is_an_end(result: str) -> None:
    run = read_run(DATABRICKS, {"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": result}})

    assert run.has_ended
    assert run.succeeded == (result in {"SUCCESS", "SUCCESS_WITH_FAILURES"})


def test_every_state_of_dremio_is_a_phase_and_three_are_final() -> None:
    assert sorted(DREMIO_PHASES) == sorted(REFERENCE_STATES)
    ended = {state for state in REFERENCE_STATES if read_run(DREMIO, {"jobState": state}).has_ended}
    assert ended - {"INVALID_STATE"} == {"COMPLETED", "CANCELED", "FAILED"}


def test_a_word_of_a_newer_service_is_no_end() -> None:
    assert read_run(GLUE, {"JobRunState": "PONDERING"}).phase == State.RUNNING
    assert read_run(DATABRICKS, {"state": {"life_cycle_state": "PONDERING"}}).phase == State.RUNNING
    assert read_run(DREMIO, {"jobState": "PONDERING"}).phase == State.RUNNING


def test_the_three_services_say_the_same_in_their_own_words() -> None:
    glue = read_run(
        GLUE,
        {
            "Id": "jr",
            "JobName": "j",
            "JobRunState": "FAILED",
            "ErrorMessage": "no",
            "StartedOn": 1.5,
            "CompletedOn": 2.0,
        },
    )
    databricks = read_run(
        DATABRICKS,
        {
            "run_id": 7,
            "job_id": 3,
            "state": {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED", "state_message": "no"},
            "start_time": 1500,
            "end_time": 2000,
        },
    )
    dremio = read_run(
        DREMIO,
        {
            "id": "u",
            "jobState": "FAILED",
            "errorMessage": "no",
            "startedAt": "1970-01-01T00:00:01.500Z",
            "endedAt": "1970-01-01T00:00:02Z",
        },
    )

    assert {(one.phase, one.message, one.started_at, one.ended_at) for one in (glue, databricks, dremio)} == {
        (Outcome.FAILED, "no", 1500, 2000)
    }
    assert [(one.id, one.job) for one in (glue, databricks, dremio)] == [("jr", "j"), (7, 3), ("u", None)]


def test_a_run_that_goes_on_has_no_end_yet() -> None:
    run = read_run(DATABRICKS, {"run_id": 7, "state": {"life_cycle_state": "RUNNING"}, "end_time": 0})

    assert (run.ended_at, run.state, run.has_ended) == (None, "RUNNING", False)


def test_the_client_half_loads_neither_engine_nor_ledger() -> None:
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - only here

    modules = ["databricks", "glue", "dremio", "connections"]
    code = "; ".join(
        [*(f"import runyard.client.{name}" for name in modules), "import sys", "print('\\n'.join(sys.modules))"]
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    heavy = ("runyard.engine", "runyard.store", "runyard.executors", "sqlglot", "apsw")
    assert [name for name in loaded if name.startswith(heavy)] == []
