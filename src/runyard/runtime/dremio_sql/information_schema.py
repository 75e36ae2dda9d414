# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""INFORMATION_SCHEMA, and the rows that a caller gives for `sys`, as queries."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from .column_types import INTEGER, VARCHAR, Column, ColumnType, literal, quoted, spelling
from .translation.scope import Query

CATALOG = "DREMIO"
LONGEST_TEXT = 65_536
LONGEST_LETTER = 4  # in bytes of UTF-8
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
AS_TEXT = frozenset({"VARCHAR", "DECIMAL", "DATE", "TIME", "TIMESTAMP"})
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 Dremio's moments have no zone
SIZES = {"BOOLEAN": 1, "DATE": 10, "TIME": 12, "TIMESTAMP": 23}  # as letters
PRECISIONS = {"TIMESTAMP": 3, "TIME": 3, "DATE": 0}


def column_row(schema: str, table: str, place: int, column: Column) -> tuple[Any, ...]:
    """Return the row of COLUMNS about a column."""
    kind = column.type
    text = LONGEST_TEXT if kind.name in {"VARCHAR", "VARBINARY"} else None
    octets = LONGEST_TEXT * LONGEST_LETTER if kind.name == "VARCHAR" else text
    number = number_of(kind)
    size = text or number[0] or SIZES.get(kind.name)
    return (
        CATALOG, schema, table, column.name, place, None, "YES", DATA_TYPES.get(kind.name, kind.name),
        size, text, octets, *number, PRECISIONS.get(kind.name), None, None,
    )  # fmt: skip


def number_of(kind: ColumnType) -> tuple[int | None, int | None, int | None]:
    """Return precision, radix and scale of a type; None of what is no number."""
    return (kind.precision, 10, kind.scale) if kind.name == "DECIMAL" else NUMBERS.get(kind.name, (None, None, None))


def rows_query(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Query:
    """Return rows as a query: one JSON text, which is read fifty times as fast as VALUES of thousands of rows."""
    text = json.dumps([_record(row, columns) for row in rows])
    shape = json.dumps([{str(place): _shape(column.type) for place, column in enumerate(columns)}])
    values = ", ".join(
        f"CAST(given['{place}'] AS {spelling(column.type)}) AS {quoted(column.name)}"
        for place, column in enumerate(columns)
    )
    records = f"SELECT unnest(from_json({literal(text)}, {literal(shape)})) AS given"
    return Query(sql=f"SELECT {values} FROM ({records})", columns=tuple(columns))


def _record(row: Sequence[Any], columns: Sequence[Column]) -> dict[str, Any]:
    return {
        str(place): _plain(value, column.type) for place, (value, column) in enumerate(zip(row, columns, strict=True))
    }


def _plain(value: Any, kind: ColumnType) -> Any:
    """Return a value as JSON has it; a moment may come as milliseconds since 1970."""
    if kind.name == "TIMESTAMP" and isinstance(value, int | float):
        moment = EPOCH + dt.timedelta(milliseconds=int(value))
        return moment.isoformat(sep=" ", timespec="milliseconds")
    if kind.name == "TIMESTAMP" and isinstance(value, str):
        return value.removesuffix("Z")
    return str(value) if value is not None and kind.name in AS_TEXT else value


def _shape(kind: ColumnType) -> Any:
    """Return a type as `from_json` names it; what JSON has no value for is a text first."""
    if kind.name == "LIST":
        return [_shape(kind.element)]
    if kind.name == "STRUCT":
        return {name: _shape(field) for name, field in kind.fields}
    return "VARCHAR" if kind.name in AS_TEXT else spelling(kind)
