"""The operations on runs, but for those that start one."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from runyard.core import graph
from runyard.core.errors import InvalidRequest, NotFound, WrongState
from runyard.core.job import Job
from runyard.core.run import Run, State
from runyard.dialects import reading
from runyard.dialects.databricks import versions
from runyard.dialects.databricks.calls import JOBS_VERSIONS, Call, Operation
from runyard.dialects.databricks.facts import TaskRun, job_run
from runyard.dialects.databricks.jobs.settings import LANGUAGE
from runyard.dialects.databricks.runs import export, repairing, run_pages
from runyard.dialects.databricks.runs.outputs import output_of
from runyard.dialects.databricks.runs.parameters import read_told
from runyard.dialects.databricks.runs.planning import plan_again
from runyard.dialects.databricks.runs.repairing import Wish
from runyard.dialects.databricks.runs.resolved import with_resolved_values
from runyard.dialects.databricks.runs.run_reading import (
    Found,
    facts_of,
    facts_of_page,
    found,
    iterations_of,
    task_run_of,
)
from runyard.dialects.databricks.runs.shapes import in_version
from runyard.dialects.databricks.views import RUN, RUN_TASK, as_run
from runyard.engine.requests import Repairing

Members = dict[str, Any]

MANY_OUTPUTS = (
    "Retrieving the output of runs with multiple tasks is not supported. "
    "Please retrieve the output of each individual task run instead."
)
MANY_EXPORTS = "Exporting runs with multiple tasks is not supported. Please export each individual task run instead."


def get_run(call: Call) -> Members:
    """Show a run or a task run; arrays of more than 100 elements come page by page."""
    run, attempt = _found(call)
    if attempt is None:
        whole = _whole_run(call, run)
    else:
        whole = _whole_task_run(call, task_run_of(call.engine, run, attempt, call.request.url))
    if call.version in versions.PAGED_ARRAYS:
        whole = run_pages.part(whole, call.members.get("page_token") or None)
    return in_version(_with_tasks_shown(call, whole), call.version)


def list_runs(call: Call) -> Members:
    """List the runs of all languages in the workspace, newest first."""
    page = run_pages.runs_page(call.engine, call.workspace, call.members, call.version)
    with_tasks = bool(call.members.get("expand_tasks")) or call.version == "2.0"
    told = facts_of_page(call.engine, page.runs, call.request.url, with_tasks=with_tasks)
    runs = [_listed(call, RUN.show(one), one.task_runs if with_tasks else None) for one in map(job_run, told)]
    has_more = {"has_more": "next_page_token" in page.tokens} if call.version in versions.TELLS_HAS_MORE else {}
    return {"runs": runs, **has_more, **page.tokens}


def cancel_run(call: Call) -> Members:
    """Cancel a run or a task run; the answer does not wait for its end."""
    run, attempt = _found(call)
    with suppress(WrongState):  # it has ended: "If the run is already in a terminal state, this method is a no-op."
        if attempt is None:
            call.engine.stop_run(call.workspace, run.id)
        else:
            call.engine.stop_attempt(call.workspace, attempt.id)
    return {}


def cancel_all_runs(call: Call) -> Members:
    """Cancel the active runs of a job, or all queued runs of a job or of the workspace."""
    job_id, only_queued = call.members.get("job_id"), bool(call.members.get("all_queued_runs"))
    if job_id is None and not only_queued:
        raise InvalidRequest("Give job_id, or all_queued_runs as true, to say which runs are cancelled.")
    of_job = {} if job_id is None else {"job_id": call.engine.job(call.workspace, job_id).id}
    call.engine.stop_runs(call.workspace, {**of_job, **({"state": State.QUEUED} if only_queued else {})})
    return {}


def delete_run(call: Call) -> Members:
    """Delete a run that has ended, with all that it left behind."""
    run_id = reading.integer(call.members.get("run_id"), "run_id")
    call.engine.delete_run(call.workspace, run_id)
    return {}


def export_run(call: Call) -> Members:
    """Return a notebook's run as a page that reads by itself."""
    one = _one_task_run(call, MANY_EXPORTS)
    return {"views": export.views(call.engine, one, call.members.get("views_to_export") or export.CODE)}


