"""Values on their way: from SQL to what a method takes, and from a service's answer to what a column holds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from runyard.sql.catalog import Parameter
from runyard.sql.errors import INVALID_TEXT, SqlError
from runyard.sql.results import Value

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
_FLAGS: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False}
SHOWN = 60  # characters of a value that is refused


class Unfit(Exception):
    """A value is none of a type."""


def argument(parameter: Parameter, value: Any, *, place: str) -> Any:
    """Return a value as a method's parameter takes it; refuse one that is none of its type."""
    try:
        return as_type(parameter.type, value)
    except Unfit:
        told = value if isinstance(value, str) else json.dumps(value, default=str)
        shown = told if len(told) <= SHOWN else told[:SHOWN] + "…"
        raise SqlError(
            INVALID_TEXT, f"{place}: {parameter.name} is {shown!r}, which is no {WORDS[parameter.type]}."
        ) from None


def as_type(kind: str, value: Any) -> Any:
    """Return a value as a parameter of a type takes it; None stays None."""
    return None if value is None else _READERS[kind](value)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise Unfit
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)  # int64 comes in quotes in the JSON of some languages
    raise Unfit


def _number(value: Any) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value) if isinstance(value, str) and not _WHOLE.fullmatch(value) else _integer(value)
    except ValueError:
        raise Unfit from None


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = _FLAGS.get(str(value).strip().lower())
    if found is None:
        raise Unfit
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise Unfit


def _document(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        read = _parsed(value) if isinstance(value, str) else value
        if not isinstance(read, kind):
            raise Unfit
        return read

    return read


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise Unfit from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "int": _integer,
    "number": _number,
    "bool": _flag,
    "string": _text,
    "object": _document(dict),
    "array": _document(list),
}
WORDS: Mapping[str, str] = {
    "int": "whole number",
    "number": "number",
    "bool": "boolean",
    "string": "text",
    "object": "JSON object",
    "array": "JSON array",
}


def cell(kind: str, value: Any) -> Value:
    """Return a member of an answer as a column of a type holds it; what is none of the type stays as it came."""
    if value is None:
        return None
    try:
        return _CELLS[kind](value)
    except (Unfit, ValueError, OverflowError, TypeError):
        return document(value) if isinstance(value, dict | list) else value


def document(value: Any) -> str:
    """Write JSON as SQLite does."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def kind_of(value: Any) -> str:
    """Return the type of column that fits a member of an answer."""
    return _KINDS.get(type(value), "text")


def _moment(value: Any) -> int:
    """Milliseconds since 1970: AWS tells seconds with a fraction, Databricks milliseconds, Dremio a text."""
    if isinstance(value, str):
        read = datetime.fromisoformat(value)
        return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < SECONDS_BELOW):
        return round(value * 1000)
    return _integer(value)


SECONDS_BELOW = 100_000_000_000
"""A whole number below is of seconds: as milliseconds it would be of 1973."""

_CELLS: Mapping[str, Callable[[Any], Value]] = {
    "text": lambda value: document(value) if isinstance(value, dict | list) else _text(value),
    "bigint": _integer,
    "double": lambda value: float(_number(value)),
    "boolean": lambda value: int(_flag(value)),
    "json": document,
    "timestamp": _moment,
    "bytes": lambda value: value.encode() if isinstance(value, str) else value,
}
_KINDS: Mapping[type, str] = {bool: "boolean", int: "bigint", float: "double", dict: "json", list: "json"}
