"""From a task as it is written in a job to the task that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.errors import NotSupported
from runyard.core.job import WITHOUT_PROCESS, RunIf, Task
from runyard.dialects import reading
from runyard.dialects.databricks.jobs.libraries import needs_of
from runyard.dialects.databricks.jobs.task_types import DEFAULT_CONCURRENCY, RUNNABLE, Planned, unavailable
from runyard.dialects.databricks.versions import is_task_type

Members = Mapping[str, Any]

RUN_IF: Mapping[str, RunIf] = {
    "ALL_SUCCESS": RunIf.ALL_SUCCESS,
    "AT_LEAST_ONE_SUCCESS": RunIf.ONE_SUCCESS,
    "NONE_FAILED": RunIf.NONE_FAILED,
    "ALL_DONE": RunIf.ALL_ENDED,
    "AT_LEAST_ONE_FAILED": RunIf.ONE_FAILED,
    "ALL_FAILED": RunIf.ALL_FAILED,
}
LOOP = "for_each_task"


def task_of(task: Members, settings: Members) -> Task:
    """Return the task that runs, of a checked task of checked settings."""
    upstream = reading.array(task.get("depends_on"), "depends_on")
    kind, spec = _planned(task, settings)
    return Task(
        key=task["task_key"],
        kind=kind,
        spec=spec,
        depends_on=tuple(one["task_key"] for one in upstream),
        branch={one["task_key"]: one["outcome"] for one in upstream if one.get("outcome")},
        run_if=RUN_IF[task.get("run_if", "ALL_SUCCESS")],
        **_rules(task),
    )


def type_of(task: Members) -> str | None:
    """Return the member that says what a task runs, such as `notebook_task`."""
    return next((name for name in task if is_task_type(name)), None)


def _planned(task: Members, settings: Members) -> Planned:
    """Return what a task runs; what cannot run here is planned as well, and fails with the reason in its turn."""
    try:
        return _runnable(task, settings)
    except NotSupported as error:
        return "unavailable", {"message": str(error)}


def _runnable(task: Members, settings: Members) -> Planned:
    task_type = type_of(task) or ""
    if task_type == LOOP:
        return "for_each", _loop(task[LOOP], settings)
    if task_type not in RUNNABLE:
        raise NotSupported(unavailable(task_type))
    kind, spec = RUNNABLE[task_type](task[task_type])
    return kind, spec if kind in WITHOUT_PROCESS else _with_needs(spec, task, settings)


def _with_needs(spec: dict[str, Any], task: Members, settings: Members) -> dict[str, Any]:
    known = {"task_key": task["task_key"]}
    if path := (task.get("notebook_task") or {}).get("notebook_path"):
        known["notebook_path"] = path
    return {**spec, **needs_of(task, settings).spec(), "context": known}


def _loop(loop: Members, settings: Members) -> dict[str, Any]:
    nested = loop["task"]
    kind, spec = _planned(nested, settings)
    return {
        "inputs": loop["inputs"],
        "concurrency": loop.get("concurrency") or DEFAULT_CONCURRENCY,
        "task": {"kind": kind, "spec": spec, **_rules(nested)},
    }


def _rules(task: Members) -> dict[str, Any]:
    """Return the retries and the timeout of a task."""
    return {
        "max_retries": task.get("max_retries", 0),
        "retry_wait_ms": task.get("min_retry_interval_millis", 0),
        "retries_timeout": task.get("retry_on_timeout", False),
        "timeout_ms": task.get("timeout_seconds", 0) * 1000 or None,
    }
