"""Rows given to a script's own functions, as records: dictionaries in which a choice is the value that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import functions as F

from .failing import Failures
from .records import paths
from .schemas import remembered
from .staging import frame, spooled

Choices = Mapping[str, Sequence[str]]


def record_of(row: Any, choices: Choices, path: str = "") -> Any:
    """Return a row, or what stands at a path of it, as a script's functions take it."""
    if hasattr(row, "asDict"):
        row = row.asDict()
    if isinstance(row, Mapping):
        if path in choices:
            held = [(name, value) for name, value in row.items() if value is not None]
            return record_of(held[0][1], {}, path) if held else None
        return {name: record_of(value, choices, f"{path}.{name}".lstrip(".")) for name, value in row.items()}
    return [record_of(each, choices, f"{path}[]") for each in row] if isinstance(row, list) else row


def kept_by(dataframe: Any, function: Callable[[Any], bool], choices: Choices) -> Any:
    """Return the rows for which a function says so."""
    told = dict(choices)
    decide = F.udf(lambda row: bool(function(record_of(row, told))), "boolean")
    return dataframe.where(decide(F.struct("*")))


def mapped(
    spark: Any, dataframe: Any, function: Callable[[Any], Any], choices: Choices, failures: Failures
) -> tuple[Any, Any, Any]:
    """Return the rows that a function makes, the choices among their fields, and the fields without a value.

    Whatever the function returns decides the types, so every row passes through it before the first is worked on.
    """
    kind, records = spooled(_made(dataframe, function, choices, failures))
    remembered(kind, dataframe.schema)
    found, nulls = paths(kind)
    return frame(spark, kind, records), found, frozenset(nulls)


def _made(
    dataframe: Any, function: Callable[[Any], Any], choices: Choices, failures: Failures
) -> Iterator[dict[str, Any]]:
    seen = 0
    for row in dataframe.toLocalIterator():
        record, seen = record_of(row, choices), seen + 1
        try:
            made = function(record)
        except Exception as error:  # noqa: BLE001 - the script's own function may raise anything
            failures.add(record_of(row, choices), error)
            continue
        if not isinstance(made, Mapping):
            raise TypeError(f"The function of a map must return a record (a dictionary), not {type(made).__name__}.")
        yield dict(made)
    failures.tell(failures.info or "map", seen)
