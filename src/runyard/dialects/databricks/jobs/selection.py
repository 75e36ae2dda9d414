"""Which tasks of a job a run has: those asked for, without those that are disabled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runyard.core.errors import InvalidRequest

Members = dict[str, Any]

_MAY_GO_ON: Mapping[str, str] = {
    "ALL_SUCCESS": "never",
    "ALL_FAILED": "never",
    "AT_LEAST_ONE_SUCCESS": "beside others",
    "AT_LEAST_ONE_FAILED": "beside others",
    "NONE_FAILED": "beside others",
    "ALL_DONE": "always",
}
"""When a task runs although one before it is disabled: beside others that are not, always, or never."""


def chosen(tasks: Sequence[Members], only: Sequence[str]) -> list[Members]:
    """Return the tasks of a run, in their order; what they depend on outside of them is left out.

    `only` names tasks: `k` itself, `+k` with all before it, `k+` with all behind it, `+k+` with both.
    """
    if not tasks:
        raise InvalidRequest("The job has no tasks; a run needs at least one task. Give it some with jobs/update.")
    named = _named(tasks, only) if only else {task["task_key"] for task in tasks}
    plainly = {name for name in only if not name.startswith("+") and not name.endswith("+")}
    enabled = [task for task in tasks if task["task_key"] in named]
    kept = _enabled(enabled, plainly)
    if not kept:
        raise InvalidRequest("No task is left to run: all of them are disabled. Enable one in the job's settings.")
    keys = {task["task_key"] for task in kept}
    return [_among(task, keys) for task in kept]


def _named(tasks: Sequence[Members], only: Iterable[str]) -> set[str]:
    before = {task["task_key"]: upstream(task) for task in tasks}
    behind = {key: {other for other, earlier in before.items() if key in earlier} for key in before}
    found: set[str] = set()
    for name in only:
        key = name if name in before else name.removeprefix("+").removesuffix("+")
        if key not in before:
            raise InvalidRequest(f"only names the task {key!r}, which is not a task of the job: {', '.join(before)}.")
        found |= {key}
        found |= _reached(key, before) if name.startswith("+") and name != key else set()
        found |= _reached(key, behind) if name.endswith("+") and name != key else set()
    return found


def upstream(task: Mapping[str, Any]) -> set[str]:
    """Return the keys of the tasks that a task depends on."""
    return {one["task_key"] for one in task.get("depends_on") or ()}


def _reached(key: str, ways: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    left = [key]
    while left:
        fresh = ways[left.pop()] - found
        found |= fresh
        left.extend(fresh)
    return found


def _enabled(tasks: Sequence[Members], plainly: set[str]) -> list[Members]:
    """Return the tasks that are neither disabled nor, by their run_if, cannot run without a disabled one."""
    gone = {task["task_key"] for task in tasks if task.get("disabled") and task["task_key"] not in plainly}
    grown = True
    while grown:
        more = {task["task_key"] for task in tasks if task["task_key"] not in gone | plainly and _is_lost(task, gone)}
        grown = bool(more)
        gone |= more
    return [task for task in tasks if task["task_key"] not in gone]


def _is_lost(task: Members, gone: set[str]) -> bool:
    before = upstream(task)
    if not before & gone:
        return False
    when = _MAY_GO_ON[task.get("run_if", "ALL_SUCCESS")]
    return when == "never" or (when == "beside others" and before <= gone)


def _among(task: Members, keys: set[str]) -> Members:
    if not task.get("depends_on"):
        return task
    return {**task, "depends_on": [one for one in task["depends_on"] if one["task_key"] in keys]}
