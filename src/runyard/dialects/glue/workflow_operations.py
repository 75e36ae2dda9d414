"""Glue's operations on workflows and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, WrongState
from runyard.core.job import WORKFLOW as WORKFLOW_KIND
from runyard.core.job import Job, kept_name
from runyard.core.run import Run
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue import pages, rules
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.errors import IllegalWorkflowState
from runyard.dialects.glue.flow_views import TRIGGER, WORKFLOW, WORKFLOW_RUN, Workflow, WorkflowRun, graph
from runyard.dialects.glue.resuming import resumption
from runyard.dialects.glue.states import WORKFLOW_STATUSES
from runyard.dialects.glue.views import JOB_RUN
from runyard.dialects.glue.workflows import TASKS, WORKFLOWS, begin
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.starting import Starting
from runyard.store.ledger import Page

MOST_WORKFLOWS = 25
MOST_RUNS = 1000
WORDS = ("Description", "DefaultRunProperties", "MaxConcurrentRuns")
SCOPE = "workflows"


def create_workflow(call: Call) -> Members:
    """Creates a workflow; triggers that name it are its parts."""
    rules.check_tags(call.members.get("Tags", {}))
    name = call["Name"]
    facts = {"language": WORKFLOWS, "tags": call.members.get("Tags", {}), "tasks": TASKS, **_facts(call)}
    try:
        call.engine.create_job(call.workspace, name=name, unique_name=kept_name(WORKFLOW_KIND, name), **facts)
    except AlreadyExists as error:
        raise AlreadyExists("workflow", name) from error
    return {"Name": name}


def update_workflow(call: Call) -> Members:
    """Overwrites a workflow; what the update leaves out goes back to its default."""
    return {"Name": call.engine.update_job(call.workflow(call["Name"]), **_facts(call)).name}


def get_workflow(call: Call) -> Members:
    """Shows a workflow with its last run."""
    return {"Workflow": _shown(call, call.workflow(call["Name"]))}


def batch_get_workflows(call: Call) -> Members:
    """Shows the workflows of the given names, and which of the names no workflow has."""
    found, missing = [], []
    for name in dict.fromkeys(call["Names"]):
        try:
            found.append(_shown(call, call.workflow(name)))
        except NotFound:
            missing.append(name)
    return {"Workflows": found, "MissingWorkflows": missing}


def list_workflows(call: Call) -> Members:
    """Lists the names of workflows, the oldest first."""
    limit, token = call.members.get("MaxResults", MOST_WORKFLOWS), call.members.get("NextToken")
    after = read_token(SCOPE, token, size=1)[0] if token else 0
    behind = Page(limit=limit + 1, where={"language": WORKFLOWS, "after": after}, newest_first=False)
    found = call.engine.jobs(call.workspace, behind)
    more = write_token(SCOPE, (found[limit - 1].id,)) if len(found) > limit else None
    return page("Workflows", [job.name for job in found[:limit]], more)


def delete_workflow(call: Call) -> Members:
    """Deletes a workflow with its triggers; one that does not exist is no error. Runs of it go on to their end."""
    with suppress(NotFound):
        call.engine.delete_job(call.workflow(call["Name"]))
    return {"Name": call["Name"]}


# runs


def start_workflow_run(call: Call) -> Members:
    """Starts a run of a workflow, with its triggers as they are now."""
    run = call.engine.start_job(_starting(call, call.workflow(call["Name"]), call.members.get("RunProperties", {})))
    return {"RunId": ids.workflow_run_id(run.id)}


def get_workflow_run(call: Call) -> Members:
    """Shows a run of a workflow."""
    return {"Run": _shown_run(call, _run(call))}


def get_workflow_runs(call: Call) -> Members:
    """Lists the runs of a workflow, the newest first."""
    workflow = call.workflow(call["Name"])
    limit, token = call.members.get("MaxResults", MOST_RUNS), call.members.get("NextToken")
    scope = f"runs of workflow {workflow.id}"
    before = {"before": read_token(scope, token, size=1)[0]} if token else {}
    found = call.engine.runs(call.workspace, Page(limit=limit + 1, where={"job_id": workflow.id, **before}))
    more = write_token(scope, (found[limit - 1].id,)) if len(found) > limit else None
    return page("Runs", [_shown_run(call, run) for run in found[:limit]], more)


def get_workflow_run_properties(call: Call) -> Members:
    """Shows the properties of a workflow's run."""
    return {"RunProperties": _properties(call, _run(call))}


def put_workflow_run_properties(call: Call) -> Members:
    """Adds properties to a workflow's run, or gives them new values."""
    call.engine.chains.put_properties(_run(call), call["RunProperties"])
    return {}


