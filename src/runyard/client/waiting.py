"""Waiting for a run's end: by asking politely, or where a runyard server answers, by one call that it holds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from runyard.client.channel import Call, Channel
from runyard.client.connection import DATABRICKS, GLUE, RUNYARD, Connection
from runyard.client.credentials import Bearer
from runyard.client.errors import ClientError, NotEnded
from runyard.client.runs import Run
from runyard.client.stop import Stop
from runyard.dialects import aws_ids

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0  # as the vendors' own waiters end up
GROWTH = 1.5
HELD_S = 50.0
LONGEST_S = 86_400.0  # of one pause; who gives no time waits for ever
Progress = Callable[[Run], None]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How long to wait, and who is told of every change of state."""

    timeout_s: float | None = None
    on_progress: Progress | None = None
    stop: Stop | None = None


def wait(read: Callable[[], Run], connection: Connection, how: Waiting) -> Run:
    """Return a run once it has ended; raise NotEnded if it takes too long. How it ended, it says itself."""
    stop = how.stop or Stop()
    deadline = None if how.timeout_s is None else time.monotonic() + how.timeout_s
    holder = Holder(connection, stop, sees_changes=how.on_progress is not None)
    pause, told = FIRST_PAUSE_S, ""
    try:
        while True:
            run = read()
            if how.on_progress is not None and run.state != told:
                how.on_progress(run)
            told = run.state
            if run.has_ended:
                return run
            left = LONGEST_S if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise NotEnded(f"Run {run.id} is still {run.state} after {how.timeout_s:g} s; it goes on.")
            if not holder.hold(run, min(HELD_S, left)):
                stop.pause(min(random.uniform(pause / 2, pause), left))  # noqa: S311 - it keeps clients apart
                pause = min(pause * GROWTH, LONGEST_PAUSE_S)
    finally:
        holder.close()


class Holder:
    """Lets a server of ours hold a call until a run changes or ends; other services hold none."""

    def __init__(self, connection: Connection, stop: Stop, *, sees_changes: bool) -> None:
        self._stop = stop
        self._sees_changes = sees_changes
        self._seen: int | None = None  # when the run had changed last, as the server told
        self._channel: Channel | None = None
        if connection.native_token:
            credentials = Bearer(token=connection.native_token)
            self._channel = Channel(replace(connection, service=RUNYARD, credentials=credentials))

    def close(self) -> None:
        """Hang up."""
        if self._channel is not None:
            self._channel.close()

    def hold(self, run: Run, seconds: float) -> bool:
        """Wait for a change or the end; tell whether anybody held the call."""
        number = _number(run)
        if self._channel is None or number is None:
            return False
        since = {"for": "change", "since": self._seen or 0} if self._sees_changes else {}
        members = {"run": number, "wait_s": seconds, **since}
        call = Call(operation="show_run", method="GET", path="/runyard/v1/runs/{run}", members=members)
        try:
            self._seen = self._channel.call(call, stop=self._stop).get("updated_at")
        except ClientError:  # a task run, which has no such call; or the server has gone: asking will tell
            self._stop.check()
            return False
        return True


def _number(run: Run) -> int | None:
    """Return the number that a run has on a server of ours."""
    if run.service == GLUE:
        found = aws_ids.from_run_id(str(run.id))
        return found[0] if found else None
    return int(run.id) if run.service in (DATABRICKS, RUNYARD) else None
