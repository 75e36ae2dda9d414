"""Reads from the ledger what the views of runs need, in as few queries as they take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runyard.core.errors import NotFound
from runyard.core.job import Workspace
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.dialects.databricks.facts import Facts, Part, TaskRun, TaskRuns

if TYPE_CHECKING:  # see exchange.py
    from runyard.engine.engine import Engine

LOOP = "for_each"
Found = tuple[Run, Attempt | None]


def found(engine: Engine, workspace: Workspace, run_id: int) -> Found:
    """Return the run of an id, or the attempt of it and its run: task runs have ids of the same kind."""
    try:
        run = engine.run(workspace, run_id)
    except NotFound:
        return engine.attempt(workspace, run_id)
    if not run.is_listed:  # a loop's iterations are found by their own ids
        raise NotFound("run", run_id)
    return run, None


def facts_of(engine: Engine, run: Run, url: str) -> Facts:
    """Return everything that is shown of a run."""
    attempts = engine.attempts(run)
    return Facts(
        run=run,
        url=url,
        attempts=attempts,
        rounds=engine.repairs(run),
        parts=_parts(engine, run, attempts),
    )


def facts_of_page(engine: Engine, runs: Sequence[Run], url: str, *, with_tasks: bool) -> list[Facts]:
    """Return what a list shows of runs; without their tasks, only the attempts that tell how a run ended are read."""
    told = [run for run in runs if with_tasks or _needs_attempts(run)]
    attempts = engine.attempts_of(told) if told else {}
    return [
        Facts(
            run=run,
            url=url,
            attempts=attempts.get(run.id, ()),
            rounds=engine.repairs(run),
        )
        for run in runs
    ]


def task_run_of(engine: Engine, found_run: Run, attempt: Attempt, url: str) -> TaskRun:
    """Return one task run; also of an iteration of a loop, which belongs to the run of the loop."""
    attempts = engine.attempts(found_run)
    whole = found_run if found_run.is_listed else _whole(engine, found_run)
    facts = Facts(
        run=found_run,
        url=url,
        attempts=attempts,
        parts=_parts(engine, found_run, [attempt]),
        whole=whole,
        definition=None if found_run.is_listed else nested_task(found_run),
    )
    return TaskRuns(facts).of(attempt.id)


def iterations_of(engine: Engine, loop: TaskRun) -> Sequence[TaskRun]:
    """Return the task runs of a loop, by input and then by attempt."""
    if loop.part is None:
        return []
    part = loop.part
    definition = nested_task(part.run)
    return TaskRuns(
        Facts(
            run=part.run,
            url=loop.url,
            attempts=part.attempts,
            whole=loop.whole,
            definition=definition,
            parts=_parts(engine, part.run, part.attempts),
        )
    )


def nested_task(part: Run) -> Mapping[str, Any]:
    """Return the task of which a loop's run holds the iterations, as it was written."""
    key = part.started_by.get("task_key")
    tasks: Sequence[Mapping[str, Any]] = part.settings.get("tasks", ())
    loop: Mapping[str, Any] = next((one for one in tasks if one.get("task_key") == key), {})
    nested: Mapping[str, Any] = loop.get("for_each_task", {}).get("task", {})
    return nested


def _needs_attempts(run: Run) -> bool:
    """Tell whether a run's own row does not say how it ended: which task failed, or whether one did."""
    if run.state is not State.ENDED or run.outcome is Outcome.SKIPPED:
        return False
    return len(run.tasks) > 1 or run.outcome is not Outcome.SUCCEEDED


def _parts(engine: Engine, run: Run, attempts: Iterable[Attempt]) -> dict[int, Part]:
    loops = {task.key for task in run.tasks if task.kind == LOOP}
    children = engine.child_runs(one for one in attempts if one.task_key in loops)
    inside = engine.attempts_of(children.values()) if children else {}
    return {attempt_id: Part(run=child, attempts=inside[child.id]) for attempt_id, child in children.items()}


def _whole(engine: Engine, part: Run) -> Run:
    workspace = engine.workspace_of(part)
    while not part.is_listed and part.parent_attempt_id is not None:
        part, _ = engine.attempt(workspace, part.parent_attempt_id)
    return part
