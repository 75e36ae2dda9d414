"""Tables of databases read in parallel and by bookmark, and written in one transaction."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import runyard_bookmarks
from pyspark.sql import types as spark
from runyard_rows import check_names, condition, marker
from runyard_spark.facts import read_facts

from .addresses import Address, address_of
from .reading import Found
from .staging import laid
from .vendors import Columns, Vendor, check, plain_names, vendor_of

PARTITIONS = 7  # what AWS reads in parallel by if nothing else is said
BATCH = 1000
REFUSED = ("customJdbcDriverClassName", "customJdbcDriverS3Path", "postactions", "preactions", "secretId")
"""Options that would change what happens, and are not followed here."""
YES = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class DatabaseError(RuntimeError):
    """What a database holds cannot be read as it is declared, or cannot be written there."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A table, or a query, of a database, and the rows of it that are wanted."""

    address: Address
    query: str  # what is read, as a statement
    name: str  # what messages and bookmarks call it
    where: str = "1 = 1"  # with a question mark for each value
    values: tuple[Any, ...] = ()
    share: str = ""  # a condition that has no values, if it is read in parts

    @property
    def vendor(self) -> Vendor:
        """How it is spoken to."""
        return vendor_of(self.address.vendor)

    def select(self, connection: Any, names: str, tail: str = "") -> tuple[str, list[Any] | None]:
        """Return the statement that reads some columns of it, and its values."""
        mark = marker(connection)
        # A driver that marks values by %s takes every other % for a mark too, but only beside values.
        plain = (lambda text: text.replace("%", "%%")) if self.values and mark != "?" else str
        share = f" AND {plain(self.share)}" if self.share else ""
        where = f"({self.where.replace('?', mark)}){share}"
        text = f"SELECT {names} FROM ({plain(self.query)}) AS asked WHERE {where}{tail}"  # noqa: S608 - names are checked
        return text, list(self.values) or None


def read(spark_session: Any, options: Mapping[str, Any], connection_type: str, context: str) -> Found:
    """Return the rows of a table; with a context and bookmarks enabled, those behind the last that was read."""
    _check(connection_type, options)
    source = _source(address_of(options, connection_type), options)
    with closing(source.vendor.connect(source.address)) as connection:
        columns = source.vendor.columns(connection, source.query)
        wanted = _new(connection, source, options, context)
    schema = spark.StructType([spark.StructField(name, kind) for name, kind in columns])
    if wanted is None:
        return Found(dataframe=spark_session.createDataFrame([], schema))
    parts = _parts(wanted, options)
    with ThreadPoolExecutor(max_workers=min(len(parts), read_facts().cores or 1)) as threads:
        places = list(threads.map(lambda part: _laid(part, schema, columns), parts))
    return Found(dataframe=spark_session.read.schema(schema).parquet(*places))


def _check(connection_type: str, options: Mapping[str, Any]) -> None:
    check(connection_type)
    for name in REFUSED:
        if options.get(name):
            raise NotImplementedError(f"The connection option {name!r} is not followed in this awsglue; leave it out.")


def _source(address: Address, options: Mapping[str, Any]) -> Source:
    query, table = str(options.get("sampleQuery") or ""), str(options.get("dbtable") or "")
    if query:
        return Source(address=address, query=query.rstrip("; \n"), name="sampleQuery")
    if not table:
        raise ValueError("connection_options needs the dbtable to read, or a sampleQuery.")
    check_names(table, [])
    return Source(address=address, query=f"SELECT * FROM {table}", name=table)  # noqa: S608 - checked


def _new(connection: Any, source: Source, options: Mapping[str, Any], context: str) -> Source | None:
    """Return what of a source no committed run has read, up to its last row as of now; None if there is nothing."""
    if not context or runyard_bookmarks.session().option == "disable":
        return source
    order = str(options.get("jobBookmarkKeysSortOrder") or "asc").lower()
    keys = runyard_bookmarks.keys_of(connection, source.name, _listed(options.get("jobBookmarkKeys")))
    after, until, is_empty = runyard_bookmarks.session().span(context, keys, order)
    if is_empty:
        return None
    where, values = condition(keys, order, after, until)
    backwards = ", ".join(f"{key} {'desc' if order == 'asc' else 'asc'}" for key in keys)
    bounded = replace(source, where=where, values=tuple(values))
    last = _first(connection, *bounded.select(connection, ", ".join(keys), f" ORDER BY {backwards} LIMIT 1"))
    if last is None:
        return None
    runyard_bookmarks.rows_read(context, keys, last, order)
    where, values = condition(keys, order, after, last)
    return replace(source, where=where, values=tuple(values))


def _listed(keys: Any) -> list[str]:
    if isinstance(keys, str):
        return [one.strip() for one in keys.split(",") if one.strip()]
    return [str(one) for one in keys or ()]


