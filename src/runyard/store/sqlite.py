"""The ledger in one SQLite file: many readers, and one writer at a time that commits waiting transactions together."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.core.errors import LedgerUnavailable
from runyard.store.database import ConstraintError, Cursor, load_migrations, load_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
Waiting = tuple["Callable[[Cursor], Any]", "Future[Any]"]
Answer = tuple[Any, BaseException | None]

FRAGMENTS = {
    "id_type": "INTEGER",
    "skip_locked": "",
    "for_update": "",
    "listed_ids": "SELECT value FROM json_each(:ids)",
}
GROUP = 64  # transactions that share one commit; more gains nothing (measured) and makes the first wait
BUSY_SECONDS = 10
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an answer means: on the disk
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32000",  # KiB
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",  # pages
)
ADVICE: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: "Free some space on the disk of the home folder and try again.",
    sqlite3.SQLITE_IOERR: "The disk of the home folder is full or fails; free some space, or see the system's log.",
    sqlite3.SQLITE_READONLY: "Make the home folder writable for the server and try again.",
    sqlite3.SQLITE_CANTOPEN: "Make the home folder writable for the server and try again.",
    sqlite3.SQLITE_PERM: "Make the home folder writable for the server and try again.",
    sqlite3.SQLITE_BUSY: "Another program holds the ledger file; stop it and try again.",
    sqlite3.SQLITE_LOCKED: "Another program holds the ledger file; stop it and try again.",
    sqlite3.SQLITE_CORRUPT: "The ledger file is damaged: stop the server and put back a backup of it.",
    sqlite3.SQLITE_NOTADB: "That file is not a ledger: give --store another path, or put back a backup.",
}
"""What to do, by SQLite's primary result code. What is not here is a defect of ours and passes as it is."""


