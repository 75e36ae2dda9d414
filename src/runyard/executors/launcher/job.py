from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runyard.executors.launcher import ends, tree
from runyard.executors.launcher.depth import is_too_deep
from runyard.executors.launcher.events import Ended, Started
from runyard.executors.launcher.wire import Garbage, Message, now_ms, unpack

if TYPE_CHECKING:
    from runyard.executors.launcher.nursery import Child
    from runyard.executors.launcher.order import Order

KILL_AGAIN_S = 1.0
RESULT_LIMIT = 8 * 1024 * 1024


@dataclass
class Job:
    """An order in the hands of a process."""

    order: Order
    child: Child
    started_at: int | None = None
    failure: Message = field(default_factory=dict)  # why no user code ran
    cause: str | None = None
    deadline: float | None = None  # monotonic; of the timeout, or of the grace once there is a cause
    is_over: bool = False  # though its process is not
    output: Message | None = None  # that came with the word of that
    waits_since: int | None = None  # while it waits for its turn, and gives its place to others
    untold: Started | None = None  # its start, unless the server has been told
    tell_at: float | None = None  # monotonic; when it will be told, unless its end comes before and tells it too
    _sizes: tuple[int, int] = (0, 0)

    @property
    def pid(self) -> int:
        """Return the process's id, which is its session's and its group's too."""
        return self.child.pid

    def start(self, at: int) -> None:
        """Note that user code runs; the timeout counts from here."""
        self.started_at = at
        if self.order.timeout_ms is not None and self.cause is None:
            self.deadline = time.monotonic() + self.order.timeout_ms / 1000

    @property
    def due_at(self) -> float | None:
        """Return when something must be done for it next, unless something happens before."""
        return min((at for at in (self.deadline, self.tell_at) if at is not None), default=None)

    def stop(self, cause: str, *, grace_ms: int) -> None:
        """Ask the process to end; a second asking can only shorten the grace."""
        kill_at = time.monotonic() + grace_ms / 1000
        if self.cause is None:
            self.cause = cause
            self.deadline = kill_at
            tree.ask_to_end(self.pid)
        self.deadline = min(kill_at, self.deadline or kill_at)

    def expire(self) -> None:
        """Do what is due at the deadline: ask first, then kill, and again until it is gone."""
        if self.cause is None:
            self.stop(ends.TIMED_OUT, grace_ms=self.order.grace_ms)
        else:
            self.kill()

    def kill(self) -> None:
        """Kill the process and all that came of it."""
        self.deadline = time.monotonic() + KILL_AGAIN_S
        tree.end_all(lambda process: process.pid == self.pid)

    def note_times(self) -> None:
        """Append how long the outputs have become, so that readers of the log know when a line came."""
        folder = self.order.folder
        with contextlib.suppress(OSError):
            sizes = (os.stat(f"{folder}/stdout").st_size, os.stat(f"{folder}/stderr").st_size)
            if sizes != self._sizes:
                with open(f"{folder}/times", "a", encoding="ascii") as times:
                    times.write(f"{now_ms()} {sizes[0]} {sizes[1]}\n")
                self._sizes = sizes

    def ended(self, status: int) -> Ended:
        """Return the end that the kernel's word and the runner's together make."""
        code = os.waitstatus_to_exitcode(status)
        exit_code, signal_number = (code, None) if code >= 0 else (None, -code)
        found = self.failure or (self._told("result.json") if exit_code else {})
        message = _text(found, "message") or ends.of_exit(exit_code, signal_number)
        if self.cause:
            message = ends.of_cause(self.cause, timeout_ms=self.order.timeout_ms)
        return Ended(
            attempt_id=self.order.attempt_id,
            at=max(now_ms(), self.started_at or 0),  # the clock may have been set back
            started_at=self.started_at,
            exit_code=exit_code,
            signal=signal_number,
            cause=self.cause,
            message=message,
            trace=_text(found, "trace"),
            category=_text(found, "category"),
            output=self.output or self._told("output.json") or None,
        )

    def _told(self, name: str) -> Message:
        try:
            with open(f"{self.order.folder}/{name}", "rb", opener=_at_once) as file:
                found = unpack(file.read(RESULT_LIMIT))
        except (OSError, Garbage):
            return {}
        return {} if is_too_deep(found) else found  # none who is told could read or tell it


def _text(found: Message, name: str) -> str | None:
    """Return a text of what was told, and nothing where a job has written something else in its place."""
    value = found.get(name)
    return value if isinstance(value, str) else None


def _at_once(path: str, flags: int) -> int:
    """Open a file, or what a job has put in its place: a pipe would have everybody wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK)
