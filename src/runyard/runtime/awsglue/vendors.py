"""The databases that jobs read and write by JDBC's words: how each is reached, and what it calls things."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from pyspark.sql import types as spark

from .addresses import Address

WAIT_S = 60  # for others who write
TEXT = spark.StringType()
MONEY = spark.DecimalType(38, 18)  # as Spark takes a number whose digits nobody declared
Columns = list[tuple[str, Any]]
"""Names and types of Spark."""


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """How one kind of database is spoken to."""

    connect: Callable[[Address], Any]
    cursor: Callable[[Any], Any]  # one that does not bring all rows at once
    columns: Callable[[Any, str], Columns]  # of a query
    hashed: str  # an expression of a whole number for any column
    has_table: Callable[[Any, str], bool]
    types: Mapping[type, str]  # by Spark's: what a column of a new table is declared as
    kept: Callable[[Any], Any]  # a value of a frame as the driver takes it
    quote: str = '"'

    def name(self, name: str) -> str:
        """Return a name quoted."""
        return f"{self.quote}{name.replace(self.quote, self.quote * 2)}{self.quote}"

    def declared(self, kind: Any) -> str:
        """Return what a column of a type is declared as."""
        found = next((text for of, text in self.types.items() if isinstance(kind, of)), None)
        if found is None:
            raise ValueError(f"{kind.simpleString()} has no place in a table of a database; relationalize it first.")
        return found.format(kind=kind)


# SQLite


def _sqlite(address: Address) -> Any:
    connection = sqlite3.connect(address.file, timeout=WAIT_S, check_same_thread=False)
    connection.create_function("runyard_hash", 1, lambda value: zlib.crc32(str(value).encode()), deterministic=True)
    return connection


def _sqlite_columns(connection: Any, query: str) -> Columns:
    """Return the columns of a query with the types that their tables declare; SQLite tells them of a view alone."""
    connection.execute("DROP VIEW IF EXISTS temp.runyard_query")
    connection.execute(f"CREATE TEMP VIEW runyard_query AS {query}")
    return [(row[1], _affinity(row[2])) for row in connection.execute("PRAGMA temp.table_info(runyard_query)")]


def _sqlite_has(connection: Any, table: str) -> bool:
    schema, _, name = table.rpartition(".")
    place = f"{schema or 'main'}.sqlite_master"  # a plain name, as its caller has checked
    query = f"SELECT 1 FROM {place} WHERE lower(name) = lower(?)"  # noqa: S608 - as said
    return connection.execute(query, (name,)).fetchone() is not None


def _sqlite_kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return str(value) if isinstance(value, date | Decimal) else value


def _affinity(declared: str) -> Any:
    name, _, rest = declared.upper().partition("(")
    name = name.strip()
    if name in {"DECIMAL", "NUMERIC"} and rest:
        precision, _, scale = rest.rstrip(") ").partition(",")
        return spark.DecimalType(int(precision), int(scale or 0))
    exact = {"DATE": spark.DateType(), "BOOLEAN": spark.BooleanType(), "BOOL": spark.BooleanType()}
    if name in exact:
        return exact[name]
    return next((kind for word, kind in AFFINITIES.items() if word in name), TEXT)


AFFINITIES: Mapping[str, Any] = {
    "INT": spark.LongType(),
    "CHAR": TEXT,
    "CLOB": TEXT,
    "TEXT": TEXT,
    "BLOB": spark.BinaryType(),
    "REAL": spark.DoubleType(),
    "FLOA": spark.DoubleType(),
    "DOUB": spark.DoubleType(),
    "TIMESTAMP": spark.TimestampType(),
    "DATETIME": spark.TimestampType(),
    "NUM": spark.DoubleType(),
    "DEC": spark.DoubleType(),
}
"""By a part of a declared type, in the order in which SQLite itself looks for them."""

# PostgreSQL


def _postgres(address: Address) -> Any:
    asked = {"user": address.user, "password": address.password}
    return _driver("psycopg").connect(f"postgresql:{address.rest}", **{name: one for name, one in asked.items() if one})


def _driver(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        advice = f"install it where jobs run, or for one job with --additional-python-modules {package}"
        raise ImportError(
            f"This database is spoken to by the package {package}, which is not there: {advice}."
        ) from error


def _postgres_columns(connection: Any, query: str) -> Columns:
    found = connection.execute(f"SELECT * FROM ({query}) AS asked LIMIT 0")  # noqa: S608 - the script's own query
    return [(one.name, _postgres_type(one.type_display)) for one in found.description]


def _postgres_type(shown: str) -> Any:
    if shown.endswith("[]"):
        return spark.ArrayType(_postgres_type(shown.removesuffix("[]")))
    name, _, rest = shown.partition("(")
    if name == "numeric":
        precision, _, scale = rest.rstrip(")").partition(",")
        return spark.DecimalType(int(precision), int(scale or 0)) if precision else MONEY
    return POSTGRES.get(name, TEXT)


POSTGRES: Mapping[str, Any] = {
    "bool": spark.BooleanType(),
    "int2": spark.ShortType(),
    "int4": spark.IntegerType(),
    "int8": spark.LongType(),
    "oid": spark.LongType(),
    "float4": spark.FloatType(),
    "float8": spark.DoubleType(),
    "bytea": spark.BinaryType(),
    "date": spark.DateType(),
    "timestamp": spark.TimestampType(),
    "timestamptz": spark.TimestampType(),
}
COMMON: Mapping[type, str] = {
    spark.BooleanType: "BOOLEAN",
    spark.ByteType: "SMALLINT",
    spark.ShortType: "SMALLINT",
    spark.IntegerType: "INTEGER",
    spark.LongType: "BIGINT",
    spark.FloatType: "REAL",
    spark.DoubleType: "DOUBLE PRECISION",
    spark.DecimalType: "DECIMAL({kind.precision}, {kind.scale})",
    spark.StringType: "TEXT",
    spark.BinaryType: "BLOB",
    spark.DateType: "DATE",
    spark.TimestampType: "TIMESTAMP",
    spark.TimestampNTZType: "TIMESTAMP",
}
VENDORS: Mapping[str, Vendor] = {
    "sqlite": Vendor(
        connect=_sqlite,
        cursor=lambda connection: connection.cursor(),
        columns=_sqlite_columns,
        hashed="runyard_hash({column})",
        has_table=_sqlite_has,
        types=COMMON,
        kept=_sqlite_kept,
    ),
    "postgresql": Vendor(
        connect=_postgres,
        cursor=lambda connection: connection.cursor(name="runyard"),
        columns=_postgres_columns,
        hashed="abs(hashtext({column}::text)::bigint)",
        has_table=lambda connection, table: (
            connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()[0] is not None
        ),
        kept=lambda value: value.astimezone(UTC) if isinstance(value, datetime) else value,
        types={**COMMON, spark.BinaryType: "BYTEA", spark.TimestampType: "TIMESTAMPTZ"},
    ),
}


def vendor_of(name: str) -> Vendor:
    """Return how a kind of database is spoken to."""
    if name not in VENDORS:
        raise NotImplementedError(
            f"The connection type {name!r} is not there in this awsglue: there are s3, file, {' and '.join(VENDORS)}. "
            "Read it with the database's own driver and runyard_bookmarks.bounds, and give the rows to "
            "spark.createDataFrame."
        )
    return VENDORS[name]


def check(connection_type: str) -> None:
    """Refuse a connection type that is none of a database known here; of `jdbc` the URL tells which it is."""
    if connection_type != "jdbc":
        vendor_of(connection_type)


def plain_names(columns: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Return the names of columns by their names in lower case."""
    return {name.lower(): name for name, _ in columns}
