"""A ledger in PostgreSQL answers by itself what means the same there; one moment is seen, and a cancel reaches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_yard import Yard, script
from sql_yard import Asker, asking, varied_yard
from waiting import until

from runyard.core.run import Outcome
from runyard.sql.errors import SqlError
from runyard.sql.local.postgres_native import native

RUNS = "databricks_workspace.jobs.job_runs"
BY_ITSELF = (
    "SELECT phase, count(*) FROM runyard.ledger.runs GROUP BY phase",
    "SELECT job_id, count(*) FROM runyard.ledger.runs WHERE phase = 'failed' GROUP BY job_id",
    "SELECT id, job_name, created_at FROM runyard.ledger.runs ORDER BY created_at DESC LIMIT 5",
    "SELECT json_extract(state, '$.life_cycle_state'), count(*) FROM databricks_workspace.jobs.job_runs GROUP BY 1",
    "SELECT run_id, end_time FROM databricks_workspace.jobs.job_runs WHERE start_time > 0 AND end_time > 0",
    "SELECT sum(attempt), max(id), phase = 'failed' FROM runyard.ledger.runs GROUP BY 3",
    "SELECT count(*) FROM runyard.ledger.attempts WHERE task_key = 'a' AND ended_at IS NOT NULL",
    "SELECT j.name, count(*) FROM runyard.ledger.runs r JOIN runyard.ledger.jobs j ON j.id = r.job_id GROUP BY j.name",
)
NOT_BY_ITSELF = (
    "SELECT job_name FROM runyard.ledger.runs ORDER BY job_name",  # texts have another order
    "SELECT avg(attempt) FROM runyard.ledger.runs",
    "SELECT id FROM runyard.ledger.runs WHERE job_name < 'n'",
    "SELECT id FROM runyard.ledger.runs WHERE job_name = 5",
    "SELECT id FROM runyard.ledger.runs WHERE job_name LIKE 'N%'",
    "SELECT id / 2 FROM runyard.ledger.runs",
    "SELECT state FROM databricks_workspace.jobs.job_runs",
)


@pytest.fixture
def yard(tmp_path: Path, postgres_url: str) -> Iterator[Yard]:
    with varied_yard(tmp_path, postgres_url) as yard:
        yield yard


@pytest.fixture
def ask(yard: Yard, tmp_path: Path, postgres_url: str) -> Iterator[Asker]:
    assert yard.store  # which is written before it is asked
    with asking(tmp_path, postgres_url) as asker:
        yield asker


def sql_of(ask: Asker, text: str) -> str:
    return str(next(row[0] for row in ask.values(f"EXPLAIN {text}") if row[0].startswith("run: "))).removeprefix(
        "run: "
    )


def test_what_means_the_same_goes_to_postgresql_and_nothing_else_does(ask: Asker) -> None:
    for text in BY_ITSELF:
        assert native(sql_of(ask, text), ()) is not None, text
        assert len(ask.values(text)) > 0
    for text in NOT_BY_ITSELF:
        assert native(sql_of(ask, text), ()) is None, text
        assert len(ask.values(text)) >= 0


def test_a_percent_sign_and_a_quote_are_texts(ask: Asker) -> None:
    assert ask.values("SELECT count(*) FROM runyard.ledger.runs WHERE job_name = '100%(x)s ''it'' %s'") == [(0,)]
    assert ask.values("SELECT count(*) FROM runyard.ledger.runs WHERE job_name = ?", "100%s") == [(0,)]


def test_a_statement_sees_one_moment(yard: Yard, ask: Asker) -> None:
    first = ask.session.prepare(f"SELECT run_id, tasks FROM {RUNS}").run()
    next(first.rows)
    (before,) = ask.values("SELECT count(*) FROM runyard.ledger.runs")[0]
    yard.submit(tasks=[script("main")], run_name="later")

    assert len(list(first.rows)) == before - 1
    assert ask.values("SELECT count(*) FROM runyard.ledger.runs") == [(before + 1,)]


def test_await_answers_once_the_runs_that_are_meant_have_ended(yard: Yard, ask: Asker) -> None:
    run = yard.submit(tasks=[script("main")], run_name="one")
    found: list[object] = []
    assert ask.session.transaction == "I"  # same

    def wait() -> None:
        found.extend(ask(f"SELECT /*+ AWAIT */ state ->> 'result_state' AS r FROM {RUNS} WHERE run_id = {run.id}"))

    thread = threading.Thread(target=wait)
    thread.start()
    assert not found  # nor may there be before the end
    yard.end(run, "main", Outcome.FAILED)
    thread.join(60)

    assert found == [{"r": "FAILED"}]
    assert ask("SELECT /*+ AWAIT */ JobRunState FROM aws.glue.job_runs WHERE JobName = 'one'") == [
        {"JobRunState": "FAILED"}
    ]
    with pytest.raises(SqlError, match="AWAIT waits for the runs"):
        ask("SELECT /*+ AWAIT */ 1")


def test_a_workspace_that_is_used_later_is_seen_then(yard: Yard, tmp_path: Path, postgres_url: str) -> None:
    with asking(tmp_path, postgres_url, workspace="later") as early:
        assert early("SELECT count(*) AS n FROM runyard.ledger.runs") == [{"n": 0}]
        yard.workspace = yard.engine.workspace("later")
        yard.submit(tasks=[script("main")], run_name="one")
        assert early("SELECT count(*) AS n FROM runyard.ledger.runs") == [{"n": 1}]


def test_a_cancel_reaches_a_scan_in_postgresql(ask: Asker) -> None:
    errors: list[SqlError] = []
    assert ask.session.transaction == "I"  # it is open before there are two threads
    text = "SELECT count(*) FROM " + ", ".join(f"runyard.ledger.attempts AS a{number}" for number in range(6))

    def run() -> None:
        try:
            ask.values(text)
        except SqlError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: _is_ended(ask, errors))
    thread.join()

    assert errors[0].code == "57014"
    assert ask.values("SELECT 1") == [(1,)]


def _is_ended(ask: Asker, errors: list[SqlError]) -> bool:
    ask.session.interrupt()
    return bool(errors)
