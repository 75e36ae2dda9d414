"""When a failed attempt is tried again."""

from __future__ import annotations

from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome

RETRIED = frozenset({Outcome.FAILED, Outcome.CRASHED})
"""Outcomes that a retry may mend; a stop or a timeout is an answer, not an accident."""


def retry_at(task: Task, attempt: Attempt, *, now: int) -> int | None:
    """Return when to try again (ms since 1970), or None if this was the last try."""
    if attempt.outcome not in RETRIED or attempt.number >= task.max_retries:
        return None
    return now + task.retry_wait_ms
