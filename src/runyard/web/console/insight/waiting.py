"""What a run that has not begun waits for: its job's other runs, or a place of the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runyard.core.run import Attempt, Run, State
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.native.calls import Call
from runyard.dialects.native.views import RUN_LINE
from runyard.store.ledger import Page

Answer = dict[str, Any]

MOST_NAMED = 5  # runs that are named as those that are in the way
MOST_COUNTED = 500  # runs of a job that are looked at to say how many go first


def waiting_of(call: Call, run: Run, attempts: Sequence[Attempt]) -> Answer | None:
    """Return what a run waits for as a whole; what a task waits for, its graph says."""
    if run.state is State.ENDED:
        return None
    if run.admitted_at is None and run.job_id is not None:
        return _for_its_job(call, run)
    if any(attempt.state is State.QUEUED for attempt in attempts):
        return _for_a_place(call)
    return _in_a_lane(call, run) if run.language == DREMIO else None


def _for_its_job(call: Call, run: Run) -> Answer:
    page = Page(limit=MOST_COUNTED, where={"job_id": run.job_id or 0, "active": True}, newest_first=False)
    others = [one for one in call.engine.runs(call.workspace, page) if one.id != run.id]
    holders = [one for one in others if one.admitted_at is not None]
    return {
        "for": "job",
        "runs": [RUN_LINE.show(one) for one in holders[:MOST_NAMED]],
        "count": len(holders),
        "ahead": sum(one.admitted_at is None and one.id < run.id for one in others),
    }


def _for_a_place(call: Call) -> Answer:
    _, holders = call.engine.attempts_at_work()
    runs = call.engine.runs_by_ids({attempt.run_id for attempt in holders})
    own = sorted((run for run in runs if run.workspace_id == call.workspace.id), key=lambda run: run.id)
    load = call.engine.load()
    return {
        "for": "place",
        "runs": [RUN_LINE.show(run) for run in own[:MOST_NAMED]],
        "count": load.get("on_process", 0),
        "places": call.engine.places,
        "queued": load.get("queued", 0),
    }


def _in_a_lane(call: Call, run: Run) -> Answer | None:
    """Return the queue of a query that has come as far as that, and got no place yet."""
    told = job_of(call.engine, run).told
    if not told.queue or told.scheduling_ended_at is not None:
        return None
    return {"for": "lane", "runs": [], "lane": told.queue, "since": told.scheduling_started_at}
