"""Which attempt gets a place of the server, and which gives its own to others for as long as it waits."""

from __future__ import annotations

from dataclasses import replace

from runyard.core import queue
from runyard.core.run import ON_A_PROCESS, Attempt, State
from runyard.engine.transaction import Claim, Transaction, task_of

WAITS, GOES_ON = "waits", "goes_on"
"""What a process says of itself, and the kinds of the events that keep it."""


class Places(Transaction):
    """The moves that take places and give them."""

    # taking

    def look_for_work(self) -> None:
        """Take waiting attempts even if this transaction added none."""
        self._may_claim = True

    def claim(self) -> None:
        """Take as many waiting attempts as this server has free places: those that others wait for, then the oldest."""
        if not (self._may_claim and self.places):
            return
        on_process, waiting = self.ledger.count_on_process(self.owner)
        free = self.places - queue.places_taken(on_process, waiting, places=self.places)
        for attempt in self._next_attempts(free) if free > 0 else ():
            run = self._run(attempt)
            taken = self._move(run, attempt, State.STARTING, owner=self.owner, taken_at=self.clock())
            run = self._settle(run)
            self.claimed.append(Claim(run=run, attempt=taken, task=task_of(run, attempt)))

    def _next_attempts(self, limit: int) -> list[Attempt]:
        awaited = self.ledger.awaited_attempts(limit)
        known = {one.id for one in awaited}
        others = [one for one in self.ledger.queued_attempts(limit) if one.id not in known]
        return [*awaited, *others][:limit]

    # giving

    def waits(self, attempt_id: int, *, at: int) -> None:
        """Record that an attempt's process waits for its turn: it gives its place to others meanwhile."""
        self._hear(attempt_id, WAITS, at=at)

    def goes_on(self, attempt_id: int, *, at: int) -> None:
        """Record that an attempt's process has its turn, whether or not a place is free."""
        self._hear(attempt_id, GOES_ON, at=at)

    def forget_waits(self) -> None:
        """Take nobody to wait: a launcher that is greeted tells who does, but not who went on unheard."""
        for attempt in self.ledger.attempts_waiting(self.owner):
            self._give_place(attempt, None)

    def _hear(self, attempt_id: int, word: str, *, at: int) -> None:
        """Let the newest word count, however late or often it is told; of one moment, that it goes on."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state not in ON_A_PROCESS:
            return  # it has ended
        run, last = self._run(attempt), self.ledger.last_word(attempt)
        told, known = (at, word == GOES_ON), (last.at, last.kind == GOES_ON) if last else (0, False)
        if known > told:
            return  # told late
        if known != told:
            self._event(run, word, attempt=attempt, detail={}, at=at)
        self._give_place(attempt, at if word == WAITS else None)

    def _give_place(self, attempt: Attempt, since: int | None) -> None:
        """Write since when an attempt waits, None if it does not; its run counts as changed."""
        if attempt.waits_since == since:
            return
        run = self._run(attempt)
        moved = replace(attempt, waits_since=since, updated_at=self.clock())
        self._write(moved, seen=attempt)
        self._save(run, seen=run)
        self._may_claim = True
