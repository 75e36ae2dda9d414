"""Values of results as texts and as JSON, by the types of their columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from runyard.sql.results import Heading, Row, Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NULL = "null"
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True)
class Style:
    """How results are written."""

    headers: bool = True
    delimiter: str = ","
    strings: bool = False  # as StackQL: every value a text, NULL the text null
    on_terminal: bool = False
    width: int = 0  # of the terminal


def plain(value: Value) -> str:
    """A value as a text, whatever column it stands in."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def moment(value: Value) -> str:
    """Milliseconds as ISO 8601 in UTC."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    try:
        return (EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError):
        return plain(value)


def truth(value: Value) -> str:
    """True or false, which SQLite says as 1 and 0."""
    return ("true" if value else "false") if isinstance(value, int) else plain(value)


TEXTS: Mapping[str, Callable[[Value], str]] = {"timestamp": moment, "boolean": truth}


def texts(headings: Sequence[Heading], *, null: str) -> Callable[[Row], list[str]]:
    """Return what makes a row of texts of a row."""
    writers = [TEXTS.get(heading.type, plain) for heading in headings]
    return lambda row: [null if value is None else write(value) for write, value in zip(writers, row, strict=True)]


def visible(text: str) -> str:
    """A text whose control characters do nothing to a terminal."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _document(value: Value) -> Any:
    if isinstance(value, str | bytes):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return plain(value)
    return value


def _as_is(value: Value) -> Any:
    return value.hex() if isinstance(value, bytes) else value


JSONS: Mapping[str, Callable[[Value], Any]] = {
    "timestamp": moment,
    "boolean": lambda value: bool(value) if isinstance(value, int) else _as_is(value),
    "json": _document,
}


def documents(headings: Sequence[Heading], *, strings: bool) -> Callable[[Row], bytes]:
    """Return what makes JSON of a row; of columns alike in name the last one counts, as in any object."""
    names = [heading.name for heading in headings]
    if strings:
        write = texts(headings, null=NULL)
        return lambda row: msgspec.json.encode(dict(zip(names, write(row), strict=True)))
    writers = [JSONS.get(heading.type, _as_is) for heading in headings]

    def one(row: Row) -> bytes:
        values = (None if value is None else write(value) for write, value in zip(writers, row, strict=True))
        return msgspec.json.encode(dict(zip(names, values, strict=True)))

    return one
