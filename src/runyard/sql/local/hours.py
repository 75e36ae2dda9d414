"""The hours of the clock that a length of time lies in, as a function that gives rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw
import apsw.ext

HOURS = "runyard_hours"
HOUR_MS = 3_600_000
MOST = 100_000  # hours of one run: eleven years


def hours(start_ms: int | None = None, end_ms: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield where each hour of a span begins and ends, cut where the span does."""
    if start_ms is None or end_ms is None:
        return
    at, count = int(start_ms), 0
    while at < int(end_ms) and count < MOST:
        until = min((at // HOUR_MS + 1) * HOUR_MS, int(end_ms))
        yield at, until
        at, count = until, count + 1


def register(connection: apsw.Connection) -> None:
    """Give a connection the function."""
    module: Any = hours
    module.columns = ("start", "stop")  # how apsw is told
    module.column_access = apsw.ext.VTColumnAccess.By_Index
    apsw.ext.make_virtual_module(connection, HOURS, module)
