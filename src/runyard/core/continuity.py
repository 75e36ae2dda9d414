"""Jobs that always run: the next run begins when one ends, later and later as long as runs fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.job import Job, Task
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


def look(memory: Mapping[str, Any], seen: Seen) -> Step:
    """Fire unless a run goes on; its end will be heard."""
    if seen.is_busy:
        return Step(memory={**memory, "retry_at": None}, next_at=None)
    fire = Fire(at=seen.now, started_by={"kind": "continuous", "at": seen.now})
    return Step(memory={**memory, "retry_at": None}, next_at=None, fire=fire)


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


def as_run(job: Job, spec: Mapping[str, Any]) -> Job:
    """Return the job as a continuous trigger runs it: one run at a time, its tasks retried as the trigger says."""
    if spec["task_retries"] == "as_written":
        return replace(job, max_concurrent_runs=1)
    retries = RETRIES_OF_TASK if spec["task_retries"] == "on_failure" else 0
    return replace(job, max_concurrent_runs=1, tasks=tuple(_retried(task, retries) for task in job.tasks))


def _retried(task: Task, retries: int) -> Task:
    return replace(task, max_retries=retries, retry_wait_ms=BACK_OFF_MS if retries else 0)
