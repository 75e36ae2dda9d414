"""The ledger in PostgreSQL: the same queries, with rows held where SQLite has its one writer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from runyard.core.errors import LedgerUnavailable
from runyard.store.database import Cursor, Row, load_migrations, load_queries

T = TypeVar("T")

FRAGMENTS = {"id_type": "BIGINT", "skip_locked": "FOR UPDATE SKIP LOCKED", "for_update": "FOR UPDATE"}
MIGRATION_LOCK = 0x72756E79  # any number will do that nobody else uses
CONNECTIONS = 16
_NAMED = re.compile(r"(?<!:):([a-z_]+)")


class PostgresCursor:
    """One open transaction of a connection."""

    def __init__(self, cursor: psycopg.Cursor[DictRow], queries: Mapping[str, str]) -> None:
        self._cursor = cursor
        self._queries = queries

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> list[Row]:
        """Run a named query and return its rows."""
        text = self._queries[name]
        text = _named(text.format(**parts)) if parts else _named(text)
        return list(self._cursor.execute(text.encode(), parameters).fetchall())

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        """Run a named query that returns nothing."""
        self._cursor.execute(_named(self._queries[name]).encode(), parameters)
