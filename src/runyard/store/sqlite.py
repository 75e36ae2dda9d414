"""The ledger in one SQLite file: many readers, and one writer that commits waiting transactions together."""

from __future__ import annotations

import queue
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from runyard.core.errors import LedgerUnavailable
from runyard.store.database import Cursor, Row, load_migrations, load_queries

T = TypeVar("T")
Waiting = tuple[Callable[[Cursor], Any], "Future[Any]"]

FRAGMENTS = {"id_type": "INTEGER", "skip_locked": "", "for_update": ""}
GROUP = 64  # transactions that share one commit; more gains nothing (measured) and makes the first wait
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an answer means: on the disk
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cache_size = -32000",  # KiB
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",  # pages
)


class SqliteCursor:
    """One open transaction of a connection."""

    def __init__(self, connection: sqlite3.Connection, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> list[Row]:
        """Run a named query and return its rows."""
        text = self._queries[name]
        return self._connection.execute(text.format(**parts) if parts else text, parameters).fetchall()

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Run a named query that returns nothing."""
        self._connection.execute(self._queries[name], parameters)


class SqliteDatabase:
    """A file, or `:memory:` for tests that need no durability."""

    def __init__(self, path: Path | str) -> None:
        self._in_memory = str(path) == ":memory:"
        self._target = str(path)
        self._queries = load_queries(FRAGMENTS)
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._connection = self._open()
        self._writer = threading.Thread(target=self._write_forever, name="ledger-writer", daemon=True)
        self._writer.start()

    def migrate(self) -> None:
        """Bring the schema up to date, one transaction a migration."""
        self._submit(lambda _: self._migrate()).result()

    def read(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` on this thread's own read-only connection."""
        if self._in_memory:  # there is only the one connection
            return self.write(work)
        try:
            reader = self._reader()
            reader.execute("BEGIN")
            try:
                return work(SqliteCursor(reader, self._queries))
            finally:
                reader.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _unavailable("read", error) from error

    def write(self, work: Callable[[Cursor], T]) -> T:
        """Hand `work` to the writer and wait until it is on the disk."""
        return self._submit(work).result()

    def close(self) -> None:
        """Let the writer finish what waits, then close every connection."""
        self._waiting.put(None)
        self._writer.join()
        for connection in (*self._readers, self._connection):
            connection.close()

    def _submit(self, work: Callable[[Cursor], T]) -> Future[T]:
        future: Future[T] = Future()
        if not self._writer.is_alive():
            raise LedgerUnavailable("The ledger is closed; the server is stopping. Try again when it is back.")
        self._waiting.put((work, future))
        return future

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._target, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            connection.row_factory = sqlite3.Row
            for pragma in PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error as error:
            raise _unavailable("opened", error) from error
        return connection

    def _reader(self) -> sqlite3.Connection:
        reader: sqlite3.Connection | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = self._open()
            reader.execute("PRAGMA query_only = ON")
            self._readers.append(reader)
        return reader

    def _write_forever(self) -> None:
        while (first := self._waiting.get()) is not None:
            group = [first]
            stopping = False
            with suppress(queue.Empty):
                while len(group) < GROUP and not stopping:
                    more = self._waiting.get_nowait()
                    stopping = more is None
                    group.extend([more] if more is not None else [])
            self._commit_together(group)
            if stopping:
                return

    def _commit_together(self, group: list[Waiting]) -> None:
        """Run each transaction in a savepoint, commit once, and only then answer anybody."""
        answers: list[Callable[[], None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            answers = [self._run_one(work, future) for work, future in group]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            for _, future in group:
                future.set_exception(_unavailable("written", error))
            return
        for answer in answers:
            answer()

    def _run_one(self, work: Callable[[Cursor], Any], future: Future[Any]) -> Callable[[], None]:
        self._connection.execute("SAVEPOINT one")
        try:
            result = work(SqliteCursor(self._connection, self._queries))
        except sqlite3.OperationalError:
            raise  # the disk is full or the file cannot be written: nobody's transaction can be trusted
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller who waits
            self._connection.execute("ROLLBACK TO one")
            failure = error
            return lambda: future.set_exception(failure)
        self._connection.execute("RELEASE one")
        return lambda: future.set_result(result)

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")

    def _migrate(self) -> None:
        execute = self._connection.execute
        execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY)")
        done = {row["number"] for row in execute("SELECT number FROM migration").fetchall()}
        for number, statements in load_migrations(FRAGMENTS):
            if number not in done:
                for statement in statements:
                    execute(statement)
                execute("INSERT INTO migration (number) VALUES (?)", (number,))


_ADVICE = (
    (re.compile("full"), "Free some space on the disk of the home folder and try again."),
    (re.compile("readonly|read-only|unable to open|attempt to write"), "Make the home folder writable for the server and try again."),
    (re.compile("locked|busy"), "Another program holds the ledger file; stop it and try again."),
)


def _unavailable(verb: str, error: sqlite3.Error) -> LedgerUnavailable:
    text = str(error)
    advice = next((advice for pattern, advice in _ADVICE if pattern.search(text)), "See the server's log.")
    return LedgerUnavailable(f"The ledger could not be {verb}: {text}. Nothing was recorded. {advice}")
