"""Jobs that always run: the next run begins when one ends, later and later as long as runs fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.job import Task
from runyard.core.run import Outcome, Run
from runyard.core.sight import Fire, Seen, Step

RESTART_MS = 2_000  # between a run that ended well and the next; or a job without work would fill the ledger
BACK_OFF_MS = 10_000  # after the first failure, doubled by each further one
LONGEST_MS = 30 * 60_000
STOPPED_WELL = frozenset({Outcome.SUCCEEDED, Outcome.CANCELLED})  # a cancelled run is replaced, not punished
TASK_RETRIES = ("never", "on_failure", "as_written")
RETRIES_OF_TASK = 3


def check(spec: Mapping[str, Any]) -> None:
    """Refuse an unknown way to retry tasks."""
    if spec["task_retries"] not in TASK_RETRIES:
        raise InvalidRequest(f"{spec['task_retries']!r} is no way to retry tasks; known are {', '.join(TASK_RETRIES)}.")


def look(spec: Mapping[str, Any], memory: Mapping[str, Any], seen: Seen) -> Step:
    """Fire unless a run goes on; its end will be heard."""
    if seen.is_busy:
        return Step(memory={**memory, "retry_at": None}, next_at=None)
    started_by = {"kind": "continuous", "at": seen.now, "task_retries": spec["task_retries"]}
    return Step(memory={**memory, "retry_at": None}, next_at=None, fire=Fire(at=seen.now, started_by=started_by))


def hear(memory: Mapping[str, Any], run: Run, *, now: int) -> Step:
    """Begin again after a run has ended, later if it failed."""
    failures = 0 if run.outcome in STOPPED_WELL else memory.get("failures", 0) + 1
    return _again(failures, now=now)


def refused(memory: Mapping[str, Any], *, now: int) -> Step:
    """Try again after a run could not be started."""
    return _again(memory.get("failures", 0) + 1, now=now)


def _again(failures: int, *, now: int) -> Step:
    at = now + wait_ms(failures)
    return Step(memory={"failures": failures, "retry_at": at if failures else None}, next_at=at)


def wait_ms(failures: int) -> int:
    """Return how long to wait after that many failures in a row."""
    if failures == 0:
        return RESTART_MS
    return int(min(BACK_OFF_MS * 2 ** min(failures - 1, 20), LONGEST_MS))


def retried(tasks: Sequence[Task], started_by: Mapping[str, Any]) -> tuple[Task, ...]:
    """Return the tasks of a run, retried as the trigger says that started it, if it says."""
    mode = started_by.get("task_retries", "as_written")
    if mode == "as_written":
        return tuple(tasks)
    retries, wait = (RETRIES_OF_TASK, BACK_OFF_MS) if mode == "on_failure" else (0, 0)
    return tuple(replace(task, max_retries=retries, retry_wait_ms=wait) for task in tasks)
