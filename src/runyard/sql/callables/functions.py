"""The functions that statements may call beside SQLite's own: StackQL's, PostgreSQL's and Databricks'."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import apsw

from runyard.sql.callables import arrays, moments, patterns
from runyard.sql.errors import INVALID_PARAMETER, INVALID_TEXT, SqlError
from runyard.sql.results import Value

SERVER_VERSION = "15.0"  # older clients than the server warn, newer ones do not
VERSION = f"PostgreSQL {SERVER_VERSION} (runyard)"


def register(connection: apsw.Connection, *, user: str = "admin", database: str = "default") -> None:
    """Give a connection the functions; NULL in is NULL out, and what is wrong is raised as SqlError."""
    for name, (function, counts) in FUNCTIONS.items():
        for count in counts:
            connection.create_scalar_function(name, function, count, deterministic=name not in CHANGING)
    told = {
        "current_user": user,
        "session_user": user,
        "current_role": user,
        "current_database": database,
        "current_catalog": database,
        "current_schema": "public",
        "version": VERSION,
    }
    for name, value in told.items():
        connection.create_scalar_function(name, _constant(value), 0, deterministic=True)


def _constant(value: str) -> Callable[..., str]:
    return lambda: value


def split_part(text: Value, delimiter: Value, number: Value) -> str | None:
    """The part of a text between delimiters, counted from 1, or with a negative number from the end."""
    if text is None or delimiter is None or number is None:
        return None
    at = _whole(number, "split_part")
    if at == 0:
        raise SqlError(INVALID_PARAMETER, "split_part counts parts from 1, or from -1 at the end; 0 is no part.")
    parts = str(text).split(str(delimiter)) if str(delimiter) else [str(text)]
    at = at - 1 if at > 0 else at + len(parts)
    return parts[at] if 0 <= at < len(parts) else ""


def json_equal(one: Value, other: Value) -> bool | None:
    """Whether two documents say the same, whatever the order of their members and how they are written."""
    if one is None or other is None:
        return None
    return bool(_same(_document(one, "json_equal"), _document(other, "json_equal")))


def aws_policy_equal(one: Value, other: Value) -> bool | None:
    """Whether two policies of AWS say the same: a list of one is the one, and lists have no order."""
    if one is None or other is None:
        return None
    return bool(_policy(_document(one, "aws_policy_equal")) == _policy(_document(other, "aws_policy_equal")))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _policy(value: Any) -> Any:
    """A form that is equal where policies are."""
    if isinstance(value, dict):
        return ("members", tuple(sorted((name, _policy(inner)) for name, inner in value.items())))
    if isinstance(value, list):
        found = sorted({json.dumps(_policy(inner)): _policy(inner) for inner in value}.items())
        return found[0][1] if len(found) == 1 else ("list", tuple(key for key, _ in found))
    return ("value", json.dumps(value))


def _document(text: Value, function: str) -> Any:
    try:
        return json.loads(text if isinstance(text, str | bytes) else str(text))
    except (ValueError, RecursionError) as error:
        raise SqlError(INVALID_TEXT, f"{function} compares JSON, and {str(text)[:120]!r} is none: {error}.") from error


def _whole(value: Value, function: str) -> int:
    try:
        return int(value)  # type: ignore[arg-type]  # NULL has been answered before
    except (TypeError, ValueError) as error:
        raise SqlError(INVALID_PARAMETER, f"{function} takes a whole number, and {value!r} is none.") from error


def _padded(side: Callable[[str, int, str], str]) -> Callable[..., str | None]:
    def pad(text: Value, length: Value, filling: Value = " ") -> str | None:
        if text is None or length is None or filling is None:
            return None
        wanted = min(max(_whole(length, "lpad and rpad"), 0), LONGEST_PADDED)
        return side(str(text)[:wanted], wanted, str(filling))

    return pad


def _filling(text: str, wanted: int, filling: str) -> str:
    missing = wanted - len(text)
    return (filling * (missing // len(filling) + 1))[:missing] if filling and missing > 0 else ""


LONGEST_PADDED = 1 << 20


def _starts(text: Value, start: Value) -> bool | None:
    return None if text is None or start is None else str(text).startswith(str(start))


def _ends(text: Value, end: Value) -> bool | None:
    return None if text is None or end is None else str(text).endswith(str(end))


def _has(text: Value, part: Value) -> bool | None:
    return None if text is None or part is None else str(part) in str(text)


def _quotient(one: Value, other: Value) -> float | None:
    if one is None or other is None:
        return None
    try:
        return float(one) / float(other)
    except ZeroDivisionError:
        return None
    except ValueError as error:
        raise SqlError(
            INVALID_PARAMETER, f"try_divide divides numbers, and of {one!r} and {other!r} one is none."
        ) from error


def as_boolean(value: Value) -> bool | None:
    """A number or a word of PostgreSQL's for true and false."""
    if value is None or isinstance(value, int | float):
        return None if value is None else bool(value)
    word = str(value).strip().lower()
    if word not in BOOLEANS:
        raise SqlError(INVALID_TEXT, f"{value!r} is no boolean; write true or false.")
    return BOOLEANS[word]


BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}


def _members(text: Value) -> int | None:
    if text is None:
        return None
    found = _document(text, "size")
    return len(found) if isinstance(found, list | dict) else None


Row = tuple[Callable[..., Any], tuple[int, ...]]
FUNCTIONS: Mapping[str, Row] = {
    "split_part": (split_part, (3,)),
    "regexp": (patterns.regexp, (2,)),
    "regexp_like": (patterns.regexp_like, (2, 3)),
    "regexp_substr": (patterns.regexp_substr, (2, 3)),
    "regexp_extract": (patterns.regexp_extract, (2, 3)),
    "regexp_count": (patterns.regexp_count, (2, 3)),
    "regexp_replace": (patterns.regexp_replace, (3, 4)),
    "json_equal": (json_equal, (2,)),
    "aws_policy_equal": (aws_policy_equal, (2,)),
    "lpad": (_padded(lambda text, wanted, filling: _filling(text, wanted, filling) + text), (2, 3)),
    "rpad": (_padded(lambda text, wanted, filling: text + _filling(text, wanted, filling)), (2, 3)),
    "startswith": (_starts, (2,)),
    "starts_with": (_starts, (2,)),
    "endswith": (_ends, (2,)),
    "contains": (_has, (2,)),
    "try_divide": (_quotient, (2,)),
    "size": (_members, (1,)),
    "as_boolean": (as_boolean, (1,)),
    "array_items": (arrays.listed, (2,)),
    **moments.FUNCTIONS,
}
"""Each with the counts of arguments that it takes."""
CHANGING = moments.CHANGING
"""Functions whose answer is another at another time."""
TYPES: Mapping[str, str] = {
    **dict.fromkeys(
        ("regexp", "regexp_like", "json_equal", "aws_policy_equal", "startswith", "starts_with"), "boolean"
    ),
    **dict.fromkeys(("endswith", "contains", "as_boolean"), "boolean"),
    **dict.fromkeys(("regexp_count", "size"), "bigint"),
    "try_divide": "double",
    "array_items": "json",
    **moments.TYPES,
}
"""What a function gives, as in results.TYPES, where it is no text."""
