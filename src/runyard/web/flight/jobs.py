"""A statement of a Flight client as a job: started, waited for, cancelled when nobody waits any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyarrow import flight

from runyard.web.flight.failures import failed
from runyard.web.flight.sessions import Session
from runyard.web.flight.words import FLIGHT
from runyard.web.flight.yard import Refused, Yard

LOOK_S = 0.1  # how long a wait lasts before we look whether the client is still there
COMPLETED, CANCELLED = "COMPLETED", "CANCELED"
CANCELLED_NOW, NOT_CANCELLABLE = 1, 3


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A job that came to its good end."""

    job: str  # its id, as REST spells it
    folder: Path
    rows: int


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """The jobs that clients wait for, by the ticket that began them."""

    yard: Yard
    _waiting: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, session: Session, sql: str, *, path: list[str], is_left: Callable[[], bool], ticket: bytes) -> Ended:
        """Run a statement to its end; cancel it when the client has left."""
        asked = {
            "sql": sql,
            "type": FLIGHT,
            "path": path,
            "queue": session.queue,
            "tag": session.tag,
            "project": session.project,
        }
        number = self.yard.ask(session.token, "POST", "/jobs", asked)["run"]
        with self._lock:
            self._waiting[ticket] = (session.token, number)
        try:
            return self._ended(session.token, number, is_left)
        finally:
            with self._lock:
                self._waiting.pop(ticket, None)

    def of_ticket(self, session: Session, job: str, *, is_left: Callable[[], bool]) -> Ended:
        """Return where the rows of a job are that somebody has started elsewhere, once it has ended."""
        number = self.yard.ask(session.token, "GET", f"/ids/{job}")["run"]
        while not (told := self._look(session.token, number))["ended"]:
            if is_left():
                raise flight.FlightCancelledError("The client waits no more.")
        return _good(told)

    def cancel(self, session: Session, ticket: bytes) -> int:
        """Cancel the job that a ticket began; return Flight's word for what came of it."""
        with self._lock:
            token, number = self._waiting.get(ticket, ("", 0))
        if not number or token != session.token:
            return NOT_CANCELLABLE
        self._cancel(token, number)
        return CANCELLED_NOW

    def _ended(self, token: str, number: int, is_left: Callable[[], bool]) -> Ended:
        while not (told := self._look(token, number))["ended"]:
            if is_left():
                self._cancel(token, number)
                raise flight.FlightCancelledError("The client waits no more; its job is cancelled.")
        return _good(told)

    def _look(self, token: str, number: int) -> dict[str, Any]:
        told: dict[str, Any] = self.yard.ask(token, "GET", f"/jobs/{number}?wait_s={LOOK_S}")
        return told

    def _cancel(self, token: str, number: int) -> None:
        with suppress(Refused):  # it has ended meanwhile
            self.yard.ask(token, "POST", f"/jobs/{number}/cancel")


def _good(told: dict[str, Any]) -> Ended:
    if told["state"] == CANCELLED:
        raise flight.FlightCancelledError(told["error"])
    if told["state"] != COMPLETED:
        raise failed(told["error"])
    return Ended(job=told["id"], folder=Path(told["folder"]), rows=told["rows"])
