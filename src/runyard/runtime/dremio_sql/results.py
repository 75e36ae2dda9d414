# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Results of a job: a Parquet file with its schema, and pages of it in the exact forms of Dremio's values."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import os
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from .column_types import Column, ColumnType, columns_document, file_literal, from_document, quoted
from .database import new_connection

ROWS, SCHEMA = "result.parquet", "result.schema.json"
NUMBERS = frozenset({"INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL"})
MONTHS_OF_YEAR = 12
MS_OF_DAY, MS_OF_HOUR, MS_OF_MINUTE, MS_OF_SECOND = 86_400_000, 3_600_000, 60_000, 1_000


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a job's folder says of its results."""

    row_count: int
    columns: tuple[Column, ...]


def stored_words(sql: str, columns: Sequence[Column]) -> str:
    """Return a query whose intervals are whole numbers, for Parquet has none below zero."""
    values = ", ".join(
        INTERVALS[column.type.name].format(f"kept.{quoted(column.name)}") + f" AS {quoted(column.name)}"
        if column.type.name in INTERVALS
        else f"kept.{quoted(column.name)}"
        for column in columns
    )
    return f"SELECT {values} FROM ({sql}) AS kept"


INTERVALS = {
    "INTERVAL DAY TO SECOND": "CAST(epoch_ms({0}) AS BIGINT)",
    "INTERVAL YEAR TO MONTH": "CAST(datepart('year', {0}) * 12 + datepart('month', {0}) AS BIGINT)",
}


def write_schema(folder: Path, columns: Sequence[Column], row_count: int) -> None:
    """Write what the results are."""
    fill(folder / SCHEMA, json.dumps({"rowCount": row_count, "schema": columns_document(columns)}))


def fill(file: Path, text: str) -> None:
    """Write a file that may have been made before; to empty it first would have ext4 write it to the disk at once."""
    left = memoryview(text.encode())
    size = len(left)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        if os.fstat(descriptor).st_size != size:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def stored(folder: Path) -> Stored:
    """Return what the results of a job are."""
    told = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
    columns = tuple(Column(name=each["name"], type=from_document(each["type"])) for each in told["schema"])
    return Stored(row_count=told["rowCount"], columns=columns)


