"""Files read and written as a DynamicFrame's formats, with AWS's options."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

from pyspark.sql import types as spark

from .places import Part, with_values
from .records import Kind, paths, without_choices
from .schemas import struct_of
from .staging import frame

ADVICE = "Formats here are csv, json and parquet; {more}."
JAVA = "{what} comes with Spark on Java (the engine spark-jvm), which is not there yet; {package} reads it meanwhile"
ELSEWHERE: Mapping[str, str] = {
    "orc": JAVA.format(what="ORC", package="pyarrow.orc"),
    "avro": JAVA.format(what="Avro", package="the package fastavro"),
    "xml": JAVA.format(what="XML", package="pandas.read_xml"),
    "ion": "the package amazon.ion reads Ion",
    "grokLog": "read the lines with spark.read.text and take them apart with regexp_extract",
    "hudi": "Hudi needs Spark on Java (the engine spark-jvm), which is not there yet",
    "delta": "spark.read.format('delta') reads and writes Delta on this engine",
    "iceberg": "spark.read.format('iceberg') reads Iceberg on this engine",
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A frame that was read, and what its schema alone does not tell."""

    dataframe: Any
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()


Reader = Callable[[Any, list[Part], Mapping[str, Any], Mapping[str, str]], Found]


def read(
    spark_session: Any, parts: list[Part], kind: str, options: Mapping[str, Any], types: Mapping[str, str]
) -> Found:
    """Return what files hold; `types` are those of partition columns, by name."""
    reader: Reader = _known(READERS, kind)
    if not parts:
        return Found(dataframe=spark_session.createDataFrame([], spark.StructType([])))
    return reader(spark_session, parts, options, types)


def _known(table: Mapping[str, Any], kind: str) -> Any:
    if kind not in table:
        more = ELSEWHERE.get(kind, f"{kind!r} is none of them")
        raise NotImplementedError(f"The format {kind!r} cannot be read or written here. {ADVICE.format(more=more)}")
    return table[kind]


def together(frames: Sequence[Any]) -> Any:
    """Return the rows of several frames, halved and halved again, so that the plan is no deep chain."""
    if len(frames) == 1:
        return frames[0]
    middle = len(frames) // 2
    return together(frames[:middle]).unionByName(together(frames[middle:]), allowMissingColumns=True)


# csv


def _csv(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    made = []
    for part in parts:
        reader = spark_session.read.options(**csv_options(options), inferSchema="false")
        found = reader.csv(part.files)
        if not flag(options, "withHeader"):
            found = found.toDF(*(f"col{number}" for number in range(len(found.columns))))
        made.append(with_values(found, part, types))
    return Found(dataframe=together(made))


def csv_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Return Spark's options for AWS's."""
    made = {
        "header": str(flag(options, "withHeader")).lower(),
        "sep": str(options.get("separator", ",")),
        "multiLine": str(flag(options, "multiLine") or flag(options, "multiline")).lower(),
    }
    quote = options.get("quoteChar", '"')
    if str(quote) != "-1":
        made["quote"] = str(quote)
    if options.get("escaper"):
        made["escape"] = str(options["escaper"])
    return made


def flag(options: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """Return an option that is yes or no, which scripts write as either or as a text."""
    value = options.get(name, default)
    return value if isinstance(value, bool) else str(value).strip().lower() == "true"


# json


def _json(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    is_by_line = not (flag(options, "multiLine") or flag(options, "multiline") or options.get("jsonPath"))
    kind = Kind()
    for part in parts:
        for record in _records(part.files, options, is_by_line=is_by_line):
            kind.see(record)
    choices, nulls = paths(kind)
    made = []
    for part in parts:
        if is_by_line and without_choices(kind) and kind.fields:  # Sail reads what has one type each by itself
            found = spark_session.read.schema(struct_of(kind)).json(part.files)
        else:
            found = frame(spark_session, kind, _records(part.files, options, is_by_line=is_by_line))
        made.append(with_values(found, part, types))
    return Found(dataframe=together(made), choices=choices, nulls=frozenset(nulls))


def _records(files: Sequence[str], options: Mapping[str, Any], *, is_by_line: bool) -> Iterator[Any]:
    for name in files:
        with _opened(name) as file:
            for number, value in enumerate(_values(file, name, is_by_line=is_by_line), start=1):
                for record in _at(value, str(options.get("jsonPath") or "$")):
                    if not isinstance(record, dict):
                        raise TypeError(f"{name}: value {number} is no JSON object but {type(record).__name__}.")
                    yield record


def _opened(name: str) -> TextIO:
    opened = gzip.open(name, "rt", encoding="utf-8") if name.endswith(".gz") else open(name, encoding="utf-8")  # noqa: PTH123, SIM115 - closed by who asked
    return cast("TextIO", opened)


def _values(file: TextIO, name: str, *, is_by_line: bool) -> Iterator[Any]:
    if not is_by_line:
        yield json.loads(file.read())
        return
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                advice = "If a record has several lines, set format_options={'multiLine': True}."
                raise ValueError(f"{name}, line {number}, is no JSON: {error}. {advice}") from error


def _at(value: Any, path: str) -> Iterator[Any]:
    """Yield the records at a path like `$.a.b[*]`; the elements of an array are records by themselves."""
    found = [value]
    for step in path.removeprefix("$").replace("[*]", ".[*]").split("."):
        if step == "[*]":
            found = [each for one in found for each in (one if isinstance(one, list) else [one])]
        elif step:
            found = [one.get(step) for one in found if isinstance(one, dict)]
    for one in found:
        if one is not None:
            yield from one if isinstance(one, list) else [one]


# parquet


def _parquet(spark_session: Any, parts: list[Part], _: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    made = [with_values(spark_session.read.parquet(*part.files), part, types) for part in parts]
    return Found(dataframe=together(made))


READERS: Mapping[str, Reader] = {"csv": _csv, "json": _json, "parquet": _parquet, "glueparquet": _parquet}

# writing


def write(dataframe: Any, target: str, kind: str, options: Mapping[str, Any], partitions: Sequence[str]) -> None:
    """Add the rows of a frame to a folder, as AWS does: what is there stays."""
    settings = _known(WRITERS, kind)(dataframe, options)
    writer = dataframe.write.mode("append").options(**settings)
    if partitions:
        writer = writer.partitionBy(*partitions)
    writer.format({"glueparquet": "parquet"}.get(kind, kind)).save(target)


def _csv_written(dataframe: Any, options: Mapping[str, Any]) -> dict[str, str]:
    nested = [one.name for one in dataframe.schema.fields if isinstance(one.dataType, NESTED)]
    if nested:
        raise ValueError(f"Column {nested[0]!r} is nested, which CSV cannot hold; relationalize or unnest it first.")
    made = csv_options(options)
    made["header"] = str(flag(options, "writeHeader", default=True)).lower()
    return {**made, **_compressed(options)}


def _compressed(options: Mapping[str, Any]) -> dict[str, str]:
    return {"compression": str(options["compression"])} if options.get("compression") else {}


NESTED = (spark.StructType, spark.ArrayType, spark.MapType)
WRITERS: Mapping[str, Callable[[Any, Mapping[str, Any]], dict[str, str]]] = {
    "csv": _csv_written,
    "json": lambda _, options: _compressed(options),
    "parquet": lambda _, options: _compressed(options),
    "glueparquet": lambda _, options: _compressed(options),
}
