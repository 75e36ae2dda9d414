"""The functions that may stand in FROM beside SQLite's own: hours of the clock, and numbers or moments in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from runyard.sql.errors import INVALID_PARAMETER, SqlError
from runyard.sql.local.hours import HOURS, hours

SERIES = "generate_series"


def series(start: Any, stop: Any, step: Any = 1) -> Iterator[tuple[int]]:
    """Yield whole numbers from the first to the last; moments and lengths of time are such numbers."""
    if start is None or stop is None or step is None:
        return
    if not all(isinstance(one, int) for one in (start, stop, step)):
        raise SqlError(INVALID_PARAMETER, f"{SERIES} counts in whole numbers: from {start!r} to {stop!r} by {step!r}.")
    if step == 0:
        raise SqlError(INVALID_PARAMETER, f"{SERIES} never ends with a step of 0.")
    for number in range(start, stop + (1 if step > 0 else -1), step):
        yield (number,)


@dataclass(frozen=True, kw_only=True)
class RowFunction:
    """A function that gives rows."""

    name: str
    columns: tuple[str, ...]
    least: int  # how many arguments it needs
    most: int
    rows: Callable[..., Iterator[tuple[Any, ...]]]


ROW_FUNCTIONS = (
    RowFunction(name=HOURS, columns=("start", "stop"), least=2, most=2, rows=hours),
    RowFunction(name=SERIES, columns=("value",), least=2, most=3, rows=series),
)


def register(connection: apsw.Connection) -> None:
    """Give a connection the functions."""
    for one in ROW_FUNCTIONS:
        module: Any = _Module(one)  # without the methods of tables that are created
        connection.create_module(one.name, module, use_bestindex_object=True, eponymous_only=True, read_only=True)


@dataclass(frozen=True)
class _Module:
    """What SQLite makes a function of; the names of its methods are SQLite's."""

    function: RowFunction

    def Connect(self, *_: Any) -> tuple[str, _Source]:  # noqa: N802 - see above
        hidden = (f"of_{number} HIDDEN" for number in range(self.function.most))
        return f"CREATE TABLE it ({', '.join((*self.function.columns, *hidden))})", _Source(self.function)


@dataclass(frozen=True)
class _Source:
    function: RowFunction

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802 - SQLite's name
        """Wait for the arguments: without them there is nothing to tell."""
        given: dict[int, int] = {}  # the argument's place: the constraint's
        for place in range(info.nConstraint):
            argument = info.get_aConstraint_iColumn(place) - len(self.function.columns)
            if argument < 0 or info.get_aConstraint_op(place) != apsw.SQLITE_INDEX_CONSTRAINT_EQ:
                continue
            if not info.get_aConstraint_usable(place):
                return False
            given[argument] = place
        for argument, place in given.items():
            info.set_aConstraintUsage_argvIndex(place, argument + 1)
            info.set_aConstraintUsage_omit(place, True)
        info.estimatedCost, info.estimatedRows = 10.0, 5
        return len(given) >= self.function.least

    def Open(self) -> _Cursor:  # noqa: N802 - SQLite's name
        return _Cursor(self.function)

    def Disconnect(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""

    Destroy = Disconnect


class _Cursor:
    def __init__(self, function: RowFunction) -> None:
        self._function = function
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self._row: tuple[Any, ...] | None = None
        self._number = 0

    def Filter(self, _: int, __: str | None, values: Sequence[Any] | None) -> None:  # noqa: N802 - SQLite's name
        self._rows = self._function.rows(*(values or (None,) * self._function.least))
        self.Next()

    def Next(self) -> None:  # noqa: N802 - SQLite's name
        self._row = next(self._rows, None)
        self._number += 1

    def Eof(self) -> bool:  # noqa: N802 - SQLite's name
        return self._row is None

    def Column(self, number: int) -> Any:  # noqa: N802 - SQLite's name
        return None if self._row is None or number not in range(len(self._row)) else self._row[number]

    def Rowid(self) -> int:  # noqa: N802 - SQLite's name
        return self._number

    def Close(self) -> None:  # noqa: N802 - SQLite's name
        """Nothing is held."""
