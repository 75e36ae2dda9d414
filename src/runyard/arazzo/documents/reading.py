"""YAML 1.2 and JSON as plain data, within limits that keep a hostile text from hanging or filling the machine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runyard.arazzo.documents.places import Path, Place, json_places, repeated_json_key
from runyard.core.errors import InvalidRequest

LARGEST_TEXT = 32 * 1024 * 1024
DEEPEST = 100
"""More than any document nests, far less than the interpreter's own limit: readers of the data recurse."""


class Unreadable(InvalidRequest):
    """The text is no YAML or JSON that we take; the place says where."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(f"Line {place.line}, column {place.column}: {reason}")
        self.reason = reason
        self.place = place


def read(text: str) -> Any:
    """Return the text's data: mappings with text as keys, lists, texts, numbers, booleans and null."""
    if len(text) > LARGEST_TEXT:
        raise Unreadable(f"The text is longer than {LARGEST_TEXT:,} characters.", Place())
    text = text.removeprefix("\ufeff")
    try:
        return _json(text)
    except json.JSONDecodeError:
        from runyard.arazzo.documents.yaml_reading import build  # noqa: PLC0415 - a JSON document needs no YAML parser

        return build(text)


def places(text: str) -> Mapping[Path, Place]:
    """Where each node of a readable text stands: worked out only when there is something to tell of it."""
    text = text.removeprefix("\ufeff")
    try:
        _json(text)
    except json.JSONDecodeError:
        from runyard.arazzo.documents.yaml_reading import build  # noqa: PLC0415 - as above

        found: dict[Path, Place] = {}
        build(text, found=found)
        return found
    return json_places(text)


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        raise json.JSONDecodeError("Not JSON", text[:1], 0)
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except _Repeated:
        key, place = repeated_json_key(text) or ("", Place())
        raise Unreadable(f"The key {key!r} stands twice in one object.", place) from None
    except RecursionError:
        raise Unreadable(f"The text nests deeper than {DEEPEST} levels.", Place()) from None
    if is_deep(data):
        raise Unreadable(f"The text nests deeper than {DEEPEST} levels.", Place())
    return data


class _Repeated(Exception):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Repeated
    return members


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} is not JSON.", Place())


def is_deep(data: Any) -> bool:
    """Whether the data nests deeper than its readers are willing to go."""
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), lambda text: float(text.replace(".", "", 1))),
)
_NOT_TEXT = frozenset("-+.0123456789~nNtTfF")


def plain(text: str) -> Any:
    """A scalar without quotes by the core schema of YAML 1.2: `yes`, `1_000` and `2026-11-01` are texts."""
    if text and text[0] not in _NOT_TEXT:
        return text
    if _NULL.fullmatch(text):
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    for form, value in _NUMBERS:
        if form.fullmatch(text):
            return value(text)
    return text
