"""The verbs about sessions: runs whose process runs one statement after the other, as they are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.core import statement as rules
from runyard.core.errors import WrongState
from runyard.core.job import Workspace
from runyard.core.run import Run, State
from runyard.core.statement import Phase, Statement
from runyard.engine.events import Changes
from runyard.engine.jobs import found
from runyard.store.ledger import Ledger
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.engine import Engine

T = TypeVar("T")


class Sessions:
    """What the engine does with statements."""

    def __init__(self, engine: Engine, store: Store, changes: Changes, *, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._store = store
        self._changes = changes
        self._clock = clock

    # for those who ask

    def add(self, run: Run, code: str) -> Statement:
        """Record a statement, durably, for the session to run in its turn."""

        def add(ledger: Ledger) -> Statement:
            known = found(ledger.run_anywhere(run.id), "session", run.job_name)
            if known.state is not State.RUNNING:
                raise WrongState(f"The session is {known.phase}; it runs no statement.")
            last = ledger.last_statement(run.id)
            number = last.number + 1 if last else 1
            statement = Statement(run_id=run.id, number=number, code=code, created_at=self._clock())
            ledger.add_statement(statement)
            return statement

        statement = self._store.write(add)
        self._changes.publish([run.id])
        return statement

    def statement(self, run: Run, number: int) -> Statement:
        """Return a statement."""
        return found(self._store.read(lambda ledger: ledger.statement(run.id, number)), "statement", number)

    def page(self, run: Run, *, after: int, limit: int) -> list[Statement]:
        """Return the statements behind one, the oldest first."""
        return self._store.read(lambda ledger: ledger.statements(run.id, after=after, limit=limit))

    def cancel(self, run: Run, number: int) -> Statement:
        """Let a statement not run, or stop running; the session goes on."""
        return self._change(run.id, number, lambda known: rules.cancelled(known, now=self._clock()))

    # for the session's own process

    def take(self, workspace: Workspace, attempt_id: int, *, timeout_s: float) -> Statement | None:
        """Return the next statement once there is one; None when the time is up."""
        run_id = self._run_of(workspace, attempt_id)

        def take(ledger: Ledger) -> Statement | None:
            known = ledger.next_statement(run_id)
            if known is None:
                return None
            statement = rules.taken(known, now=self._clock())
            if statement is not known:
                ledger.save_statement(statement)
            return statement

        def is_there(ledger: Ledger) -> bool:
            return ledger.next_statement(run_id) is not None

        waiting = self._wait(run_id, lambda: self._store.read(is_there), timeout_s=timeout_s)
        return self._store.write(take) if waiting else None

    def is_cancelled(self, workspace: Workspace, attempt_id: int, number: int, *, timeout_s: float) -> bool:
        """Tell whether a statement that runs is to stop, once it is, or False when the time is up."""
        run_id = self._run_of(workspace, attempt_id)

        def phase() -> str:
            return found(self._store.read(lambda ledger: ledger.statement(run_id, number)), "statement", number).phase

        self._wait(run_id, lambda: phase() != Phase.RUNNING, timeout_s=timeout_s)
        return phase() == Phase.CANCELLING

    def done(self, workspace: Workspace, attempt_id: int, number: int, output: Mapping[str, Any]) -> Statement:
        """Record what came of a statement."""
        run_id = self._run_of(workspace, attempt_id)
        return self._change(run_id, number, lambda known: rules.done(known, output, now=self._clock()))

    # how the verbs do it

    def _run_of(self, workspace: Workspace, attempt_id: int) -> int:
        run, attempt = self._engine.attempt(workspace, attempt_id)
        if attempt.state is State.ENDED:
            raise WrongState(f"The session of run {run.id} has ended.")
        return run.id

    def _change(self, run_id: int, number: int, change: Callable[[Statement], Statement]) -> Statement:
        def save(ledger: Ledger) -> Statement:
            changed = change(found(ledger.statement(run_id, number), "statement", number))
            ledger.save_statement(changed)
            return changed

        statement = self._store.write(save)
        self._changes.publish([run_id])
        return statement

    def _wait(self, run_id: int, condition: Callable[[], bool], *, timeout_s: float) -> bool:
        """Return whether the condition came to hold before the time was up or the server leaves."""
        deadline = time.monotonic() + timeout_s
        with self._changes.watch(run_id) as changed:
            while True:
                if condition():
                    return True
                left = deadline - time.monotonic()
                if left <= 0 or self._engine.is_leaving:
                    return False
                changed.wait(left)
                changed.clear()
