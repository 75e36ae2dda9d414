"""What a client has prepared and opened: statements under names, and portals that give their rows in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from runyard.sql.errors import SqlError
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.wire.copying import Form
from runyard.sql.wire.failures import DUPLICATE_CURSOR, DUPLICATE_STATEMENT, INVALID_CURSOR, INVALID_STATEMENT

MOST_KEPT = 10_000  # statements and portals of one client


class Runnable(Protocol):
    """A statement that is understood, whoever carries it out."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The type of each bind."""
        ...

    @property
    def headings(self) -> tuple[Heading, ...] | None:
        """Its columns; None: it gives no rows."""
        ...

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Run it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Command:
    """A statement that the wire carries out by itself."""

    work: Callable[[Sequence[Value]], Result]
    headings: tuple[Heading, ...] | None = None
    parameters: tuple[str, ...] = ()

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Carry it out."""
        return self.work(arguments)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A statement, and what the wire has to know of it."""

    runnable: Runnable
    form: Form | None = None  # of COPY … TO STDOUT
    ends_failure: bool = False  # it may run in a transaction that failed
    is_empty: bool = False
    changes: bool = False  # it is refused where only reading is allowed


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement under a name, with the types of its parameters."""

    understood: Understood
    oids: tuple[int, ...]


NO_ROWS: Iterator[Row] = iter(())


@dataclass(kw_only=True, slots=True)
class Portal:
    """A statement with its arguments, which gives its rows in parts."""

    understood: Understood
    arguments: Sequence[Value] = ()
    formats: tuple[int, ...] = ()
    is_held: bool = False  # it outlives its transaction, as WITH HOLD has it
    result: Result | None = None
    rows: Iterator[Row] = NO_ROWS
    is_through: bool = False

    def open(self, run: Callable[[Understood, Sequence[Value]], Result]) -> Result:
        """Begin, unless that was done."""
        if self.result is None:
            self.result = run(self.understood, self.arguments)
            self.rows = iter(self.result.rows)
        return self.result

    def take(self, count: int) -> list[Row]:
        """The next rows, at most so many."""
        rows = list(islice(self.rows, count))
        self.is_through = len(rows) < count
        return rows

    def close(self) -> None:
        """Give back what its rows hold."""
        if not self.is_through:
            close: Any = getattr(self.rows, "close", None)
            if close is not None:
                close()


class Shelf:
    """The statements and portals of one client."""

    def __init__(self) -> None:
        self._statements: dict[str, Statement] = {}
        self._portals: dict[str, Portal] = {}

    def keep(self, name: str, statement: Statement) -> None:
        """Keep a statement; the one without a name is replaced, others never."""
        if name and name in self._statements:
            raise SqlError(DUPLICATE_STATEMENT, f'prepared statement "{name}" already exists')
        self._refuse_too_many(self._statements)
        self._statements[name] = statement

    def statement(self, name: str) -> Statement:
        """The statement of a name."""
        if name not in self._statements:
            raise SqlError(INVALID_STATEMENT, f'prepared statement "{name}" does not exist')
        return self._statements[name]

    def forget_statement(self, name: str | None) -> None:
        """Forget a statement, or all."""
        if name is None:
            self._statements.clear()
        else:
            self._statements.pop(name, None)

    def open(self, name: str, portal: Portal) -> None:
        """Keep a portal; the one without a name is replaced, others never."""
        if name and name in self._portals:
            raise SqlError(DUPLICATE_CURSOR, f'cursor "{name}" already exists')
        self._refuse_too_many(self._portals)
        self.close(name)
        self._portals[name] = portal

    def portal(self, name: str) -> Portal:
        """The portal of a name."""
        if name not in self._portals:
            raise SqlError(INVALID_CURSOR, f'portal "{name}" does not exist')
        return self._portals[name]

    def close(self, name: str) -> None:
        """Close a portal, if it is there."""
        portal = self._portals.pop(name, None)
        if portal is not None:
            portal.close()

    def close_all(self, *, also_held: bool = False) -> None:
        """Close the portals of a transaction that has ended."""
        if self._portals:
            for name in [name for name, one in self._portals.items() if also_held or not one.is_held]:
                self.close(name)

    def _refuse_too_many(self, kept: dict[str, Any]) -> None:
        if len(kept) >= MOST_KEPT:
            raise SqlError("54000", f"More than {MOST_KEPT} statements or cursors are open here; close some.")
