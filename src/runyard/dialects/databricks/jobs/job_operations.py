"""The operations on jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.errors import NotFound
from runyard.core.job import Job, Task
from runyard.dialects import reading
from runyard.dialects.databricks import versions
from runyard.dialects.databricks.calls import JOBS_VERSIONS, Call, Operation
from runyard.dialects.databricks.jobs import permissions, settings
from runyard.dialects.databricks.jobs.checks import check_job
from runyard.dialects.databricks.jobs.job_pages import jobs_page
from runyard.dialects.databricks.jobs.nesting import check_nesting
from runyard.dialects.databricks.jobs.settings import LANGUAGE
from runyard.dialects.databricks.jobs.tasks import task_of
from runyard.dialects.databricks.jobs.triggers import start_in_place, trigger_state
from runyard.dialects.databricks.runs.starting import run_of_job, timeout_ms
from runyard.dialects.tokens import read_token, write_token

Members = dict[str, Any]

NOT_EXPANDED = frozenset({"tasks", "job_clusters"})
"""What a list leaves out unless it is asked to expand tasks."""


def create_job(call: Call) -> Members:
    """Create a job; nothing runs yet."""
    kept = settings.completed({**call.members}, call.version)
    kept["creator_user_name"] = call.request.user
    if permissions.KEPT_AS in kept:
        kept[permissions.KEPT_AS] = permissions.entries(call.members)
    facts = _facts(kept)
    check_nesting(call.engine, call.workspace, kept)
    return {"job_id": call.engine.create_job(call.workspace, once=False, language=LANGUAGE, **facts).id}


def get_job(call: Call) -> Members:
    """Show a job; arrays of more than 100 elements come page by page."""
    job = _job(call)
    shown = _shown(job, versions.shown(settings.own(job.settings), call.version))
    if call.members.get("include_trigger_state"):
        shown |= trigger_state(job, call.engine.triggers(job), history=True)
    if call.version not in versions.PAGED_ARRAYS:
        return shown
    scope, token = f"arrays of job {job.id}", call.members.get("page_token")
    start = read_token(scope, token, size=1)[0] if token else 0
    shown["settings"], goes_on = versions.part(shown["settings"], start)
    if goes_on:
        shown |= {"has_more": True, "next_page_token": write_token(scope, (start + versions.ELEMENTS_ON_A_PAGE,))}
    return shown


def list_jobs(call: Call) -> Members:
    """List jobs, the newest first, or those of a name."""
    jobs, tokens = jobs_page(call.engine, call.workspace, call.members, call.version)
    listed = [_listed(call, job) for job in jobs]
    has_more = {"has_more": "next_page_token" in tokens} if call.version in versions.TELLS_HAS_MORE else {}
    return {**({"jobs": listed} if listed else {}), **has_more, **tokens}


def update_job(call: Call) -> Members:
    """Change some settings of a job; a changed timeout holds for its active runs too."""
    new = reading.mapping(call.members.get("new_settings"), "new_settings")
    removed = reading.texts(call.members.get("fields_to_remove"), "fields_to_remove")
    return _change(call, lambda job: settings.updated(job.settings, new, removed))


def reset_job(call: Call) -> Members:
    """Overwrite all settings of a job; whom it runs as stays unless it is given."""
    new = reading.mapping(call.members.get("new_settings"), "new_settings")

    def overwritten(job: Job) -> Members:
        kept = {name: job.settings[name] for name in (*settings.NOT_SETTINGS, "run_as") if name in job.settings}
        return {**kept, **settings.completed(new, call.version)}

    return _change(call, overwritten)


def delete_job(call: Call) -> Members:
    """Delete a job; its runs stay."""
    call.engine.delete_job(_job(call))
    return {}


def run_job_now(call: Call) -> Members:
    """Start a run of a job; durable when answered."""
    job = _job(call)
    request = run_of_job(job, call.members, call.request.user)
    run = start_in_place(call.engine, call.workspace, job, request)
    return {"run_id": run.id, "number_in_job": run.id}


# how handlers find, change and show jobs


def _job(call: Call) -> Job:
    job_id = reading.integer(call.members.get("job_id"), "job_id")
    job = call.engine.job(call.workspace, job_id)
    if job.language != LANGUAGE:
        raise NotFound("job", job_id)
    return job


def _facts(kept: Members) -> Members:
    """Return what the engine keeps of a job: its settings whole, and the fields that it acts on."""
    check_job(kept)
    return {
        "name": kept["name"],
        "settings": kept,
        "tags": reading.text_map(kept.get("tags"), "tags"),
        "tasks": _tasks(kept),
        "max_concurrent_runs": kept["max_concurrent_runs"],
    }


def _tasks(kept: Members) -> tuple[Task, ...]:
    return tuple(task_of(task, kept) for task in kept["tasks"])


def _change(call: Call, change: Callable[[Job], Members]) -> Members:
    job = _job(call)
    check_job(preview := change(job))
    # Other jobs are read before the change, which reads and writes only its own.
    check_nesting(call.engine, call.workspace, preview, job_id=job.id)
    changed = call.engine.change_job(job, lambda current: _facts(change(current)))
    if timeout_ms(changed.settings) != timeout_ms(job.settings):
        call.engine.change_timeout(call.workspace, job.id, timeout_ms(changed.settings))
    return {}


def _shown(job: Job, shown: Members) -> Members:
    creator = job.settings.get("creator_user_name", "")
    run_as = job.settings.get("run_as") or {}
    name = run_as.get("user_name") or run_as.get("service_principal_name") or creator
    return {
        "job_id": job.id,
        "creator_user_name": creator,
        "run_as_user_name": name,
        "created_time": job.created_at,
        "settings": shown,
    }


def _listed(call: Call, job: Job) -> Members:
    """Return a job as a list shows it: without its tasks, or with the first of them."""
    shown = versions.shown(settings.own(job.settings), call.version)
    if call.version != "2.0" and not call.members.get("expand_tasks"):
        return _shown(job, {name: value for name, value in shown.items() if name not in NOT_EXPANDED})
    if call.version not in versions.PAGED_ARRAYS:
        return _shown(job, shown)
    first, goes_on = versions.part(shown, 0)
    return {**_shown(job, first), **({"has_more": True} if goes_on else {})}


# the table of operations

_SETTINGS: Mapping[str, str] = {
    "name": "string",
    "description": "string",
    "tags": "object",
    "tasks": "array",
    "job_clusters": "array",
    "parameters": "array",
    "environments": "array",
    "environment_variables": "array",
    "timeout_seconds": "int",
    "max_concurrent_runs": "int",
    "schedule": "object",
    "trigger": "object",
    "triggers": "array",
    "continuous": "object",
    "queue": "object",
    "run_as": "object",
    "git_source": "object",
    "health": "object",
    "email_notifications": "object",
    "webhook_notifications": "object",
    "notification_settings": "object",
    "access_control_list": "array",
    "performance_target": "string",
}
_PARAMETERS: Mapping[str, str] = {
    "job_parameters": "object",
    "notebook_params": "object",
    "python_params": "array",
    "python_named_params": "object",
    "jar_params": "array",
    "spark_submit_params": "array",
    "sql_params": "object",
    "dbt_commands": "array",
    "pipeline_params": "object",
}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="createJob",
        method="POST",
        path="jobs/create",
        handle=create_job,
        summary="Create a job",
        takes=_SETTINGS,
        gives={"job_id": "int"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="getJob",
        method="GET",
        path="jobs/get",
        handle=get_job,
        summary="Get a job",
        takes={"job_id": "int!", "include_trigger_state": "bool", "page_token": "string"},
        gives=settings.JOB,
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="listJobs",
        method="GET",
        path="jobs/list",
        handle=list_jobs,
        summary="List jobs",
        takes={"limit": "int", "offset": "int", "name": "string", "expand_tasks": "bool", "page_token": "string"},
        gives={"jobs": "array", "has_more": "bool", "next_page_token": "string", "prev_page_token": "string"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="updateJob",
        method="POST",
        path="jobs/update",
        handle=update_job,
        summary="Change some settings of a job",
        takes={"job_id": "int!", "new_settings": "object", "fields_to_remove": "array"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="resetJob",
        method="POST",
        path="jobs/reset",
        handle=reset_job,
        summary="Overwrite all settings of a job",
        takes={"job_id": "int!", "new_settings": "object!"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="deleteJob",
        method="POST",
        path="jobs/delete",
        handle=delete_job,
        summary="Delete a job",
        takes={"job_id": "int!"},
        versions=JOBS_VERSIONS,
    ),
    Operation(
        id="runJobNow",
        method="POST",
        path="jobs/run-now",
        handle=run_job_now,
        summary="Start a run of a job",
        takes={
            "job_id": "int!",
            "idempotency_token": "string",
            **_PARAMETERS,
            "queue": "object",
            "only": "array",
            "performance_target": "string",
            "duration_target": "string",
        },
        gives={"run_id": "int", "number_in_job": "int"},
        versions=JOBS_VERSIONS,
    ),
)
