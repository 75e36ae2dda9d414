"""A query carried out by a Spark Connect endpoint, Sail's or Spark's; its rows are kept as those of any other."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
INTERRUPT_S = 1.0  # how long a cancelled query has to tell its engine


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An engine that is elsewhere: its name here, and its address, `sc://host:port`."""

    name: str
    url: str


def keep_remote_rows(query: Remote, columns: Sequence[Column], endpoint: Endpoint, folder: Path) -> int:
    """Carry a query out on an engine, keep its rows in a folder, and return how many they are."""
    arrow, parquet = _module("pyarrow", endpoint), _module("pyarrow.parquet", endpoint)
    schema = arrow.schema([(column.name, _type(arrow, column)) for column in columns])
    with _session(endpoint) as spark:
        for name, files in query.files.items():
            reader = spark.read.option("mergeSchema", "true")
            reader.parquet(*(Path(file).as_uri() for file in files)).createOrReplaceTempView(name)
        rows = _told(lambda: spark.sql(query.sql).toArrow())
    table = arrow.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(rows.columns, schema, strict=True)], schema=schema
    )
    parquet.write_table(table, folder / ROWS)
    write_schema(folder, columns, table.num_rows)
    return int(table.num_rows)


@contextmanager
def _session(endpoint: Endpoint) -> Iterator[Any]:
    sessions = _module("pyspark.sql", endpoint).SparkSession
    address = urlsplit(endpoint.url)
    try:  # Spark's client would try for ten minutes
        socket.create_connection((address.hostname or "", address.port or PORT), timeout=PATIENCE_S).close()
        spark = sessions.builder.remote(endpoint.url).create()
        for name, value in SETTINGS.items():
            spark.conf.set(name, value)
    except Exception as error:
        told = " ".join(str(error).split())[:200]
        raise DremioError("RESOURCE", SILENT.format(name=endpoint.name, url=endpoint.url, error=told)) from error
    before = signal.signal(signal.SIGTERM, lambda *_: _interrupt(spark))
    try:
        yield spark
    finally:
        signal.signal(signal.SIGTERM, before)
        spark.stop()


def _interrupt(spark: Any) -> None:
    """Tell the engine that nobody wants the rows any more, and end."""
    telling = threading.Thread(target=spark.interruptAll, daemon=True)
    telling.start()
    telling.join(INTERRUPT_S)
    os._exit(1)


def _told(work: Any) -> Any:
    errors = importlib.import_module("pyspark.errors")
    try:
        return work()
    except errors.PySparkException as error:
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
