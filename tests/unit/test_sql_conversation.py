"""A session: its settings, transactions and views, what it waits for, and how it is ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_yard import Yard, databricks_yard, script
from sql_yard import URL, Asker, asking, seen
from waiting import until

from runyard.client.connections import Here
from runyard.core.access import Role
from runyard.sql.errors import SqlError
from runyard.sql.yard import Person, open_yard

ENDLESS = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
RUNS = "databricks_workspace.jobs.job_runs"


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as yard:
        yield yard


@pytest.fixture
def ask(yard: Yard, tmp_path: Path) -> Iterator[Asker]:
    assert yard.store  # which is there before it is asked
    with asking(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as asker:
        yield asker


def tag(ask: Asker, text: str) -> str:
    result = ask.session.prepare(text).run()
    return result.tag(len(list(result.rows)))


def notices(ask: Asker, text: str) -> list[str]:
    result = ask.session.prepare(text).run()
    assert not list(result.rows)
    return result.notices


def is_ended(ask: Asker, errors: list[SqlError]) -> bool:
    """End what runs, again and again: it may not have begun yet."""
    ask.session.interrupt()
    return bool(errors)


# settings


def test_a_setting_is_kept_shown_and_taken_back(ask: Asker) -> None:
    assert tag(ask, "SET statement_timeout = '30s'") == "SET"
    assert ask("SHOW statement_timeout") == [{"statement_timeout": "30000"}]
    assert tag(ask, "RESET statement_timeout") == "RESET"
    assert ask("SHOW statement_timeout") == [{"statement_timeout": "0"}]
    with pytest.raises(SqlError, match="statement_timeout is 'soon'"):
        ask("SET statement_timeout = 'soon'")


def test_as_strings_every_value_is_a_text_and_nothing_is_null(yard: Yard, ask: Asker) -> None:
    yard.submit(tasks=[script("main")], run_name="one")

    ask("SET string_mode = on")
    assert ask("SELECT end_time, description FROM databricks_workspace.jobs.job_runs") == [
        {"end_time": "0", "description": "null"}
    ]
    prepared = ask.session.prepare("SELECT id FROM runyard.ledger.runs")
    assert [one.type for one in prepared.headings or ()] == ["text"]


# ends


def test_a_statement_that_takes_too_long_is_ended(ask: Asker) -> None:
    ask("SET statement_timeout = 50")

    with pytest.raises(SqlError, match="statement_timeout") as ended:
        ask(ENDLESS)
    assert ended.value.code == "57014"
    assert ask("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.parametrize("text", [ENDLESS, "SLEEP 60000"])
def test_a_statement_is_ended_from_another_thread(ask: Asker, text: str) -> None:
    errors: list[SqlError] = []
    assert ask.session.transaction == "I"  # it is open before there are two threads

    def run() -> None:
        try:
            ask(text)
        except SqlError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: is_ended(ask, errors))
    thread.join()

    assert errors[0].code == "57014"
    assert ask("SELECT 1 AS one") == [{"one": 1}]


def test_a_result_that_nobody_reads_to_its_end_gives_its_connection_back(yard: Yard, ask: Asker) -> None:
    for _ in range(3):
        yard.submit(tasks=[script("main")], run_name="one")

    result = ask.session.prepare("SELECT id FROM runyard.ledger.runs").run()
    next(result.rows)
    result.rows.close()  # type: ignore[attr-defined]  # rows come from a generator
    assert len(ask("SELECT id FROM runyard.ledger.runs")) == 3


# transactions


def test_what_changes_something_waits_for_commit_and_is_forgotten_by_rollback(ask: Asker) -> None:
    assert ask.session.transaction == "I"
    assert tag(ask, "BEGIN") == "BEGIN"
    assert notices(ask, f"DELETE FROM {RUNS} WHERE run_id = 1") == ["mutating statement queued"]
    assert ask.session.transaction == "T"
    assert tag(ask, "ROLLBACK") == "ROLLBACK"
    assert ask.session.transaction == "I"
    assert tag(ask, "COMMIT") == "COMMIT"


def test_nothing_goes_on_in_a_transaction_that_failed(ask: Asker) -> None:
    ask("BEGIN")
    with pytest.raises(SqlError, match="no column nope"):
        ask("SELECT nope FROM runyard.ledger.runs")

    assert ask.session.transaction == "E"
    with pytest.raises(SqlError) as refused:
        ask("SELECT 1")
    assert refused.value.code == "25P02"
    assert tag(ask, "COMMIT") == "ROLLBACK"
    assert ask("SELECT 1 AS one") == [{"one": 1}]


def test_a_savepoint_takes_back_what_came_behind_it(ask: Asker) -> None:
    ask("BEGIN")
    ask("SAVEPOINT here")
    ask(f"DELETE FROM {RUNS} WHERE run_id = 1")
    with pytest.raises(SqlError, match="no column nope"):
        ask("SELECT nope")
    ask("ROLLBACK TO here")

    assert ask.session.transaction == "T"
    assert tag(ask, "COMMIT") == "COMMIT"
    with pytest.raises(SqlError, match="in a transaction"):
        ask("SAVEPOINT there")


def test_a_commit_that_fails_says_what_had_been_sent(ask: Asker) -> None:
    ask("BEGIN")
    ask(f"DELETE FROM {RUNS} WHERE run_id = 1")

    with pytest.raises(SqlError, match="statement 1 of 1 of the transaction"):
        ask("COMMIT")
    assert ask.session.transaction == "I"


# views


def test_a_view_is_kept_in_the_home_and_always_fresh(yard: Yard, ask: Asker, tmp_path: Path) -> None:
    ask(f"CREATE VIEW mine.names AS SELECT run_name, run_id FROM {RUNS}")

    assert ask("SELECT * FROM mine.names") == []
    yard.submit(tasks=[script("main")], run_name="one")
    ask.afresh()
    with asking(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as another:
        assert another("SELECT n.run_name FROM Mine.Names n WHERE n.run_id > 0") == [{"run_name": "one"}]
        assert [row["name"] for row in another("SHOW VIEWS")] == ["mine.names"]
        another("DROP VIEW mine.names")
    with pytest.raises(SqlError, match="no resource mine"):
        ask("SELECT * FROM mine.names")


def test_a_materialized_view_keeps_its_rows_until_it_is_refreshed(yard: Yard, ask: Asker) -> None:
    yard.submit(tasks=[script("main")], run_name="one")
    assert (
        tag(
            ask,
            "CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n, max(created_at) AS newest "
            "FROM runyard.ledger.runs",
        )
        == "SELECT 1"
    )
    yard.submit(tasks=[script("main")], run_name="two")
    ask.afresh()

    assert ask("SELECT n FROM counted") == [{"n": 1}]
    prepared = ask.session.prepare("SELECT newest FROM counted")
    assert [one.type for one in prepared.headings or ()] == ["timestamp"]
    assert ask("SELECT c.n, r.job_name FROM counted c JOIN runyard.ledger.runs r ON 1 ORDER BY r.id LIMIT 1") == [
        {"n": 1, "job_name": "one"}
    ]
    ask("REFRESH MATERIALIZED VIEW counted")
    assert ask("SELECT n FROM counted") == [{"n": 2}]


def test_a_view_that_cannot_be_answered_or_is_there_already_is_not_kept(ask: Asker) -> None:
    ask("CREATE VIEW one AS SELECT 1 AS n")

    for text, told in (
        ("CREATE VIEW one AS SELECT 2", "There is a view one already"),
        ("CREATE VIEW two AS SELECT nope FROM runyard.ledger.runs", "no column nope"),
        ("CREATE VIEW three AS SELECT ?", "no binds"),
        ("DROP VIEW four", "There is no view four"),
        ("REFRESH MATERIALIZED VIEW one", "always fresh"),
    ):
        with pytest.raises(SqlError, match=told):
            ask(text)
    ask("CREATE OR REPLACE VIEW one AS SELECT 2 AS n")
    assert ask("SELECT * FROM one") == [{"n": 2}]
    assert tag(ask, "DROP VIEW IF EXISTS four") == "DROP VIEW"


def test_a_view_that_reads_itself_is_refused(ask: Asker) -> None:
    ask("CREATE VIEW a AS SELECT 1 AS n")
    ask("CREATE VIEW b AS SELECT * FROM a")
    ask("CREATE OR REPLACE VIEW a AS SELECT * FROM b")

    with pytest.raises(SqlError, match="reads itself"):
        ask("SELECT * FROM a")


def test_views_belong_to_their_workspace(ask: Asker, tmp_path: Path) -> None:
    ask("CREATE VIEW mine AS SELECT 1 AS n")

    with asking(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}", workspace="other") as other:
        assert other("SHOW VIEWS") == []


# what is waited for, told and allowed


def test_explain_tells_what_is_read_and_that_nobody_is_asked(ask: Asker) -> None:
    lines = [row["QUERY PLAN"] for row in ask("EXPLAIN SELECT phase FROM runyard.ledger.runs")]

    assert lines[0].startswith("read runyard.ledger.runs: ")
    assert "no service is asked" in lines
    assert ask(f"EXPLAIN DELETE FROM {RUNS} WHERE run_id = 1")[0]["QUERY PLAN"].startswith("call the method for delete")


def test_only_an_administrator_reads_the_ledger_s_own_tables_and_nobody_writes_them(ask: Asker, tmp_path: Path) -> None:
    with pytest.raises(SqlError) as denied:
        ask("NATIVEQUERY 'SELECT count(*) FROM run'")
    assert denied.value.code == "42501"

    yard = open_yard(home=tmp_path, store_url=seen(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}"))
    session = yard.session(Person(name="root", here=Here(url=URL), sees_everything=True, role=lambda: Role.ADMIN))
    assert list(session.prepare("NATIVEQUERY 'SELECT count(*) FROM run'").run().rows) == [(0,)]
    for text in ("DELETE FROM run", "ATTACH ''x'' AS x", "PRAGMA query_only = OFF"):
        with pytest.raises(SqlError):
            list(session.prepare(f"NATIVEQUERY '{text}'").run().rows)
    yard.close()


def test_a_thousand_idle_sessions_hold_no_connection(yard: Yard, tmp_path: Path) -> None:
    yard.submit(tasks=[script("main")], run_name="one")
    shared = open_yard(home=tmp_path, store_url=seen(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}"))
    sessions = [shared.session(Person(name=f"user {number}", here=Here(url=URL))) for number in range(1000)]

    for session in sessions:
        assert list(session.prepare("SELECT count(*), current_user() FROM runyard.ledger.runs").run().rows)
    open_files = [link for link in Path("/proc/self/fd").iterdir() if str(tmp_path) in str(_target(link))]
    assert len(open_files) < 40
    shared.close()


def _target(link: Path) -> Path | None:
    try:
        return link.readlink()
    except OSError:
        return None
