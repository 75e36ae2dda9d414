"""ORC read and written by pyarrow, which the engine without Java lacks: file by file, in stripes and batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq

from .places import Part, with_values
from .reading import Found, together
from .staging import BATCH, tabled

CODECS: Mapping[str, str] = {
    "": "snappy", "none": "uncompressed", "uncompressed": "uncompressed", "snappy": "snappy", "zlib": "zlib",
    "gzip": "zlib", "lz4": "lz4", "zstd": "zstd",
}  # fmt: skip


def read(spark_session: Any, parts: list[Part], _: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    """Return what ORC holds."""
    made = [with_values(found, part, types) for part in parts for found in tabled(spark_session, _batches(part.files))]
    return Found(dataframe=together(made))


def _batches(files: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for name in files:
        file = pyarrow.orc.ORCFile(name)
        for number in range(file.nstripes):
            yield file.read_stripe(number)
        if not file.nstripes:
            yield pa.RecordBatch.from_pylist([], schema=file.schema)


def converted(source: str, target: str, options: Mapping[str, Any]) -> None:
    """Write a Parquet file's rows as ORC."""
    asked = str(options.get("compression") or "").lower()
    if asked not in CODECS:
        raise ValueError(f"compression {asked!r} is none of ORC's; say {', '.join(sorted(filter(None, CODECS)))}.")
    with pq.ParquetFile(source) as file, pyarrow.orc.ORCWriter(target, compression=CODECS[asked]) as writer:
        for batch in file.iter_batches(BATCH):
            writer.write(pa.Table.from_batches([batch]))
        if not file.metadata.num_rows:
            writer.write(file.schema_arrow.empty_table())
