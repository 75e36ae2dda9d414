"""Triggers that wait for runs which triggers started: the links of a chain of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.errors import InvalidRequest
from runyard.core.run import Run
from runyard.core.sight import Fire, Seen, Step

if TYPE_CHECKING:
    from runyard.core.trigger import Trigger

KIND = "job_states"
MOST_CHAINS = 100  # remembered of one trigger; those that were heard of longest ago are forgotten
NEEDS = ("any", "all")


def check(spec: Mapping[str, Any]) -> None:
    """Refuse no conditions, and an unknown way to join them."""
    if not spec["conditions"]:
        raise InvalidRequest("A trigger that waits for jobs needs at least one condition.")
    if spec["needs"] not in NEEDS:
        raise InvalidRequest(f"{spec['needs']!r} is no way to join conditions; known are {', '.join(NEEDS)}.")


def watched_names(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the jobs whose runs it must hear of."""
    return tuple(dict.fromkeys(one["job"] for one in spec["conditions"]))


def hear(trigger: Trigger, run: Run, *, now: int) -> Step:
    """Remember which conditions a run meets, apart for each chain: its runs descend from one first firing.

    A chain fires a trigger once, whatever else of it ends later.
    """
    memory, conditions = trigger.memory, trigger.spec["conditions"]
    root = str(run.started_by.get("root", ""))
    chains = dict(memory.get("chains", {}))
    chain = chains.pop(root, {"met": {}, "fired": False})
    all_met = {**chain["met"], **met(conditions, run)}
    is_complete = bool(all_met) if trigger.spec["needs"] == "any" else len(all_met) == len(conditions)
    ready = list(memory.get("ready", ()))
    if is_complete and not chain["fired"]:
        ready.append({"root": root, "predecessors": list(all_met.values())})
    chains[root] = {"met": all_met, "fired": chain["fired"] or is_complete}
    kept = dict(list(chains.items())[-MOST_CHAINS:])
    next_at = trigger.next_at
    if ready and next_at is None:
        next_at = max(now, memory.get("fired_at", 0) + 1)  # a firing is known by its moment
    return Step(memory={**memory, "chains": kept, "ready": ready}, next_at=next_at)


def look(trigger: Trigger, seen: Seen) -> Step:
    """Fire for the chain that has been ready longest."""
    memory, at = trigger.memory, trigger.next_at or seen.now
    ready = memory.get("ready", ())
    if not ready:
        return Step(memory=memory, next_at=None)
    first, *left = ready
    fire = Fire(at=seen.now, started_by={"kind": KIND, "at": seen.now, **first})
    return Step(memory={**memory, "ready": left, "fired_at": at}, next_at=at + 1 if left else None, fire=fire)


def met(conditions: Sequence[Mapping[str, Any]], run: Run) -> dict[str, Any]:
    """Return what is remembered of a run for each condition that it meets, by the place of the condition."""
    told = {"job_name": run.job_name, "run_id": run.id, "attempt": run.attempt}
    return {
        str(place): told
        for place, one in enumerate(conditions)
        if one["job"] == run.job_name and run.outcome in one["outcomes"]
    }
