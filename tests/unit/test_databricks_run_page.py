"""The page of a run: its facts, escaped, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script, submitted

from runyard.core.access import Role
from runyard.core.run import Outcome
from runyard.dialects.databricks.runs.run_page import RunPages
from runyard.dialects.exchange import Reply, Request
from runyard.web.sigv4_claim import SignatureError


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def ask(yard: Yard, path: str, method: str = "GET") -> Reply:
    request = Request(
        method=method,
        path=path,
        query={},
        headers={},
        body=b"",
        workspace=yard.workspace,
        user="ada",
        role=Role.ADMIN,
        url="http://here",
    )
    return RunPages().answer(yard.engine, request)


def read(yard: Yard, run_id: int) -> str:
    reply = ask(yard, f"/jobs/1/runs/{run_id}")
    assert reply.status == 200
    return reply.body.decode()


def test_a_run_and_each_of_its_task_runs_have_a_page(yard: Yard) -> None:
    run = submitted(yard, script("a"), script("b", "a"))
    yard.end(run, "a", Outcome.FAILED, message="ValueError: no rows", trace="Traceback (most recent call last)")

    whole, first = read(yard, run.id), read(yard, yard.attempt(run, "a").id)

    assert "Task a failed with message: Workload failed" in whole
    assert f'href="/jobs/{run.id}/runs/{yard.attempt(run, "b").id}"' in whole
    assert "UPSTREAM_FAILED" in whole
    assert "ValueError: no rows" in first
    assert f'href="/jobs/{run.id}/runs/{run.id}"' in first


def test_nothing_that_somebody_named_becomes_part_of_the_page(yard: Yard) -> None:
    evil = "<script>alert(1)</script>"
    run = yard.submit(tasks=[notebook("main")], run_name=evil)
    yard.end(run, "main", Outcome.FAILED, message=evil, trace=evil, category="preparation", output={"result": evil})
    folder = yard.engine.attempt_folder(yard.attempt(run, "main").id)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stdout").write_text(evil)

    for run_id in (run.id, yard.attempt(run, "main").id):
        assert "<script" not in read(yard, run_id)
        assert "&lt;script&gt;alert(1)" in read(yard, run_id)


def test_values_of_secret_names_are_masked(yard: Yard) -> None:
    parameters = [{"name": "db_password", "default": "hunter2"}, {"name": "day", "default": "monday"}]
    run = yard.run_now(yard.create(notebook("main"), name="n", parameters=parameters))
    older = yard.run_now(
        yard.create(notebook("main"), name="o"), notebook_params={"api_key": "hunter2", "day": "monday"}
    )

    for page in (read(yard, run.id), read(yard, older.id)):
        assert "hunter2" not in page
        assert "[REDACTED]" in page
        assert "monday" in page


def test_a_page_runs_nothing_and_is_kept_nowhere(yard: Yard) -> None:
    reply = ask(yard, f"/jobs/1/runs/{submitted(yard).id}")

    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "script-src" not in reply.headers["content-security-policy"]
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/jobs/1/runs/7", "/jobs/1", "/jobs/x/runs/y", "/jobs/"])
def test_what_there_is_not_is_said_on_a_page(yard: Yard, path: str) -> None:
    reply = ask(yard, path)

    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/html")


def test_a_run_is_looked_at_and_nothing_else(yard: Yard) -> None:
    assert ask(yard, f"/jobs/1/runs/{submitted(yard).id}", "POST").status == 404


def test_a_stranger_is_asked_for_the_password() -> None:
    reply = RunPages().refuse(SignatureError("MissingAuthenticationToken", "none"), status=403)

    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 19, "\u0663"])
def test_a_number_that_no_run_can_have_has_no_page(yard: Yard, number: str) -> None:
    assert ask(yard, f"/jobs/1/runs/{number}").status == 404
