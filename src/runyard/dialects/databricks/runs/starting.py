"""Starts runs: of a job, whoever asks, and of tasks that belong to no job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.job import Job
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects import reading
from runyard.dialects.databricks.jobs.settings import LANGUAGE, UNTITLED, is_queued
from runyard.dialects.databricks.runs.finishing import finish
from runyard.dialects.databricks.runs.parameters import Told, read_told
from runyard.dialects.databricks.runs.planning import plan
from runyard.engine.finishing import Finishing
from runyard.engine.requests import Request
from runyard.engine.starting import Starting
from runyard.engine.transaction import task_of

Members = Mapping[str, Any]

QUEUE_WAIT_MS = 48 * 3_600_000
LONGEST_TOKEN = 64


def run_of_job(job: Job, members: Members, user: str) -> Request:
    """Return the run that a run-now asks for."""
    only = tuple(reading.texts(members.get("only"), "only"))
    queue = members.get("queue") or job.settings.get("queue")
    extra = {name: members[name] for name in ("performance_target", "duration_target") if members.get(name)}
    planned = plan(
        job.settings,
        read_told(members),
        only=only,
        run_name=job.name,
        creator_user_name=user,
        **extra,
    )
    return Request(
        language=LANGUAGE,
        job_name=job.name,
        job=job,
        tasks=planned.tasks,
        settings=planned.settings,
        overflow=Overflow.QUEUE if is_queued({"queue": queue}) and job.max_concurrent_runs else Overflow.SKIP,
        idempotency_key=idempotency_key(members),
        wait_ms=QUEUE_WAIT_MS,
        timeout_ms=timeout_ms(job.settings),
    )


def run_of_submission(settings: Members, members: Members, user: str) -> Request:
    """Return the run that a submission asks for."""
    planned = plan(settings, Told(), creator_user_name=user)
    return Request(
        language=LANGUAGE,
        job_name=settings.get("run_name", UNTITLED),
        tasks=planned.tasks,
        settings=planned.settings,
        overflow=Overflow.QUEUE,
        idempotency_key=idempotency_key(members),
        timeout_ms=timeout_ms(settings),
    )


def start(starting: Starting) -> Run:
    """Start a job for a trigger, a task of another run, or a command."""
    job = starting.job
    members: dict[str, Any] = {"job_parameters": dict(starting.parameters), **_older(starting)}
    request = replace(
        run_of_job(job, members, job.settings.get("creator_user_name", "")),
        started_by=starting.started_by,
        parent_attempt_id=starting.parent_attempt_id,
        idempotency_key=starting.idempotency_key,
    )
    return starting.engine.start_run(starting.workspace, request)


def timeout_ms(settings: Members) -> int | None:
    """Return how long a run may take as a whole; None: as long as it likes."""
    return settings.get("timeout_seconds", 0) * 1000 or None


def idempotency_key(members: Members) -> str | None:
    """Return the name under which the same request is known again; other languages have names of their own."""
    token = members.get("idempotency_token")
    if not token:
        return None
    token = reading.text(token, "idempotency_token")
    if len(token) > LONGEST_TOKEN:
        raise InvalidRequest(
            f"The idempotency_token has {len(token)} characters; at most {LONGEST_TOKEN} are possible."
        )
    return f"{LANGUAGE}/{token}"


def _older(starting: Starting) -> Members:
    """Return the older parameters that a task of another run gives the job it starts."""
    if starting.parent_attempt_id is None:
        return {}
    run, attempt = starting.engine.attempt(starting.workspace, starting.parent_attempt_id)
    task = task_of(run, attempt)
    if run.language != LANGUAGE or "older" not in task.spec:
        return {}
    spec = finish(Finishing(engine=starting.engine, run=run, attempt=attempt, task=task))
    older: Members = spec["older"]
    return older
