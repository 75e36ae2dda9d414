"""Glue's workflows as jobs of their own language: their one task is the work of the runs that their links start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runyard.core import batch, chain
from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import WORKFLOW, Job, Task, Workspace, kept_name
from runyard.core.run import Run
from runyard.core.trigger import Trigger
from runyard.dialects.glue import trigger_rules
from runyard.dialects.glue.arguments import TASK_KEY
from runyard.dialects.glue.firing import IN_A_FLOW
from runyard.dialects.glue.views import LANGUAGE
from runyard.engine.engine import Engine
from runyard.engine.requests import Request
from runyard.engine.starting import Starting

WORKFLOWS = "glue_workflow"
"""The language of workflows: apart from Glue's own, so that lists of jobs and job runs do not show them."""
TASKS = (Task(key=TASK_KEY, kind=WORKFLOW, spec={"links": []}),)
EVENT_IDS = "aws:eventIds"

Settings = Mapping[str, Any]


def workflow_named(engine: Engine, workspace: Workspace, name: str) -> Job:
    """Return a workflow by name."""
    try:
        return engine.job_named(workspace, kept_name(WORKFLOW, name))
    except NotFound as error:
        raise NotFound("workflow", name) from error


def start_workflow(starting: Starting) -> Run:
    """Start a run of a workflow, with its triggers as they are now."""
    triggers = starting.engine.triggers(starting.job)
    starters = [one for one in triggers if one.settings["Type"] in trigger_rules.STARTS_A_WORKFLOW]
    if not starters:
        raise InvalidRequest(
            f"Workflow {starting.job.name} has no start trigger. Create one, of type ON_DEMAND, SCHEDULED or EVENT."
        )
    links = [link(one) for one in triggers if one not in starters]
    links += [asked(snapshot(one)) for one in starters]
    return begin(starting, links, [snapshot(one) for one in triggers])


def begin(
    starting: Starting,
    links: Sequence[Settings],
    triggers: Sequence[Settings],
    *,
    previous: Run | None = None,
    **more: Any,
) -> Run:
    """Start a run of a workflow with these links."""
    told = starting.started_by
    properties = {**starting.job.settings.get("DefaultRunProperties", {}), **starting.parameters, **_events(told)}
    request = Request(
        language=WORKFLOWS,
        job_name=starting.job.name,
        job=starting.job,
        tasks=(Task(key=TASK_KEY, kind=WORKFLOW, spec={"links": list(links)}),),
        settings={"RunProperties": properties, "Triggers": list(triggers), **more},
        started_by=told,
        parent_attempt_id=starting.parent_attempt_id,
        idempotency_key=starting.idempotency_key,
        previous_run_id=previous.id if previous else None,
    )
    return starting.engine.start_run(starting.workspace, request)


def snapshot(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger's words as a workflow's run keeps them."""
    return {**trigger.settings, "Name": trigger.name, "IsActive": not trigger.is_paused}


def link(trigger: Trigger) -> dict[str, Any]:
    """Return the link of a workflow's run that waits as a trigger does."""
    return link_of(snapshot(trigger))


def link_of(settings: Settings, memory: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the link of a workflow's run that waits as a conditional trigger was said to."""
    wish = trigger_rules.wish(settings, {})
    return _link(wish.kind, wish.spec, settings, memory=memory or {}, is_paused=not settings["IsActive"])


def asked(settings: Settings) -> dict[str, Any]:
    """Return a link that starts its jobs as soon as the run begins, once."""
    return _link("on_demand", {}, settings, memory={"asked": 1}, is_paused=True)


def _link(
    kind: str, spec: Mapping[str, Any], settings: Settings, *, memory: Mapping[str, Any], is_paused: bool
) -> dict[str, Any]:
    return {
        "kind": kind,
        "spec": dict(spec),
        "settings": dict(settings),
        "language": LANGUAGE,
        "memory": dict(memory),
        "is_paused": is_paused,
    }


def met_before(settings: Settings, ended: Iterable[Run], again: frozenset[str]) -> dict[str, Any]:
    """Return what a link remembers in a resumed run: how the jobs ended that are not run again."""
    spec = trigger_rules.wish(settings, {}).spec
    heard = [run for run in ended if run.job_name not in again]
    watches_again = bool(again & {one["job"] for one in spec["conditions"]})
    if watches_again and spec["needs"] == "any":
        return {}  # what is run again is to fire it anew
    met = {place: told for run in heard for place, told in chain.met(spec["conditions"], run).items()}
    return {"chains": {IN_A_FLOW: {"met": met, "fired": not watches_again}}}


def _events(told: Mapping[str, Any]) -> dict[str, str]:
    """Name the events that started a run, as AWS writes them into its properties."""
    return {EVENT_IDS: f"[{', '.join(told['events'])}]"} if told.get("kind") == batch.KIND else {}
