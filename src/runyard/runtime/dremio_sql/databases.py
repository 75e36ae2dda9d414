# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Tables of PostgreSQL in sources: read by ADBC as Arrow, and of them what a query wants, row by row.

DuckDB's own extension for PostgreSQL would have to be fetched from elsewhere while a query runs; ADBC's driver comes
with the extra `[dremio]`, and brings rows in PostgreSQL's binary form. DuckDB asks an Arrow dataset for the columns and
the conditions that it wants: those that PostgreSQL is sure to decide alike are asked of it, and all of them once more
of what comes.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from .column_types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    INTEGER,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    Column,
    ColumnType,
    literal,
    quoted,
)
from .errors import DremioError, invalid, unsupported
from .sources import time_of_day
from .translation.scope import Query

NEEDED = "Reading PostgreSQL needs the package adbc-driver-postgresql: install runyard[dremio]"
FAILED = "The source {name} could not be read: {error}"
WITHHELD = "The tables of {name} are read by jobs alone"
DRIVER = "adbc_driver_postgresql.dbapi"
OF_TABLES = """
SELECT n.nspname, c.relname, a.attname, t.typname, a.atttypmod
FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
"""
COLUMNS = f"""{OF_TABLES}
AND lower(n.nspname) = lower($1) AND lower(c.relname) = lower($2) ORDER BY n.nspname, c.relname, a.attnum
"""
# PostgreSQL's type as Dremio's, and what it is read as; whatever else there is, is read as its text.
TYPES: Mapping[str, tuple[ColumnType, str]] = {
    "bool": (BOOLEAN, "{0}"),
    "int2": (INTEGER, "CAST({0} AS int4)"),
    "int4": (INTEGER, "{0}"),
    "int8": (BIGINT, "{0}"),
    "float4": (FLOAT, "{0}"),
    "float8": (DOUBLE, "{0}"),
    "date": (DATE, "{0}"),
    "time": (TIME, "{0}"),
    "timestamp": (TIMESTAMP, "date_trunc('milliseconds', {0})"),
    "timestamptz": (TIMESTAMP, "date_trunc('milliseconds', {0} AT TIME ZONE 'UTC')"),
    "bytea": (VARBINARY, "{0}"),
    "text": (VARCHAR, "{0}"),
    "varchar": (VARCHAR, "{0}"),
}
AS_TEXT = "CAST({0} AS text)"
NUMERIC = "numeric"
HEAD = 4  # of a type's modifier, before precision and scale
ARROW: Mapping[str, str] = {
    "BOOLEAN": "bool_", "INTEGER": "int32", "BIGINT": "int64", "FLOAT": "float32", "DOUBLE": "float64",
    "VARCHAR": "string", "VARBINARY": "binary", "DATE": "date32",
}  # fmt: skip
SIGNS: Mapping[str, str] = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ORDERED = re.compile(r"-?\d+(\.\d+)?")
DAY_US = 86_400_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_897  # of the years 1 to 9999, and the day behind them, from 1970 on
DAY = re.compile(r"\d{4}-\d\d-\d\d")
PLAIN_TEXT = re.compile(r'"([^"\\]*)"')


class Withheld(DremioError):
    """Who may not have the key of a database is told so, and lets a job find out."""

    def __init__(self, name: str) -> None:
        super().__init__("PERMISSION", WITHHELD.format(name=name))


