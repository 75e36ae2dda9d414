"""Triggers that fire when other jobs have run: once each of them has ended anew in the way that is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome, Run
from runyard.core.sight import Fire, Seen, Step

if TYPE_CHECKING:
    from runyard.core.trigger import Trigger

MOST_JOBS = 10
ENDINGS: Mapping[str, frozenset[Outcome]] = {
    "succeeded": frozenset({Outcome.SUCCEEDED}),
    "failed": frozenset(Outcome) - {Outcome.SUCCEEDED},
    "done": frozenset(Outcome),
}
"""Which ends of a run are waited for."""


def check(spec: Mapping[str, Any]) -> None:
    """Refuse no jobs, too many, and an unknown way to end."""
    if not 1 <= len(spec["jobs"]) <= MOST_JOBS:
        raise InvalidRequest(f"A trigger can wait for 1 to {MOST_JOBS} jobs, not {len(spec['jobs'])}.")
    if spec["ending"] not in ENDINGS:
        raise InvalidRequest(f"{spec['ending']!r} is no way to end; known are {', '.join(ENDINGS)}.")


def hear(trigger: Trigger, run: Run, *, now: int) -> Step:
    """Remember how a run ended that is waited for; the newest end of each job counts."""
    job, told = str(run.job_id), {"run_id": run.id, "at": run.ended_at, "outcome": run.outcome}
    memory = dict(trigger.memory)
    if run.outcome not in ENDINGS[trigger.spec["ending"]]:
        return Step(memory={**memory, "other": {**memory.get("other", {}), job: told}}, next_at=trigger.next_at)
    memory["last"] = {**memory.get("last", {}), job: told}
    memory["other"] = {name: one for name, one in memory.get("other", {}).items() if name != job}
    memory["waiting"] = {**memory.get("waiting", {}), job: told}
    is_complete = all(str(one) in memory["waiting"] for one in trigger.spec["jobs"])
    # A firing is known by its moment: two within a millisecond must differ.
    next_at = max(now, memory.get("fired_at", 0) + 1) if is_complete else trigger.next_at
    return Step(memory=memory, next_at=next_at)


def look(spec: Mapping[str, Any], memory: Mapping[str, Any], seen: Seen) -> Step:
    """Fire for the ends that were heard, and wait for new ones."""
    waiting = memory.get("waiting", {})
    if any(str(one) not in waiting for one in spec["jobs"]):
        return Step(memory=memory, next_at=None)
    ended = [{"job_id": one, **waiting[str(one)]} for one in spec["jobs"]]
    fire = Fire(at=seen.now, started_by={"kind": "job_completion", "at": seen.now, "jobs": ended})
    return Step(memory={**memory, "waiting": {}, "fired_at": seen.now}, next_at=None, fire=fire)
