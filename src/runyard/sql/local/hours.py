"""The hours of the clock that a length of time lies in, as a function that gives rows: runyard_hours(start, end)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HOURS = "runyard_hours"
HOUR_MS = 3_600_000
MOST = 100_000  # hours of one run: eleven years


def hours(start_ms: Any, end_ms: Any) -> Iterator[tuple[int, int]]:
    """Yield where each hour of a span begins and ends, cut where the span does."""
    if not isinstance(start_ms, int) or not isinstance(end_ms, int):
        return
    at, count = start_ms, 0
    while at < end_ms and count < MOST:
        until = min((at // HOUR_MS + 1) * HOUR_MS, end_ms)
        yield at, until
        at, count = until, count + 1