@dataclass(frozen=True, kw_only=True)
class Database:
    """A source: its name, and where it is with its password; empty where that is withheld."""

    name: str
    uri: str

    def rows(self, sql: str, values: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the batches of a statement's rows."""
        driver = module(DRIVER)
        try:
            with driver.connect(self.uri) as connection, connection.cursor() as cursor:
                cursor.execute(sql, tuple(values) or None)
                yield from cursor.fetch_record_batch()
        except driver.Error as error:
            raise DremioError("DATA_READ", FAILED.format(name=self.name, error=str(error).strip())) from error


@dataclass(frozen=True, kw_only=True)
class PgColumn:
    """A column with what it is read as."""

    column: Column
    words: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of a database."""

    database: Database
    place: str  # quoted: schema and name
    columns: tuple[PgColumn, ...]

    def statement(self, names: Sequence[str], condition: str) -> str:
        """Return the statement that brings some columns, of those rows that may be wanted."""
        known = {each.column.name: each for each in self.columns}
        values = ", ".join(f"{known[name].words} AS {quoted(name)}" for name in names)
        wanted = where(condition, known)
        return f"SELECT {values} FROM {self.place}{f' WHERE {wanted}' if wanted else ''}"


def table_of(database: Database, path: Sequence[str], connection: duckdb.DuckDBPyConnection) -> Query | None:
    """Return a table of a database as a query, None if there is none at this path: of a schema and a name."""
    if len(path) != 2:  # noqa: PLR2004 - a schema and a name
        return None
    if not database.uri:
        raise Withheld(database.name)
    found = [row for batch in database.rows(COLUMNS, path) for row in batch.to_pylist()]
    if not found:
        return None
    schema, name = _meant(path, found)
    columns = tuple(column_of(row) for row in found if (row["nspname"], row["relname"]) == (schema, name))
    _refuse_twins(path, columns)
    table = Table(database=database, place=f"{quoted(schema)}.{quoted(name)}", columns=columns)
    known = f"pg_{abs(hash((database.name, schema, name)))}"
    connection.register(known, _dataset(table))
    names = ", ".join(_shown(each.column) for each in columns)
    return Query(sql=f"SELECT {names} FROM {known}", columns=tuple(each.column for each in columns))


def _shown(column: Column) -> str:
    name = quoted(column.name)
    return f"{time_of_day(name)} AS {name}" if column.type == TIME else name


def _meant(path: Sequence[str], found: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return which of the tables is meant whose names differ in case alone: the one that is written so."""
    places = list(dict.fromkeys((row["nspname"], row["relname"]) for row in found))
    if len(places) > 1 and tuple(path) not in places:
        known = ", ".join(".".join(place) for place in places)
        raise invalid(f"'{'.'.join(path)}' may be any of {known}; write one as it is")
    return places[0] if len(places) == 1 else (path[0], path[1])


def _refuse_twins(path: Sequence[str], columns: Sequence[PgColumn]) -> None:
    names = [each.column.name.lower() for each in columns]
    if twins := sorted({name for name in names if names.count(name) > 1}):
        raise unsupported(f"Columns of '{'.'.join(path)}' differ in case alone: {', '.join(twins)}")


def column_of(row: Mapping[str, Any]) -> PgColumn:
    """Return what a row of PostgreSQL's catalog says of a column."""
    name, kind, modifier = row["attname"], row["typname"], int(row["atttypmod"])
    if kind == NUMERIC and modifier >= HEAD:
        digits = modifier - HEAD
        exact = ColumnType(name="DECIMAL", precision=digits >> 16 & 0xFFFF, scale=digits & 0x7FF)
        if exact.scale <= exact.precision <= 38:  # noqa: PLR2004 - the most digits that Dremio knows
            return PgColumn(column=Column(name=name, type=exact), words=AS_TEXT.format(quoted(name)))
    known, words = TYPES.get(kind, (VARCHAR, AS_TEXT))
    return PgColumn(column=Column(name=name, type=known), words=words.format(quoted(name)))


def _dataset(table: Table) -> Any:
    """Return what DuckDB asks for columns and conditions; it is made when there is a table to read."""
    arrow, datasets = module("pyarrow"), module("pyarrow.dataset")
    schema = arrow.schema([(each.column.name, _arrow_type(arrow, each.column.type)) for each in table.columns])

    class Rows(datasets.InMemoryDataset):  # type: ignore[misc,name-defined]  # pyarrow has no types
        def scanner(self, columns: Sequence[str] | None = None, filter: Any = None, **_: Any) -> Any:  # noqa: A002 - DuckDB's word
            condition = "" if filter is None else str(filter)
            names = [name for name in schema.names if columns is None or name in columns or name in condition]
            wanted = arrow.schema([schema.field(name) for name in names])
            batches = (_cast(arrow, batch, wanted) for batch in table.database.rows(table.statement(names, condition)))
            reader = arrow.RecordBatchReader.from_batches(wanted, batches)
            return datasets.Scanner.from_batches(reader, columns=columns, filter=filter)

    return Rows(schema.empty_table())


def _cast(arrow: Any, batch: Any, schema: Any) -> Any:
    arrays = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
    for array, field in zip(arrays, schema, strict=True):
        _refuse_beyond(arrow, array, field)
    return arrow.RecordBatch.from_arrays(arrays, schema=schema)


def _refuse_beyond(arrow: Any, array: Any, field: Any) -> None:
    """Refuse moments that Dremio does not know, as infinity."""
    days = arrow.types.is_date(field.type)
    if not (days or arrow.types.is_timestamp(field.type) or arrow.types.is_time(field.type)):
        return
    first, last = (0, DAY_US - 1) if arrow.types.is_time(field.type) else (FIRST_DAY * DAY_US, LAST_DAY * DAY_US - 1)
    found = module("pyarrow.compute").min_max(array.cast(arrow.int32() if days else arrow.int64())).as_py()
    unit = DAY_US if days else 1
    if found["min"] is not None and not first <= found["min"] * unit <= found["max"] * unit <= last:
        raise DremioError("DATA_READ", f"The column '{field.name}' holds a moment beyond the years 1 to 9999")


def _arrow_type(arrow: Any, kind: ColumnType) -> Any:
    if kind.name == "DECIMAL":
        return arrow.decimal128(kind.precision, kind.scale)
    if kind.name in {"TIME", "TIMESTAMP"}:
        return arrow.time64("us") if kind.name == "TIME" else arrow.timestamp("us")
    return getattr(arrow, ARROW[kind.name])()


def where(condition: str, columns: Mapping[str, PgColumn]) -> str:
    """Return what of Arrow's condition PostgreSQL is sure to decide alike, in its words; rather too little."""
    inner = _within(condition.strip())
    left, sign, right = _parted(inner)
    if sign == "and":
        return " AND ".join(filter(None, (where(left, columns), where(right, columns))))
    if sign == "or":
        sides = where(left, columns), where(right, columns)
        # What is left out of a side would let too few rows through: only whole sides are asked.
        return f"({sides[0]} OR {sides[1]})" if all(sides) and not any("and" in each for each in (left, right)) else ""
    return _comparison(inner, columns)


def _comparison(text: str, columns: Mapping[str, PgColumn]) -> str:
    for name, column in columns.items():
        if text == f"is_valid({name})":
            return f"{quoted(name)} IS NOT NULL"
        if text.startswith(f"{name} "):
            sign, _, value = text[len(name) + 1 :].partition(" ")
            kind = column.column.type
            said = _literal(value, kind, sign)
            # What is read as its text is compared as that: no other type takes every text.
            words = column.words if kind == VARCHAR else quoted(name)
            return f"{words} {SIGNS[sign]} {said}" if said and sign in SIGNS else ""
    return ""


def _literal(value: str, kind: ColumnType, sign: str) -> str:
    if kind.name in {"INTEGER", "BIGINT", "DECIMAL"} and ORDERED.fullmatch(value):
        return value
    if kind.name == "DATE" and DAY.fullmatch(value):
        return f"DATE '{value}'"
    # Texts are ordered by the database's own rules, and alike in them all.
    text = PLAIN_TEXT.fullmatch(value)
    return literal(text[1]) if kind == VARCHAR and sign == "==" and text else ""


def _within(text: str) -> str:
    """Return what stands in the parentheses around all of a text."""
    return text[1:-1] if text.startswith("(") and _end_of(text, 0) == len(text) - 1 else text


def _parted(text: str) -> tuple[str, str, str]:
    """Return both sides of a conjunction or disjunction, each in its own parentheses or a call."""
    depth, place, is_quoted = 0, 0, False
    while place < len(text):
        letter = text[place]
        if letter == '"' and text[place - 1 : place] != "\\":
            is_quoted = not is_quoted
        if not is_quoted:
            depth += (letter in "([{") - (letter in ")]}")
            for sign in ("and", "or"):
                if depth == 0 and text.startswith(f" {sign} ", place):
                    return text[:place], sign, text[place + len(sign) + 2 :]
        place += 1
    return text, "", ""


def _end_of(text: str, start: int) -> int:
    depth, is_quoted = 0, False
    for place in range(start, len(text)):
        letter = text[place]
        if letter == '"' and text[place - 1 : place] != "\\":
            is_quoted = not is_quoted
        if not is_quoted:
            depth += (letter in "([{") - (letter in ")]}")
            if depth == 0:
                return place
    return -1


def module(name: str) -> Any:
    """Return a module of the extra `[dremio]`, or say that it is needed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DremioError("UNSUPPORTED_OPERATION", NEEDED) from error
