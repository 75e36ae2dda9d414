"""Triggers that fire for events: when enough have come, or when the first of them has waited long enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runyard.core.errors import InvalidRequest
from runyard.core.sight import Fire, Seen, Step

if TYPE_CHECKING:
    from runyard.core.trigger import Trigger

KIND = "events"
LARGEST = 100
LONGEST_MS = 900_000
MOST_WAITING = 10_000  # events of one trigger


def check(spec: Mapping[str, Any]) -> None:
    """Refuse a batch that could not be filled or would wait for ever."""
    if not 1 <= spec["size"] <= LARGEST:
        raise InvalidRequest(f"A batch has 1 to {LARGEST} events, not {spec['size']}.")
    if not 1 <= spec["window_ms"] <= LONGEST_MS:
        raise InvalidRequest(f"The window of a batch is 1 to {LONGEST_MS} ms, not {spec['window_ms']}.")


def first_at(spec: Mapping[str, Any], now: int) -> int | None:
    """Return when to look first: at once if a folder is watched, else when an event comes."""
    return now if "url" in spec else None


def receive(trigger: Trigger, names: Iterable[str], *, now: int) -> Step:
    """Remember events that were sent to the trigger."""
    waiting = _with(trigger.memory, names, now=now)
    if len(waiting) > MOST_WAITING:
        raise InvalidRequest(f"{len(waiting)} events would wait for one trigger; at most {MOST_WAITING} may.")
    due_at = _due_at(trigger.spec, waiting, now=max(now, trigger.memory.get("fired_at", 0) + 1))
    moments = [one for one in (trigger.next_at, due_at) if one is not None]
    return Step(memory={**trigger.memory, "events": waiting}, next_at=min(moments, default=None))


def look(trigger: Trigger, seen: Seen) -> Step:
    """Count the files that are new as events; fire for one batch if it is full or its time is over."""
    spec, at = trigger.spec, trigger.next_at or seen.now
    memory = _with_files(trigger.memory, seen) if "url" in spec else dict(trigger.memory)
    waiting = memory.get("events", [])
    due_at = _due_at(spec, waiting, now=seen.now)
    fire = None
    if due_at is not None and due_at <= seen.now:
        batch, memory["events"] = waiting[: spec["size"]], waiting[spec["size"] :]
        memory["fired_at"] = at
        fire = Fire(at=seen.now, started_by=_told(batch, seen.now))
        due_at = _due_at(spec, memory["events"], now=at + 1)
    polled_at = seen.now + seen.poll_ms if "url" in spec else None
    return Step(memory=memory, next_at=min(filter(None, (due_at, polled_at)), default=None), fire=fire)


def _with(memory: Mapping[str, Any], names: Iterable[str], *, now: int) -> list[dict[str, Any]]:
    return [*memory.get("events", ()), *({"name": name, "at": now} for name in names)]


def _with_files(memory: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """Take each file that was not there before as an event; what lay there at the beginning is none."""
    known = memory.get("known", seen.files)
    fresh = sorted(seen.files.keys() - set(known))
    return {**memory, "known": sorted(seen.files), "events": _with(memory, fresh, now=seen.now)}


def _told(batch: list[dict[str, Any]], now: int) -> dict[str, Any]:
    window_ms = now - batch[0]["at"]
    return {"kind": KIND, "at": now, "events": [one["name"] for one in batch], "window_ms": window_ms}


def _due_at(spec: Mapping[str, Any], waiting: list[dict[str, Any]], *, now: int) -> int | None:
    if not waiting:
        return None
    return now if len(waiting) >= spec["size"] else int(waiting[0]["at"] + spec["window_ms"])
