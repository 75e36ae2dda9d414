"""A query carried out by a Spark Connect endpoint, Sail's or Spark's; its rows are kept as they come."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .column_types import Column
from .errors import DremioError, unsupported
from .remote_words import Remote
from .results import ROWS, write_schema

SETTINGS: Mapping[str, str] = {"spark.sql.ansi.enabled": "true", "spark.sql.session.timeZone": "UTC"}
NEEDED = "The engine {name} is reached by pyspark-client and pyarrow; install runyard[spark] beside this server."
SILENT = "The engine {name} at {url} does not answer ({error}); see whether it runs, or choose another in the settings."
PORT = 15_002  # where Spark listens unless told otherwise
PATIENCE_S = 5.0  # with an engine that does not answer
RETRIES = 4  # of a call to an engine that has been there, within some seconds
GROUP_ROWS, GROUP_BYTES = 100_000, 32 << 20  # that wait to be written together
INTERRUPT_S = 1.0  # how long a cancelled query has to tell its engine


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An engine that is elsewhere: its name here, and its address, `sc://host:port`."""

    name: str
    url: str


def reach(endpoint: Endpoint) -> None:
    """See whether an engine is there at all, before a query waits for its turn."""
    address = urlsplit(endpoint.url)
    try:  # Spark's client would try for ten minutes
        socket.create_connection((address.hostname or "", address.port or PORT), timeout=PATIENCE_S).close()
    except OSError as error:
        raise _silent(endpoint, error) from error


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Who is told of a query while an engine carries it out."""

    rows: Callable[[int], None] = lambda count: None  # noqa: ARG005 nobody listens
    # Is given what tells the engine that nobody wants the rows any more: to be called before this process ends itself.
    farewell: Callable[[Callable[[], None]], None] = lambda tell: None  # noqa: ARG005 nobody ends it


def keep_remote_rows(
    query: Remote, columns: Sequence[Column], endpoint: Endpoint, folder: Path, follower: Follower
) -> int:
    """Carry a query out on an engine, keep its rows in a folder as they come, and return how many they are."""
    arrow, parquet = _module("pyarrow", endpoint), _module("pyarrow.parquet", endpoint)
    schema = arrow.schema([(column.name, _type(arrow, column)) for column in columns])
    rows = 0
    with _session(endpoint) as spark, _in_our_words(endpoint), parquet.ParquetWriter(folder / ROWS, schema) as writer:
        follower.farewell(lambda: _interrupt(spark))
        for name, files in query.files.items():
            reader = spark.read.option("mergeSchema", "true")
            reader.parquet(*(Path(file).as_uri() for file in files)).createOrReplaceTempView(name)
        for group in _groups(arrow, _batches(spark.sql(query.sql)), schema):
            writer.write_table(group)
            rows += group.num_rows
            follower.rows(rows)
    write_schema(folder, columns, rows)
    return rows


def _batches(frame: Any) -> Iterator[Any]:
    """Yield the rows of a query as they come: what the client offers to everybody has them all in memory first."""
    client = frame._session.client  # noqa: SLF001 - as its own toLocalIterator does
    plan = frame._plan.to_proto(client)  # noqa: SLF001 - same
    found = client.to_table_as_iterator(plan, frame._plan.observations)  # noqa: SLF001 - same
    return (each for each in found if hasattr(each, "num_rows"))  # the schema comes among them


def _groups(arrow: Any, batches: Iterator[Any], schema: Any) -> Iterator[Any]:
    """Yield rows in parts that are worth a row group of their own, of exactly the types that are kept."""
    waiting: list[Any] = []
    size = 0
    for batch in batches:
        arrays = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
        waiting.append(arrow.Table.from_arrays(arrays, schema=schema))
        size += batch.nbytes
        if size > GROUP_BYTES or sum(each.num_rows for each in waiting) > GROUP_ROWS:
            yield arrow.concat_tables(waiting)
            waiting, size = [], 0
    if waiting:
        yield arrow.concat_tables(waiting)


@contextmanager
def _session(endpoint: Endpoint) -> Iterator[Any]:
    sessions = _module("pyspark.sql", endpoint).SparkSession
    retries = _module("pyspark.sql.connect.client.retries", endpoint)
    reach(endpoint)
    try:
        spark = sessions.builder.remote(endpoint.url).create()
        spark.client.set_retry_policies([retries.DefaultPolicy(max_retries=RETRIES)])
        for name, value in SETTINGS.items():
            spark.conf.set(name, value)
    except Exception as error:
        raise _silent(endpoint, error) from error
    before = signal.signal(signal.SIGTERM, lambda *_: _leave(spark))
    try:
        yield spark
    finally:
        signal.signal(signal.SIGTERM, before)
        with suppress(Exception):  # an engine that is gone cannot be left
            spark.stop()


def _silent(endpoint: Endpoint, error: Exception) -> DremioError:
    told = " ".join(str(error).split())[:200]
    return DremioError("RESOURCE", SILENT.format(name=endpoint.name, url=endpoint.url, error=told))


def _leave(spark: Any) -> None:
    """End this process, of which the engine is told first."""
    _interrupt(spark)
    os._exit(1)


def _interrupt(spark: Any) -> None:
    """Tell the engine that nobody wants the rows any more."""
    telling = threading.Thread(target=spark.interruptAll, daemon=True)
    telling.start()
    telling.join(INTERRUPT_S)


@contextmanager
def _in_our_words(endpoint: Endpoint) -> Iterator[None]:
    """Say an engine's error as ours; that of an engine which is gone names the engine."""
    errors, grpc = (_module(name, endpoint) for name in ("pyspark.errors", "grpc"))
    try:
        yield
    except errors.PySparkException as error:
        if getattr(error, "getGrpcStatusCode", lambda: None)() == grpc.StatusCode.UNAVAILABLE:
            raise _silent(endpoint, error) from error
        raise DremioError("FUNCTION", str(error).strip()) from error


def _module(name: str, endpoint: Endpoint) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DremioError("RESOURCE", NEEDED.format(name=endpoint.name)) from error


def _type(arrow: Any, column: Column) -> Any:
    kind = column.type
    if kind.name == "DECIMAL":
        return arrow.decimal128(kind.precision, kind.scale)
    if kind.name not in TYPES:
        raise unsupported(f"A column of type {kind.name}, as {column.name!r}, cannot come from an engine elsewhere")
    return getattr(arrow, TYPES[kind.name])(*("us",) * (kind.name == "TIMESTAMP"))


TYPES: Mapping[str, str] = {
    "INTEGER": "int32",
    "BIGINT": "int64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "BOOLEAN": "bool_",
    "VARCHAR": "string",
    "DATE": "date32",
    "TIMESTAMP": "timestamp",
}
"""Arrow's types of kept rows."""
