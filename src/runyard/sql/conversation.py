"""A conversation in SQL over the ledger and the services it knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw

from runyard.client.connections import Connections
from runyard.sql.binds import bound
from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.local.reading import Ledger
from runyard.sql.parsing import parse
from runyard.sql.planning import Plan, Surroundings, plan
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.statements import Select, Statement


class Conversation:
    """One user's session in one workspace."""

    def __init__(self, *, ledger: Ledger, around: Surroundings, connections: Connections, workspace: int) -> None:
        self.ledger = ledger
        self.around = around
        self.connections = connections
        self.workspace = workspace
        self.url = connections.here.url if connections.here is not None else ""
        self._at_work: apsw.Connection | None = None

    def prepare(self, text: str) -> PreparedSelect:
        """Understand one statement."""
        statement = parse(text)
        if isinstance(statement, Select):
            return PreparedSelect(statement=statement, plan=plan(statement.tree, self.around), conversation=self)
        raise SqlError(NOT_SUPPORTED, f"{type(statement).__name__} is not understood yet.")

    def interrupt(self) -> None:
        """End what runs now."""
        at_work = self._at_work
        if at_work is not None:
            at_work.interrupt()

    @property
    def transaction(self) -> str:
        """Where it stands."""
        return "I"

    def close(self) -> None:
        """Give back what it holds."""

    def rows(self, asked: Plan, arguments: Sequence[Value]) -> Iterator[Row]:
        """Run a plan, row by row."""
        values = {**bound(asked.names, arguments), "workspace": self.workspace, "url": self.url}
        with self.ledger.borrow() as connection:
            self._at_work = connection
            try:
                yield from connection.execute(asked.sql, values)
            finally:
                self._at_work = None


@dataclass(frozen=True, kw_only=True)
class PreparedSelect:
    """A query that is planned."""

    statement: Statement
    plan: Plan
    conversation: Conversation

    @property
    def parameters(self) -> tuple[str, ...]:
        """The types of its binds."""
        return self.plan.parameters

    @property
    def headings(self) -> tuple[Heading, ...] | None:
        """Its columns."""
        return self.plan.headings

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Run it."""
        rows = self.conversation.rows(self.plan, arguments)
        return Result(headings=self.plan.headings, rows=rows, tag=lambda count: f"SELECT {count}")
