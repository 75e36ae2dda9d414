"""What only SQLite does: one writer that commits waiting transactions together and answers every one of them."""

from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from records import a_run, a_workspace
from waiting import until

from runyard.core.errors import LedgerUnavailable
from runyard.store.database import Cursor
from runyard.store.ledger import Ledger, Page
from runyard.store.sqlite import GROUP, PRAGMAS, SqliteDatabase
from runyard.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Work = Callable[[Cursor], Any]
PATIENCE = 90  # seconds: what hangs fails then, and hangs nobody else
SPACE = 4_000_000  # bytes: enough for the schema and small transactions, less than HUGE
TOO_LARGE = {
    "found out at the commit": 2 * SPACE,
    "found out at once": 50_000_000,  # more than the cache of the writer holds back until the commit
}


@pytest.fixture
def database(ledger_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(ledger_path, busy_seconds=0.05)
    database.migrate()
    database.write(lambda cursor: Ledger(cursor).add_workspace(a_workspace()))
    yield database
    database.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * GROUP) as threads:
        yield threads


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file of this process grow beyond SPACE."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPACE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def adding(id_: int, **fields: Any) -> Work:
    """Return a transaction that adds a run and returns its id."""

    def work(cursor: Cursor) -> int:
        Ledger(cursor).add_run(a_run(id_, **fields))
        return id_

    return work


def in_one_group(database: SqliteDatabase, threads: ThreadPoolExecutor, works: list[Work]) -> list[Future[Any]]:
    """Let the writer find these transactions waiting together, in this order."""
    gate = threading.Event()
    begun = threading.Event()

    def hold(_: Cursor) -> None:
        begun.set()
        gate.wait(PATIENCE)

    holding = threads.submit(database.write, hold)
    begun.wait(PATIENCE)
    futures = []
    for number, work in enumerate(works, start=1):
        futures.append(threads.submit(database.write, work))
        until(lambda number=number: database.waiting() == number)  # type: ignore[misc]  # mypy: a lambda's default
    gate.set()
    holding.result(PATIENCE)
    return futures


def run_ids(database: SqliteDatabase) -> list[int]:
    page = Page(limit=1000, where={}, newest_first=False)
    return [run.id for run in database.read(lambda cursor: Ledger(cursor).runs(1, page))]


def is_closed(database: SqliteDatabase) -> bool:
    try:
        run_ids(database)
    except LedgerUnavailable:
        return True
    return False


def test_nobody_is_answered_before_the_group_is_committed(
    database: SqliteDatabase, threads: ThreadPoolExecutor
) -> None:
    gate, first_is_done = threading.Event(), threading.Event()

    def second(cursor: Cursor) -> int:
        first_is_done.set()  # it ran before this one, in the same group
        gate.wait(PATIENCE)
        return adding(2)(cursor)  # type: ignore[no-any-return]  # a transaction may return anything

    futures = in_one_group(database, threads, [adding(1), second])
    first_is_done.wait(PATIENCE)

    assert run_ids(database) == []
    assert [future.done() for future in futures] == [False, False]
    gate.set()
    assert [future.result() for future in futures] == [1, 2]
    assert run_ids(database) == [1, 2]


def test_a_transaction_that_raises_does_not_disturb_its_group(
    database: SqliteDatabase, threads: ThreadPoolExecutor
) -> None:
    runs = []

    def failing(cursor: Cursor) -> None:
        adding(2)(cursor)
        raise ValueError("mine alone")

    def counted(cursor: Cursor) -> int:
        runs.append("ran")
        return adding(1)(cursor)  # type: ignore[no-any-return]  # a transaction may return anything

    futures = in_one_group(database, threads, [counted, failing, adding(3)])

    with pytest.raises(ValueError, match="mine alone"):
        futures[1].result()
    assert (futures[0].result(PATIENCE), futures[2].result()) == (1, 3)
    assert run_ids(database) == [1, 3]
    assert runs == ["ran"]


def test_a_mistake_in_ones_sql_is_not_blamed_on_the_group(
    database: SqliteDatabase, threads: ThreadPoolExecutor
) -> None:
    def mistaken(cursor: Cursor) -> None:
        cursor.all("runs", {"workspace_id": 1, "limit": 1}, filters="AND colour = 1", order="ASC")

    futures = in_one_group(database, threads, [adding(1), mistaken, adding(3)])

    with pytest.raises(sqlite3.OperationalError, match="no such column: colour"):
        futures[1].result()
    assert (futures[0].result(PATIENCE), futures[2].result()) == (1, 3)
    assert run_ids(database) == [1, 3]


