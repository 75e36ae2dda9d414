"""A conversation in SQL: statements are prepared and run one after the other, as one user in one workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runyard.sql.results import Heading, Result, Value
from runyard.sql.statements import Statement


class Prepared(Protocol):
    """A statement that is understood: it may be run any number of times."""

    @property
    def statement(self) -> Statement:
        """What it is."""
        ...

    @property
    def parameters(self) -> tuple[str, ...]:
        """The type of each bind, as in results.TYPES."""
        ...

    @property
    def headings(self) -> tuple[Heading, ...] | None:
        """Its columns; None: it gives no rows."""
        ...

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Run it; what is wrong is raised as SqlError, at once or while the rows come."""
        ...


class Session(Protocol):
    """What the command line, the shell and the PostgreSQL wire stand on. One thread at a time, except `interrupt`."""

    def prepare(self, text: str) -> Prepared:
        """Understand one statement; many of one text cost little."""
        ...

    def interrupt(self) -> None:
        """End what runs now, from another thread: it raises SqlError(CANCELLED)."""
        ...

    @property
    def transaction(self) -> str:
        """Where it stands: I (none), T (in one) or E (in one that failed), as ReadyForQuery has it."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...