def _first(connection: Any, query: str, values: Sequence[Any] | None) -> Any:
    cursor = connection.cursor()
    cursor.execute(query, values) if values else cursor.execute(query)
    return cursor.fetchone()


def _parts(source: Source, options: Mapping[str, Any]) -> list[Source]:
    """Return a source in parts that are read at once: by the hash of a column, or by an expression."""
    field, expression = (str(options.get(name) or "") for name in ("hashfield", "hashexpression"))
    if not (field or expression):
        return [source]
    if field:
        check_names(source.name, [field])
    count = int(options.get("hashpartitions") or PARTITIONS)
    number = expression or source.vendor.hashed.format(column=field)
    return [replace(source, share=f"coalesce(abs({number}) % {count}, 0) = {share}") for share in range(count)]


def _laid(source: Source, schema: Any, columns: Columns) -> str:
    with closing(source.vendor.connect(source.address)) as connection:
        return laid(schema, _rows(connection, source, columns))


def _rows(connection: Any, source: Source, columns: Columns) -> Iterator[dict[str, Any]]:
    makers = [(name, kind, value_of(kind)) for name, kind in columns]
    cursor = source.vendor.cursor(connection)
    query, values = source.select(connection, "*")
    cursor.execute(query, values) if values else cursor.execute(query)
    while rows := cursor.fetchmany(BATCH):
        for row in rows:
            yield {name: _made(make, value, name, kind) for (name, kind, make), value in zip(makers, row, strict=True)}


def _made(make: Callable[[Any], Any], value: Any, name: str, kind: Any) -> Any:
    try:
        return None if value is None else make(value)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        advice = "cast it in a view or in sampleQuery"
        raise DatabaseError(
            f"Column {name} is declared {kind.simpleString()} and holds {value!r}; {advice}."
        ) from error


# values


def value_of(kind: Any) -> Callable[[Any], Any]:
    """Return what makes a driver's value one of a type; it raises if that cannot be."""
    if isinstance(kind, spark.ArrayType):
        make = value_of(kind.elementType)
        return lambda values: [None if one is None else make(one) for one in values]
    return next((make for of, make in VALUES.items() if isinstance(kind, of)), _text)


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    return value if isinstance(value, str) else str(value)


def _whole(value: Any) -> int:
    if isinstance(value, str) or value != math.floor(value):
        raise ValueError(value)
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(value)
    return float(value)


def _moment(value: datetime) -> datetime:
    return value if value.tzinfo else value.astimezone(UTC)  # the clock of this machine, as Spark takes it


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else YES[str(value).lower()]


VALUES: Mapping[type, Callable[[Any], Any]] = {
    spark.BooleanType: _boolean,
    spark.FloatType: _float,
    spark.DoubleType: _float,
    spark.DecimalType: lambda value: Decimal(str(value)),
    spark.BinaryType: bytes,
    spark.DateType: lambda value: date.fromisoformat(value) if isinstance(value, str) else value,
    spark.TimestampType: lambda value: _moment(datetime.fromisoformat(value) if isinstance(value, str) else value),
    spark.IntegralType: _whole,
}

# writing


def write(dataframe: Any, options: Mapping[str, Any], connection_type: str) -> None:
    """Add the rows of a frame to a table, which is made if it is not there: all of them, or none."""
    _check(connection_type, options)
    address, table = address_of(options, connection_type), str(options.get("dbtable") or "")
    check_names(table, [])
    vendor = vendor_of(address.vendor)
    columns = [(one.name, one.dataType) for one in dataframe.schema.fields]
    with closing(vendor.connect(address)) as connection:
        names = _columns_of(connection, vendor, table, columns)
        marks = ", ".join([marker(connection)] * len(names))
        statement = f"INSERT INTO {table} ({', '.join(map(vendor.name, names))}) VALUES ({marks})"  # noqa: S608 - quoted
        rows = dataframe.toLocalIterator()
        size = int(options.get("bulkSize") or options.get("bulksize") or BATCH)
        while batch := [tuple(map(vendor.kept, row)) for row in islice(rows, size)]:
            connection.cursor().executemany(statement, batch)
        connection.commit()


def _columns_of(connection: Any, vendor: Vendor, table: str, columns: Columns) -> list[str]:
    """Return what a table calls columns, whatever their case; a table that is not there is made."""
    if not vendor.has_table(connection, table):
        declared = ", ".join(f"{vendor.name(name)} {vendor.declared(kind)}" for name, kind in columns)
        connection.cursor().execute(f"CREATE TABLE {table} ({declared})")
        return [name for name, _ in columns]
    known = plain_names(vendor.columns(connection, f"SELECT * FROM {table}"))  # noqa: S608 - checked
    missing = [name for name, _ in columns if name.lower() not in known]
    if missing:
        raise DatabaseError(f"Table {table} has no column {missing[0]!r}; it has {', '.join(known.values())}.")
    return [known[name.lower()] for name, _ in columns]
