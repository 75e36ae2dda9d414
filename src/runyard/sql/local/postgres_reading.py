"""A ledger in PostgreSQL, read in one snapshot a statement through tables that SQLite believes to be its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import apsw
import psycopg
from psycopg import IsolationLevel

from runyard.sql.errors import CONNECTION_FAILED, SqlError
from runyard.sql.local.postgres_native import native
from runyard.sql.local.postgres_tables import AT_ONCE, Module, as_sql_error, tables
from runyard.sql.local.reading import MOST_IDLE, STATEMENTS, Binds, Reader, borrowed, guard
from runyard.sql.results import Row, Value
from runyard.store.postgres import conninfo

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresReader(Reader):
    """SQLite with the ledger's tables behind it; an interrupt reaches PostgreSQL too."""

    ledger: Connection

    def natively(self, sql: str, binds: Binds, values: Mapping[str, Value]) -> Iterator[Row] | None:
        """Return the rows that PostgreSQL gives by itself, where it means the same."""
        text = native(sql, binds)
        if text is None:
            return None
        is_short = " LIMIT " in text or " GROUP BY " in text
        try:
            if is_short:
                return iter(self.ledger.execute(text.encode(), values))
            cursor = self.ledger.cursor(name="natively")
            cursor.itersize = AT_ONCE
            cursor.execute(text.encode(), values)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:  # it was ended, or is gone
            raise as_sql_error(error) from error
        except psycopg.Error:  # it does not understand something after all; SQLite may
            self.ledger.rollback()
            return None
        return _drained(cursor)

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

    def workspace(self, name: str) -> int | None:
        """Return the id of a workspace."""
        with borrowed(self) as reader:
            found = reader.execute("SELECT id FROM workspace WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def close(self) -> None:
        """Close what is idle, and what comes back."""
        self._closed = True
        with suppress(IndexError):
            while True:
                _close(self._idle.pop())

    def take(self) -> PostgresReader:
        """Lend a connection that sees one moment of the ledger until it is given back."""
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

    def give_back(self, reader: PostgresReader) -> None:
        """Keep a connection for the next statement, if it is whole and not enough are kept."""
        with suppress(psycopg.Error):
            reader.ledger.rollback()
        if self._closed or reader.ledger.closed or reader.ledger.broken or len(self._idle) >= MOST_IDLE:
            _close(reader)
        else:
            self._idle.append(reader)


def _drained(cursor: psycopg.ServerCursor[tuple[Any, ...]]) -> Iterator[Row]:
    with cursor:
        try:
            yield from cursor
        except psycopg.Error as error:
            raise as_sql_error(error) from error


def _close(reader: PostgresReader) -> None:
    reader.close()
    reader.ledger.close()