def stop_workflow_run(call: Call) -> Members:
    """Stops a run of a workflow with all job runs that go on."""
    run = _run(call)
    if WORKFLOW_STATUSES[run.phase] != "RUNNING":
        raise IllegalWorkflowState(f"Workflow run {call['RunId']} is {WORKFLOW_STATUSES[run.phase]}, not RUNNING.")
    try:
        call.engine.stop_run(call.workspace, run.id)
    except WrongState as error:
        raise IllegalWorkflowState(str(error)) from error
    return {}


def resume_workflow_run(call: Call) -> Members:
    """Starts a run that goes on from some jobs of an earlier one; what they do not lead to is copied from it."""
    run, workflow = _run(call), call.workflow(call["Name"])
    if WORKFLOW_STATUSES[run.phase] != "COMPLETED":
        raise IllegalWorkflowState(f"Workflow run {call['RunId']} is {WORKFLOW_STATUSES[run.phase]}, not COMPLETED.")
    if not call["NodeIds"]:
        raise InvalidRequest("NodeIds must name at least one node of the run's graph.")
    asked = resumption(workflow.id, run.settings["Triggers"], _members(call, run), call["NodeIds"])
    copied = [one.id for one in asked.copied()]
    starting = _starting(call, workflow, _properties(call, run))
    resumed = begin(starting, asked.links(), asked.triggers, previous=run, CopiedRuns=copied)
    nodes = [ids.node_id(workflow.id, "JOB", name) for name in asked.jobs]
    return {"RunId": ids.workflow_run_id(resumed.id), "NodeIds": nodes}


# how handlers find and show things


def _facts(call: Call) -> Members:
    settings = {name: call.members[name] for name in WORDS if name in call.members}
    limit = settings.get("MaxConcurrentRuns")
    if limit is not None and limit < 1:
        raise InvalidRequest(f"MaxConcurrentRuns must be at least 1, not {limit}.")
    return {"settings": settings, "max_concurrent_runs": limit}


def _starting(call: Call, workflow: Job, properties: Mapping[str, str]) -> Starting:
    return Starting(engine=call.engine, workspace=call.workspace, job=workflow, parameters=properties)


def _run(call: Call) -> Run:
    number = ids.from_workflow_run_id(call["RunId"])
    try:
        run = call.engine.run(call.workspace, number) if number is not None else None
    except NotFound:
        run = None
    if run is None or run.language != WORKFLOWS or run.job_name != call["Name"]:
        raise NotFound("workflow run", call["RunId"])
    return run


def _members(call: Call, run: Run) -> list[Run]:
    """Return the runs of a workflow's run: those that it has copied, and its own."""
    copied: list[Run] = []
    for run_id in run.settings.get("CopiedRuns", ()):
        with suppress(NotFound):  # retention has taken it
            copied.append(call.engine.run(call.workspace, run_id))
    return [*copied, *call.engine.chains.members(run)]


def _properties(call: Call, run: Run) -> dict[str, str]:
    return {**run.settings["RunProperties"], **call.engine.chains.properties(run)}


def _shown(call: Call, workflow: Job) -> Members:
    runs = call.engine.runs(call.workspace, Page(limit=1, where={"job_id": workflow.id}))
    triggers = [TRIGGER.show(one) for one in call.engine.triggers(workflow)]
    drawn = graph(workflow.id, triggers, ()) if call.members.get("IncludeGraph") else None
    last = _shown_run(call, runs[0]) if runs else None
    return WORKFLOW.show(Workflow(job=workflow, last_run=last, graph=drawn))


def _shown_run(call: Call, run: Run) -> Members:
    shown = [{**JOB_RUN.show(one)} for member in _members(call, run) for one in pages.all_tries(call.engine, member)]
    drawn = graph(run.job_id or 0, _triggers(run), shown) if call.members.get("IncludeGraph") else None
    return WORKFLOW_RUN.show(
        WorkflowRun(run=run, properties=_properties(call, run), job_runs=_newest(shown), graph=drawn)
    )


def _triggers(run: Run) -> list[Members]:
    """Return the triggers of a workflow's run as they were when it started."""
    active = {True: "ACTIVATED", False: "CREATED"}
    return [
        {**{name: value for name, value in one.items() if name != "IsActive"}, "State": active[one["IsActive"]]}
        for one in run.settings["Triggers"]
    ]


def _newest(job_runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return of each run only its newest try: an action is counted once."""
    return [one for one in job_runs if not any(one["Id"] == other.get("PreviousRunId") for other in job_runs)]
