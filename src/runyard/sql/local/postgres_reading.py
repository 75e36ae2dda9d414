"""A ledger in PostgreSQL, read in one snapshot a statement through tables that SQLite believes to be its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import apsw
import psycopg
from psycopg import IsolationLevel

from runyard.sql.errors import CONNECTION_FAILED, SqlError
from runyard.sql.local.postgres_tables import Module, tables
from runyard.sql.local.reading import MOST_IDLE, STATEMENTS, Reader, guard
from runyard.store.postgres import conninfo

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresReader(Reader):
    """SQLite with the ledger's tables behind it; an interrupt reaches PostgreSQL too."""

    ledger: Connection

    def interrupt(self) -> None:
        """End what runs now, on both sides."""
        super().interrupt()
        with suppress(psycopg.Error):
            self.ledger.cancel_safe(timeout=5)


class PostgresLedger:
    """The ledger in PostgreSQL."""

    def __init__(self, url: str, *, prepare: Callable[[Reader], None]) -> None:
        self._conninfo = conninfo(url)
        self._prepare = prepare
        self._idle: list[PostgresReader] = []  # a list's append and pop need no lock
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[PostgresReader]:
        """Lend a connection that sees one moment of the ledger until it is given back."""
        reader = self._taken()
        try:
            yield reader
        finally:
            self._give_back(reader)

    def workspace(self, name: str) -> int | None:
        """Return the id of a workspace."""
        with self.borrow() as reader:
            found = reader.execute("SELECT id FROM workspace WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Close what is idle, and what comes back."""
        self._closed = True
        with suppress(IndexError):
            while True:
                _close(self._idle.pop())

    def _taken(self) -> PostgresReader:
        while self._idle:
            with suppress(IndexError):
                reader = self._idle.pop()
                if not reader.ledger.closed:
                    return reader
        return self._opened()

    def _opened(self) -> PostgresReader:
        try:
            ledger = psycopg.connect(self._conninfo)
        except psycopg.Error as error:
            raise SqlError(CONNECTION_FAILED, f"The ledger cannot be read: {error}.") from error
        ledger.isolation_level = IsolationLevel.REPEATABLE_READ
        ledger.read_only = True
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        reader = PostgresReader(":memory:", flags=flags, statementcachesize=STATEMENTS)
        reader.ledger = ledger
        for table in tables():
            module: Any = Module(table, ledger)  # without the methods of tables that are created
            reader.create_module(table.name, module, use_bestindex_object=True, eponymous_only=True, read_only=True)
        reader.execute("PRAGMA query_only = ON")
        guard(reader)
        self._prepare(reader)
        return reader

    def _give_back(self, reader: PostgresReader) -> None:
        with suppress(psycopg.Error):
            reader.ledger.rollback()
        if self._closed or reader.ledger.closed or reader.ledger.broken or len(self._idle) >= MOST_IDLE:
            _close(reader)
        else:
            self._idle.append(reader)


def _close(reader: PostgresReader) -> None:
    reader.close()
    reader.ledger.close()
