"""Avro read and written by the package fastavro, with AWS's two versions: 1.8 knows logical types, 1.7 does not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .avro_kinds import see
from .opening import BY_ENDING, opened
from .places import Part, with_values
from .reading import Found, together
from .records import Kind, paths
from .staging import BATCH, frame

VERSIONS = ("1.7", "1.8")
CODECS: Mapping[str, str] = {
    "": "null", "none": "null", "uncompressed": "null", "deflate": "deflate", "gzip": "deflate", "bzip2": "bzip2",
    "snappy": "snappy", "xz": "xz", "zstandard": "zstandard",
}  # fmt: skip
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _fastavro(module: str = "fastavro") -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        advice = (
            "install it with `pip install 'runyard[spark]'`, or for one job with --additional-python-modules fastavro"
        )
        raise ImportError(f"The format avro needs the package fastavro, which is not installed: {advice}.") from error


def version_of(options: Mapping[str, Any]) -> str:
    """Return the version that `format_options` name, 1.7 if none."""
    found = str(options.get("version") or VERSIONS[0])
    if found not in VERSIONS:
        raise ValueError(f"version {found!r} of the format avro is not known; say {' or '.join(VERSIONS)}.")
    return found


# reading


def read(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    """Return what Avro holds; a union of several types is a choice."""
    version, kind = version_of(options), Kind()
    for part in parts:
        for name in part.files:
            with _reader(name, options) as reader:
                see(kind, reader.writer_schema, has_logical=version != VERSIONS[0])
    with _logical_types(version):
        made = [with_values(frame(spark_session, kind, _records(part.files, options)), part, types) for part in parts]
    return Found(dataframe=together(made), choices=paths(kind)[0])


@contextmanager
def _reader(name: str, options: Mapping[str, Any]) -> Iterator[Any]:
    is_archive = name.endswith(tuple(BY_ENDING)) or options.get("compressionType")
    with opened(name, options if is_archive else {}) as file:
        try:
            yield _fastavro().reader(file)
        except ValueError as error:
            raise ValueError(f"{name} is no Avro: {error}.") from error


def _records(files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Any]:
    for name in files:
        with _reader(name, options) as reader:
            yield from reader


@contextmanager
def _logical_types(version: str) -> Iterator[None]:
    """Leave dates, decimals and moments as the numbers and bytes they are stored as, if the version knows no better."""
    known: dict[str, Any] = _fastavro("fastavro.read").LOGICAL_READERS
    kept = dict(known)
    if version == VERSIONS[0]:
        known.clear()
    try:
        yield
    finally:
        known.update(kept)


# writing


def converted(source: str, target: str, options: Mapping[str, Any]) -> None:
    """Write a Parquet file's rows as Avro."""
    asked = str(options.get("compression") or "").lower()
    if asked not in CODECS:
        raise ValueError(f"compression {asked!r} is none of Avro's; say {', '.join(sorted(filter(None, CODECS)))}.")
    library = _fastavro()
    with pq.ParquetFile(source) as file, open(target, "wb") as written:  # noqa: PTH123 - as its path came
        schema = AvroSchema(version_of(options)).record(file.schema_arrow)
        rows = _rows(file.iter_batches(BATCH), version_of(options))
        library.writer(written, library.parse_schema(schema), rows, codec=CODECS[asked])


def _rows(batches: Iterable[pa.RecordBatch], version: str) -> Iterator[dict[str, Any]]:
    for batch in batches:
        shown = [_as_text(column) if version == VERSIONS[0] else column for column in batch.columns]
        yield from pa.RecordBatch.from_arrays(shown, names=batch.schema.names).to_pylist(maps_as_pydicts="strict")


def _as_text(column: pa.Array) -> pa.Array:
    """Return a column of what version 1.7 has no type for as text."""
    if not _is_logical(column.type):
        return column
    plain = column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column  # without a zone's name
    return plain.cast("string")


def _is_logical(kind: Any) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_decimal(kind))


class AvroSchema:
    """Schemas of Avro for those of Arrow."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._number = itertools.count(1)

    def record(self, fields: Iterable[pa.Field], name: str = "topLevelRecord") -> dict[str, Any]:
        """Return the type of a record."""
        made = [{"name": _checked(one.name), "type": self._optional(one.type), "default": None} for one in fields]
        return {"type": "record", "name": name, "fields": made}

    def _optional(self, kind: Any) -> list[Any]:
        return ["null", self._of(kind)]

    def _of(self, kind: Any) -> Any:
        if pa.types.is_struct(kind):
            fields = [kind.field(number) for number in range(kind.num_fields)]
            return self.record(fields, f"record{next(self._number)}")
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return {"type": "array", "items": self._optional(kind.value_type)}
        if pa.types.is_map(kind):
            return {"type": "map", "values": self._optional(kind.item_type)}
        if _is_logical(kind):
            return self._logical(kind)
        found = next((name for is_one, name in SCALARS if is_one(kind)), None)
        if found is None:
            raise ValueError(f"Avro has no type for {kind}; cast the column first.")
        return found

    def _logical(self, kind: Any) -> Any:
        if self._version == VERSIONS[0]:
            return "string"
        if pa.types.is_decimal(kind):
            return {"type": "bytes", "logicalType": "decimal", "precision": kind.precision, "scale": kind.scale}
        is_date = pa.types.is_date(kind)
        return {"type": "int" if is_date else "long", "logicalType": "date" if is_date else "timestamp-micros"}


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"Column {name!r} cannot be called so in Avro: letters, digits and _ alone. Rename it first.")
    return name


SCALARS: Sequence[tuple[Callable[[Any], bool], str]] = (
    (pa.types.is_null, "null"),
    (pa.types.is_boolean, "boolean"),
    (lambda kind: pa.types.is_int64(kind) or pa.types.is_uint32(kind), "long"),
    (pa.types.is_integer, "int"),
    (pa.types.is_float32, "float"),
    (pa.types.is_floating, "double"),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), "string"),
    (lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind), "bytes"),
)
