"""Whether a run may begin now, must wait, or is turned away."""

from __future__ import annotations

from enum import StrEnum


class Overflow(StrEnum):
    """What to do with a run that exceeds its job's limit."""

    REFUSE = "refuse"  # tell the caller; nothing is recorded
    QUEUE = "queue"  # record it; it begins when an earlier one ends
    SKIP = "skip"  # record it as skipped


class Admission(StrEnum):
    """What becomes of a run that has just been asked for."""

    ADMIT = "admit"
    HOLD = "hold"
    SKIP = "skip"
    REFUSE = "refuse"


_BEYOND = {Overflow.REFUSE: Admission.REFUSE, Overflow.QUEUE: Admission.HOLD, Overflow.SKIP: Admission.SKIP}

NO_PLACE = "Waiting for a free place: all {limit} places of this server are taken."


def admission(*, limit: int | None, active: int, overflow: Overflow) -> Admission:
    """Decide from the job's limit and how many of its runs are admitted and not ended."""
    return Admission.ADMIT if limit is None or active < limit else _BEYOND[overflow]


def limit_text(job_name: str, limit: int) -> str:
    """Say why a run of a job at its limit waits, is skipped or is refused."""
    return f"Job {job_name} has reached its limit of {limit} concurrent runs."
