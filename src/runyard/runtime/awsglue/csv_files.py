"""CSV read and written with AWS's options."""

from __future__ import annotations

import csv as plain_csv
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv
from pyspark.sql import types as spark

from .flags import flag
from .opening import BY_ENDING, alike, compression_of, opened, opened_text
from .places import Part, with_values
from .reading import Found, together
from .staging import BATCH, folder

UNQUOTED = "-1"
NOTHING = "\0"  # a quote that stands in no text
FIRST_COLUMN = csv.ConvertOptions(include_columns=["f0"], column_types={"f0": pa.binary()})
NESTED = (spark.StructType, spark.ArrayType, spark.MapType)


def read(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    """Return what CSV holds, all of it text; a row that is too short ends in nulls, and one too long is cut."""
    told = {**spark_options(options), "inferSchema": "false", "allowTruncatedRows": "true"}
    made = []
    for part, files in ((one, files) for one in parts for files in alike(_even(_plain(one.files, options), options))):
        found = spark_session.read.options(**told).csv(files)
        if not flag(options, "withHeader"):
            found = found.toDF(*(f"col{number}" for number in range(len(found.columns))))
        made.append(with_values(found, part, types))
    return Found(dataframe=together(made))


def spark_options(options: Mapping[str, Any]) -> dict[str, str]:
    """Return Spark's options for AWS's."""
    quote = str(options.get("quoteChar", '"'))
    made = {
        "header": str(flag(options, "withHeader")).lower(),
        "sep": str(options.get("separator", ",")),
        "multiLine": str(flag(options, "multiLine") or flag(options, "multiline")).lower(),
        "quote": NOTHING if quote == UNQUOTED else quote,
    }
    if options.get("escaper"):
        made["escape"] = str(options["escaper"])
    return made


def _plain(files: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """Return files as the engine reads them: it knows compression by names alone, and skips no line of data."""
    skips = flag(options, "skipFirst")
    return [name if not skips and _is_known(name, options) else _copied(name, options, skips=skips) for name in files]


def _even(files: Sequence[str], options: Mapping[str, Any]) -> list[str]:
    """Return files whose rows are no longer than their first one: the engine reads no others, and AWS cuts rows."""
    return [_cut(name, options) if _has_long_rows(name, options) else name for name in files]


def _has_long_rows(name: str, options: Mapping[str, Any]) -> bool:
    told, found = spark_options(options), []

    def see(row: Any) -> str:
        found.append(row.actual_columns > row.expected_columns)
        return "skip"

    quote = told["quote"]
    parse = csv.ParseOptions(
        delimiter=told["sep"],
        quote_char=False if quote == NOTHING else quote,
        escape_char=told.get("escape", False),
        newlines_in_values=told["multiLine"] == "true",
        invalid_row_handler=see,
    )
    first = csv.ReadOptions(autogenerate_column_names=True)
    try:
        with csv.open_csv(name, read_options=first, parse_options=parse, convert_options=FIRST_COLUMN) as reader:
            return any(any(found) for _ in reader) or any(found)
    except pa.ArrowInvalid:  # an empty file, say: the engine tells what it thinks of it
        return False


def _cut(name: str, options: Mapping[str, Any]) -> str:
    target, told = folder() / "even.csv", spark_options(options)
    quoted = (
        {"quoting": plain_csv.QUOTE_NONE, "quotechar": None}
        if told["quote"] == NOTHING
        else {"quotechar": told["quote"]}
    )
    form: dict[str, Any] = {"delimiter": told["sep"], "escapechar": told.get("escape"), **quoted}
    with opened_text(name, options) as source, target.open("w", encoding="utf-8", newline="") as even:
        rows = plain_csv.reader(source, **form)
        first = next(rows)
        writer = plain_csv.writer(even, lineterminator="\n", **form)
        writer.writerow(first)
        writer.writerows(row[: len(first)] for row in rows)
    return str(target)


def _is_known(name: str, options: Mapping[str, Any]) -> bool:
    ending = next((kind for ending, kind in BY_ENDING.items() if name.endswith(ending)), "")
    return ending == compression_of(name, options)


def _copied(name: str, options: Mapping[str, Any], *, skips: bool) -> str:
    target = folder() / "plain.csv"
    with opened(name, options) as source, target.open("wb") as plain:
        if flag(options, "withHeader"):
            plain.write(source.readline())
        if skips:
            source.readline()
        shutil.copyfileobj(source, plain)
    return str(target)


def checked(dataframe: Any) -> None:
    """Refuse rows that CSV cannot hold."""
    nested = [one.name for one in dataframe.schema.fields if isinstance(one.dataType, NESTED)]
    if nested:
        raise ValueError(f"Column {nested[0]!r} is nested, which CSV cannot hold; relationalize or unnest it first.")


def written(dataframe: Any, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the options of Spark's writer."""
    checked(dataframe)
    made = spark_options(options)
    made["header"] = str(flag(options, "writeHeader", default=True)).lower()
    return made


def is_unquoted(options: Mapping[str, Any]) -> bool:
    """Tell whether no value is to be quoted, which the engine's own writer cannot do."""
    return str(options.get("quoteChar", "")) == UNQUOTED


def converted(source: str, target: str, options: Mapping[str, Any]) -> None:
    """Write a Parquet file's rows as CSV without a quote anywhere."""
    separator = str(options.get("separator", ","))
    with pq.ParquetFile(source) as file, open(target, "w", encoding="utf-8") as lines:  # noqa: PTH123 - texts, as above
        names = file.schema_arrow.names
        if flag(options, "writeHeader", default=True):
            lines.write(separator.join(names) + "\n")
        for batch in file.iter_batches(BATCH):
            columns = [column.cast("string").to_pylist() for column in batch.columns]
            lines.writelines(separator.join(_shown(row)) + "\n" for row in zip(*columns, strict=True))


def _shown(row: Sequence[str | None]) -> list[str]:
    return ["" if value is None else value for value in row]
