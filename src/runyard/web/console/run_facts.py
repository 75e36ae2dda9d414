"""One run as a person wants to understand it: what went wrong first, then everything else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from msgspec import Meta

from runyard.arazzo.told.secret_names import is_secret_name
from runyard.core.errors import NotFound
from runyard.core.job import WORKFLOW, Job
from runyard.core.run import Attempt, Run, State
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import OneRun
from runyard.dialects.native.views import ATTEMPT, RUN_LINE, task
from runyard.web.console.feed import OVERLAP_MS
from runyard.web.console.insight.chain import chain_of
from runyard.web.console.insight.masks import MASK, masked
from runyard.web.console.insight.queries import query_of
from runyard.web.console.insight.waiting import waiting_of
from runyard.web.console.run_lines import run_lines
from runyard.web.console.trouble import trouble_of

Answer = dict[str, Any]

SETTINGS = ("arazzo",)  # what of a run's settings its page looks at
LONGEST_OUTPUT = 20_000  # characters of a task's result that a page shows


class Look(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, and up to which change of its attempts (ms since 1970) they have been seen."""

    since: Annotated[int, Meta(ge=0)] | None = None


def show_run(call: Call, asked: Look) -> Answer:
    """Shows a run, by its id or that of one of its task runs, with all that is known of it.

    Whoever has seen it is sent neither the attempts that have not changed since, nor its tasks, unless a repair did.
    """
    run, meant = find(call, asked.run)
    attempts, repairs = call.engine.attempts(run), call.engine.repairs(run)
    children = call.engine.child_runs(attempts)
    after = 0 if asked.since is None else asked.since - OVERLAP_MS
    has_news = asked.since is None or any(one.created_at >= after for one in repairs)
    return {
        "run": masked(_run(call, run, with_tasks=has_news)),
        "meant": meant,
        "attempts": [_attempt(attempt) for attempt in attempts if attempt.updated_at >= after],
        "children": {str(attempt_id): RUN_LINE.show(child) for attempt_id, child in children.items()},
        "repairs": [
            {
                "number": one.number,
                "at": one.created_at,
                "ended_at": one.ended_at,
                "outcome": one.outcome,
                "task_keys": one.task_keys,
            }
            for one in repairs
        ],
        "trouble": trouble_of(call.engine, run, attempts),
        "waiting": waiting_of(call, run, attempts),
        "chain": chain_of(call, run),
        "query": query_of(call, run),
        "parameters": parameters_of(run),
        "caller": _caller(call, run),
        "job": _job(call, run),
        "may": _may(run, attempts),
    }


def _run(call: Call, run: Run, *, with_tasks: bool) -> Answer:
    """Show a run without its settings, which are as long as its tasks once more; their record shows them."""
    settings = {name: run.settings[name] for name in SETTINGS if name in run.settings}
    tasks = {"tasks": [task(one) for one in run.tasks]} if with_tasks else {}
    return {**run_lines(call.engine, [run])[0], "settings": settings, **tasks}


def find(call: Call, number: int) -> tuple[Run, str | None]:
    """Return a run, and the key of the task whose run's id it was if it was one's."""
    with suppress(NotFound):
        return call.engine.run(call.workspace, number), None
    try:
        run, attempt = call.engine.attempt(call.workspace, number)
    except NotFound:
        raise NotFound("run", number) from None
    return run, attempt.task_key


def _attempt(attempt: Attempt) -> Answer:
    shown = ATTEMPT.show(attempt)
    result = attempt.output.get("result")
    if isinstance(result, str) and len(result) > LONGEST_OUTPUT:
        shown["output"] = {**attempt.output, "result": result[:LONGEST_OUTPUT], "is_cut": True}
    return shown


def _job(call: Call, run: Run) -> Answer | None:
    if run.job_id is None:
        return None
    try:
        job: Job = call.engine.job(call.workspace, run.job_id)
    except NotFound:
        return {"id": run.job_id, "name": run.job_name, "is_gone": True}
    return {"id": job.id, "name": job.name, "is_gone": False}


def _caller(call: Call, run: Run) -> Answer | None:
    """Return the task run that asked for a run, if one did and is still there."""
    attempt_id = run.parent_attempt_id or run.started_by.get("attempt_id")
    if attempt_id is None:
        return None
    with suppress(NotFound):
        caller, attempt = call.engine.attempt(call.workspace, attempt_id)
        return {"run_id": caller.id, "job_name": caller.job_name, "task_key": attempt.task_key}
    return None


def _may(run: Run, attempts: Sequence[Attempt]) -> Answer:
    """Say what can be done with a run as it is now."""
    has_ended = run.state is State.ENDED
    is_ours = not run.is_told and all(one.kind != WORKFLOW for one in run.tasks) and run.is_listed
    return {
        "stop": not has_ended and run.state is not State.STOPPING,
        "repair": has_ended and is_ours and bool(attempts) and run.parent_attempt_id is None,
        "again": is_ours and run.parent_attempt_id is None and run.language != "glue session",
        "delete": has_ended,
    }


# parameters


def parameters_of(run: Run) -> list[Answer]:
    """Return what a run was told, by name; the values of secrets are not shown."""
    settings = run.settings
    named = {one["name"]: one["value"] for one in settings.get("job_parameters", ()) if "name" in one}
    older = settings.get("overriding_parameters") or {}
    given = {**named, **settings.get("Arguments", {}), **{name: value for name, value in older.items() if value}}
    given |= {"arguments": settings["arguments"]} if settings.get("arguments") else {}
    return [{"name": name, "value": MASK if is_secret_name(name) else masked(value)} for name, value in given.items()]