@pytest.mark.parametrize("size", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_only_the_transaction_that_does_not_fit_on_the_disk_is_lost(
    database: SqliteDatabase, threads: ThreadPoolExecutor, small_disk: None, size: int
) -> None:
    del small_disk

    futures = in_one_group(database, threads, [adding(1), adding(2, message="x" * size), adding(3)])

    with pytest.raises(LedgerUnavailable, match=r"could not be written.*Nothing was recorded.*free some space"):
        futures[1].result()
    assert (futures[0].result(PATIENCE), futures[2].result()) == (1, 3)
    assert run_ids(database) == [1, 3]


def test_a_ledger_goes_on_when_there_is_space_again(database: SqliteDatabase, request: pytest.FixtureRequest) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    request.getfixturevalue("small_disk")
    with pytest.raises(LedgerUnavailable):
        database.write(adding(1, message="x" * 2 * SPACE))

    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    database.write(adding(1, message="x" * 2 * SPACE))

    assert run_ids(database) == [1]


def test_a_transaction_that_hides_what_happened_to_it_still_gets_an_answer(
    database: SqliteDatabase, threads: ThreadPoolExecutor, small_disk: None
) -> None:
    del small_disk

    def hiding(cursor: Cursor) -> str:
        try:
            adding(2, message="x" * TOO_LARGE["found out at once"])(cursor)
        except sqlite3.OperationalError:
            return "all is well"
        return "it fits"

    futures = in_one_group(database, threads, [adding(1), hiding, adding(3)])

    assert (futures[0].result(PATIENCE), futures[2].result()) == (1, 3)
    with pytest.raises(sqlite3.OperationalError, match="savepoint"):
        futures[1].result()
    assert run_ids(database) == [1, 3]


def test_a_file_that_another_program_holds_is_nobodys_fault(
    database: SqliteDatabase, threads: ThreadPoolExecutor, ledger_path: Path
) -> None:
    other = sqlite3.connect(ledger_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    futures = [threads.submit(database.write, adding(id_)) for id_ in (1, 2, 3)]
    errors = [future.exception() for future in futures]
    other.close()

    assert [type(error) for error in errors] == [LedgerUnavailable] * 3
    assert "Another program holds the ledger file" in str(errors[0])
    assert database.write(adding(4)) == 4
    assert run_ids(database) == [4]


def test_who_finds_nobody_writing_need_not_wait_for_another_thread(database: SqliteDatabase) -> None:
    assert database.write(lambda _: threading.get_ident()) == threading.get_ident()


def test_every_transaction_is_written_once_whoever_writes_it(
    database: SqliteDatabase, threads: ThreadPoolExecutor
) -> None:
    futures = [threads.submit(database.write, adding(id_)) for id_ in range(1, 801)]

    assert [future.result(PATIENCE) for future in futures] == list(range(1, 801))
    assert run_ids(database) == list(range(1, 801))


def test_more_than_a_group_may_wait(database: SqliteDatabase, threads: ThreadPoolExecutor) -> None:
    works = [adding(id_) for id_ in range(1, GROUP + 10)]

    futures = in_one_group(database, threads, works)

    assert [future.result() for future in futures] == list(range(1, GROUP + 10))
    assert run_ids(database) == list(range(1, GROUP + 10))


def test_closing_finishes_what_waits_and_refuses_what_comes_after(
    ledger_path: Path, threads: ThreadPoolExecutor
) -> None:
    database = SqliteDatabase(ledger_path)
    database.migrate()
    database.write(lambda cursor: Ledger(cursor).add_workspace(a_workspace()))
    gate, begun = threading.Event(), threading.Event()

    def hold(_: Cursor) -> None:
        begun.set()
        gate.wait(PATIENCE)

    threads.submit(database.write, hold)
    begun.wait(PATIENCE)
    waiting = [threads.submit(database.write, adding(id_)) for id_ in (1, 2, 3)]
    until(lambda: database.waiting() == 3)
    closing = threads.submit(database.close)
    until(lambda: is_closed(database))

    with pytest.raises(LedgerUnavailable, match="closed"):
        database.write(adding(4))

    gate.set()
    assert [future.result() for future in waiting] == [1, 2, 3]
    closing.result()
    again = open_store(f"sqlite:///{ledger_path}")
    assert [run.id for run in again.read(lambda ledger: ledger.runs(1, Page(limit=9, where={})))] == [3, 2, 1]
    again.close()


def test_a_commit_is_on_the_disk_before_it_is_told(ledger_path: Path) -> None:
    with closing(sqlite3.connect(ledger_path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(pragma)

        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_readers_do_not_wait_for_the_writer(database: SqliteDatabase, threads: ThreadPoolExecutor) -> None:
    gate, begun = threading.Event(), threading.Event()
    database.write(adding(1))

    def hold(cursor: Cursor) -> None:
        adding(2)(cursor)
        begun.set()
        gate.wait(PATIENCE)

    holding = threads.submit(database.write, hold)
    begun.wait(PATIENCE)

    assert run_ids(database) == [1]
    gate.set()
    holding.result(PATIENCE)
    assert run_ids(database) == [1, 2]


def test_a_file_that_is_no_ledger_is_refused(ledger_path: Path) -> None:
    ledger_path.write_bytes(b"this is a letter to my aunt" * 100)

    with pytest.raises(LedgerUnavailable, match=r"file is not a database.*give --store another path"):
        open_store(f"sqlite:///{ledger_path}")

    assert ledger_path.read_bytes().startswith(b"this is a letter")


def test_a_folder_that_is_missing_is_named_as_the_trouble(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=r"could not be opened.*Make the home folder"):
        open_store(f"sqlite:///{tmp_path}/missing/ledger.db")
