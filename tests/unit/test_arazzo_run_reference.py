"""The reference document, byte for byte, over real HTTP against a server that plays Databricks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from arazzo_playing import Played
from arazzo_stub import Reply, answering

from runyard.arazzo.http.transport import Transport
from runyard.arazzo.run import HttpRequest, Options, WorkflowReport, open_document, run_workflow
from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

DOCUMENT = Path(__file__).with_name("run-existing-job-and-wait.arazzo.yml")
AS_PUBLISHED = "18339168deeb8a2b0f128a6c7a386f3ac471e0655bdd0e6869e5508b2bb7036c"
PAGE = "http://databricks.test/#job/5/run/7"


def playing(states: Sequence[tuple[str, str | None]], seen: list[Any]) -> Reply:
    """A Databricks whose run goes through these states, one a poll."""
    left: Iterator[tuple[str, str | None]] = iter(states)

    def reply(method: str, path: str, body: Any) -> tuple[int, Any]:
        if path.startswith("/openapi/"):
            return 200, described(OPERATIONS).decode()
        seen.append((method, path, body))
        if path.startswith("/api/2.2/jobs/get"):
            return 200, {"job_id": 5, "settings": {"name": "nightly"}}
        if path.startswith("/api/2.2/jobs/run-now"):
            return 200, {"run_id": 7, "number_in_job": 7}
        life_cycle, result = next(left)
        state = {"life_cycle_state": life_cycle, **({"result_state": result} if result else {})}
        return 200, {"run_id": 7, "state": state, "run_page_url": PAGE}

    return reply


def run(url: str, played: Played, **inputs: Any) -> WorkflowReport:
    transport = Transport()
    try:
        loaded = open_document(
            DOCUMENT.read_text(),
            url=DOCUMENT.as_uri(),
            fetch=lambda address: transport(HttpRequest(method="GET", url=address), timeout_s=60).body.decode(),
            sources={"azureDatabricksApi": f"{url}/openapi/databricks.json"},
        )
        return run_workflow(loaded, None, inputs, send=transport, options=Options(poll_interval=0), observer=played)
    finally:
        transport.close()


def test_the_document_is_the_published_one() -> None:
    assert hashlib.sha256(DOCUMENT.read_bytes()).hexdigest() == AS_PUBLISHED


@pytest.mark.parametrize(
    ("states", "result"),
    [
        ([("TERMINATED", "SUCCESS")], "SUCCESS"),
        ([("PENDING", None), ("RUNNING", None), ("TERMINATING", None), ("TERMINATED", "FAILED")], "FAILED"),
        ([("RUNNING", None), ("INTERNAL_ERROR", "FAILED")], "FAILED"),
        ([("RUNNING", None)] * 500 + [("TERMINATED", "SUCCESS")], "SUCCESS"),
    ],
    ids=["at once", "failed", "internal error", "500 polls"],
)
def test_the_reference_document_ends_with_its_outputs(states: Sequence[tuple[str, str | None]], result: str) -> None:
    seen: list[Any] = []
    played = Played()
    with answering(playing(states, seen)) as url:
        report = run(url, played, token="secret", jobId=5, notebookParams={"day": "1"})

    assert report.succeeded
    assert report.outputs == {"jobId": 5, "runId": 7, "resultState": result, "runPageUrl": PAGE}
    assert seen[:3] == [
        ("GET", "/api/2.2/jobs/get?job_id=5", None),
        ("POST", "/api/2.2/jobs/run-now", {"job_id": 5, "notebook_params": {"day": "1"}}),
        ("GET", "/api/2.2/jobs/runs/get?run_id=7", None),
    ]
    assert len(seen) == 2 + len(states)
    assert dict(played.exchanges[0].request.headers)["Authorization"] == "Bearer secret"


def test_the_state_that_a_poll_waits_for_is_told() -> None:
    played = Played()
    with answering(playing([("RUNNING", None), ("TERMINATED", "SUCCESS")], [])) as url:
        run(url, played, token="secret", jobId=5)

    assert played.steps[2].asked[0].saw["$.state.life_cycle_state"] == "RUNNING"
    assert [report.follows for report in played.steps] == ["next", "next", "goto pollRun", "end"]


def test_a_job_that_is_not_there_ends_the_run_before_anything_is_started() -> None:
    def reply(_: str, path: str, __: Any) -> tuple[int, Any]:
        return (200, described(OPERATIONS).decode()) if path.startswith("/openapi/") else (404, {"error_code": "NO"})

    with answering(reply) as url:
        report = run(url, Played(), token="secret", jobId=5)

    assert not report.succeeded
    assert "`$statusCode == 200` does not hold: $statusCode is 404" in (report.message or "")
    assert report.steps == 1


def test_inputs_that_are_lacking_are_named_before_anything_is_sent() -> None:
    def reply(_: str, path: str, __: Any) -> tuple[int, Any]:
        assert path.startswith("/openapi/")
        return 200, described(OPERATIONS).decode()

    with answering(reply) as url, pytest.raises(InvalidRequest, match='"token" is a required property'):
        run(url, Played(), jobId=5)
