"""Rows of tables by their keys, in the SQL of any database: what lies behind one row and not behind another.

Standard library only, because it stands on the path of every job's own process.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
MARKERS = {"qmark": "?", "format": "%s", "pyformat": "%s"}
KEY_COLUMNS = """
SELECT used.column_name FROM information_schema.table_constraints AS made
JOIN information_schema.key_column_usage AS used ON used.constraint_name = made.constraint_name
  AND used.table_schema = made.table_schema AND used.table_name = made.table_name
WHERE made.constraint_type = 'PRIMARY KEY' AND made.table_name = ? AND (? = '' OR made.table_schema = ?)
ORDER BY used.ordinal_position
"""
COMPARED = {"asc": ">", "desc": "<"}


class UnreadableRows(RuntimeError):
    """A table, its keys or its driver are not such as rows can be told apart by."""


def condition(keys: Sequence[str], order: str, after: Any, until: Any) -> tuple[str, list[Any]]:
    """Say in SQL that rows lie behind one and not behind another; the first key decides, then the next."""
    parts: list[str] = []
    values: list[Any] = []
    if after is not None:
        behind, given = _behind(keys, order, after)
        parts.append(behind)
        values += given
    if until is not None:
        behind, given = _behind(keys, order, until)
        parts.append(f"NOT {behind}")
        values += given
    return " AND ".join(parts) or "1 = 1", values


def _behind(keys: Sequence[str], order: str, row: Sequence[Any]) -> tuple[str, list[Any]]:
    options: list[str] = []
    values: list[Any] = []
    for place, key in enumerate(keys):
        equal = "".join(f"{earlier} = ? AND " for earlier in keys[:place])
        options.append(f"({equal}{key} {COMPARED[order]} ?)")
        values += row[: place + 1]
    return f"({' OR '.join(options)})", values


def primary_key(connection: Any, table: str) -> list[str]:
    """Return the columns of a table's primary key, in its order."""
    check_names(table, [])
    cursor = connection.cursor()
    if type(connection).__module__.startswith("sqlite3"):
        schema, _, name = table.rpartition(".")
        cursor.execute(f"PRAGMA {f'{schema}.' if schema else ''}table_info({name})")
        found = [name for place, name in sorted((row[5], row[1]) for row in cursor.fetchall()) if place]
    else:
        schema, _, name = table.rpartition(".")
        cursor.execute(KEY_COLUMNS.replace("?", marker(connection)), (name, schema, schema))
        found = [row[0] for row in cursor.fetchall()]
    if not found:
        raise UnreadableRows(f"Table {table} has no primary key; name the columns that grow as keys.")
    return found


def check_names(table: str, columns: Sequence[str]) -> None:
    """Refuse names that are not plain: they stand in statements as they are."""
    if not TABLE.fullmatch(table):
        raise UnreadableRows(f"{table!r} is not the plain name of a table; make a view, or use bounds and rows_read.")
    for name in columns:
        if not COLUMN.fullmatch(name):
            raise UnreadableRows(f"{name!r} is not the plain name of a column; case-sensitive names cannot be keys.")


def marker(connection: Any) -> str:
    """Return how the driver of a connection marks a parameter."""
    module = sys.modules.get(type(connection).__module__.partition(".")[0])
    style = getattr(module, "paramstyle", "qmark")
    if style not in MARKERS:
        raise UnreadableRows(f"Drivers of the style {style} are not known here; use bounds and rows_read.")
    return MARKERS[style]