def get_run_output(call: Call) -> Members:
    """Return what a task run left behind."""
    output = output_of(call.engine, _one_task_run(call, MANY_OUTPUTS))
    return {**output, "metadata": in_version(output["metadata"], call.version)}


def repair_run(call: Call) -> Members:
    """Run some tasks of an ended run again, in the same run, with the job's settings as they are now."""
    run_id = reading.integer(call.members.get("run_id"), "run_id")
    run = call.engine.run(call.workspace, run_id)
    if run.state is not State.ENDED:
        raise WrongState(f"Run {run_id} is {run.phase}; only a run that has ended can be repaired.")
    latest_id = call.members.get("latest_repair_id") or None
    repairing.check_latest(call.engine.repairs(run), latest_id)
    keys = repairing.chosen(run.tasks, graph.newest(call.engine.attempts(run)), _wish(call))
    repair = call.engine.repair_run(
        call.workspace, run_id, Repairing(task_keys=keys, after=latest_id, **_told_again(call, run))
    )
    return {"repair_id": repair.id}


# how handlers find and show runs


def _found(call: Call) -> Found:
    return found(call.engine, call.workspace, reading.integer(call.members.get("run_id"), "run_id"))


def _whole_run(call: Call, run: Run) -> Members:
    """Return a run whose tasks are not spelled yet: a page holds few of them."""
    facts = facts_of(call.engine, run, call.request.url)
    one = job_run(facts)
    whole = {**RUN.show(one), "tasks": one.task_runs}
    if call.members.get("include_history"):
        whole["repair_history"] = repairing.history(run, facts.attempts, one.rounds)
    return whole


def _whole_task_run(call: Call, one: TaskRun) -> Members:
    whole = {**as_run(one), "tasks": [one]}
    iterations = iterations_of(call.engine, one)
    return {**whole, "iterations": iterations} if iterations else whole


def _with_tasks_shown(call: Call, whole: Members) -> Members:
    shown: Members = {**whole}
    for name in ("tasks", "iterations"):
        if name in whole:
            shown[name] = [_shown_task(call, one) for one in whole[name]]
    return shown


def _shown_task(call: Call, one: TaskRun) -> Members:
    shown = RUN_TASK.show(one)
    return with_resolved_values(call.engine, one, shown) if call.members.get("include_resolved_values") else shown


def _listed(call: Call, shown: Members, task_runs: Any) -> Members:
    """Return a run as a list shows it: without its tasks and clusters, or with the first of them."""
    if task_runs is None:
        return in_version({name: value for name, value in shown.items() if name != "job_clusters"}, call.version)
    whole = {**shown, "tasks": task_runs}
    whole = run_pages.first_part(whole) if call.version in versions.PAGED_ARRAYS else whole
    return in_version({**whole, "tasks": [RUN_TASK.show(one) for one in whole["tasks"]]}, call.version)


def _one_task_run(call: Call, refusal: str) -> TaskRun:
    """Return the task run of an id; of a run with one task, its newest attempt."""
    run, attempt = _found(call)
    if attempt is None:
        attempts = call.engine.attempts(run)
        if len(run.tasks) > 1:
            raise InvalidRequest(refusal)
        if not attempts:
            raise InvalidRequest(f"Run {run.id} was skipped, so it left nothing behind: {run.message}")
        attempt = attempts[-1]
    return task_run_of(call.engine, run, attempt, call.request.url)


def _wish(call: Call) -> Wish:
    return Wish(
        tasks=reading.texts(call.members.get("rerun_tasks"), "rerun_tasks"),
        all_failed=bool(call.members.get("rerun_all_failed_tasks")),
        dependents=bool(call.members.get("rerun_dependent_tasks")),
    )


