"""When a failed attempt is tried again."""

from __future__ import annotations

from runyard.core.job import UNLIMITED, Task
from runyard.core.run import Attempt, Outcome

RETRIED = frozenset({Outcome.FAILED, Outcome.CRASHED})
"""Outcomes that a retry may mend; a stop is an answer, not an accident, and so is a timeout unless the task says."""


def retry_at(task: Task, attempt: Attempt, *, now: int) -> int | None:
    """Return when to try again (ms since 1970), or None if this was the last try.

    The wait counts from the beginning of the attempt that failed, so that a long one is tried again at once.
    """
    mendable = attempt.outcome in RETRIED or (task.retries_timeout and attempt.outcome is Outcome.TIMED_OUT)
    if not mendable or (task.max_retries != UNLIMITED and attempt.number - attempt.series >= task.max_retries):
        return None
    return max(now, (attempt.running_at or now) + task.retry_wait_ms)
