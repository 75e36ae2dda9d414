"""Cancelling and deleting runs, on an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, claim_all, databricks_yard, get, script, submitted

from runyard.core.errors import InvalidRequest, NotFound, WrongState


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def ids(yard: Yard, version: str = "2.2", **asked: Any) -> list[int]:
    return [run["run_id"] for run in yard("listJobRuns", version, **asked)["runs"]]


def test_cancelling_a_run_ends_what_has_not_begun(yard: Yard) -> None:
    run = submitted(yard, script("a"), script("b", "a"))

    answer = yard("cancelJobRun", run_id=run.id)

    assert answer == {}
    assert get(yard, run.id)["state"]["result_state"] == "CANCELED"
    assert yard("cancelJobRun", run_id=run.id) == {}  # it has ended: nothing to do


def test_cancelling_a_task_run_leaves_the_others(yard: Yard) -> None:
    run = submitted(yard, script("a"), script("b"), script("c", "a"))

    yard("cancelJobRun", run_id=yard.attempt(run, "a").id)

    states = {task["task_key"]: task["state"] for task in get(yard, run.id)["tasks"]}
    assert states["a"]["result_state"] == "CANCELED"
    assert states["b"]["life_cycle_state"] == "QUEUED"
    assert states["c"]["result_state"] == "UPSTREAM_CANCELED"


def test_all_runs_of_a_job_are_cancelled_and_no_other(yard: Yard) -> None:
    job = yard.create(script("main"), name="n", max_concurrent_runs=2)
    mine, other = [yard.run_now(job) for _ in range(3)], submitted(yard)

    yard("cancelAllJobRuns", job_id=job)

    assert {get(yard, run.id)["state"].get("result_state") for run in mine} == {"CANCELED"}
    assert ids(yard, active_only=True) == [other.id]


def test_queued_runs_alone_are_cancelled_on_request(yard: Yard) -> None:
    job = yard.create(script("main"), name="n", max_concurrent_runs=1)
    running, queued = yard.run_now(job), yard.run_now(job)
    yard.move(claim_all)

    yard("cancelAllJobRuns", all_queued_runs=True)

    assert ids(yard, active_only=True) == [running.id]
    assert get(yard, queued.id)["state"]["result_state"] == "CANCELED"


def test_cancelling_all_needs_to_know_which_and_an_existing_job(yard: Yard) -> None:
    with pytest.raises(InvalidRequest, match="Give job_id"):
        yard("cancelAllJobRuns")
    with pytest.raises(NotFound):
        yard("cancelAllJobRuns", job_id=5)


def test_only_a_run_that_has_ended_is_deleted(yard: Yard) -> None:
    run = submitted(yard)
    with pytest.raises(WrongState):
        yard("deleteJobRun", run_id=run.id)
    yard.end(run, "main")

    assert yard("deleteJobRun", run_id=run.id) == {}
    with pytest.raises(NotFound):
        get(yard, run.id)
