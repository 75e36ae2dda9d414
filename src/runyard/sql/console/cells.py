"""Rows as the console's pages get them: JSON that JavaScript reads without loss, long texts cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.sql.results import Heading, Row, Value

LONGEST = 400  # characters of a value in a list of rows; the whole is asked for by itself
SAFE = 2**53  # from where on JavaScript's numbers have gaps


def shown(headings: Sequence[Heading], rows: Sequence[Row], *, longest: int | None = LONGEST) -> list[list[Any]]:
    """Return rows of values: numbers, booleans, texts, null, and {"cut", "length"} for the beginning of a long text."""
    readers = [READERS.get(heading.type, _plain) for heading in headings]
    return [[_cut(read(value), longest) for read, value in zip(readers, row, strict=True)] for row in rows]


def _plain(value: Value) -> Any:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= SAFE:
        return str(value)
    return value


def _truth(value: Value) -> Any:
    return bool(value) if isinstance(value, int) else _plain(value)


READERS: Mapping[str, Callable[[Value], Any]] = {"boolean": _truth}


def _cut(value: Any, longest: int | None) -> Any:
    if longest is None or not isinstance(value, str) or len(value) <= longest:
        return value
    return {"cut": value[:longest], "length": len(value)}
