"""The part of the ledger that keeps what sessions run."""

from __future__ import annotations

from runyard.core.statement import Statement
from runyard.store.records import STATEMENT
from runyard.store.rows import Rows


class Statements(Rows):
    """The statements of a session; they go with its run."""

    def statement(self, run_id: int, number: int) -> Statement | None:
        """Return a statement, held against other writers."""
        return self._one(STATEMENT, "statement", run_id=run_id, number=number)

    def statements(self, run_id: int, *, after: int, limit: int) -> list[Statement]:
        """Return the statements behind one, oldest first."""
        return self._all(STATEMENT, "statements_of_run", run_id=run_id, after=after, limit=limit)

    def last_statement(self, run_id: int) -> Statement | None:
        """Return the newest statement."""
        return self._one(STATEMENT, "last_statement", run_id=run_id)

    def next_statement(self, run_id: int) -> Statement | None:
        """Return the oldest statement that is not over, held against other writers."""
        return self._one(STATEMENT, "next_statement", run_id=run_id)

    def add_statement(self, statement: Statement) -> None:
        """Add a statement."""
        self._cursor.run("add_statement", STATEMENT.values(statement))

    def save_statement(self, statement: Statement) -> None:
        """Write what may change of a statement that is held."""
        self._cursor.run("save_statement", STATEMENT.changing_values(statement))
