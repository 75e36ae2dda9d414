"""Does what time brings: retries, ends of waiting, notices of delay, and retention."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from runyard.core.ids import first_of
from runyard.core.run import Attempt, Run, State
from runyard.engine.moves import Moves
from runyard.engine.watcher import Watcher
from runyard.store.ledger import Ledger
from runyard.store.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 100  # rows of one kind treated in one transaction


class Scheduler(Watcher):
    """Looks at the runs, and, as often as it wakes, for those that retention lets go."""

    def __init__(
        self,
        store: Store,
        change: Callable[[Callable[[Moves], None]], None],
        *,
        clock: Callable[[], int],
        retention_ms: int | None,
        attempt_folder: Callable[[int], Path],
    ) -> None:
        super().__init__("scheduler", clock=clock)
        self._store = store
        self._change = change
        self._retention_ms = retention_ms
        self._attempt_folder = attempt_folder

    def do_what_is_due(self) -> None:
        """Do everything whose moment has come, and forget what is old."""
        while self._store.read(self._is_due):
            self._change(due)
        self.forget_what_is_old()

    def due_at(self) -> int | None:
        """Return when the next run is to be looked at."""
        return self._store.read(lambda ledger: ledger.next_due())

    def forget_what_is_old(self) -> None:
        """Remove ended runs that are older than the retention, with their folders."""
        if self._retention_ms is None:
            return
        limit = self._clock() - self._retention_ms
        while runs := self._store.read(
            lambda ledger: ledger.runs_ended_before(limit, before=first_of(limit), limit=AT_ONCE)
        ):
            gone = forget(self._store, runs, self._attempt_folder)
            log.info("retention: forgot %d runs", len(gone))

    def _is_due(self, ledger: Ledger) -> bool:
        at = ledger.next_due()
        return at is not None and at <= self._clock()


def due(moves: Moves) -> None:
    """Do what is due, up to so many of each kind."""
    now = moves.clock()
    for attempt in moves.ledger.due_retries(now, AT_ONCE):
        moves.retry_now(attempt)
    for run in moves.ledger.due_waits(now, AT_ONCE):
        moves.give_up_waiting(run)
    for run in moves.ledger.due_timeouts(now, AT_ONCE):
        moves.time_out(run)
    for run in moves.ledger.due_notices(now, AT_ONCE):
        moves.notify(run)


def forget(store: Store, runs: list[Run], attempt_folder: Callable[[int], Path]) -> list[Run]:
    """Remove runs from the ledger that have ended still, with their parts, then their folders; return what went."""

    def remove(ledger: Ledger) -> tuple[list[Run], list[Attempt]]:
        known = [ledger.run_anywhere(run.id) for run in runs]  # one may have been repaired meanwhile
        whole = _with_parts(ledger, [run for run in known if run and run.state is State.ENDED])
        attempts = ledger.attempts_of_runs([run.id for run in whole])
        for run in whole:
            ledger.remove_run(run.id)
        return whole, attempts

    gone, attempts = store.write(remove)
    for attempt in attempts:
        shutil.rmtree(attempt_folder(attempt.id), ignore_errors=True)
    return gone


def _with_parts(ledger: Ledger, runs: list[Run]) -> list[Run]:
    """Return runs and those that are only parts of them; a repair may have made another task of what was a loop."""
    composed = [run.id for run in runs if run.repairs or not all(task.has_process for task in run.tasks)]
    if not composed:
        return runs
    attempts = [attempt.id for attempt in ledger.attempts_of_runs(composed)]
    parts = [part for part in ledger.runs_of_attempts(attempts) if not part.is_listed]
    return [*runs, *_with_parts(ledger, parts)]
