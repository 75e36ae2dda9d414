"""Jobs as the console shows them: what they are, when they run next, and how their tasks fared, run by run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.arazzo.told.secret_names import is_secret_name
from runyard.core import trigger as triggers
from runyard.core.errors import InvalidRequest, NotSupported
from runyard.core.graph import newest
from runyard.core.job import Job
from runyard.core.run import Attempt, Run
from runyard.core.trigger import Trigger, Wish
from runyard.dialects.exchange import Reply
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneJob
from runyard.dialects.native.views import JOB, JOB_LINE, RUN_LINE
from runyard.engine.engine import now_ms
from runyard.store.ledger import Page
from runyard.web.console.insight.masks import MASK, masked
from runyard.web.console.languages import asked_of_databricks, asked_of_glue

Answer = dict[str, Any]

RECENT = 12  # runs that a job in a list shows
NEXT_TIMES = 5
MOST_NAMED = 1_000  # triggers with names that are looked through for those of a job
BY_THE_CLOCK = frozenset({"cron", "aws_schedule", "periodic"})
"""Kinds of triggers whose next moments are known beforehand."""
ON_REQUEST = frozenset({"on_demand", "events"})
"""Kinds of triggers that fire when they are told to, and so never rest."""
PAUSABLE = {"cron": "schedule", "continuous": "continuous"}
"""By kind of trigger, the member of a Databricks job that says it; every other kind stands in `trigger`."""


class ListJobs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the jobs."""

    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Matrix(OneJob, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many of the newest runs of a job."""

    runs: Annotated[int, Meta(ge=1, le=100)] = 40


class Pause(OneJob, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the triggers of a job rest."""

    paused: bool


def list_jobs(call: Call, asked: ListJobs) -> Answer:
    """Lists jobs, the newest first, each with its last runs and its next one."""
    where = {} if asked.before is None else {"before": asked.before}
    jobs = call.engine.jobs(call.workspace, Page(limit=asked.limit + 1, where=where))
    shown = [_line(call, job) for job in jobs[: asked.limit]]
    return {"jobs": shown, "next": shown[-1]["id"]} if len(jobs) > asked.limit else {"jobs": shown}


def show_job(call: Call, asked: OneJob) -> Answer:
    """Shows a job with its parameters, its triggers and when they fire next."""
    job = call.job(asked.job)
    armed = triggers_of(call, job)
    return {
        "job": masked(JOB.show(job)),
        "parameters": _parameters(job),
        "triggers": [_trigger(trigger) for trigger in armed],
        "may": {
            "run": call.engine.language(job.language).start is not None,
            "pause": job.language in PAUSING and any(trigger.kind not in ON_REQUEST for trigger in armed),
        },
    }


def show_matrix(call: Call, asked: Matrix) -> Answer:
    """Shows how each task fared in the newest runs of a job."""
    job = call.job(asked.job)
    runs = call.engine.runs(call.workspace, Page(limit=asked.runs, where={"job_id": job.id}))
    attempts = call.engine.attempts_of(runs)
    plans = [job.tasks, *(run.tasks for run in runs)]
    keys = dict.fromkeys(task.key for tasks in plans for task in tasks)
    return {"tasks": list(keys), "runs": [_column(run, attempts[run.id]) for run in runs]}


def pause_job(call: Call, asked: Pause) -> Answer:
    """Lets the triggers of a job rest, or watch again, as its own language says it."""
    job = call.job(asked.job)
    armed = triggers_of(call, job)
    if not armed:
        raise InvalidRequest(f"Job {job.name} has no trigger that could be paused.")
    if job.language not in PAUSING:
        raise NotSupported(f"Triggers of {job.language} jobs are paused with that language's clients.")
    for reply in PAUSING[job.language](call, job, armed, asked.paused):
        if reply.status != HTTPStatus.OK:
            told = msgspec.json.decode(reply.body)
            raise InvalidRequest(told.get("message") or told.get("Message") or f"Job {job.name} was not changed.")
    return show_job(call, OneJob(job=asked.job))


def triggers_of(call: Call, job: Job) -> list[Trigger]:
    """Return what starts a job: its own triggers, and those with names that name it."""
    return [*call.engine.triggers(job), *_named(call, job)]


def _pause_databricks(call: Call, job: Job, armed: Sequence[Trigger], paused: bool) -> Iterator[Reply]:  # noqa: FBT001 - a word of the table below
    word = "PAUSED" if paused else "UNPAUSED"
    members = {PAUSABLE.get(trigger.kind, "trigger") for trigger in armed}
    settings = {name: {**job.settings[name], "pause_status": word} for name in members if name in job.settings}
    yield asked_of_databricks(call, "POST", "/api/2.2/jobs/update", {"job_id": job.id, "new_settings": settings})


def _pause_glue(call: Call, _: Job, armed: Sequence[Trigger], paused: bool) -> Iterator[Reply]:  # noqa: FBT001 - a word of the table below
    for trigger in armed:
        if trigger.is_paused is not paused and trigger.kind not in ON_REQUEST:
            yield asked_of_glue(call, "StopTrigger" if paused else "StartTrigger", {"Name": trigger.name})


PAUSING: Mapping[str, Callable[[Call, Job, Sequence[Trigger], bool], Iterator[Reply]]] = {
    "databricks": _pause_databricks,
    "glue": _pause_glue,
}
"""By language, the calls of its own that let a job's triggers rest or watch."""


def _line(call: Call, job: Job) -> Answer:
    runs = call.engine.runs(call.workspace, Page(limit=RECENT, where={"job_id": job.id}))
    armed = call.engine.triggers(job)
    moments = [one.next_at for one in armed if one.next_at is not None and one.kind in BY_THE_CLOCK]
    return {
        **JOB_LINE.show(job),
        "tasks": len(job.tasks),
        "recent": [RUN_LINE.show(run) for run in runs],
        "triggers": [trigger.kind for trigger in armed],
        "is_paused": bool(armed) and all(trigger.is_paused for trigger in armed),
        **({"next_at": min(moments)} if moments else {}),
    }


def _column(run: Run, attempts: list[Attempt]) -> Answer:
    cells = {
        key: {
            "phase": attempt.phase,
            "attempts": attempt.number + 1,
            "running_at": attempt.running_at,
            "ended_at": attempt.ended_at,
        }
        for key, attempt in newest(attempts).items()
    }
    return {**RUN_LINE.show(run), "cells": cells}


def _parameters(job: Job) -> list[Answer]:
    """Return what a run of a job can be told, with what it is told otherwise."""
    settings = job.settings
    named = {one["name"]: one.get("default", "") for one in settings.get("parameters", ()) if "name" in one}
    arguments = {name.removeprefix("--"): text for name, text in settings.get("DefaultArguments", {}).items()}
    fixed = settings.get("NonOverridableArguments", {})
    return [
        {
            "name": name,
            "default": MASK if is_secret_name(name) else value,
            "is_secret": is_secret_name(name),
            "is_fixed": f"--{name}" in fixed,
        }
        for name, value in {**named, **arguments}.items()
    ]


def _named(call: Call, job: Job) -> list[Trigger]:
    """Return the triggers with names of their own that start a job, as Glue has them."""
    if job.language != "glue":
        return []
    known = call.engine.chains.page(call.workspace, job.language, after=0, limit=MOST_NAMED)
    return [one for one in known if any(act.get("JobName") == job.name for act in one.settings.get("Actions", ()))]


def _trigger(trigger: Trigger) -> Answer:
    history = trigger.memory.get("history", {})
    return {
        "name": trigger.name,
        "kind": trigger.kind,
        "spec": trigger.spec,
        "is_paused": trigger.is_paused,
        "next": list(_next_times(trigger)),
        "history": history,
    }


def _next_times(trigger: Trigger) -> Iterator[int]:
    """Yield the moments at which a trigger will fire, as far as they are known beforehand."""
    if trigger.kind not in BY_THE_CLOCK or trigger.is_paused:
        return
    at = trigger.next_at if trigger.next_at is not None else now_ms()
    wish = Wish(kind=trigger.kind, spec=trigger.spec)
    for _ in range(NEXT_TIMES):
        yield at
        following = triggers.first_at(wish, now=at)
        if following is None:
            return
        at = following
