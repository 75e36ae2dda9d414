"""Which tasks of a run are run again, and as what: a repair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runyard.core import graph
from runyard.core.errors import InvalidRequest
from runyard.core.job import Task
from runyard.core.run import Attempt, Repair, Run, State
from runyard.dialects.databricks import standing
from runyard.dialects.databricks.states import Standing

AFTER_TEXT = "The latest repair ID needs to be provided in order to create a new repair"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which tasks somebody wants to run again."""

    tasks: Sequence[str] = ()
    all_failed: bool = False
    dependents: bool = False


def chosen(tasks: Sequence[Task], latest: Mapping[str, Attempt], wish: Wish) -> tuple[str, ...]:
    """Return the keys of the tasks that run again, in the order of the run."""
    if bool(wish.tasks) == wish.all_failed:
        raise InvalidRequest("Name the tasks to run again in rerun_tasks, or set rerun_all_failed_tasks; one of them.")
    keys = [task.key for task in tasks]
    if strangers := [key for key in wish.tasks if key not in latest]:
        raise InvalidRequest(
            f"Task {strangers[0]!r} is not a task of this run that was started; its tasks are: {', '.join(keys)}."
        )
    again = set(wish.tasks) or {key for key, attempt in latest.items() if attempt.outcome not in graph.HEALTHY}
    if not again:
        raise InvalidRequest("There is no failed task to run again. Name tasks in rerun_tasks to run them anyway.")
    if wish.dependents:
        again |= graph.with_dependents(tasks, again)
    return tuple(key for key in keys if key in again)


def as_now(run: Run, fresh: Iterable[Task]) -> tuple[Task, ...]:
    """Return the tasks of a run as they are defined now; those that do not fit into it any more stay as they were."""
    known = {task.key for task in run.tasks}
    now = {task.key: task for task in fresh if set(task.depends_on) <= known}
    tasks = tuple(now.get(task.key, task) for task in run.tasks)
    try:
        graph.check_tasks(tasks)
    except InvalidRequest:  # what was changed around depends on what stayed as it was
        return run.tasks
    return tasks


def written_as_now(run: Run, tasks: Sequence[Task], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a repaired run: each task as it was written for the definition that is used."""
    before = {one["task_key"]: one for one in run.settings.get("tasks", ())}
    now = {one["task_key"]: one for one in settings.get("tasks", ())}
    was = {task.key: task for task in run.tasks}
    written = [before.get(task.key) if task is was[task.key] else now.get(task.key) for task in tasks]
    return {**settings, "tasks": [one for one in written if one is not None]}


def check_latest(rounds: Sequence[Repair], latest_id: int | None) -> None:
    """Refuse a repair by somebody who has not seen the newest one."""
    if rounds and latest_id != rounds[-1].id:
        raise InvalidRequest(AFTER_TEXT)
    if not rounds and latest_id:
        raise InvalidRequest(f"latest_repair_id {latest_id} is no repair of this run, which was never repaired.")


def history(run: Run, attempts: Sequence[Attempt], rounds: Sequence[Repair]) -> list[dict[str, Any]]:
    """Return the original run and its repairs, in their order; there is always one."""
    if not rounds:
        now = standing.of_run(run, graph.newest(attempts))
        return [_item("ORIGINAL", {}, (run.created_at, run.ended_at), now, attempts)]
    bounds = [*(one.id for one in rounds[1:]), None]
    return [_round(run, attempts, one, end) for one, end in zip(rounds, bounds, strict=True)]


def _round(run: Run, attempts: Sequence[Attempt], one: Repair, end: int | None) -> dict[str, Any]:
    """Return one round as it stood when it ended; its attempts are those with ids up to the next round's."""
    until = [attempt for attempt in attempts if end is None or attempt.id < end]
    then = run
    if end is not None:
        then = replace(run, state=State.ENDED, outcome=one.outcome, message=one.message, ended_at=one.ended_at)
    latest = graph.newest(until)
    stood = standing.of_run(then, latest)
    kind = "REPAIR" if one.number else "ORIGINAL"
    own = [attempt for attempt in until if attempt.id > one.id]
    return _item(kind, {"id": one.id} if one.number else {}, (one.created_at, one.ended_at), stood, own)


def _item(
    kind: str,
    known: Mapping[str, Any],
    times: tuple[int, int | None],
    stood: Standing,
    attempts: Iterable[Attempt],
) -> dict[str, Any]:
    return {
        "type": kind,
        **known,
        "start_time": times[0],
        "end_time": times[1] or 0,
        "state": stood.state,
        "status": stood.status,
        "task_run_ids": [attempt.id for attempt in attempts],
    }
