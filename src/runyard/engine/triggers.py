"""Starts the runs that nobody asks for: a thread that looks at triggers when their moment has come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from runyard.core import trigger as triggers
from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.core.run import Run
from runyard.core.trigger import Trigger
from runyard.engine import flows
from runyard.engine.moves import Moves
from runyard.engine.sights import Sights
from runyard.engine.tables import Occupied
from runyard.engine.watcher import Watcher
from runyard.store.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 100
AGAIN_MS = 60_000  # when to look again at a trigger that could not be looked at


class Triggers(Watcher):
    """Fires what is due: first the firing is decided in the ledger, then its run is started.

    Whoever dies in between leaves a pending firing, which the next one starts under the same idempotency key: no
    moment is lost, and none makes two runs. Moments that passed while no server was there make one run together.
    """

    def __init__(
        self,
        store: Store,
        sights: Sights,
        *,
        clock: Callable[[], int],
        start_runs: Callable[[Trigger], Sequence[Run]],
        change: Callable[[Callable[[Moves], None]], None],
    ) -> None:
        super().__init__("triggers", clock=clock)
        self._store = store
        self._sights = sights
        self._start_runs = start_runs
        self._change = change

    def do_what_is_due(self) -> None:
        """Fire everything whose moment has come, what an earlier server left first."""
        for trigger in self._store.read(lambda ledger: ledger.pending_triggers(AT_ONCE)):
            self._fire(trigger)
        for trigger in self._store.read(lambda ledger: ledger.due_triggers(self._clock(), AT_ONCE)):
            if self._stopping:
                return
            self._look(trigger)

    def due_at(self) -> int | None:
        """Return when the next trigger is to be looked at."""
        return self._store.read(lambda ledger: ledger.next_trigger())

    def _look(self, trigger: Trigger) -> None:
        try:
            after = triggers.look(trigger, self._sights.see(trigger))
        except Occupied:
            after = self._later(trigger, AGAIN_MS)
        except (RunyardError, OSError) as error:
            after = self._in_trouble(trigger, str(error))
        except Exception as error:  # outermost of one trigger: the others must not wait for its mending
            log.exception("trigger %d could not be looked at", trigger.id)
            after = self._in_trouble(trigger, f"{type(error).__name__}: {error}")
        saved = self._store.write(lambda ledger: ledger.save_trigger(after, seen=trigger))
        if saved and after.pending is not None:
            self._fire(after)

    def _in_trouble(self, trigger: Trigger, text: str) -> Trigger:
        now = self._clock()
        return triggers.noted(self._later(trigger, AGAIN_MS), "failed", {"at": now, "text": text}, now=now)

    def _later(self, trigger: Trigger, wait_ms: int) -> Trigger:
        now = self._clock()
        return replace(trigger, next_at=now + wait_ms, updated_at=max(now, trigger.updated_at + 1))

    def _fire(self, trigger: Trigger) -> None:
        """Start the runs of a pending firing; what cannot be started is noted, and does not come back."""
        try:
            runs = self._start_runs(trigger)
        except LedgerUnavailable:
            raise  # it stays pending
        except RunyardError as error:
            log.warning("trigger %d started no run: %s", trigger.id, error)
            self._done(trigger, None, str(error))
        except Exception as error:  # outermost of one trigger: the others must not wait for its mending
            log.exception("trigger %d started no run", trigger.id)
            self._done(trigger, None, f"{type(error).__name__}: {error}")
        else:
            started = " and ".join(f"run {run.id}" for run in runs)
            self._done(trigger, runs[0].id if runs else None, f"Started {started or 'nothing'}.")

    def _done(self, fired: Trigger, run_id: int | None, text: str) -> None:
        def note(moves: Moves) -> None:
            trigger = moves.ledger.trigger(fired.id)  # it may have heard of something meanwhile
            if trigger is None or trigger.pending != fired.pending:
                return
            moves.ledger.save_trigger(triggers.done(trigger, run_id, text, now=self._clock()), seen=trigger)
            if trigger.flow_run_id is not None:
                flows.settle(moves, trigger.flow_run_id)

        self._change(note)
