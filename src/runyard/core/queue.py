"""Whether a run may begin now, must wait, or is turned away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from runyard.core.run import Attempt


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

WAITING_PER_PLACE = 4
"""How many attempts may wait for their turn without a place, for each place there is: their processes need memory."""
NO_PLACE = "Waiting for a free place: all {limit} places of this server are taken."


def admission(*, limit: int | None, active: int, overflow: Overflow) -> Admission:
    """Decide from the job's limit and how many of its runs are admitted and not ended."""
    return Admission.ADMIT if limit is None or active < limit else _BEYOND[overflow]


def limit_text(job_name: str, limit: int) -> str:
    """Say why a run of a job at its limit waits, is skipped or is refused."""
    return f"Job {job_name} has reached its limit of {limit} concurrent runs."


def places_taken(on_process: int, waiting: int, *, places: int) -> int:
    """Count the places that are taken by attempts on a process, of which some wait for their turn."""
    return on_process - min(waiting, places * WAITING_PER_PLACE)


def holders(attempts: Sequence[Attempt], *, calling: Collection[int], places: int) -> list[Attempt]:
    """Return those of the attempts on a process that hold a place.

    Who waits for a run (`calling`, by id) has given it its own. Who waits for its turn has given it to anybody; of too
    many who do, the last keep theirs.
    """
    at_work = [one for one in attempts if one.id not in calling]
    waiting = sorted((one for one in at_work if one.waits_since is not None), key=lambda one: (one.waits_since, one.id))
    given = {one.id for one in waiting[: places * WAITING_PER_PLACE]}
    return [one for one in at_work if one.id not in given]
