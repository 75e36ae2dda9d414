"""Workflows as the console shows them: a list of their runs, and one with the way it took and what it started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.core.errors import NotFound
from runyard.core.ids import moment_of
from runyard.core.run import Attempt, Run
from runyard.dialects import aws_ids, dremio_ids
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneRun
from runyard.dialects.native.views import RUN_LINE
from runyard.store.ledger import Page
from runyard.web.console.run_facts import find
from runyard.web.console.workflows.records import (
    RECORDED,
    Record,
    documents_of,
    is_recorded,
    of_task,
    recorded,
)

Answer = dict[str, Any]

BUDGET_S = 0.25
HARMLESS = frozenset({"GET", "HEAD"})
APART_MS = 5_000  # how far the clocks of who told and of the server may be apart


class ListWorkflows(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the runs of documents."""

    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class OneWorkflow(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run, and which of its tasks and tries."""

    task: str | None = None
    number: Annotated[int, Meta(ge=0)] | None = None


def list_workflows(call: Call, asked: ListWorkflows) -> Answer:
    """Lists the runs of documents, the newest first; they are looked for a part at a time."""
    where: dict[str, Any] = {"of_documents": True, **({"before": asked.before} if asked.before else {})}
    page = Page(limit=asked.limit + 1, where=where)
    runs, rest = call.engine.search_runs(call.workspace, page, budget_s=BUDGET_S)
    kept = runs[: asked.limit]
    told: Answer = {"workflows": [_line(run) for run in kept if is_recorded(run) or documents_of(run)]}
    if len(runs) > asked.limit:
        return {**told, "next": kept[-1].id}
    return told if rest is None else {**told, "next": rest, "searched_to": moment_of(rest)}


def show_workflow(call: Call, asked: OneWorkflow) -> Answer:
    """Shows one run of a document: what it says, the way that was taken, and the runs that were started."""
    run, meant = find(call, asked.run)
    attempts = call.engine.attempts(run)
    keys = documents_of(run)
    if not (is_recorded(run) or keys):
        raise NotFound("workflow", asked.run)
    told: Answer = {"run": RUN_LINE.show(run), "is_recorded": not keys, "tasks": keys}
    if not keys:
        return {**told, **_shown(call, asdict(recorded(run, attempts))), "phase": run.phase, "message": run.message}
    key = asked.task or (meant if meant in keys else keys[0])
    tries = [one for one in attempts if one.task_key == key]
    attempt = _chosen(tries, asked.number)
    if attempt is None:
        raise NotFound("task", f"{key} of run {run.id}")
    facts = {"task": key, "number": attempt.number, "tries": len(tries)}
    shown = _shown(call, asdict(of_task(call.engine, run, attempt)))
    return {**told, **facts, **shown, "phase": attempt.phase, "message": attempt.message}


def _chosen(tries: Sequence[Attempt], number: int | None) -> Attempt | None:
    wanted = [one for one in tries if one.number == number]
    return wanted[0] if wanted else tries[-1] if tries else None


def _line(run: Run) -> Answer:
    settings = run.settings
    documents = [task.spec.get("document", "") for task in run.tasks if task.key in documents_of(run)]
    return {
        **RUN_LINE.show(run),
        "is_recorded": is_recorded(run),
        "title": settings.get("title", "") if is_recorded(run) else "",
        "documents": [settings[RECORDED]] if is_recorded(run) else documents,
    }


def _shown(call: Call, workflow: Record) -> Answer:
    """Add to each execution the runs that it started here."""
    executions: list[Record] = workflow["executions"]
    named = {number for one in executions for number in _numbers(one)}
    here = {run.id: run for run in call.engine.runs_by_ids(sorted(named)) if run.workspace_id == call.workspace.id}
    for one in executions:
        started = [here[number] for number in _numbers(one) if number in here and _is_within(here[number], one)]
        if started:
            one["started"] = [RUN_LINE.show(run) for run in started]
    return workflow


def _is_within(run: Run, execution: Record) -> bool:
    """Tell whether a run was made while a request was under way: an answer may name others too."""
    began_at: int = execution.get("began_at", 0)
    took_ms: float = execution.get("took_ms", 0)
    return began_at - APART_MS <= run.created_at <= began_at + took_ms + APART_MS


def _numbers(execution: Record) -> Iterator[int]:
    """Yield the runs of any language that the answer to a change names."""
    request, response = execution.get("request"), execution.get("response")
    if not request or not response or request["method"] in HARMLESS or "size" in response:
        return
    try:
        body = msgspec.json.decode(response["body"] or "null")
    except msgspec.DecodeError:
        return
    if isinstance(body, dict):
        for name in ("run_id", "JobRunId", "id"):
            number = _number(body.get(name))
            if number is not None:
                yield number


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    glue = aws_ids.from_run_id(value)
    return glue[0] if glue else dremio_ids.from_job_id(value)
