"""The columns of a statement before it runs: what a client is told of it when it has only asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.changes import COPIED, FRAGMENT
from runyard.runtime.dremio_sql.column_types import Column
from runyard.runtime.dremio_sql.commands import DONE, Commander
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError, from_duckdb
from runyard.runtime.dremio_sql.statements import statement
from runyard.runtime.dremio_sql.translation.translate import Session, translate

RECORDS = dict.fromkeys(("CREATE_TABLE_AS", "INSERT", "UPDATE", "DELETE", "MERGE"), FRAGMENT)
ANSWERS: Mapping[str, tuple[Column, ...]] = {**RECORDS, "COPY_INTO": COPIED}
"""What a change answers, by its kind."""
SELECT = "SELECT"
LOOKING = frozenset({"SHOW", "DESCRIBE", "EXPLAIN"})
"""Commands that change nothing, so that they may be carried out to see their columns."""


@dataclass(frozen=True, kw_only=True)
class Planner:
    """One database of the process in which files are looked at; it holds no data."""

    _database: duckdb.DuckDBPyConnection = field(default_factory=lambda: new_connection(threads=1))
    _asking: threading.Lock = field(default_factory=threading.Lock)

    def columns(self, sql: str, told: Mapping[str, Any], *, path: Sequence[str]) -> tuple[Column, ...]:
        """Return the columns of a statement's rows; refuse one that cannot be read."""
        found = statement(sql)
        if found.kind != SELECT and found.kind not in LOOKING:
            return ANSWERS.get(found.kind, DONE)
        with self._asking:
            cursor = self._database.cursor()
        try:
            catalog = live_catalog(told, cursor, path=path)
            if found.kind == SELECT:
                return translate(found.query, catalog, catalog.session).columns
            commander = Commander(catalog=catalog, connection=cursor, folder=Path())
            return commander.carry_out(found).answer.columns
        except duckdb.Error as error:
            raise from_duckdb(error) from error
        finally:
            with self._asking:
                cursor.close()

    def named(self, told: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
        """Return the path and the type of every table."""
        return list(live_catalog(told, self._database, path=()).named())

    def schemas(self, told: Mapping[str, Any]) -> list[str]:
        """Return the names of all that holds tables."""
        return live_catalog(told, self._database, path=()).schemas()

    def columns_of(self, path: tuple[str, ...], told: Mapping[str, Any]) -> tuple[Column, ...]:
        """Return the columns of a table; of one that cannot be read, none."""
        with self._asking:
            cursor = self._database.cursor()
        try:
            return live_catalog(told, cursor, path=()).columns(path, lenient=True)
        except (DremioError, duckdb.Error):
            return ()
        finally:
            with self._asking:
                cursor.close()


def live_catalog(told: Mapping[str, Any], connection: duckdb.DuckDBPyConnection, *, path: Sequence[str]) -> LiveCatalog:
    """Return the catalog that the server has told."""
    session = Session(user=told["user"], now_ms=time.time_ns() // 1_000_000, context=tuple(path))
    return LiveCatalog(snapshot=Snapshot.of(told["catalog"]), connection=connection, session=session)
