"""Fields whose texts are themselves JSON, CSV or XML, made what the texts say."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import fromstring

from .flags import flag
from .xml_files import Shape, typed

Options = Mapping[str, Any]


def parser_of(format: str, options: Options) -> Callable[[str], Any]:
    """Return what makes a value of a text."""
    if format not in PARSERS:
        known = ", ".join(PARSERS)
        raise NotImplementedError(f"unbox of the format {format!r} is not there in this awsglue; there are {known}.")
    return PARSERS[format](options)


def unboxed(path: list[str], parse: Callable[[str], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the function of a record that puts in the place of a text what it says."""

    def change(record: dict[str, Any]) -> dict[str, Any]:
        *above, last = path
        place: Any = record
        for step in above:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict) and isinstance(place.get(last), str):
            place[last] = parse(place[last])
        return record

    return change


def _json(_: Options) -> Callable[[str], Any]:
    return json.loads


def _csv(options: Options) -> Callable[[str], Any]:
    """Return a parser of lines, of which the first is read; its fields are called col0, col1 … or as `schema` says."""
    separator, quote = str(options.get("separator", ",")), str(options.get("quoteChar", '"'))
    names = [str(getattr(one, "name", one)) for one in options.get("schema") or ()]

    def parse(text: str) -> dict[str, str]:
        reader = csv.reader(io.StringIO(text), delimiter=separator, quotechar=None if quote == "-1" else quote)
        row = next(reader, [])
        called = next(reader, []) if flag(options, "withHeader") else []
        given, values = (row, called) if called else (names, row)
        return {given[place] if place < len(given) else f"col{place}": value for place, value in enumerate(values)}

    return parse


def _xml(options: Options) -> Callable[[str], Any]:
    shape = Shape(options)
    return lambda text: typed(shape.record(fromstring(text)))  # noqa: S314 - see xml_files


PARSERS: Mapping[str, Callable[[Options], Callable[[str], Any]]] = {"json": _json, "csv": _csv, "xml": _xml}
