"""The local tables tell what the dialects' own operations answer, member by member."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from databricks_yard import Yard
from sql_yard import Asker, asking, varied_yard

from runyard.dialects.glue.calls import Call as GlueCall
from runyard.dialects.glue.operations import OPERATIONS
from runyard.dialects.glue.views import JOB, JOB_RUN
from runyard.dialects.native.views import ATTEMPT, EVENT, RUN
from runyard.store.ledger import Page

RUNS = "databricks_workspace.jobs.job_runs"
OF_A_SCAN = {"deployment_name": "local"}
MOMENTS = {"StartedOn", "LastModifiedOn", "CompletedOn", "CreatedOn"}
Told = dict[str, Any]


@pytest.fixture
def yard(tmp_path: Path, shared_url: str) -> Iterator[Yard]:
    with varied_yard(tmp_path / "home", shared_url) as yard:
        yield yard


@pytest.fixture
def ask(yard: Yard, tmp_path: Path, shared_url: str) -> Iterator[Asker]:
    assert yard.store  # which is written before it is asked
    with asking(tmp_path / "home", shared_url) as asker:
        yield asker


def run_ids(yard: Yard) -> list[int]:
    return [run.id for run in yard.engine.runs(yard.workspace, Page(limit=1000, where={}))]


def test_a_run_has_in_every_column_what_the_api_tells_of_it(yard: Yard, ask: Asker) -> None:
    told = {run_id: yard("getJobRun", run_id=run_id, include_history=True) for run_id in run_ids(yard)}

    scanned = {row["run_id"]: row for row in ask.typed(f"SELECT * FROM {RUNS}")}
    assert len(told) > 20
    assert scanned == {run_id: {**one, **OF_A_SCAN} for run_id, one in told.items()}
    for run_id, one in told.items():
        assert ask.typed(f"SELECT * FROM {RUNS} WHERE run_id = ?", run_id) == [{**one, **OF_A_SCAN}]
    assert {one["state"].get("result_state") for one in told.values()} >= {
        "SUCCESS_WITH_FAILURES",
        "MAXIMUM_CONCURRENT_RUNS_REACHED",
        "TIMEDOUT",
        None,
    }


def test_a_list_tells_the_same_runs(yard: Yard, ask: Asker) -> None:
    listed = yard("listJobRuns", version="2.0", limit=1000)["runs"]

    shown = ask(f"SELECT run_id FROM {RUNS} ORDER BY run_id DESC")
    assert [one["run_id"] for one in shown] == [one["run_id"] for one in listed]


def test_a_task_run_and_an_iteration_are_found_by_their_ids(yard: Yard, ask: Asker) -> None:
    found = 0
    for run_id in run_ids(yard):
        for task in yard("getJobRun", run_id=run_id).get("tasks", ()):
            told = yard("getJobRun", run_id=task["run_id"])
            for iteration in told.get("iterations", ()):
                inner = yard("getJobRun", run_id=iteration["run_id"])
                asked = f"SELECT * FROM {RUNS} WHERE run_id = {iteration['run_id']}"
                assert ask.typed(asked) == [{**inner, **OF_A_SCAN}]
                found += 1
            assert ask.typed(f"SELECT * FROM {RUNS} WHERE run_id IN (?)", task["run_id"]) == [{**told, **OF_A_SCAN}]
            found += 1
    assert found > 30


def test_runs_of_a_job_and_of_none_are_found_by_job_id(ask: Asker) -> None:
    for row in ask(f"SELECT job_id, count(*) AS runs FROM {RUNS} GROUP BY 1"):
        listed = ask(f"SELECT run_id FROM {RUNS} WHERE job_id = ? ORDER BY run_id", row["job_id"])
        assert len(listed) == row["runs"]


def test_a_path_into_a_document_tells_what_the_document_tells(ask: Asker) -> None:
    for name in ("life_cycle_state", "result_state", "state_message", "user_cancelled_or_timedout", "queue_reason"):
        rows = ask.values(f"SELECT json_extract(state, '$.{name}'), json_extract(state || '', '$.{name}') FROM {RUNS}")
        assert [one for one, _ in rows] == [other for _, other in rows]


def test_a_job_has_in_every_column_what_the_api_tells_of_it(yard: Yard, ask: Asker) -> None:
    jobs = ask.typed("SELECT * FROM databricks_workspace.jobs.jobs")

    assert len(jobs) == 3
    assert [{**yard("getJob", job_id=one["job_id"]), **OF_A_SCAN} for one in jobs] == jobs


def glue(yard: Yard, operation: str, **members: Any) -> Told:
    return OPERATIONS[operation].handle(GlueCall(engine=yard.engine, workspace=yard.workspace, members=members))


def in_ms(told: Told) -> Told:
    return {
        name: round(value * 1000) if name in MOMENTS else value for name, value in told.items() if value is not None
    }


def test_a_job_run_of_glue_has_in_every_column_what_its_api_tells(yard: Yard, ask: Asker) -> None:
    names = {run.job_name for run in yard.engine.runs(yard.workspace, Page(limit=1000, where={}))}
    told = [one for name in names for one in glue(yard, "GetJobRuns", JobName=name)["JobRuns"]]

    shown = ask.typed("SELECT * FROM aws.glue.job_runs")
    assert {row.pop("region") for row in shown} == {"us-east-1"}
    assert sorted(shown, key=lambda one: one["Id"]) == sorted(map(in_ms, told), key=lambda one: one["Id"])
    assert len(shown) > len(run_ids(yard))  # tries before the newest are job runs of their own
    for one in shown:
        found = ask.typed("SELECT * FROM aws.glue.job_runs WHERE Id = ?", one["Id"])
        assert found == [{**one, "region": "us-east-1"}]


def test_a_job_of_glue_has_in_every_column_what_its_api_tells(yard: Yard, ask: Asker) -> None:
    command = {"Name": "pythonshell", "ScriptLocation": "s3://b/x.py"}
    glue(yard, "CreateJob", Name="plain", Role="r", Command=command, Tags={"a": "b"})
    spark = {"Name": "glueetl", "ScriptLocation": "s3://b/y.py"}
    glue(yard, "CreateJob", Name="large", Role="r", Command=spark, WorkerType="G.2X", NumberOfWorkers=4, Timeout=5)

    shown = ask.typed("SELECT * FROM aws.glue.jobs ORDER BY CreatedOn")
    assert {row.pop("region") for row in shown} == {"us-east-1"}
    assert shown == [in_ms(one) for one in glue(yard, "GetJobs")["Jobs"]]


def test_runs_attempts_and_events_of_the_ledger_are_what_our_own_api_tells(yard: Yard, ask: Asker) -> None:
    shown = {row["id"]: row for row in ask.typed("SELECT * FROM runyard.ledger.runs")}
    for run in yard.engine.runs(yard.workspace, Page(limit=1000, where={})):
        assert shown.pop(run.id) == json_of(RUN.show(run))
        attempts = ask.typed("SELECT * FROM runyard.ledger.attempts WHERE run_id = ? ORDER BY id", run.id)
        assert attempts == [json_of(ATTEMPT.show(one)) for one in yard.engine.attempts(run)]
        events = ask.typed("SELECT * FROM runyard.ledger.events WHERE run_id = ? ORDER BY id", run.id)
        assert events == [json_of(EVENT.show(one)) for one in yard.engine.events(run)]
    assert not shown


def json_of(shown: Told) -> Told:
    """Return a record as JSON has it, without what is None."""
    decoded: Told = msgspec.json.decode(msgspec.json.encode(shown))
    return {name: value for name, value in decoded.items() if value is not None}


def test_glue_s_columns_are_there_under_the_names_of_sql_too(ask: Asker) -> None:
    rows = ask.values(
        "SELECT JobRunState, job_run_state, DPUSeconds, dpu_seconds, Id, id, StartedOn FROM aws.glue.job_runs"
    )
    assert all(row[0] == row[1] and row[2] == row[3] and row[4] == row[5] for row in rows)


def test_every_member_of_the_views_is_a_column(ask: Asker) -> None:
    for path, view in (("aws.glue.job_runs", JOB_RUN), ("aws.glue.jobs", JOB)):
        shown = [one.name for one in ask.session.prepare(f"SELECT * FROM {path}").headings or ()]
        assert shown == [*(line.wire for line in view.lines), "region"]