class SqliteCursor:
    """One open transaction of a connection."""

    def __init__(self, connection: sqlite3.Connection, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> list[tuple[Any, ...]]:
        """Run a named query and return its rows."""
        text = self._queries[name]
        return self._connection.execute(text.format(**parts) if parts else text, parameters).fetchall()

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Run a named query that returns nothing."""
        self._connection.execute(self._queries[name], parameters)


class SqliteDatabase:
    """A file, or `:memory:` for tests that need no durability."""

    def __init__(self, path: Path | str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._busy_seconds = busy_seconds
        self._in_memory = str(path) == ":memory:"
        self._target = str(path)
        self._queries = load_queries(FRAGMENTS)
        self._idle: list[sqlite3.Connection] = []  # readers; a list's append and pop need no lock
        self._waiting: deque[Waiting] = deque()
        self._accepting = threading.Lock()
        self._writing = threading.Lock()  # who holds it uses the connection and takes from what waits
        self._wishes: queue.SimpleQueue[bool] = queue.SimpleQueue()  # True: somebody waits; False: nobody ever will
        self._closed = False
        self._connection = self._open()
        self._writer = threading.Thread(target=self._write_forever, name="ledger-writer", daemon=True)
        self._writer.start()

    def migrate(self) -> None:
        """Bring the schema up to date in one transaction."""
        self.write(lambda _: self._migrate())

    def read(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` on a read-only connection of its own."""
        if self._in_memory:  # there is only the one connection
            return self.write(lambda cursor: self._only_looking(work, cursor))
        with _in_our_words("read"):
            reader = self._take_reader()
            try:
                reader.execute("BEGIN")
                return work(SqliteCursor(reader, self._queries))
            finally:
                self._give_back(reader)

    def write(self, work: Callable[[Cursor], T]) -> T:
        """Return once `work` is on the disk.

        Whoever finds nobody writing commits at once, for all who wait: to wake another thread for it and be woken
        again would take as long as half the transaction. Who finds somebody waits for that one or the writer's thread.
        """
        future: Future[T] = Future()
        with self._accepting:
            self._refuse_if_closed()
            self._waiting.append((work, future))
            is_mine = self._writing.acquire(blocking=False)
            if not is_mine and len(self._waiting) == 1:  # who came before has said so already
                self._wishes.put(True)
        if is_mine:
            self._write_until(future)
        with _in_our_words("written"):
            return future.result()

    def waiting(self) -> int:
        """Return how many transactions wait for the writer."""
        return len(self._waiting)

    def close(self) -> None:
        """Let the writer finish what waits, then close every connection."""
        with self._accepting:
            self._closed = True
            self._wishes.put(False)
        self._writer.join()
        with self._writing:
            self._connection.close()
        self._close_idle()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise LedgerUnavailable("The ledger is closed: the server is stopping. Try again when it is back.")

    def _open(self) -> sqlite3.Connection:
        with _in_our_words("opened"):
            connection = sqlite3.connect(
                self._target,
                timeout=self._busy_seconds,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            for pragma in PRAGMAS:
                connection.execute(pragma)
            return connection

    # readers

    def _take_reader(self) -> sqlite3.Connection:
        self._refuse_if_closed()
        with suppress(IndexError):
            return self._idle.pop()
        reader = self._open()
        reader.execute("PRAGMA query_only = ON")
        return reader

    def _give_back(self, reader: sqlite3.Connection) -> None:
        reader.rollback()
        self._idle.append(reader)
        if self._closed:  # close() may have looked before this reader was back
            self._close_idle()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _only_looking(self, work: Callable[[Cursor], T], cursor: Cursor) -> T:
        self._connection.execute("PRAGMA query_only = ON")
        try:
            return work(cursor)
        finally:
            self._connection.execute("PRAGMA query_only = OFF")

    # writing

    def _write_forever(self) -> None:
        while self._wishes.get():
            with self._writing:
                while group := self._next_group():  # none if others have written it meanwhile
                    self._commit_together(group)

    def _write_until(self, future: Future[Any]) -> None:
        try:
            while not future.done():
                self._commit_together(self._next_group())
        finally:
            self._writing.release()
            if self._waiting:
                self._wishes.put(True)

    def _next_group(self) -> list[Waiting]:
        return [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]

    def _commit_together(self, group: list[Waiting]) -> None:
        """Run each transaction in a savepoint, commit once, and only then answer anybody."""
        try:
            answers = self._run_together(group)
        except BaseException as error:  # noqa: BLE001 - somebody waits for every transaction: each must get an answer
            self._lose(group, error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                _tell(future, answer)

    def _lose(self, group: list[Waiting], error: BaseException) -> None:
        """Undo a group; then each alone, as perhaps only one is to blame and the others get through."""
        with suppress(sqlite3.Error):
            self._connection.rollback()
        if len(group) > 1 and not _is_busy(error):
            for one in group:
                self._commit_together([one])
        else:
            for _, future in group:
                _tell(future, (None, error))

    def _run_together(self, group: list[Waiting]) -> list[Answer]:
        self._connection.execute("BEGIN IMMEDIATE")
        answers = [self._run_one(work) for work, _ in group]
        self._connection.execute("COMMIT")
        return answers

    def _run_one(self, work: Callable[[Cursor], Any]) -> Answer:
        self._connection.execute("SAVEPOINT one")
        failure: BaseException | None = None
        result = None
        try:
            result = work(SqliteCursor(self._connection, self._queries))
        except BaseException as error:
            if not self._connection.in_transaction:
                raise  # SQLite gave up the whole transaction, as it does when the disk is full
            self._connection.execute("ROLLBACK TO one")
            failure = error  # whatever it is, it belongs to the caller who waits
        self._connection.execute("RELEASE one")
        return result, failure

    def _migrate(self) -> None:
        execute = self._connection.execute
        execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY)")
        done = {number for (number,) in execute("SELECT number FROM migration")}
        for number, statements in load_migrations(FRAGMENTS):
            if number not in done:
                for statement in statements:
                    execute(statement)
                execute("INSERT INTO migration (number) VALUES (?)", (number,))


def _tell(future: Future[Any], answer: Answer) -> None:
    result, failure = answer
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _is_busy(error: BaseException) -> bool:
    """Say whether another program holds the file: then all have waited already, and none is to blame."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def _in_our_words(verb: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise ConstraintError(str(error)) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)  # absent where Python itself complains
        advice = ADVICE.get(code & 0xFF)
        if advice is None:
            raise
        text = f"The ledger could not be {verb}: {error}. Nothing was recorded. {advice}"
        raise LedgerUnavailable(text) from error
