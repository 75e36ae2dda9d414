"""The hours of the clock that a length of time lies in, as a function that gives rows: runyard_hours(start, end)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import apsw

HOURS = "runyard_hours"
HOUR_MS = 3_600_000
MOST = 100_000  # hours of one run: eleven years
COLUMNS = ("start", "stop")
SPAN = (2, 3)  # the places of the hidden columns that are the function's arguments


def hours(start_ms: Any, end_ms: Any) -> Iterator[tuple[int, int]]:
    """Yield where each hour of a span begins and ends, cut where the span does."""
    if not isinstance(start_ms, int) or not isinstance(end_ms, int):
        return
    at, count = start_ms, 0
    while at < end_ms and count < MOST:
        until = min((at // HOUR_MS + 1) * HOUR_MS, end_ms)
        yield at, until
        at, count = until, count + 1


def register(connection: apsw.Connection) -> None:
    """Give a connection the function."""
    module: Any = _Module()  # without the methods of tables that are created
    connection.create_module(HOURS, module, use_bestindex_object=True, eponymous_only=True, read_only=True)


class _Module:
    """What SQLite makes a function of; the names of its methods are SQLite's."""

    def Connect(self, *_: Any) -> tuple[str, _Source]:  # noqa: N802 - see above
        return "CREATE TABLE hours (start INTEGER, stop INTEGER, of_start HIDDEN, of_end HIDDEN)", _Source()


class _Source:
    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802 - SQLite's name
        """Wait for both arguments: without them there is nothing to tell."""
        found = 0
        for place in range(info.nConstraint):
            column, operator = info.get_aConstraint_iColumn(place), info.get_aConstraint_op(place)
            if column not in SPAN or operator != apsw.SQLITE_INDEX_CONSTRAINT_EQ:
                continue
            if not info.get_aConstraint_usable(place):
                return False
            info.set_aConstraintUsage_argvIndex(place, SPAN.index(column) + 1)
            info.set_aConstraintUsage_omit(place, True)
            found += 1
        info.estimatedCost, info.estimatedRows = 10.0, 5
        return found == len(SPAN)

    def Open(self) -> _Cursor:  # noqa: N802 - SQLite's name
        return _Cursor()

    def Disconnect(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""

    Destroy = Disconnect


class _Cursor:
    def __init__(self) -> None:
        self._rows: Iterator[tuple[int, int]] = iter(())
        self._row: tuple[int, int] | None = None

    def Filter(self, _: int, __: str | None, values: Sequence[Any] | None) -> None:  # noqa: N802 - SQLite's name
        self._rows = hours(*(values or (None, None)))
        self.Next()

    def Next(self) -> None:  # noqa: N802 - SQLite's name
        self._row = next(self._rows, None)

    def Eof(self) -> bool:  # noqa: N802 - SQLite's name
        return self._row is None

    def Column(self, number: int) -> int | None:  # noqa: N802 - SQLite's name
        return None if self._row is None or number not in range(len(COLUMNS)) else self._row[number]

    def Rowid(self) -> int:  # noqa: N802 - SQLite's name
        return 0 if self._row is None else self._row[0]

    def Close(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""
