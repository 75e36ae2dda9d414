# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""INFORMATION_SCHEMA, and the rows that a caller gives for `sys`, as queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .column_types import INTEGER, VARCHAR, Column, ColumnType, literal, quoted, spelling
from .translation.scope import Query

CATALOG = "DREMIO"
LONGEST_TEXT = 65_536
COLUMNS: dict[str, tuple[Column, ...]] = {
    name: tuple(
        Column(name=each.removesuffix("#"), type=INTEGER if each.endswith("#") else VARCHAR) for each in words.split()
    )
    for name, words in {
        "CATALOGS": "CATALOG_NAME CATALOG_DESCRIPTION CATALOG_CONNECT",
        "SCHEMATA": "CATALOG_NAME SCHEMA_NAME SCHEMA_OWNER TYPE IS_MUTABLE",
        "TABLES": "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME TABLE_TYPE",
        "VIEWS": "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME VIEW_DEFINITION",
        "COLUMNS": "TABLE_CATALOG TABLE_SCHEMA TABLE_NAME COLUMN_NAME ORDINAL_POSITION# COLUMN_DEFAULT IS_NULLABLE "
        "DATA_TYPE COLUMN_SIZE# CHARACTER_MAXIMUM_LENGTH# CHARACTER_OCTET_LENGTH# NUMERIC_PRECISION# "
        "NUMERIC_PRECISION_RADIX# NUMERIC_SCALE# DATETIME_PRECISION# INTERVAL_TYPE INTERVAL_PRECISION#",
    }.items()
}
DATA_TYPES = {"VARCHAR": "CHARACTER VARYING", "VARBINARY": "BINARY VARYING", "LIST": "ARRAY", "STRUCT": "ROW"}
# Precision, radix and scale of numbers, as Dremio tells them.
NUMBERS: dict[str, tuple[int, int, int | None]] = {
    "INTEGER": (32, 2, 0), "BIGINT": (64, 2, 0), "FLOAT": (24, 2, None), "DOUBLE": (53, 2, None),
}  # fmt: skip
PRECISIONS = {"TIMESTAMP": 3, "TIME": 3, "DATE": 0}


def column_row(schema: str, table: str, place: int, column: Column) -> tuple[Any, ...]:
    """Return the row of COLUMNS about a column."""
    kind = column.type
    text = LONGEST_TEXT if kind.name in {"VARCHAR", "VARBINARY"} else None
    number = (kind.precision, 10, kind.scale) if kind.name == "DECIMAL" else NUMBERS.get(kind.name, (None, None, None))
    return (
        CATALOG, schema, table, column.name, place, None, "YES", DATA_TYPES.get(kind.name, kind.name), text, text, text,
        *number, PRECISIONS.get(kind.name), None, None,
    )  # fmt: skip


def rows_query(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Query:
    """Return rows as a query, each value as its column's type."""
    lines = [
        "(" + ", ".join(_value(value, column.type) for value, column in zip(row, columns, strict=True)) + ")"
        for row in rows
    ]
    names = ", ".join(quoted(column.name) for column in columns)
    empty = "" if lines else " WHERE false"
    lines = lines or ["(" + ", ".join("NULL" for _ in columns) + ")"]
    values = ", ".join(f"CAST({quoted(each.name)} AS {spelling(each.type)}) AS {quoted(each.name)}" for each in columns)
    return Query(
        sql=f"SELECT {values} FROM (VALUES {', '.join(lines)}) AS given({names}){empty}", columns=tuple(columns)
    )


def _value(value: Any, kind: ColumnType) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"make_timestamp({int(value) * 1000})" if kind.name == "TIMESTAMP" else repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(each, kind.element) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)}: {_value(value.get(name), field)}" for name, field in kind.fields) + "}"
    return literal(str(value).removesuffix("Z") if kind.name == "TIMESTAMP" else str(value))
