"""What came before a run and what followed it: the runs that its trigger heard of, and those that heard of its end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from runyard.core.ids import first_of
from runyard.core.job import WORKFLOW
from runyard.core.run import Run
from runyard.dialects import aws_ids
from runyard.dialects.native.calls import Call
from runyard.dialects.native.views import RUN_LINE
from runyard.store.ledger import Page

Answer = dict[str, Any]

SOON_MS = 600_000  # how long after a run's end those that it started are looked for
MOST = 200  # runs that are looked through for them


def chain_of(call: Call, run: Run) -> Answer:
    """Return the neighbours of a run in what triggers and workflows make of jobs."""
    before = list(_before(run))
    known = {one.id: one for one in call.engine.runs_by_ids({number for number, _ in before})}
    flow = run.started_by.get("flow_run_id")
    return {
        "trigger": run.settings.get("TriggerName") or run.started_by.get("trigger"),
        "workflow": {"run_id": flow, "name": run.started_by.get("workflow")} if flow else None,
        "before": [_shown(call, number, name, known) for number, name in before],
        "after": [RUN_LINE.show(one) for one in _after(call, run)],
        "members": [RUN_LINE.show(one) for one in call.engine.chains.members(run)] if _is_flow(run) else [],
    }


def _before(run: Run) -> Iterator[tuple[int, str]]:
    """Yield the runs whose ends started this one, with the names of their jobs where they are known."""
    for one in run.settings.get("PredecessorRuns") or ():
        if (found := aws_ids.from_run_id(one["RunId"])) is not None:
            yield found[0], one["JobName"]
    if run.started_by.get("kind") == "job_completion":
        yield from ((int(one["run_id"]), "") for one in run.started_by.get("jobs", ()))


def _shown(call: Call, number: int, name: str, known: Mapping[int, Run]) -> Answer:
    found = known.get(number)
    if found is None or found.workspace_id != call.workspace.id:
        return {"id": number, "job_name": name, "is_gone": True}
    return RUN_LINE.show(found)


def _after(call: Call, run: Run) -> list[Run]:
    """Return the runs that triggers started because this one ended, of those that were made soon after."""
    if run.ended_at is None:
        return []
    bounds = {"after": first_of(run.ended_at) - 1, "before": first_of(run.ended_at + SOON_MS)}
    page = Page(limit=MOST, where=bounds, newest_first=False)
    return [one for one in call.engine.runs(call.workspace, page) if run.id in _numbers(one)]


def _numbers(run: Run) -> Collection[int]:
    return {number for number, _ in _before(run)}


def _is_flow(run: Run) -> bool:
    return any(task.kind == WORKFLOW for task in run.tasks)