def page_text(
    folder: Path, *, offset: int, limit: int, numbers_as_text: bool = False,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> str:  # fmt: skip
    """Return a page of results as the JSON document that Dremio answers, every digit kept."""
    kept = stored(folder)
    write = Writing(numbers_as_text=numbers_as_text)
    names = [json.dumps(column.name) for column in kept.columns]
    lines = []
    for row in rows(folder, kept, offset=offset, limit=limit, connection=connection):
        values = zip(names, row, kept.columns, strict=True)
        lines.append(
            "{" + ",".join(f"{name}:{write.value(value, column.type)}" for name, value, column in values) + "}"
        )
    schema = json.dumps(columns_document(kept.columns), separators=(",", ":"))
    return f'{{"rowCount":{kept.row_count},"schema":{schema},"rows":[{",".join(lines)}]}}'


def rows(
    folder: Path, kept: Stored, *, offset: int, limit: int, connection: duckdb.DuckDBPyConnection | None = None
) -> Iterator[tuple[Any, ...]]:
    """Yield rows of a page; only the row groups that hold them are read."""
    if offset >= kept.row_count or not kept.columns:
        return
    names = ", ".join(quoted(column.name) for column in kept.columns)
    file = file_literal(folder / ROWS)
    sql = f"SELECT {names} FROM read_parquet({file}, hive_partitioning = false) LIMIT {limit}"
    if offset:
        sql = (
            f"SELECT {names} FROM read_parquet({file}, file_row_number = true, hive_partitioning = false) "
            f"WHERE file_row_number >= {offset} AND file_row_number < {offset + limit} ORDER BY file_row_number"
        )
    yield from (connection or page_connection()).execute(sql).fetchall()


def page_connection() -> duckdb.DuckDBPyConnection:
    """Return a database that reads pages; it holds no data, and gives the rows of a file in their order."""
    connection = new_connection(threads=1)
    # To read a first page twice, its rows' numbers and then the rows, takes twice as long as to read it.
    connection.execute("SET GLOBAL disabled_optimizers = 'late_materialization'")
    # Few pages are read twice, and who reads them lives as long as the server: nothing is kept of any.
    connection.execute("SET GLOBAL enable_external_file_cache = false")
    connection.execute("SET GLOBAL parquet_metadata_cache = false")
    return connection


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How values are written as JSON."""

    numbers_as_text: bool = False

    def value(self, value: Any, kind: ColumnType) -> str:
        """Return a value as JSON text."""
        if value is None:
            return "null"
        if kind.name in NUMBERS:
            return self._number(value, kind)
        if kind.name == "LIST":
            return "[" + ",".join(self.value(each, kind.element) for each in value) + "]"
        if kind.name == "STRUCT":
            fields = ((name, self.value(value.get(name), field)) for name, field in kind.fields)
            return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in fields) + "}"
        if kind.name == "MAP":
            return self._map(value, kind)
        return FORMS.get(kind.name, _text)(value)

    def _number(self, value: Any, kind: ColumnType) -> str:
        if isinstance(value, float) and not math.isfinite(value):
            return json.dumps({"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)])
        text = DIGITS[kind.name](value, kind) if kind.name in DIGITS else repr(value)
        return f'"{text}"' if self.numbers_as_text else text

    def _map(self, value: Mapping[Any, Any], kind: ColumnType) -> str:
        key, held = kind.fields[0][1], kind.element
        pairs = (f'{{"key":{self.value(one, key)},"value":{self.value(other, held)}}}' for one, other in value.items())
        return "[" + ",".join(pairs) + "]"


def _text(value: Any) -> str:
    return json.dumps(value if isinstance(value, str) else str(value), ensure_ascii=False)


def _moment(value: dt.datetime | str) -> str:
    return _beyond(value) if isinstance(value, str) else f'"{value.isoformat(sep=" ", timespec="milliseconds")}"'


def _time(value: dt.time | str) -> str:
    return _beyond(value) if isinstance(value, str) else f'"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"'


def _beyond(value: str) -> str:
    """Return a moment that Python has no value for, as of the year 10000, as DuckDB writes it."""
    whole, _, fraction = value.partition(".")
    return f'"{whole}.{fraction[:3]:0<3}"'


def _days(value: int) -> str:
    sign, left = "-" if value < 0 else "+", abs(value)
    days, left = divmod(left, MS_OF_DAY)
    hours, left = divmod(left, MS_OF_HOUR)
    minutes, left = divmod(left, MS_OF_MINUTE)
    seconds, left = divmod(left, MS_OF_SECOND)
    return f'"{sign}{days:03d} {hours:02d}:{minutes:02d}:{seconds:02d}.{left:03d}"'


def _months(value: int) -> str:
    years, months = divmod(abs(value), MONTHS_OF_YEAR)
    return f'"{"-" if value < 0 else "+"}{years:03d}-{months:02d}"'


def _single(value: float, _: ColumnType) -> str:
    """Return a FLOAT in as few digits as tell it from every other FLOAT, as Java does."""
    texts = (repr(float(f"{value:.{digits}g}")) for digits in range(6, 10))
    return next((text for text in texts if _FLOAT.unpack(_FLOAT.pack(float(text))) == (value,)), repr(value))


_FLOAT = struct.Struct("f")
DIGITS: dict[str, Callable[[Any, ColumnType], str]] = {
    "FLOAT": _single,
    "DECIMAL": lambda value, kind: f"{Decimal(value):.{kind.scale}f}",
}
FORMS: dict[str, Callable[[Any], str]] = {
    "BOOLEAN": lambda value: "true" if value else "false",
    "DATE": lambda value: _text(value.isoformat() if isinstance(value, dt.date) else value),
    "TIME": _time,
    "TIMESTAMP": _moment,
    "VARBINARY": lambda value: f'"{base64.b64encode(value).decode()}"',
    "INTERVAL DAY TO SECOND": _days,
    "INTERVAL YEAR TO MONTH": _months,
}
