"""The operation that runs tasks without a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runyard.dialects import reading
from runyard.dialects.databricks.calls import JOBS_VERSIONS, Call, Operation
from runyard.dialects.databricks.jobs import settings
from runyard.dialects.databricks.jobs.checks import check_submission
from runyard.dialects.databricks.runs.finishing import listed_run
from runyard.dialects.databricks.runs.starting import run_of_submission

CALLER = "x-runyard-task-run"
"""The header in which `dbutils.notebook.run` names the task run that it belongs to."""
NOT_KEPT = frozenset({"idempotency_token", "access_control_list"})


def submit_run(call: Call) -> dict[str, Any]:
    """Start a one-time run; durable when answered."""
    asked = {name: value for name, value in call.members.items() if name not in NOT_KEPT}
    kept = settings.submitted(asked)
    check_submission(kept)
    request = run_of_submission(kept, call.members, call.request.user)
    started_by = _started_by(call)
    request = replace(request, started_by=started_by, awaited_by=started_by.get("attempt_id"))
    run = call.engine.start_run(call.workspace, request)
    return {"run_id": run.id}


def _started_by(call: Call) -> dict[str, Any]:
    """Return the task whose code asks, if it says that it is one."""
    told = call.request.headers.get(CALLER)
    if not told:
        return {}
    run, attempt = call.engine.attempt(call.workspace, reading.integer(told, CALLER))
    return {"kind": "task", "run_id": listed_run(call.engine, call.workspace, run).id, "attempt_id": attempt.id}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="submitRun",
        method="POST",
        path="jobs/runs/submit",
        handle=submit_run,
        summary="Run tasks without a job",
        takes={
            "run_name": "string",
            "tasks": "array",
            "timeout_seconds": "int",
            "idempotency_token": "string",
            "job_clusters": "array",
            "environments": "array",
            "environment_variables": "array",
            "git_source": "object",
            "queue": "object",
            "run_as": "object",
            "health": "object",
            "email_notifications": "object",
            "webhook_notifications": "object",
            "notification_settings": "object",
            "access_control_list": "array",
        },
        gives={"run_id": "int"},
        versions=JOBS_VERSIONS,
    ),
)
