"""JSON read with AWS's options: all of it is looked at first, so that a field of two types is a choice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .declared import declared
from .flags import flag
from .opening import alike, opened_text
from .places import Part, with_values
from .reading import Found, together
from .records import Kind, paths, without_choices
from .schemas import struct_of
from .staging import frame

STEP = re.compile(r"\.\.|\.(\*)|\.([^.\[\]]+)|\[(\*|\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]|(.)")
ALL = "*"


def read(spark_session: Any, parts: list[Part], options: Mapping[str, Any], types: Mapping[str, str]) -> Found:
    """Return what JSON holds."""
    if options.get("withSchema"):
        return declared(spark_session, parts, options, types, lambda files: records(files, options))
    kind = Kind()
    for part in parts:
        for record in records(part.files, options):
            kind.see(record)
    choices, nulls = paths(kind)
    is_plain = _is_by_line(options) and without_choices(kind) and kind.fields and not options.get("compressionType")
    made = []
    for part in parts:
        if is_plain:  # the engine reads what has one type each by itself
            found = together([spark_session.read.schema(struct_of(kind)).json(files) for files in alike(part.files)])
        else:
            found = frame(spark_session, kind, records(part.files, options))
        made.append(with_values(found, part, types))
    return Found(dataframe=together(made), choices=choices, nulls=frozenset(nulls))


def _is_by_line(options: Mapping[str, Any]) -> bool:
    return not (flag(options, "multiLine") or flag(options, "multiline") or options.get("jsonPath"))


def records(files: Sequence[str], options: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the records of files."""
    values = _lines if _is_by_line(options) else _values
    steps = steps_of(str(options.get("jsonPath") or "$"))
    for name in files:
        with opened_text(name, options) as file:
            for number, value in enumerate(values(file, name), start=1):
                for record in at(value, steps):
                    if not isinstance(record, dict):
                        raise TypeError(f"{name}: value {number} is no JSON object but {type(record).__name__}.")
                    yield record


def _lines(file: Any, name: str) -> Iterator[Any]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                advice = "If a record has several lines, set format_options={'multiLine': True}."
                raise ValueError(f"{name}, line {number}, is no JSON: {error}. {advice}") from error


def _values(file: Any, name: str) -> Iterator[Any]:
    """Yield the values of a file, however many lines each has."""
    text, decoder = file.read(), json.JSONDecoder()
    place = _next(text, 0)
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError as error:
            raise ValueError(f"{name} is no JSON: {error}.") from error
        yield value
        place = _next(text, place)


def _next(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def steps_of(path: str) -> list[str | int]:
    """Return the steps of a JsonPath like `$.a['b'][*][0]`."""
    steps: list[str | int] = []
    for found in STEP.finditer(path.removeprefix("$")):
        star, plain, bracket, single, double, odd = found.groups()
        if odd or found.group() == "..":
            raise ValueError(
                f"jsonPath {path!r} is not understood at {found.group()!r}; say $.a, ['a'], [*], [0] or .*."
            )
        if bracket is not None and bracket != ALL:
            steps.append(int(bracket))
        else:
            steps.append(next(one for one in (star, plain, bracket, single, double) if one is not None))
    return steps


def at(value: Any, steps: Sequence[str | int]) -> Iterator[Any]:
    """Yield the records at a path; the elements of an array are records by themselves."""
    found = [] if value is None else [value]
    for step in steps:
        found = [each for one in found for each in _below(one, step)]
    for one in found:
        yield from one if isinstance(one, list) else [one]


def _below(value: Any, step: str | int) -> list[Any]:
    if step == ALL:
        below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    elif isinstance(step, int):
        below = value[step : step + 1] if isinstance(value, list) else []
    else:
        below = [value.get(step)] if isinstance(value, dict) else []
    return [one for one in below if one is not None]
