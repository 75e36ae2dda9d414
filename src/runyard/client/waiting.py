"""Waiting for a run's end: by asking politely, or where a runyard server answers, by one call that it holds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from runyard.client.channel import Call, Channel
from runyard.client.connection import DATABRICKS, GLUE, RUNYARD, Connection
from runyard.client.credentials import Bearer
from runyard.client.errors import CallFailed, ClientError, NotEnded
from runyard.client.runs import Run
from runyard.client.stop import Stop
from runyard.dialects import aws_ids

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0  # as the vendors' own waiters end up
GROWTH = 1.5
HELD_S = 50.0
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
    pause, told = FIRST_PAUSE_S, ""
    while True:
        run = read()
        if how.on_progress is not None and run.state != told:
            how.on_progress(run)
        told = run.state
        if run.has_ended:
            return run
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise NotEnded(f"Run {run.id} is still {run.state} after {how.timeout_s:g} s; it goes on.")
        if not _held(connection, run, stop, HELD_S if left is None else min(HELD_S, left)):
            stop.pause(min(random.uniform(pause / 2, pause), left or pause))  # noqa: S311 - it keeps clients apart
            pause = min(pause * GROWTH, LONGEST_PAUSE_S)


def _held(connection: Connection, run: Run, stop: Stop, seconds: float) -> bool:
    """Let our own server hold a call until the run changes; tell whether it did."""
    number = _number(run)
    if not connection.native_token or number is None:
        return False
    channel = Channel(
        replace(connection, service=RUNYARD, credentials=Bearer(token=connection.native_token), native_token="")
    )
    members = {"id": number, "wait_s": seconds}
    call = Call(operation="waitRun", method="GET", path="/runyard/v1/runs/{id}", members=members)
    try:
        channel.call(call, stop=stop)
    except CallFailed:
        return False  # a task run, or one that is of no language of ours
    except ClientError:
        stop.check()
        return False
    finally:
        channel.close()
    return True


def _number(run: Run) -> int | None:
    """Return the number that a run has on a server of ours."""
    if run.service == GLUE:
        found = aws_ids.from_run_id(str(run.id))
        return found[0] if found else None
    return int(run.id) if run.service == DATABRICKS else None
