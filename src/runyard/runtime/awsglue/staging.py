"""Frames made of records that pass through Python: written down by type in the run's folder, and read from there."""

from __future__ import annotations

import itertools
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import to_arrow_schema
from runyard_spark.facts import read_facts

from .records import Kind, shaped
from .schemas import struct_of

BATCH = 10_000


def folder() -> Path:
    """Return a new folder of the run's own."""
    return Path(tempfile.mkdtemp(dir=read_facts().temporary()))


def spooled(records: Iterable[Any]) -> tuple[Kind, Iterator[Any]]:
    """Return what types records have, and the records again, which are kept on disk meanwhile."""
    kind = Kind()
    file = folder() / "records"
    with file.open("wb") as written:
        for record in records:
            kind.see(record)
            pickle.dump(record, written, pickle.HIGHEST_PROTOCOL)
    return kind, _read(file)


def _read(file: Path) -> Iterator[Any]:
    with file.open("rb") as read:
        while True:
            try:
                yield pickle.load(read)  # noqa: S301 - this process has written it
            except EOFError:
                break
    file.unlink()


def frame(spark: Any, kind: Kind, records: Iterable[Any]) -> Any:
    """Return a DataFrame of records of these types."""
    return staged(spark, struct_of(kind), map(shaped(kind), records))


def staged(spark: Any, schema: Any, rows: Iterable[Any]) -> Any:
    """Return a DataFrame of rows that have a schema's types already."""
    return spark.read.schema(schema).parquet(laid(schema, rows)) if schema.fields else spark.createDataFrame([], schema)


def laid(schema: Any, rows: Iterable[Any]) -> str:
    """Write rows down that have a schema's types, and return the file."""
    target = folder() / "records.parquet"
    arrow = to_arrow_schema(schema, timezone="UTC")
    with pq.ParquetWriter(target, arrow) as writer:
        left = iter(rows)
        while batch := list(itertools.islice(left, BATCH)):
            writer.write_table(pa.Table.from_pylist(batch, arrow))
    return str(target)


def tabled(spark: Any, batches: Iterable[pa.RecordBatch]) -> list[Any]:
    """Return DataFrames of batches of Arrow: one for all whose columns are the same."""
    places: dict[str, str] = {}
    with ExitStack() as open_files:
        writers: dict[str, pq.ParquetWriter] = {}
        for batch in batches:
            key = batch.schema.to_string(show_schema_metadata=False)
            if key not in writers:
                places[key] = str(folder() / "table.parquet")
                schema = batch.schema.remove_metadata()
                # The engine knows microseconds.
                made = pq.ParquetWriter(places[key], schema, coerce_timestamps="us", allow_truncated_timestamps=True)
                writers[key] = open_files.enter_context(made)
            writers[key].write_batch(batch)
    return [spark.read.parquet(place) for place in places.values()]


def kept(spark: Any, dataframe: Any, at: str | None = None) -> Any:
    """Write a frame down and return it as it is read from there, so that what is random in it stays."""
    target = f"{at.rstrip('/')}/{folder().name}" if at else str(folder() / "frame")
    dataframe.write.mode("overwrite").parquet(target)
    return spark.read.schema(dataframe.schema).parquet(target)
