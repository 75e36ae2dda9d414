"""Files read and written as a DynamicFrame's formats: which module knows which, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from pyspark.sql import types as spark

from . import csv_files, json_files
from .fields import column
from .places import Part, per_file, with_values
from .reading import Found, Reader, together

READ_ONLY = "Glue reads XML and writes none, and so does this awsglue; write json, or the rows by your own hand"
ELSEWHERE: Mapping[str, str] = {
    "ion": "the package amazon.ion reads Ion",
    "grokLog": "read the lines with spark.read.text and take them apart with regexp_extract",
    "hudi": "Hudi needs Spark on Java (the engine spark-jvm)",
    "delta": "spark.read.format('delta') reads and writes Delta on this engine",
    "iceberg": "spark.read.format('iceberg') reads Iceberg on this engine",
    "xml": READ_ONLY,
}


def read(
    spark_session: Any, parts: list[Part], kind: str, options: Mapping[str, Any], types: Mapping[str, str]
) -> Found:
    """Return what files hold; `types` are those of partition columns, by name."""
    reader: Reader = _known(READERS, kind, "read")
    if not parts:
        return Found(dataframe=spark_session.createDataFrame([], spark.StructType([])))
    name, moment = (str(options.get(one) or "") for one in ("attachFilename", "attachTimestamp"))
    if not (name or moment):
        return _with_keys_last(reader(spark_session, parts, options, types), parts)
    attached = per_file(parts, name=name, moment=moment)
    return reader(spark_session, attached, options, {**types, **({moment: "timestamp"} if moment else {})})


def _with_keys_last(found: Found, parts: Sequence[Part]) -> Found:
    """Return rows whose partition columns stand last, whatever other columns some of the files alone have."""
    keys = list(dict.fromkeys(name for part in parts for name in part.values))
    names = found.dataframe.columns
    order = [*(name for name in names if name not in keys), *(name for name in keys if name in names)]
    same = found.dataframe if names == order else found.dataframe.select(*map(column, order))
    return replace(found, dataframe=same)


def _known(table: Mapping[str, Any], kind: str, done: str) -> Any:
    if kind not in table:
        more = ELSEWHERE.get(kind, f"{kind!r} is none of them")
        raise NotImplementedError(
            f"The format {kind!r} cannot be {done} here. Formats that can are {', '.join(table)}; {more}."
        )
    return table[kind]


def _parquet(spark_session: Any, parts: list[Part], _: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    made = [with_values(spark_session.read.parquet(*part.files), part, types) for part in parts]
    return Found(dataframe=together(made))


def _of(module: str) -> Any:
    """Return a module that is imported when its format is used: jobs that use others begin without it."""
    return import_module(f"{__package__}.{module}")


def _by(module: str) -> Reader:
    def read_files(
        spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]
    ) -> Found:
        found: Found = _of(module).read(spark_session, parts, options, types)
        return found

    return read_files


READERS: Mapping[str, Reader] = {
    "csv": csv_files.read,
    "json": json_files.read,
    "parquet": _parquet,
    "glueparquet": _parquet,
    "orc": _by("orc_files"),
    "avro": _by("avro_files"),
    "xml": _by("xml_files"),
}

# writing


def write(dataframe: Any, target: str, kind: str, options: Mapping[str, Any], partitions: Sequence[str]) -> None:
    """Add the rows of a frame to a folder, as AWS does: what is there stays."""
    _known(WRITERS, kind, "written")(dataframe, target, options, partitions)


SNAPPY = "snappy"  # what AWS and Spark write Parquet with, if nothing else is said
Writer = Callable[[Any, str, Mapping[str, Any], Sequence[str]], None]


def _by_engine(
    kind: str, told: Callable[[Any, Mapping[str, Any]], dict[str, str]] = lambda *_: {}, *, compression: str = ""
) -> Writer:
    def write_rows(dataframe: Any, target: str, options: Mapping[str, Any], partitions: Sequence[str]) -> None:
        asked = str(options.get("compression") or compression)
        by = {"compression": asked} if asked else {}
        writer = dataframe.write.mode("append").options(**told(dataframe, options), **by)
        (writer.partitionBy(*partitions) if partitions else writer).format(kind).save(target)

    return write_rows


def _by_conversion(module: str, ending: str) -> Writer:
    def write_rows(dataframe: Any, target: str, options: Mapping[str, Any], partitions: Sequence[str]) -> None:
        convert = _of(module).converted
        _of("converting").write_converted(dataframe, target, convert, options, ending=ending, partitions=partitions)

    return write_rows


def _csv(dataframe: Any, target: str, options: Mapping[str, Any], partitions: Sequence[str]) -> None:
    csv_files.checked(dataframe)
    is_unquoted = csv_files.is_unquoted(options)
    by = _by_conversion("csv_files", "csv") if is_unquoted else _by_engine("csv", csv_files.written)
    by(dataframe, target, options, partitions)


WRITERS: Mapping[str, Writer] = {
    "csv": _csv,
    "json": _by_engine("json"),
    "parquet": _by_engine("parquet", compression=SNAPPY),
    "glueparquet": _by_engine("parquet", compression=SNAPPY),
    "orc": _by_conversion("orc_files", "orc"),
    "avro": _by_conversion("avro_files", "avro"),
}
