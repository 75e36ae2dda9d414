"""Writes into the ledger what the launcher tells: begun, waiting, going on, ended, lost."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.core.errors import RunyardError
from runyard.core.run import Outcome
from runyard.engine.moves import STOPPED, Moves
from runyard.executors.launcher.events import Ended, GoesOn, LauncherLost, OfAttempt, Reconnected, Started, Waits
from runyard.store.database import ConstraintError

log = logging.getLogger(__name__)

Event = Any  # of the launcher, a threading.Event to be set, or None to finish
Recorded = OfAttempt | Reconnected
BATCH = 128  # events written in one transaction; the rest waits for the next

_BY_CAUSE = {"cancelled": Outcome.CANCELLED, "timed_out": Outcome.TIMED_OUT, "launcher_lost": Outcome.CRASHED}
WITHDRAWN = "withdrawn"  # the category of a process that gave up before its work began
_BY_CATEGORY = {WITHDRAWN: Outcome.CANCELLED}
_TEXTS: dict[str | None, str] = {"cancelled": STOPPED}  # the same words whether a process had begun or not


class Supervisor:
    """A thread that takes the launcher's events in their order and records them in batches."""

    def __init__(
        self,
        change: Callable[[Callable[[Moves], None]], None],
        *,
        recorded: Callable[[int], None],
        lost: Callable[[], None],
    ) -> None:
        self._change = change
        self._recorded = recorded
        self._lost = lost
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to record."""
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Take an event; called by the launcher's reader, which must not wait."""
        self._events.put(event)

    def settle(self) -> None:
        """Return once everything told so far is recorded."""
        done = threading.Event()
        self._events.put(done)
        done.wait()

    def close(self) -> None:
        """Record what was told, then finish."""
        self._stopping.set()
        self._events.put(None)
        self._thread.join()

    def _watch(self) -> None:
        while True:
            batch = self._next_batch()
            self._record([event for event in batch if isinstance(event, Recorded)])
            for event in batch:
                if isinstance(event, threading.Event):
                    event.set()
                elif isinstance(event, LauncherLost):
                    self._go_on_after(event)
            if None in batch:
                return

    def _next_batch(self) -> list[Event]:
        batch = [self._events.get()]
        while len(batch) < BATCH and not self._events.empty():
            batch.append(self._events.get())
        return batch

    def _record(self, events: list[Recorded], *, is_again: bool = False) -> None:
        """Record events together; if that fails, one by one, so that one cannot hold up the others."""
        if not events:
            return
        try:
            self._change(lambda moves: _apply_all(moves, events))
        except Exception as error:  # noqa: BLE001 - outermost loop of the thread: the next event must be recorded
            self._record_singly(events, error, is_again=is_again)
            return
        for event in events:
            if isinstance(event, Ended):
                self._recorded(event.attempt_id)

    def _record_singly(self, events: list[Recorded], error: Exception, *, is_again: bool) -> None:
        if len(events) > 1:
            for event in events:
                self._record([event])
        elif isinstance(error, RunyardError):
            self._try_later(events[0], error)
        elif isinstance(error, ConstraintError) and not is_again:  # what somebody else has just changed is seen now
            self._record(events, is_again=True)
        else:  # a defect would only come again; the launcher tells the event to the next server too
            log.error("a defect in recording %s", events[0], exc_info=error)

    def _go_on_after(self, event: LauncherLost) -> None:
        """Have another launcher started; keep trying, for without one nothing runs and nothing ends."""
        if self._stopping.is_set():
            return
        try:
            self._lost()
        except Exception as error:  # noqa: BLE001 - outermost loop of the thread: it is tried again
            self._try_later(event, error)

    def _try_later(self, event: Recorded | LauncherLost, error: Exception) -> None:
        """Keep trying: the launcher's journal has the end until the ledger does."""
        log.error("could not record %s: %s", event, error)
        if not self._stopping.wait(1.0):
            self._events.put(event)


def _apply_all(moves: Moves, events: Sequence[Recorded]) -> None:
    ended = {event.attempt_id for event in events if isinstance(event, Ended)}
    for event in events:
        # An end tells the beginning too, and that nobody waits any more.
        if isinstance(event, Ended | Reconnected) or event.attempt_id not in ended:
            _STEPS[type(event)](moves, event)


def _finish(moves: Moves, event: Ended) -> None:
    facts = {
        "exit_code": event.exit_code,
        "signal": event.signal,
        "category": _storable(event.category),
        "message": _message(event),
        "trace": _storable(event.trace),
        "output": _storable_document(event.output or {}),
    }
    outcome = outcome_of(event)
    moves.finished(event.attempt_id, outcome, at=event.at, facts=facts, started_at=event.started_at)


_STEPS: Mapping[type[Recorded], Callable[[Moves, Any], None]] = {
    Started: lambda moves, event: moves.started(event.attempt_id, at=event.at),
    Waits: lambda moves, event: moves.waits(event.attempt_id, at=event.at),
    GoesOn: lambda moves, event: moves.goes_on(event.attempt_id, at=event.at),
    Reconnected: lambda moves, _: moves.forget_waits(),
    Ended: _finish,
}


def outcome_of(event: Ended) -> Outcome:
    """Return how an attempt ended: by what caused its end, else by its exit code and what it says of itself."""
    if event.cause in _BY_CAUSE:
        return _BY_CAUSE[event.cause]
    if event.exit_code == 0:
        return Outcome.SUCCEEDED
    return _BY_CATEGORY.get(event.category or "", Outcome.FAILED)


def _storable_document(document: dict[str, Any]) -> Any:
    """Replace half characters in a job's own document; NUL is spelled out by JSON itself."""
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _message(event: Ended) -> str | None:
    outcome = outcome_of(event)
    return None if outcome is Outcome.SUCCEEDED else _TEXTS.get(event.cause, _storable(event.message))


def _storable(text: str | None) -> str | None:
    """Spell out what no ledger takes as text, and what a job's exception may yet say: half characters and NUL."""
    return None if text is None else str(text).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
