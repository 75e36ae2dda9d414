"""The reference document, byte for byte, against a real server that really runs the job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from arazzo_playing import Played
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks_live import notebook, put_notebook, workspace_client
from live import Live
from waiting import held_by

from runyard.arazzo.http.transport import Transport
from runyard.arazzo.run import HttpRequest, Options, StepReport, WorkflowReport, open_document, run_workflow

POLLS = 5  # before a job ends; the pauses before the next one are more than two seconds
DOCUMENT = Path(__file__).parents[1] / "unit" / "run-existing-job-and-wait.arazzo.yml"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("arazzo") / "home").start()
    yield server
    server.close()


@pytest.fixture
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def run(live: Live, played: Played, job_id: int, **inputs: Any) -> WorkflowReport:
    transport = Transport()
    try:
        loaded = open_document(
            DOCUMENT.read_text(),
            url=DOCUMENT.as_uri(),
            fetch=lambda address: transport(HttpRequest(method="GET", url=address), timeout_s=60).body.decode(),
            sources={"azureDatabricksApi": f"{live.url}/openapi/databricks.json"},
        )
        given = {"token": live.credentials["token"], "jobId": job_id, **inputs}
        return run_workflow(loaded, None, given, send=transport, options=Options(), observer=played)
    finally:
        transport.close()


def job(client: WorkspaceClient, name: str, *cells: str) -> int:
    created = client.jobs.create(name=name, tasks=[notebook("only", put_notebook(client, name, *cells))])
    assert created.job_id is not None
    return created.job_id


def test_a_job_that_succeeds(live: Live, client: WorkspaceClient) -> None:
    job_id = job(client, "good", "assert dbutils.widgets.get('day') == 'monday'")
    report = run(live, Played(), job_id, notebookParams={"day": "monday"}, idempotencyToken="once")

    run_id = report.outputs["runId"]
    known = client.jobs.get_run(run_id)
    assert report.succeeded
    assert report.outputs == {
        "jobId": job_id,
        "runId": run_id,
        "resultState": "SUCCESS",
        "runPageUrl": known.run_page_url,
    }
    assert known.state is not None
    assert known.state.result_state is jobs.RunResultState.SUCCESS


def test_the_same_idempotency_token_finds_the_same_run(live: Live, client: WorkspaceClient) -> None:
    job_id = job(client, "twice", "pass")
    first, second = (run(live, Played(), job_id, idempotencyToken="same").outputs for _ in range(2))

    assert first == second


def test_a_job_that_fails_ends_the_workflow_with_its_result(live: Live, client: WorkspaceClient) -> None:
    job_id = job(client, "bad", "raise ValueError('no')")
    played = Played()
    report = run(live, played, job_id)

    assert report.succeeded
    assert report.outputs["resultState"] == "FAILED"
    assert report.outputs["runPageUrl"]
    assert played.steps[-1].outputs["lifeCycleState"] == "INTERNAL_ERROR"


@dataclass
class Patient(Played):
    """Lays what the job waits for once it was polled a few times."""

    gate: Path = Path()

    def step_ended(self, report: StepReport) -> None:
        super().step_ended(report)
        if len(self.polls) == POLLS:
            self.gate.touch()

    @property
    def polls(self) -> list[StepReport]:
        return [one for one in self.steps if one.place.step == "pollRun"]


def test_a_longer_job_is_polled_politely_until_it_ends(live: Live, client: WorkspaceClient, tmp_path: Path) -> None:
    job_id = job(client, "long", held_by(tmp_path / "polled"))
    played = Patient(gate=tmp_path / "polled")
    report = run(live, played, job_id)

    pauses = [seconds for seconds, _ in played.waits_]
    assert report.outputs["resultState"] == "SUCCESS"
    assert len(played.polls) > POLLS
    assert len(pauses) == len(played.polls) - 1
    assert sum(pauses[:POLLS]) > 2
    assert pauses[0] < pauses[POLLS - 1]
    assert report.took_s > sum(pauses)
    assert {one.follows for one in played.polls[:-1]} == {"goto pollRun"}


def test_a_job_that_is_not_there_fails_the_run_and_says_why(live: Live) -> None:
    report = run(live, Played(), 1)

    assert not report.succeeded
    assert "GET /api/2.2/jobs/get answered 4" in (report.message or "")


def test_a_token_that_is_wrong_fails_the_first_step(live: Live) -> None:
    report = run(live, Played(), 1, token="dapiwrong")

    assert not report.succeeded
    assert report.steps == 1
