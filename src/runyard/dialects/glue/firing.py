"""What a trigger of Glue starts when it fires: a run for each of its actions, or a run of its workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import Task
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue.arguments import TASK_KEY
from runyard.dialects.glue.starting import request_of
from runyard.dialects.glue.views import LANGUAGE
from runyard.engine.requests import Request
from runyard.engine.starting import Firing, Starting

OF_AN_ACTION = ("Arguments", "Timeout", "SecurityConfiguration", "NotificationProperty")
JOB_IS_GONE = "Trigger {trigger} attempted to run job {job}, which was deleted. Create the job again or take it out."
IN_A_FLOW = "flow"  # the links of a workflow's run hear of nothing but its own chain


def fire(firing: Firing) -> Sequence[Run]:
    """Start what a trigger starts; the keys make each of its runs one and the same, however often this is tried."""
    if firing.trigger.job_id is not None:
        return [_start_workflow(firing, firing.trigger.job_id)]
    actions = firing.trigger.settings["Actions"]
    return [_start_action(firing, action, f"{_pending(firing)['key']}:{place}") for place, action in enumerate(actions)]


def _pending(firing: Firing) -> Mapping[str, Any]:
    return firing.trigger.pending or {}


def _start_workflow(firing: Firing, workflow_id: int) -> Run:
    pending = _pending(firing)
    return firing.engine.start_job(
        Starting(
            engine=firing.engine,
            workspace=firing.workspace,
            job=firing.engine.job(firing.workspace, workflow_id),
            started_by={**pending["started_by"], "trigger": firing.trigger.name},
            idempotency_key=pending["key"],
        )
    )


def _start_action(firing: Firing, action: Mapping[str, Any], key: str) -> Run:
    request = _request(firing, action)
    facts = {"TriggerName": _name(firing), "PredecessorRuns": _predecessors(_pending(firing)["started_by"])}
    return firing.engine.start_run(
        firing.workspace,
        replace(
            request,
            settings={**request.settings, **facts},
            overflow=Overflow.QUEUE if request.overflow is Overflow.QUEUE else Overflow.SKIP,
            started_by={**_started_by(firing), **request.started_by},
            idempotency_key=key,
        ),
    )


def _request(firing: Firing, action: Mapping[str, Any]) -> Request:
    """Return what to run; of a job that is gone or cannot run so, a run that says why it fails."""
    name = action["JobName"]
    try:
        job = firing.engine.job_named(firing.workspace, name)
        return request_of(job, {member: action[member] for member in OF_AN_ACTION if member in action})
    except NotFound:
        return _failing(name, JOB_IS_GONE.format(trigger=_name(firing), job=name), job_is_gone=True)
    except InvalidRequest as error:
        return _failing(name, str(error))


def _failing(job_name: str, message: str, **why: bool) -> Request:
    task = Task(key=TASK_KEY, kind="unavailable", spec={"script": "", "message": message})
    settings = {"JobMode": "SCRIPT", "Arguments": {}}
    return Request(language=LANGUAGE, job_name=job_name, tasks=(task,), settings=settings, started_by=why)


def _started_by(firing: Firing) -> dict[str, Any]:
    told, flow_run_id = _pending(firing)["started_by"], firing.trigger.flow_run_id
    started = {"kind": "trigger", "at": told["at"], "trigger": _name(firing)}
    if flow_run_id is None:
        return {**started, "root": told.get("root") or _pending(firing)["key"]}
    workflow = firing.trigger.settings["WorkflowName"]
    return {**started, "root": IN_A_FLOW, "flow_run_id": flow_run_id, "workflow": workflow}


def _name(firing: Firing) -> str:
    return str(firing.trigger.name or firing.trigger.settings["Name"])


def _predecessors(told: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"JobName": one["job_name"], "RunId": ids.run_id(one["run_id"], one["attempt"])}
        for one in told.get("predecessors", ())
    ]
