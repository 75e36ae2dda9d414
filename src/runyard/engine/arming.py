"""What happens to triggers inside a transaction: they are made with their job, and hear of the ends of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runyard.core import trigger as triggers
from runyard.core.errors import InvalidRequest
from runyard.core.ids import Ids
from runyard.core.job import Job
from runyard.core.run import Run
from runyard.core.trigger import Trigger, Wish
from runyard.store.ledger import Ledger


def set_triggers(ledger: Ledger, job: Job, wishes: Sequence[Wish], *, ids: Ids, now: int) -> None:
    """Give a job exactly these triggers; one that is asked for as before keeps what it remembers."""
    left = ledger.triggers(job.id)
    for wish in wishes:
        triggers.check(wish)
        if job.id in triggers.watched_jobs(wish, own=0):
            raise InvalidRequest(f"Job {job.name} would be started by its own end; use a continuous trigger for that.")
        same = next((one for one in left if (one.kind, one.spec) == (wish.kind, wish.spec)), None)
        if same is None:
            _add(ledger, job, wish, id_=ids.next(), now=now)
            continue
        left.remove(same)
        if same.is_paused != wish.is_paused:
            ledger.save_trigger(_turned(same, wish, now=now), seen=same)
    for one in left:
        ledger.remove_trigger(one.id)


def _add(ledger: Ledger, job: Job, wish: Wish, *, id_: int, now: int) -> None:
    trigger = Trigger(
        id=id_,
        workspace_id=job.workspace_id,
        job_id=job.id,
        kind=wish.kind,
        spec=wish.spec,
        is_paused=wish.is_paused,
        next_at=triggers.first_at(wish, now=now),
        created_at=now,
        updated_at=now,
    )
    ledger.add_trigger(trigger, watched=triggers.watched_jobs(wish, own=job.id))


def _turned(trigger: Trigger, wish: Wish, *, now: int) -> Trigger:
    """Return a trigger paused, or watching anew: what came while it was paused is not new to it."""
    history = trigger.memory.get("history")
    return replace(
        trigger,
        memory={"history": history} if history else {},
        is_paused=wish.is_paused,
        next_at=triggers.first_at(wish, now=now),
        updated_at=max(now, trigger.updated_at + 1),
    )


def hear(ledger: Ledger, run: Run, *, now: int) -> bool:
    """Let the triggers that watch the run's job know of its end; tell whether any must be looked at."""
    linked = hear_links(ledger, run, now=now)
    if run.job_id is None:
        return linked
    return _tell(ledger, ledger.triggers_watching(run.job_id), run, now=now) or linked


def hear_links(ledger: Ledger, run: Run, *, now: int) -> bool:
    """Let the triggers know that wait for runs which triggers started; no other run is any of their business."""
    if "root" not in run.started_by:
        return False
    return _tell(ledger, ledger.triggers_hearing(run, run.started_by.get("flow_run_id") or 0), run, now=now)


def _tell(ledger: Ledger, watching: Sequence[Trigger], run: Run, *, now: int) -> bool:
    heard = [(one, triggers.hear(one, run, now=now)) for one in watching]
    for seen, trigger in heard:
        if trigger is not seen:
            ledger.save_trigger(trigger, seen=seen)
    return any(trigger.next_at is not None for _, trigger in heard)