def _told_again(call: Call, run: Run) -> Mapping[str, Any]:
    """Return the tasks and settings of a run that goes on; one that another language asked for stays as it was."""
    asked = {name: value for name, value in call.members.items() if name != "run_id"}
    if run.language != LANGUAGE:
        return {"settings": asked}
    fresh = plan_again(run, _job(call, run), read_told(call.members))
    tasks = repairing.as_now(run, fresh.tasks)
    return {
        "settings": asked,
        "tasks": tasks,
        "run_settings": repairing.written_as_now(run, tasks, fresh.settings),
    }


def _job(call: Call, run: Run) -> Job | None:
    if run.job_id is not None:
        with suppress(NotFound):  # deleted since
            return call.engine.job(call.workspace, run.job_id)
    return None


# the table

_OLDER_PARAMETERS = {
    "notebook_params": "object",
    "python_params": "array",
    "python_named_params": "object",
    "jar_params": "array",
    "spark_submit_params": "array",
    "sql_params": "object",
    "dbt_commands": "array",
    "pipeline_params": "object",
}
_GIVEN_OF_RUN = {
    "run_id": "int",
    "job_id": "int",
    "state": "object",
    "status": "object",
    "run_page_url": "string",
    "start_time": "int",
    "end_time": "int",
    "tasks": "array",
    "job_parameters": "array",
    "next_page_token": "string",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getJobRun",
        method="GET",
        path="jobs/runs/get",
        handle=get_run,
        summary="Get a single job run",
        takes={
            "run_id": "int!",
            "include_history": "bool",
            "include_resolved_values": "bool",
            "page_token": "string",
        },
        gives=_GIVEN_OF_RUN,
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="listJobRuns",
        method="GET",
        path="jobs/runs/list",
        handle=list_runs,
        summary="List job runs, newest first",
        takes={
            "job_id": "int",
            "active_only": "bool",
            "completed_only": "bool",
            "run_type": "string",
            "start_time_from": "int",
            "start_time_to": "int",
            "expand_tasks": "bool",
            "limit": "int",
            "offset": "int",
            "page_token": "string",
        },
        gives={"runs": "array", "next_page_token": "string", "prev_page_token": "string", "has_more": "bool"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="cancelJobRun",
        method="POST",
        path="jobs/runs/cancel",
        handle=cancel_run,
        summary="Cancel a run or a task run",
        takes={"run_id": "int!"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="cancelAllJobRuns",
        method="POST",
        path="jobs/runs/cancel-all",
        handle=cancel_all_runs,
        summary="Cancel all active runs of a job, or all queued runs",
        takes={"job_id": "int", "all_queued_runs": "bool"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="deleteJobRun",
        method="POST",
        path="jobs/runs/delete",
        handle=delete_run,
        summary="Delete a run that has ended",
        takes={"run_id": "int!"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="exportJobRun",
        method="GET",
        path="jobs/runs/export",
        handle=export_run,
        summary="Export a notebook's task run as HTML",
        takes={"run_id": "int!", "views_to_export": "string"},
        gives={"views": "array"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="getJobRunOutput",
        method="GET",
        path="jobs/runs/get-output",
        handle=get_run_output,
        summary="Get the output of a single task run",
        takes={"run_id": "int!"},
        gives={
            "metadata": "object",
            "notebook_output": "object",
            "sql_output": "object",
            "run_job_output": "object",
            "logs": "string",
            "logs_truncated": "bool",
            "error": "string",
            "error_trace": "string",
        },
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="repairJobRun",
        method="POST",
        path="jobs/runs/repair",
        handle=repair_run,
        summary="Run tasks of an ended run again, in the same run",
        takes={
            "run_id": "int!",
            "rerun_tasks": "array",
            "rerun_all_failed_tasks": "bool",
            "rerun_dependent_tasks": "bool",
            "latest_repair_id": "int",
            "job_parameters": "object",
            **_OLDER_PARAMETERS,
            "performance_target": "string",
        },
        gives={"repair_id": "int"},
        versions=JOBS_VERSIONS,
    ),
)
