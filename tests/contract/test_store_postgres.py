"""What only PostgreSQL does: rows held, transactions given up for another's sake, connections that break."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from records import a_job, a_run, a_workspace, an_attempt

from runyard.core.errors import InvalidRequest, LedgerUnavailable
from runyard.core.run import State
from runyard.store.ledger import Ledger, Page
from runyard.store.postgres import MIGRATION_LOCK, TRIES, PostgresDatabase
from runyard.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres_server import PostgresServer


PATIENCE = 90  # seconds: what hangs fails then, and hangs nobody else


@pytest.fixture
def ledger(postgres_url: str) -> Iterator[Store]:
    """A ledger in PostgreSQL with a workspace, two jobs and two queued attempts."""
    store = open_store(postgres_url)
    store.write(fill)
    yield store
    store.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def fill(ledger: Ledger) -> None:
    ledger.add_workspace(a_workspace())
    for number in (1, 2):
        ledger.add_job(a_job(number))
        ledger.add_run(a_run(number))
        ledger.add_attempt(an_attempt(number, number=number))


def run_ids(store: Store) -> list[int]:
    page = Page(limit=1000, where={}, newest_first=False)
    return [run.id for run in store.read(lambda ledger: ledger.runs(1, page))]


def end_connections(server: PostgresServer, url: str) -> None:
    """End every connection to a database, as a restart of the server does."""
    name = conninfo_to_dict(url)["dbname"]
    server.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")


def test_connections_that_broke_while_idle_are_replaced(
    ledger: Store, threads: ThreadPoolExecutor, postgres: PostgresServer, postgres_url: str
) -> None:
    together = threading.Barrier(3, timeout=PATIENCE)
    for _ in threads.map(lambda _: ledger.read(lambda _: together.wait()), range(3)):
        pass  # now three connections are idle
    end_connections(postgres, postgres_url)

    ledger.write(lambda ledger: ledger.add_run(a_run(3)))

    assert run_ids(ledger) == [1, 2, 3]


@pytest.mark.parametrize("verb", ["read", "write"])
def test_a_transaction_whose_connection_breaks_is_run_again(
    ledger: Store, postgres: PostgresServer, postgres_url: str, verb: str
) -> None:
    tries = []

    def work(ledger: Ledger) -> Any:
        tries.append("try")
        if len(tries) == 1:
            end_connections(postgres, postgres_url)
        return ledger.run(1, 1)

    found = getattr(ledger, verb)(work)

    assert (found, len(tries)) == (a_run(1), 2)


def test_a_write_that_is_run_again_is_recorded_once(ledger: Store, postgres: PostgresServer, postgres_url: str) -> None:
    tries = []

    def work(ledger: Ledger) -> None:
        ledger.add_run(a_run(3))
        tries.append("try")
        if len(tries) == 1:
            end_connections(postgres, postgres_url)
        ledger.add_run(a_run(4))

    ledger.write(work)

    assert len(tries) == 2
    assert run_ids(ledger) == [1, 2, 3, 4]


def test_a_connection_that_always_breaks_is_given_up(
    ledger: Store, postgres: PostgresServer, postgres_url: str
) -> None:
    tries = []

    def work(ledger: Ledger) -> None:
        tries.append("try")
        end_connections(postgres, postgres_url)
        ledger.add_run(a_run(3))

    with pytest.raises(LedgerUnavailable, match=r"Nothing was recorded\. See that the PostgreSQL server"):
        ledger.write(work)

    assert len(tries) == TRIES
    assert run_ids(ledger) == [1, 2]


def test_a_connection_that_breaks_at_the_commit_leaves_it_unknown_and_says_so(
    ledger: Store, postgres: PostgresServer, postgres_url: str
) -> None:
    tries = []

    def work(ledger: Ledger) -> None:
        tries.append("try")
        ledger.add_run(a_run(3))
        end_connections(postgres, postgres_url)

    with pytest.raises(LedgerUnavailable, match="not known whether"):
        ledger.write(work)

    assert len(tries) == 1
    assert run_ids(ledger) == [1, 2]


def test_of_two_that_wait_for_each_other_both_end_well(ledger: Store, threads: ThreadPoolExecutor) -> None:
    tries: list[tuple[int, int]] = []
    together = threading.Barrier(2, timeout=PATIENCE)

    def hold(first: int, second: int) -> None:
        def work(ledger: Ledger) -> None:
            tries.append((first, second))
            ledger.hold_job(first)
            if len(tries) <= 2:
                together.wait()
            ledger.hold_job(second)
            ledger.add_run(a_run(10 + first))

        ledger.write(work)

    list(threads.map(hold, (1, 2), (2, 1)))

    assert len(tries) > 2  # PostgreSQL gave up one of them, or both
    assert run_ids(ledger) == [1, 2, 11, 12]


def test_what_one_takes_another_does_not_see_waiting(ledger: Store, threads: ThreadPoolExecutor) -> None:
    def take_one(ledger: Ledger) -> list[int]:
        return [attempt.id for attempt in ledger.queued_attempts(1)]

    def take_while_another_takes(mine: Ledger) -> tuple[list[int], list[int]]:
        return take_one(mine), threads.submit(ledger.write, take_one).result()

    assert ledger.write(take_while_another_takes) == ([1], [2])


def test_a_run_that_is_held_is_seen_as_its_holder_left_it(ledger: Store, threads: ThreadPoolExecutor) -> None:
    held, waits = threading.Event(), threading.Event()

    def change(ledger: Ledger) -> None:
        run = ledger.run_anywhere(1)
        assert run is not None
        held.set()
        waits.wait(PATIENCE)
        ledger.save_run(a_run(1, state=State.STARTING, updated_at=5), seen=run)

    def look(ledger: Ledger) -> Any:
        before = ledger.run(1, 1)
        waits.set()
        return before, ledger.run_anywhere(1)

    changing = threads.submit(ledger.write, change)
    held.wait(PATIENCE)
    before, after = ledger.write(look)
    changing.result()

    assert before == a_run(1)
    assert after == a_run(1, state=State.STARTING, updated_at=5)


def test_waiting_too_long_for_a_row_says_who_holds_it(
    ledger: Store, postgres_url: str, threads: ThreadPoolExecutor
) -> None:
    impatient = open_store(f"{postgres_url}&options=-c%20lock_timeout%3D50ms")

    def hold(ledger: Ledger) -> BaseException | None:
        ledger.hold_job(1)
        return threads.submit(impatient.write, lambda ledger: ledger.hold_job(1)).exception()

    error = ledger.write(hold)

    assert isinstance(error, LedgerUnavailable)
    assert "Another program holds the ledger's rows" in str(error)
    impatient.close()


def test_a_server_does_not_migrate_while_another_does(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))

        with pytest.raises(LedgerUnavailable, match="lock timeout"):
            open_store(f"{postgres_url}&options=-c%20lock_timeout%3D50ms")

    open_store(postgres_url).close()


def test_a_mistake_in_ones_sql_is_not_called_an_outage(ledger: Store) -> None:
    def mistaken(ledger: Ledger) -> None:
        ledger.runs(1, Page(limit="many", where={}))  # type: ignore[arg-type]  # the mistake that is meant

    with pytest.raises(psycopg.DataError):
        ledger.read(mistaken)

    assert run_ids(ledger) == [1, 2]


def test_a_database_that_is_not_there_is_named_and_its_password_is_not(postgres: PostgresServer) -> None:
    with pytest.raises(LedgerUnavailable, match=r'"nowhere" does not exist.*--store') as refused:
        open_store(f"{postgres.url('nowhere')}&password=secret")

    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_said_to_be_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="See that the PostgreSQL server of --store runs and can be reached"):
        open_store(f"postgresql:///ledger?host={tmp_path}&user=nobody")


def test_a_user_without_the_right_to_make_tables_is_told_so(postgres: PostgresServer, postgres_url: str) -> None:
    postgres.execute("DROP ROLE IF EXISTS guest")
    postgres.execute("CREATE ROLE guest LOGIN")

    with pytest.raises(LedgerUnavailable, match="Grant the user of --store the right"):
        open_store(postgres_url.replace("user=runyard", "user=guest"))


def test_a_connection_given_back_after_closing_is_closed_too(ledger: Store, postgres: PostgresServer) -> None:
    def look(_: Ledger) -> Any:
        ledger.close()
        return postgres.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'runyard'")

    during = ledger.read(look)
    after = postgres.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'runyard'")

    assert (during, after) == ([(1,)], [(0,)])


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "runyard.store.postgres")

    with pytest.raises(InvalidRequest, match=r"pip install 'runyard\[postgres\]'"):
        open_store("postgresql:///ledger")


def test_a_query_may_hold_a_percent_sign(ledger: Store, postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    parameters = {"workspace_id": 1, "limit": 9}

    rows = database.read(lambda cursor: cursor.all("runs", parameters, filters="AND job_name LIKE 'j%'", order="ASC"))

    assert len(rows) == len(run_ids(ledger)) == 2
    database.close()
