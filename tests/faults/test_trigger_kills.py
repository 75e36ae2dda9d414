"""Triggers and workflows while their server is killed: no firing is lost, and none fires twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, HTTPClientError
from live import Live
from waiting import until

KILLS = 5
ASKS = 4  # between two kills
MANY = {"MaxConcurrentRuns": 1000}


@pytest.fixture
def live(tmp_path: Path, shared_url: str) -> Iterator[Live]:
    store = ("--store", shared_url)
    server = Live(tmp_path / "home", arguments=store, settings="grace_s = 1.0\nplaces = 4\npreload = []\n").start()
    yield server
    server.close()


def runs_of(live: Live, job: str) -> list[dict[str, Any]]:
    pages = live.client("glue").get_paginator("get_job_runs").paginate(JobName=job)
    return [run for page in pages for run in page["JobRuns"]]


def asked(live: Live, name: str) -> bool:
    """Ask for a firing; tell whether the server said that it will come."""
    try:
        live.client("glue").start_trigger(Name=name)
    except (ClientError, HTTPClientError):
        return False
    return True


def condition(job: str) -> dict[str, Any]:
    return {"Conditions": [{"LogicalOperator": "EQUALS", "JobName": job, "State": "SUCCEEDED"}]}


def make_chain(live: Live, **more: Any) -> None:
    glue = live.client("glue")
    for job in ("a", "b"):
        live.make_job(job, "pass", ExecutionProperty=MANY)
    glue.create_trigger(Name="first", Type="ON_DEMAND", Actions=[{"JobName": "a"}], **more)
    glue.create_trigger(
        Name="then",
        Type="CONDITIONAL",
        Predicate=condition("a"),
        Actions=[{"JobName": "b"}],
        StartOnCreation=True,
        **more,
    )


def are_over(live: Live, job: str, count: int) -> bool:
    states = [run["JobRunState"] for run in runs_of(live, job)]
    return len(states) >= count and set(states) == {"SUCCEEDED"}


def test_every_firing_that_was_promised_comes_once_however_often_the_server_is_killed(live: Live) -> None:
    make_chain(live)
    promised = 0
    for _ in range(KILLS):
        promised += sum(asked(live, "first") for _ in range(ASKS))
        live.kill()
        live.start()
    until(lambda: are_over(live, "a", promised) and are_over(live, "b", promised), seconds=90)

    assert promised == KILLS * ASKS
    assert len(runs_of(live, "a")) == promised
    assert len(runs_of(live, "b")) == promised
    assert {run["TriggerName"] for run in runs_of(live, "b")} == {"then"}


def test_runs_of_a_workflow_come_to_their_end_however_often_the_server_is_killed(live: Live) -> None:
    glue = live.client("glue")
    glue.create_workflow(Name="w")
    make_chain(live, WorkflowName="w")
    ids = []
    for _ in range(KILLS):
        ids += [live.client("glue").start_workflow_run(Name="w")["RunId"] for _ in range(ASKS)]
        live.kill()
        live.start()

    def runs() -> list[dict[str, Any]]:
        return [live.client("glue").get_workflow_run(Name="w", RunId=one)["Run"] for one in ids]

    until(lambda: {run["Status"] for run in runs()} == {"COMPLETED"}, seconds=90)

    assert {run["Statistics"]["SucceededActions"] for run in runs()} == {2}
    assert len(runs_of(live, "a")) == len(runs_of(live, "b")) == len(ids)


def test_a_workflow_run_that_is_stopped_stays_stopped_when_the_server_is_killed_over_it(live: Live) -> None:
    glue = live.client("glue")
    live.make_job("long", "import time\ntime.sleep(600)")
    glue.create_workflow(Name="w")
    glue.create_trigger(Name="t", Type="ON_DEMAND", WorkflowName="w", Actions=[{"JobName": "long"}])
    run_id = glue.start_workflow_run(Name="w")["RunId"]
    until(lambda: any(run["JobRunState"] == "RUNNING" for run in runs_of(live, "long")))
    glue.stop_workflow_run(Name="w", RunId=run_id)
    live.kill()
    live.start()

    until(
        lambda: live.client("glue").get_workflow_run(Name="w", RunId=run_id)["Run"]["Status"] == "STOPPED", seconds=60
    )
    assert [run["JobRunState"] for run in runs_of(live, "long")] == ["STOPPED"]
