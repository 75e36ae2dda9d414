"""Triggers, workflows and their runs as Glue's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from runyard.core import batch
from runyard.core.job import Job
from runyard.core.run import Run
from runyard.core.trigger import Trigger
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue.capacity import epoch_seconds, from_epoch_seconds
from runyard.dialects.glue.states import WORKFLOW_STATUSES
from runyard.dialects.glue.trigger_rules import CONDITIONAL
from runyard.dialects.view import View, field, kept, shown

ALWAYS_CREATED = ("ON_DEMAND", "EVENT")
"""Types of triggers that "always remain in the CREATED state"."""


def trigger_state(trigger: Trigger) -> str:
    """Return where a trigger is in its life."""
    if trigger.settings["Type"] in ALWAYS_CREATED or trigger.activated_at is None:
        return "CREATED"
    return "DEACTIVATED" if trigger.is_paused else "ACTIVATED"


TRIGGER = View(
    (
        field("Name", "name"),
        kept("WorkflowName"),
        kept("Type"),
        shown("State", trigger_state),
        kept("Description"),
        kept("Schedule"),
        kept("Actions"),
        kept("Predicate"),
        kept("EventBatchingCondition"),
    ),
    not_shown={"Id": "reserved for future use, as AWS says"},
)


class Workflow(NamedTuple):
    """A workflow with what Glue shows beside its definition."""

    job: Job
    last_run: Mapping[str, Any] | None
    graph: Mapping[str, Any] | None

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its words as they came."""
        return self.job.settings


class WorkflowRun(NamedTuple):
    """A run of a workflow with what came of it."""

    run: Run
    properties: Mapping[str, str]
    job_runs: Sequence[Mapping[str, Any]]  # JobRuns as Glue shows them
    graph: Mapping[str, Any] | None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was asked for."""
        return {}


COUNTED: Mapping[str, tuple[str, ...]] = {
    "TimeoutActions": ("TIMEOUT",),
    "FailedActions": ("FAILED",),
    "StoppedActions": ("STOPPED",),
    "SucceededActions": ("SUCCEEDED",),
    "RunningActions": ("STARTING", "RUNNING", "STOPPING"),
    "ErroredActions": ("ERROR", "EXPIRED"),
    "WaitingActions": ("WAITING",),
}
"""Which job runs each number of a workflow run's statistics counts."""


def statistics(one: WorkflowRun) -> dict[str, int]:
    """Count the actions of a workflow's run: all that its triggers have, and those that came so far by their states."""
    states = [job_run["JobRunState"] for job_run in one.job_runs]
    actions = sum(len(trigger["Actions"]) for trigger in one.run.settings["Triggers"])
    counts = {name: sum(state in counted for state in states) for name, counted in COUNTED.items()}
    return {"TotalActions": actions, **counts}


def _batch(one: WorkflowRun) -> dict[str, int] | None:
    told = one.run.started_by
    if told.get("kind") != batch.KIND:
        return None
    return {"BatchSize": len(told["events"]), "BatchWindow": told["window_ms"] // 1000}


def _previous(one: WorkflowRun) -> str | None:
    return None if one.run.previous_run_id is None else ids.workflow_run_id(one.run.previous_run_id)


WORKFLOW_RUN = View(
    (
        field("Name", "run.job_name"),
        shown("WorkflowRunId", lambda one: ids.workflow_run_id(one.run.id)),
        shown("PreviousRunId", _previous),
        field("WorkflowRunProperties", "properties"),
        field("StartedOn", "run.created_at", epoch_seconds, from_epoch_seconds),
        field("CompletedOn", "run.ended_at", epoch_seconds, from_epoch_seconds),
        field("Status", "run.phase", WORKFLOW_STATUSES.get),
        shown("ErrorMessage", lambda one: one.run.message if WORKFLOW_STATUSES[one.run.phase] == "ERROR" else None),
        shown("Statistics", statistics),
        shown("Graph", lambda one: one.graph),
        shown("StartingEventBatchCondition", _batch),
    ),
    not_shown={},
)

WORKFLOW = View(
    (
        field("Name", "job.name"),
        kept("Description"),
        kept("DefaultRunProperties"),
        field("CreatedOn", "job.created_at", epoch_seconds, from_epoch_seconds),
        field("LastModifiedOn", "job.updated_at", epoch_seconds, from_epoch_seconds),
        shown("LastRun", lambda one: one.last_run),
        shown("Graph", lambda one: one.graph),
        kept("MaxConcurrentRuns"),
    ),
    not_shown={"BlueprintDetails": "no workflow here is made by a blueprint"},
)


# the graph


def graph(
    workflow_id: int, triggers: Sequence[Mapping[str, Any]], job_runs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the nodes and edges of a workflow: its triggers, as Glue shows them, and the jobs that these name."""
    jobs = list(dict.fromkeys(name for trigger in triggers for name in (*watched(trigger), *started(trigger))))
    nodes = [
        *(_node(workflow_id, "TRIGGER", one["Name"], TriggerDetails={"Trigger": one}) for one in triggers),
        *(_node(workflow_id, "JOB", name, JobDetails={"JobRuns": _of(name, job_runs)}) for name in jobs),
    ]
    edges = [edge for trigger in triggers for edge in _edges(workflow_id, trigger)]
    return {"Nodes": nodes, "Edges": edges}


def started(trigger: Mapping[str, Any]) -> list[str]:
    """Return the jobs that a trigger starts."""
    return [action["JobName"] for action in trigger["Actions"]]


def watched(trigger: Mapping[str, Any]) -> list[str]:
    """Return the jobs that a trigger waits for: only a conditional one reads its predicate."""
    conditions = trigger["Predicate"]["Conditions"] if trigger["Type"] == CONDITIONAL else ()
    return [condition["JobName"] for condition in conditions]


def _node(workflow_id: int, kind: str, name: str, **details: Any) -> dict[str, Any]:
    return {"Type": kind, "Name": name, "UniqueId": ids.node_id(workflow_id, kind, name), **details}


def _of(name: str, job_runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in job_runs if one["JobName"] == name]


def _edges(workflow_id: int, trigger: Mapping[str, Any]) -> list[dict[str, str]]:
    here = ids.node_id(workflow_id, "TRIGGER", trigger["Name"])
    before = [ids.node_id(workflow_id, "JOB", name) for name in dict.fromkeys(watched(trigger))]
    after = [ids.node_id(workflow_id, "JOB", name) for name in dict.fromkeys(started(trigger))]
    return [
        *({"SourceId": job, "DestinationId": here} for job in before),
        *({"SourceId": here, "DestinationId": job} for job in after),
    ]
