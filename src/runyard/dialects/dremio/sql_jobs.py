"""SQL texts as jobs: asked for, looked at, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from runyard.core.errors import NotFound, WrongState
from runyard.core.job import Task, Workspace
from runyard.core.run import Run, State
from runyard.dialects import reading
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import Refusal, missing, wrong
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import JOB, LANGUAGE, REST, Job
from runyard.dialects.dremio_ids import from_job_id, job_id
from runyard.engine.engine import Engine
from runyard.engine.requests import Request
from runyard.engine.waiting import AtEnd

KIND = "dremio_sql"
TASK = "query"
LONGEST_NAME = 80
NO_JOB = "Could not find a job with id [{id}]"
CANCELLED_BY = "Query cancelled by user '{user}'"
LONGEST_WAIT_S = 60
KEPT = ("sql", "context", "references", "engineName")


def submit_sql(call: Call) -> dict[str, str]:
    """Start a job; durable when answered. What is wrong with its text, the job says."""
    sql = call.members["sql"]
    if not sql.strip():
        raise wrong("The member sql is empty; give it a statement.")
    settings = {name: call.members[name] for name in KEPT if name in call.members}
    if "context" in settings:
        settings["context"] = reading.texts(settings["context"], "context")
    asked = {"user": call.user, **settings, "queryType": REST}
    return {"id": job_id(start(call.engine, call.workspace, asked).id)}


def start(engine: Engine, workspace: Workspace, settings: Mapping[str, Any], *, key: str | None = None) -> Run:
    """Start a job of these settings: `user`, `sql`, `queryType`, and what else was asked; of a key only once."""
    request = Request(
        language=LANGUAGE,
        job_name=" ".join(settings["sql"].split())[:LONGEST_NAME],
        tasks=[Task(key=TASK, kind=KIND)],
        settings=settings,
        idempotency_key=key,
    )
    return engine.start_run(workspace, request)


def get_job(call: Call) -> dict[str, Any]:
    """Show a job."""
    return JOB.show(asked_job(call))


def cancel_job(call: Call) -> None:
    """Cancel a job; one that has ended is none that could be."""
    run = asked_run(call)
    try:
        call.engine.stop_run(call.workspace, run.id, message=CANCELLED_BY.format(user=call.user))
    except WrongState as error:
        raise missing(NO_JOB.format(id=call.text("id"))) from error


def asked_job(call: Call) -> Job:
    """Return the job that a call names; with `wait_s`, which Dremio has not, once it ended or that time is over."""
    return job_of(call.engine, waited_run(call))


def waited_run(call: Call, at_end: Callable[[int], None] | None = None) -> Run:
    """Return the run of such a job; `at_end` is told its attempt when that has ended, while it is recorded."""
    seconds = call.members.get("wait_s", 0)
    if not 0 <= seconds <= LONGEST_WAIT_S:
        raise wrong(f"wait_s is {seconds}; it must be from 0 to {LONGEST_WAIT_S} seconds.")
    run = asked_run(call)
    if seconds and run.state is not State.ENDED:
        attempt = job_of(call.engine, run).attempt_id
        told = None if at_end is None else AtEnd(attempt_id=attempt, do=lambda: at_end(attempt))
        run = call.engine.wait_run(call.workspace, run.id, timeout_s=seconds, at_end=told)
    return run


def asked_run(call: Call) -> Run:
    """Return the run that a call names."""
    return run_of(call.engine, call.workspace, call.text("id"))


def run_of(engine: Engine, workspace: Workspace, identifier: str) -> Run:
    """Return the run of a job; those that are no SQL texts of Dremio's are no jobs of its."""
    number = from_job_id(identifier)
    try:
        run = engine.run(workspace, number) if number else None
    except NotFound:
        run = None
    if run is None or run.language != LANGUAGE:
        raise missing(NO_JOB.format(id=identifier))
    return run


def get_reflection_of_job(call: Call) -> dict[str, Any]:
    """Show a job that makes or removes what a reflection holds."""
    return JOB.show(job_of(call.engine, _run_for_reflection(call)))


def cancel_reflection_of_job(call: Call) -> None:
    """Cancel such a job."""
    _run_for_reflection(call)
    cancel_job(call)


def _run_for_reflection(call: Call) -> Run:
    run = asked_run(call)
    work = run.settings.get("refresh") or run.settings.get("drop") or {}
    if work.get("reflection") != call.text("reflection_id"):
        text = f"Reflection [{call.text('reflection_id')}] is not processed by job [{call.text('id')}]."
        raise Refusal(HTTPStatus.NOT_FOUND, text)
    return run


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="submitSql",
        method="POST",
        path="sql",
        handle=submit_sql,
        summary="Start a job that runs a SQL text",
        takes={"sql": "string!", "context": "array", "references": "object", "engineName": "string"},
        gives={"id": "string!"},
    ),
    Operation(
        id="getJob",
        method="GET",
        path="job/{id}",
        handle=get_job,
        summary="Show a job",
        takes={"wait_s": "int"},
        gives={
            "jobState": "string!",
            "rowCount": "int!",
            "errorMessage": "string!",
            "startedAt": "string",
            "endedAt": "string",
            "acceleration": "object",
            "queryType": "string!",
            "queueName": "string",
            "queueId": "string",
            "resourceSchedulingStartedAt": "string",
            "resourceSchedulingEndedAt": "string",
            "cancellationReason": "string!",
        },
    ),
    Operation(
        id="cancelJob",
        method="POST",
        path="job/{id}/cancel",
        handle=cancel_job,
        summary="Cancel a job",
        status=HTTPStatus.NO_CONTENT,
    ),
    Operation(
        id="getReflectionOfJob",
        method="GET",
        path="job/{id}/reflection/{reflection_id}",
        handle=get_reflection_of_job,
        summary="Show what a job does for a reflection",
        gives={"jobState": "string!", "queryType": "string!"},
    ),
    Operation(
        id="cancelReflectionOfJob",
        method="POST",
        path="job/{id}/reflection/{reflection_id}/cancel",
        handle=cancel_reflection_of_job,
        summary="Cancel what a job does for a reflection",
        status=HTTPStatus.NO_CONTENT,
    ),
)
