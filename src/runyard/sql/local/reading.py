"""Read-only connections to the ledger: borrowed for the life of a statement, so that idle sessions hold none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import apsw

from runyard.sql.errors import CONNECTION_FAILED, SqlError
from runyard.sql.results import Row, Value

MOST_IDLE = 8  # connections that are kept for the next statement
FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
STATEMENTS = 64  # that a connection keeps prepared
CACHE_KIB = 16_000
MOST_BYTES = 256 << 20  # of one value, so that no statement fills the memory with it
PRAGMAS = (
    "PRAGMA query_only = ON",
    f"PRAGMA cache_size = -{CACHE_KIB}",
    f"PRAGMA mmap_size = {1 << 30}",
)


Binds = tuple[tuple[str, str], ...]  # names and types


class Reader(apsw.Connection):
    """A connection that remembers for whom it was prepared last."""

    told: tuple[str, ...] = ()
    forget: Callable[[], None] = staticmethod(lambda: None)  # what an earlier statement saw

    def natively(self, sql: str, binds: Binds, values: Mapping[str, Value]) -> Iterator[Row] | None:
        """Return the rows that another database gives by itself; None where there is none, or it might differ."""
        del sql, binds, values
        return None


class Ledger(Protocol):
    """Where local tables are read."""

    def take(self) -> Reader:
        """Lend a connection that sees one moment of the ledger until it is given back."""
        ...

    def give_back(self, connection: Any) -> None:
        """Take back a connection that was lent here."""
        ...

    def workspace(self, name: str) -> int | None:
        """Return the id of a workspace; None if nobody has used it yet."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


@contextmanager
def borrowed(ledger: Ledger) -> Iterator[Reader]:
    """Lend a connection of a ledger."""
    connection = ledger.take()
    try:
        yield connection
    finally:
        ledger.give_back(connection)


class SqliteLedger:
    """The ledger in a SQLite file. Readers never hold up its writer.

    Not for a process that has the file open by Python's own sqlite3, as the server has: locks belong to a process, and
    two copies of SQLite in one undo each other's.
    """

    def __init__(self, file: Path, *, prepare: Callable[[Reader], None]) -> None:
        self._file = file
        self._prepare = prepare
        self._idle: list[Reader] = []  # a list's append and pop need no lock
        self._closing = threading.Lock()
        self._closed = False

    def workspace(self, name: str) -> int | None:
        """Return the id of a workspace."""
        with borrowed(self) as connection:
            found = connection.execute("SELECT id FROM workspace WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Close what is idle, and what comes back."""
        self._closed = True
        self._close_idle()

    def take(self) -> Reader:
        """Lend a connection."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._opened()

    def give_back(self, connection: Reader) -> None:
        """Keep a connection for the next statement, if not enough are kept."""
        if self._closed or len(self._idle) >= MOST_IDLE:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:  # close() may have looked before this one was back
            self._close_idle()

    def _opened(self) -> Reader:
        try:
            connection = Reader(str(self._file), flags=FLAGS, statementcachesize=STATEMENTS)
            connection.set_busy_timeout(10_000)
            for pragma in PRAGMAS:
                connection.execute(pragma)
        except apsw.Error as error:
            raise SqlError(CONNECTION_FAILED, f"The ledger {self._file} cannot be read: {error}.") from error
        guard(connection)
        self._prepare(connection)
        return connection

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def guard(connection: apsw.Connection) -> None:
    """Take from a connection what no query needs."""
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)  # "x" is a name, never a text
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.limit(apsw.SQLITE_LIMIT_LENGTH, MOST_BYTES)
