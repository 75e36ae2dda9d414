"""What understands the statements of one client: the wire itself, the catalog, or the session."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from runyard.sql.errors import IN_FAILED_TRANSACTION, READ_ONLY, SqlError
from runyard.sql.grammar.text import Piece, pieces
from runyard.sql.results import Heading, Result, Value
from runyard.sql.session import Prepared, Session
from runyard.sql.statements import Change, Copy, Delete, Exec, Insert, Select, Statement, Transaction
from runyard.sql.wire.commands import command_of
from runyard.sql.wire.copying import form_of
from runyard.sql.wire.parameters import Parameters
from runyard.sql.wire.portals import Command, Runnable, Shelf, Understood

MOST_REMEMBERED = 200  # texts of a client whose way is known
CHANGING = (Exec, Insert, Change, Delete)
BEGINS = re.compile(r"(?:BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
READS_ONLY = re.compile(r"\bREAD\s+ONLY\b", re.IGNORECASE)
EMPTY = Understood(runnable=Command(work=lambda _: Result(tag=lambda _: "")), is_empty=True, ends_failure=True)


class PgCatalog(Protocol):
    """What answers questions about tables and types, as PostgreSQL's clients ask them."""

    def understand(self, text: str) -> Runnable | None:
        """Understand such a question; None if it is none."""
        ...

    def interrupt(self) -> None:
        """End what runs now, from another thread."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Interpreter:
    """One client's way to what answers it. The session is opened by the first statement that needs it."""

    def __init__(
        self, *, parameters: Parameters, open_session: Callable[[], Session], catalog: PgCatalog, shelf: Shelf
    ) -> None:
        self.parameters = parameters
        self.shelf = shelf
        self._open_session = open_session
        self._session: Session | None = None
        self._catalog = catalog
        self._has_failed = False
        self._of_sessions: dict[str, Understood] = {}  # what the session understood of late, by its text

    @property
    def transaction(self) -> str:
        """Where it stands: I, T or E."""
        state = self._session.transaction if self._session is not None else "I"
        return "E" if state == "T" and self._has_failed else state

    def known(self, text: str) -> Understood | None:
        """The one statement that a text is, if the session understood it of late."""
        known = self._of_sessions.get(text)
        return None if known is None else self._of_session(text, known)

    def split(self, text: str) -> list[Piece]:
        """The statements of a text."""
        return pieces(text)

    def understand(self, text: str) -> Understood:
        """Understand one statement."""
        known = self.known(text)
        if known is not None:
            return known
        if not pieces(text):
            return EMPTY
        command = command_of(text, self)
        if command is not None:
            return Understood(runnable=command)
        runnable = self._catalog.understand(text)
        if runnable is not None:
            return Understood(runnable=runnable)
        understood = self._of_session(text)
        if ";" not in text:
            self._remember(text, understood)
        return understood

    def run(self, understood: Understood, arguments: Sequence[Value]) -> Result:
        """Run a statement, unless the transaction it stands in has failed."""
        if self.transaction == "E" and not understood.ends_failure:
            text = "current transaction is aborted, commands ignored until end of transaction block"
            raise SqlError(IN_FAILED_TRANSACTION, text)
        if understood.changes and self._only_reads():
            raise SqlError(READ_ONLY, "cannot change anything in a read-only transaction")
        return understood.runnable.run(arguments)

    def reset_all(self) -> None:
        """Have all settings as at the beginning."""
        self.parameters.reset_all()
        if self._session is not None:
            _drained(self._session.prepare("RESET ALL").run(), "RESET")

    def failed(self) -> None:
        """Take note of an error: in a transaction nothing goes on behind it."""
        self._has_failed = self._session is not None and self._session.transaction != "I"

    def interrupt(self) -> None:
        """End what runs now, from another thread."""
        if self._session is not None:
            self._session.interrupt()
        self._catalog.interrupt()

    def close(self) -> None:
        """Give back everything."""
        self.shelf.close_all(also_held=True)
        if self._session is not None:
            self._session.close()
        self._catalog.close()

    def _of_session(self, text: str, known: Understood | None = None) -> Understood:
        prepared = (self._session or self._needed()).prepare(text)
        if known is not None and known.runnable is prepared:
            return known
        statement = prepared.statement
        if isinstance(statement, Transaction):
            return self._bound(text, prepared, statement)
        form = form_of(statement.options) if isinstance(statement, Copy) else None
        return Understood(runnable=prepared, form=form, changes=_changes(statement))

    def _remember(self, text: str, understood: Understood) -> None:
        if len(self._of_sessions) >= MOST_REMEMBERED:
            self._of_sessions.pop(next(iter(self._of_sessions)))
        self._of_sessions[text] = understood

    def _bound(self, text: str, prepared: Prepared, statement: Transaction) -> Understood:
        """A bound of a transaction, with what PostgreSQL does where it does not fit."""
        work = BOUNDS.get(statement.verb)

        def run(arguments: Sequence[Value]) -> Result:
            if work is None:
                return prepared.run(arguments)
            return work(self, text, prepared)

        ends = statement.verb in {"commit", "rollback", "rollback_to"}
        return Understood(runnable=Command(work=run), ends_failure=ends)

    def begin(self, text: str, prepared: Prepared) -> Result:
        """BEGIN."""
        if self.transaction != "I":
            return _warned("BEGIN", "there is already a transaction in progress")
        result = prepared.run()
        if READS_ONLY.search(text):
            self.parameters.set("transaction_read_only", "on", is_local=True)
        return _in_silence(_drained(result, "BEGIN"))

    def commit(self, _: str, prepared: Prepared) -> Result:
        """COMMIT; a transaction that has failed is rolled back."""
        if self.transaction == "E":
            prepared = self._needed().prepare("ROLLBACK")
            return self._end(prepared, "ROLLBACK")
        return self._end(prepared, "COMMIT")

    def rollback(self, _: str, prepared: Prepared) -> Result:
        """ROLLBACK."""
        return self._end(prepared, "ROLLBACK", is_silent=True)

    def rollback_to(self, _: str, prepared: Prepared) -> Result:
        """ROLLBACK TO x, behind which the transaction goes on."""
        result = _drained(prepared.run(), "ROLLBACK")
        self._has_failed = False
        return result

    def _end(self, prepared: Prepared, tag: str, *, is_silent: bool = False) -> Result:
        if self.transaction == "I":
            return _warned(tag, "there is no transaction in progress")
        try:
            result = _drained(prepared.run(), tag)
            return _in_silence(result) if is_silent else result
        finally:
            if self._needed().transaction == "I":
                self._has_failed = False
                self.parameters.end_transaction()

    def _needed(self) -> Session:
        if self._session is None:
            self._session = self._open_session()
        return self._session

    def _only_reads(self) -> bool:
        return "on" in {
            self.parameters.get("transaction_read_only"),
            self.parameters.get("default_transaction_read_only"),
        }


BOUNDS = {
    "begin": Interpreter.begin,
    "commit": Interpreter.commit,
    "rollback": Interpreter.rollback,
    "rollback_to": Interpreter.rollback_to,
}
"""What is done at the bounds of a transaction."""


def _warned(tag: str, text: str) -> Result:
    return Result(tag=lambda _: tag, notices=[text])


def _in_silence(result: Result) -> Result:
    """The result without what StackQL says at each bound: drivers set bounds all the time, and log what is said."""
    return replace(result, notices=[])


def _drained(result: Result, tag: str) -> Result:
    """The result of what gives no rows: done when this returns."""
    for _ in result.rows:
        pass
    return Result(tag=lambda _: tag, notices=result.notices)


def _changes(statement: Statement) -> bool:
    return isinstance(statement, CHANGING) or (isinstance(statement, Select) and bool(statement.calls))


def headings_of(understood: Understood) -> tuple[Heading, ...]:
    """Its columns, none if it gives no rows."""
    return understood.runnable.headings or ()
