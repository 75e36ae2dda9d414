"""Dremio's column types as Arrow's, and a job's kept rows in them: read piece by piece, never as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import flight

from runyard.runtime.dremio_sql.column_types import MONTHS, Column, ColumnType
from runyard.runtime.dremio_sql.errors import unsupported
from runyard.runtime.dremio_sql.results import INTERVALS, ROWS, stored

BATCH_BYTES = 2 * 1024 * 1024  # of rows at once, on the average of a file
MOST_BYTES = 8 * 1024 * 1024  # of any rows at once but a single one; clients in Go take messages of sixteen
MOST_ROWS = 128 * 1024
LEAST_ROWS = 64

PLAIN: Mapping[str, Any] = {
    "TINYINT": pa.int8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "VARBINARY": pa.binary(),
    "BINARY": pa.binary(),
    "DATE": pa.date64(),  # Dremio counts days and times in milliseconds
    "TIME": pa.time32("ms"),
    "TIMESTAMP": pa.timestamp("ms"),
    "INTERVAL DAY TO SECOND": pa.duration("ms"),
    "INTERVAL YEAR TO MONTH": pa.month_day_nano_interval(),
    "OTHER": pa.int32(),  # of a bare NULL, as it is kept
}
EVEN = frozenset(PLAIN) - {"VARCHAR", "VARBINARY", "BINARY"} | {"DECIMAL"}
"""Types whose values are all of one length."""
NESTED: Mapping[str, Callable[[ColumnType], Any]] = {
    "DECIMAL": lambda kind: pa.decimal128(kind.precision, kind.scale),
    "LIST": lambda kind: pa.list_(_within(kind.element)),
    "MAP": lambda kind: pa.map_(_within(kind.fields[0][1]), _within(kind.element)),
    "STRUCT": lambda kind: pa.struct([(name, _within(field)) for name, field in kind.fields]),
}


def arrow_type(kind: ColumnType) -> Any:
    """Return a type as Dremio's Flight endpoint spells it."""
    return NESTED[kind.name](kind) if kind.name in NESTED else PLAIN[kind.name]


def _within(kind: ColumnType) -> Any:
    """Return the type of what stands in another; the files of results keep no interval there as it is."""
    if kind.name in INTERVALS:
        raise unsupported(f"An {kind.name} within an array or a row cannot be sent over Flight; CAST it to VARCHAR")
    return arrow_type(kind)


def schema_of(columns: Sequence[Column]) -> Any:
    """Return columns as a schema."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def stream_of(folder: Path) -> Any:
    """Return the stream of a job's kept rows."""
    columns = stored(folder).columns
    schema = schema_of(columns)
    reader = _reader(folder / ROWS, columns, schema)
    if any(column.type == MONTHS for column in columns):
        return flight.GeneratorStream(schema, _in_pieces(_with_months(reader, schema)))
    if all(column.type.name in EVEN for column in columns):
        return flight.RecordBatchStream(reader)
    return flight.RecordBatchStream(pa.RecordBatchReader.from_batches(schema, _in_pieces(reader)))


def _reader(file: Path, columns: Sequence[Column], schema: Any) -> Any:
    """Return a reader of Arrow's own threads."""
    kept = ds.dataset(str(file), format="parquet")
    wanted = {
        column.name: pc.field(column.name)
        if kept.schema.field(column.name).type == field.type or column.type == MONTHS
        else pc.field(column.name).cast(field.type, safe=False)
        for column, field in zip(columns, schema, strict=True)
    }
    scanned = kept.scanner(columns=wanted, batch_size=_rows_at_once(file), batch_readahead=8).to_reader()
    if any(column.type == MONTHS for column in columns):
        return scanned
    return scanned.cast(schema)  # where the types are alike, of names and of what may be null alone


def _rows_at_once(file: Path) -> int:
    """Return how many rows make a message that is neither too large for a client nor too small to be quick."""
    known = pq.read_metadata(file)
    total: int = sum(known.row_group(number).total_byte_size for number in range(known.num_row_groups))
    count: int = known.num_rows
    return max(LEAST_ROWS, min(MOST_ROWS, BATCH_BYTES * count // max(total, 1)))


def _in_pieces(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield rows that are longer than others in messages of their own, none larger than a client takes."""
    for batch in batches:
        if batch.nbytes <= MOST_BYTES or batch.num_rows == 1:
            yield batch
            continue
        half = batch.num_rows // 2
        yield from _in_pieces((batch.slice(0, half), batch.slice(half)))


def _with_months(reader: Any, schema: Any) -> Iterator[Any]:
    """Yield the batches with whole numbers of months as the intervals that they are."""
    for batch in reader:
        arrays = [
            column
            if field.type != PLAIN[MONTHS.name]
            else pa.array([None if months is None else (months, 0, 0) for months in column.to_pylist()], field.type)
            for column, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
