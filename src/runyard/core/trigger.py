"""What starts runs by itself: when a trigger fires, from its spec, its memory and what there is to see."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any

from runyard.core import arrival, batch, chain, completion, continuity
from runyard.core.cron import Rate, Schedule, next_fire, time_zone
from runyard.core.cron_text import parse_aws, parse_quartz
from runyard.core.errors import InvalidRequest
from runyard.core.run import Run
from runyard.core.sight import Fire, Seen, Step

UNIT_MS: Mapping[str, int] = {
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
    "weeks": 7 * 86_400_000,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A trigger as a job's definition asks for it."""

    kind: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    is_paused: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """What was asked, what it remembers, and when it must be looked at.

    It is a job's own; or it has a name and a language that knows what it starts; or it is a link of one workflow run.
    """

    id: int
    workspace_id: int
    job_id: int | None = None  # whose it is; of a named one the workflow that it is part of
    name: str | None = None
    language: str | None = None  # starts what it starts, and keeps each name once
    settings: Mapping[str, Any] = field(default_factory=dict)  # what was asked for, in that language's words
    tags: Mapping[str, str] = field(default_factory=dict)
    flow_run_id: int | None = None  # the run of a workflow whose link it is
    activated_at: int | None = None  # when it began to watch; None: never
    kind: str
    spec: Mapping[str, Any]
    memory: Mapping[str, Any] = field(default_factory=dict)
    pending: Mapping[str, Any] | None = None  # the firing that is decided and not yet done
    is_paused: bool = False
    next_at: int | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one kind of trigger knows."""

    check: Callable[[Mapping[str, Any]], None]
    first_at: Callable[[Mapping[str, Any], int], int | None]
    look: Callable[[Trigger, Seen], Step]
    hear: Callable[[Trigger, Run, int], Step] | None = None  # a run of a job that it watches has ended
    watches: Callable[[Mapping[str, Any], int], tuple[int, ...]] = lambda _, __: ()  # which jobs, given its own
    watches_names: Callable[[Mapping[str, Any]], tuple[str, ...]] = lambda _: ()  # of jobs whose runs triggers start
    refused: Callable[[Trigger, int], Step] | None = None  # its run could not be started


def check(wish: Wish) -> None:
    """Refuse a trigger that could never fire as it is meant to."""
    if wish.kind not in KINDS:
        raise InvalidRequest(f"{wish.kind!r} is no kind of trigger; known are {', '.join(KINDS)}.")
    KINDS[wish.kind].check(wish.spec)


def first_at(wish: Wish, *, now: int) -> int | None:
    """Return when a trigger that begins to watch now must be looked at first."""
    return None if wish.is_paused else KINDS[wish.kind].first_at(wish.spec, now)


def watched_jobs(wish: Wish, *, own: int) -> tuple[int, ...]:
    """Return the jobs whose runs it must hear of when they end."""
    return KINDS[wish.kind].watches(wish.spec, own)


def watched_names(trigger: Trigger) -> tuple[str, ...]:
    """Return the names of the jobs of whose runs, if triggers start them, it must hear when they end."""
    return KINDS[trigger.kind].watches_names(trigger.spec)


def ask(trigger: Trigger, *, now: int) -> Trigger:
    """Return the trigger with one more firing that somebody asked for."""
    memory = {**trigger.memory, "asked": trigger.memory.get("asked", 0) + 1}
    at = trigger.next_at or max(now, memory.get("fired_at", 0) + 1)
    return replace(trigger, memory=memory, next_at=at, updated_at=_later(trigger, now))


def receive(trigger: Trigger, events: Iterable[str], *, now: int) -> Trigger:
    """Return the trigger after events have come for it."""
    return _after(trigger, batch.receive(trigger, events, now=now), now=now)


def activated(trigger: Trigger, *, now: int) -> Trigger:
    """Return the trigger watching anew: what came before is not new to it."""
    history = trigger.memory.get("history")
    return replace(
        trigger,
        memory={"history": history} if history else {},
        is_paused=False,
        activated_at=now,
        next_at=KINDS[trigger.kind].first_at(trigger.spec, now),
        updated_at=_later(trigger, now),
    )


def begun_anew(trigger: Trigger, *, now: int) -> Trigger:
    """Return a trigger that was told to watch something else; events that were sent to it still wait."""
    events = trigger.memory.get("events")
    after = activated(trigger, now=now)
    return replace(after, memory={**after.memory, "events": events}, next_at=now) if events else after


def paused(trigger: Trigger, *, now: int) -> Trigger:
    """Return the trigger at rest; a firing that is decided is still carried out."""
    return replace(trigger, is_paused=True, next_at=None, updated_at=_later(trigger, now))


def fire_key(trigger: Trigger) -> str:
    """Return what makes the firing at this moment one and the same, however often it is tried."""
    return f"trigger:{trigger.id}:{trigger.next_at}"


def look(trigger: Trigger, seen: Seen) -> Trigger:
    """Return the trigger after its moment has come: armed anew, and with a firing pending if it fires."""
    step = KINDS[trigger.kind].look(trigger, seen)
    return _after(trigger, step, now=seen.now)


def hear(trigger: Trigger, run: Run, *, now: int) -> Trigger:
    """Return the trigger after a run has ended that it watches."""
    kind = KINDS[trigger.kind]
    if kind.hear is None or trigger.is_paused:
        return trigger
    return _after(trigger, kind.hear(trigger, run, now), now=now)


def done(trigger: Trigger, run_id: int | None, text: str, *, now: int) -> Trigger:
    """Return the trigger after its pending firing was carried out, or (without a run) refused."""
    told = {"at": now, "text": text} if run_id is None else {"at": now, "text": text, "run_id": run_id}
    trigger = noted(trigger, "failed" if run_id is None else "fired", told, now=now)
    trigger = replace(trigger, pending=None)
    kind = KINDS[trigger.kind]
    if run_id is None and kind.refused is not None and not trigger.is_paused:
        return _after(trigger, kind.refused(trigger, now), now=now)
    return trigger


def noted(trigger: Trigger, what: str, told: Mapping[str, Any], *, now: int) -> Trigger:
    """Return the trigger with what became of it last: `fired`, `failed` or `waited`."""
    history = {**trigger.memory.get("history", {}), what: told}
    return replace(trigger, memory={**trigger.memory, "history": history}, updated_at=_later(trigger, now))


def _after(trigger: Trigger, step: Step, *, now: int) -> Trigger:
    memory = {**step.memory, **({"history": kept} if (kept := trigger.memory.get("history")) else {})}
    pending = trigger.pending
    if step.fire is not None:
        pending = {"key": fire_key(trigger), "at": step.fire.at, "started_by": step.fire.started_by}
    after = replace(trigger, memory=memory, pending=pending, next_at=step.next_at, updated_at=_later(trigger, now))
    return noted(after, "waited", {"at": now, "text": step.text}, now=now) if step.text else after


def _later(trigger: Trigger, now: int) -> int:
    return max(now, trigger.updated_at + 1)  # a change is compared by it, so it must differ


# by the clock


def _cron(spec: Mapping[str, Any]) -> tuple[Schedule | Rate, Any]:
    return parse_quartz(spec["expression"]), time_zone(spec["time_zone"])


def _check_cron(spec: Mapping[str, Any]) -> None:
    _cron(spec)


def _first_cron(spec: Mapping[str, Any], now: int) -> int | None:
    schedule, zone = _cron(spec)
    return next_fire(schedule, now, zone)


def _look_at_cron(trigger: Trigger, seen: Seen) -> Step:
    return _look_at(trigger, seen, *_cron(trigger.spec))


def _look_at(trigger: Trigger, seen: Seen, schedule: Schedule | Rate, zone: tzinfo) -> Step:
    """Fire once for all moments that were missed, for the latest of them, as Quartz does by default."""
    first = trigger.next_at or seen.now
    back = bisect_left(
        range(seen.now - first), True, key=lambda ago: (next_fire(schedule, seen.now - ago - 1, zone) or 0) <= seen.now
    )
    at = next_fire(schedule, seen.now - back - 1, zone) or first
    fire = Fire(at=at, started_by={"kind": "schedule", "at": at})
    return Step(memory=trigger.memory, next_at=next_fire(schedule, seen.now, zone), fire=fire)


def _first_in_utc(spec: Mapping[str, Any], now: int) -> int | None:
    return next_fire(parse_aws(spec["expression"]), now, UTC)


def _check_in_utc(spec: Mapping[str, Any]) -> None:
    parse_aws(spec["expression"])


def _look_in_utc(trigger: Trigger, seen: Seen) -> Step:
    return _look_at(trigger, seen, parse_aws(trigger.spec["expression"]), UTC)


def _look_as_asked(trigger: Trigger, seen: Seen) -> Step:
    """Fire once for each time that somebody asked."""
    asked, at = trigger.memory.get("asked", 0), trigger.next_at or seen.now
    if asked < 1:
        return Step(memory=trigger.memory, next_at=None)
    memory = {**trigger.memory, "asked": asked - 1, "fired_at": at}
    fire = Fire(at=seen.now, started_by={"kind": "on_demand", "at": seen.now})
    return Step(memory=memory, next_at=at + 1 if asked > 1 else None, fire=fire)


def _every_ms(spec: Mapping[str, Any]) -> int:
    return int(spec["interval"]) * UNIT_MS[spec["unit"]]


def _check_periodic(spec: Mapping[str, Any]) -> None:
    if spec["unit"] not in UNIT_MS:
        raise InvalidRequest(f"{spec['unit']!r} is no unit of a period; known are {', '.join(UNIT_MS)}.")
    if int(spec["interval"]) < 1:
        raise InvalidRequest(f"The interval of a period is {spec['interval']}; it must be at least 1.")


def _look_at_period(trigger: Trigger, seen: Seen) -> Step:
    """Fire once for all moments that were missed; the beat stays the one it began with."""
    every, first = _every_ms(trigger.spec), trigger.next_at or seen.now
    at = first + (seen.now - first) // every * every
    return Step(memory=trigger.memory, next_at=at + every, fire=Fire(at=at, started_by={"kind": "periodic", "at": at}))


KINDS: Mapping[str, Kind] = {
    "cron": Kind(check=_check_cron, first_at=_first_cron, look=_look_at_cron),
    "periodic": Kind(check=_check_periodic, first_at=lambda spec, now: now + _every_ms(spec), look=_look_at_period),
    "continuous": Kind(
        check=continuity.check,
        first_at=lambda _, now: now,
        look=lambda trigger, seen: continuity.look(trigger.spec, trigger.memory, seen),
        hear=lambda trigger, run, now: continuity.hear(trigger.memory, run, now=now),
        watches=lambda _, own: (own,),
        refused=lambda trigger, now: continuity.refused(trigger.memory, now=now),
    ),
    "file_arrival": Kind(
        check=arrival.check,
        first_at=lambda _, now: now,
        look=lambda trigger, seen: arrival.look_for_files(trigger.spec, trigger.memory, seen),
    ),
    "table_update": Kind(
        check=arrival.check_tables,
        first_at=lambda _, now: now,
        look=lambda trigger, seen: arrival.look_at_tables(trigger.spec, trigger.memory, seen),
    ),
    "job_completion": Kind(
        check=completion.check,
        first_at=lambda _, __: None,
        look=lambda trigger, seen: completion.look(trigger.spec, trigger.memory, seen),
        hear=lambda trigger, run, now: completion.hear(trigger, run, now=now),
        watches=lambda spec, _: tuple(spec["jobs"]),
    ),
    "aws_schedule": Kind(check=_check_in_utc, first_at=_first_in_utc, look=_look_in_utc),
    "on_demand": Kind(check=lambda _: None, first_at=lambda _, __: None, look=_look_as_asked),
    batch.KIND: Kind(check=batch.check, first_at=batch.first_at, look=batch.look),
    chain.KIND: Kind(
        check=chain.check,
        first_at=lambda _, __: None,
        look=chain.look,
        hear=lambda trigger, run, now: chain.hear(trigger, run, now=now),
        watches_names=chain.watched_names,
    ),
}
"""Every kind of trigger."""
