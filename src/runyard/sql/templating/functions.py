"""The functions of templates: Go's own, and two that make SQL and JSON of any value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus


class Unfit(Exception):
    """A function cannot do this with these values; the message says why."""


VERB = re.compile(r"%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")
LONGEST = 1 << 20  # characters of one value made by printf


def shown(value: Any) -> str:
    """A value as it is written into a text; what has members is written as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def is_true(value: Any) -> bool:
    """Nothing, zero, false and what is empty are not."""
    return bool(value)


def literal(value: Any) -> str:
    """A value as a literal of SQL."""
    if value is None or isinstance(value, bool | int | float):
        return shown(value).upper()
    return "'" + shown(value).replace("'", "''") + "'"


def index(value: Any, *keys: Any) -> Any:
    """What stands at a place of a list or under a name."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(str(key))
        elif isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
            if not 0 <= key < len(value):
                raise Unfit(f"there is no place {key} among {len(value)}")
            value = value[key]
        else:
            raise Unfit(f"{shown(value)[:40]} has nothing at {shown(key)}")
    return value


def part(value: Any, *places: Any) -> Any:
    """The part of a list or text from a place to another."""
    if not isinstance(value, list | str) or not all(isinstance(place, int) for place in places):
        raise Unfit(f"{shown(value)[:40]} cannot be cut there")
    return value[slice(*places)] if len(places) > 1 else value[places[0] :] if places else value


def length(value: Any) -> int:
    """How much is in it."""
    if not isinstance(value, str | list | Mapping):
        raise Unfit(f"{shown(value)[:40]} has no length")
    return len(value)


def is_less(one: Any, other: Any) -> bool:
    """Whether one comes before another of its kind."""
    kinds = (str, (int, float))
    if not any(isinstance(one, kind) and isinstance(other, kind) for kind in kinds):
        raise Unfit(f"{shown(one)[:40]} and {shown(other)[:40]} cannot be compared")
    return bool(one < other)


def all_of(first: Any, *rest: Any) -> Any:
    """The first that is not true, or the last."""
    return next((value for value in (first, *rest) if not is_true(value)), rest[-1] if rest else first)


def one_of(first: Any, *rest: Any) -> Any:
    """The first that is true, or the last."""
    return next((value for value in (first, *rest) if is_true(value)), rest[-1] if rest else first)


def printf(form: Any, *values: Any) -> str:
    """A text made by a form of Go's verbs."""
    rest = list(values)

    def one(found: re.Match[str]) -> str:
        flags, width, digits, verb = found.groups()
        if verb == "%":
            return "%"
        write = VERBS.get(verb)
        if write is None:
            raise Unfit(f"printf has no %{verb}; it has {', '.join('%' + known for known in VERBS)}")
        if not rest:
            raise Unfit(f"printf has no value for {found.group()}")
        if width and int(width) > LONGEST:
            raise Unfit(f"printf writes at most {LONGEST} characters")
        return _aligned(write(rest.pop(0), digits), flags, int(width or 0))

    text = VERB.sub(one, str(form))
    if rest:
        raise Unfit(f"printf has no place for {shown(rest[0])[:40]}")
    return text


def _aligned(text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.rjust(width, "0" if "0" in flags else " ")


def _as_float(value: Any, digits: str | None) -> str:
    if not isinstance(value, int | float):
        raise Unfit(f"%f is for numbers, not {shown(value)[:40]}")
    return f"{value:.{min(int(digits or 6), 100)}f}"


def _as_integer(value: Any, _: str | None) -> str:
    if not isinstance(value, int):
        raise Unfit(f"%d is for whole numbers, not {shown(value)[:40]}")
    return str(int(value))


VERBS: Mapping[str, Callable[[Any, str | None], str]] = {
    "v": lambda value, _: shown(value),
    "s": lambda value, digits: shown(value)[: int(digits) if digits else None],
    "d": _as_integer,
    "f": _as_float,
    "g": lambda value, _: shown(value),
    "t": lambda value, _: shown(is_true(value)),
    "q": lambda value, _: json.dumps(shown(value), ensure_ascii=False),
    "x": lambda value, _: f"{value:x}" if isinstance(value, int) else shown(value).encode().hex(),
}

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": all_of,
    "or": one_of,
    "not": lambda value: not is_true(value),
    "eq": lambda one, *others: any(one == other for other in others),
    "ne": lambda one, other: one != other,
    "lt": is_less,
    "le": lambda one, other: one == other or is_less(one, other),
    "gt": lambda one, other: is_less(other, one),
    "ge": lambda one, other: one == other or is_less(other, one),
    "len": length,
    "index": index,
    "slice": part,
    "print": lambda *values: "".join(map(shown, values)),
    "println": lambda *values: " ".join(map(shown, values)) + "\n",
    "printf": printf,
    "urlquery": lambda *values: quote_plus("".join(map(shown, values))),
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "sql": literal,
}
