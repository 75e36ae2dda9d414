"""The values that a task run was told, with their references resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runyard.core.errors import RunyardError
from runyard.core.job import Task
from runyard.dialects.databricks.facts import TaskRun
from runyard.dialects.databricks.runs.finishing import scene_of
from runyard.dialects.databricks.runs.references import resolve
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing

Spec = Mapping[str, Any]


def _wheel(spec: Spec) -> dict[str, Any]:
    told = {"parameters": spec.get("parameters"), "named_parameters": spec.get("named_parameters")}
    return {name: value for name, value in told.items() if value}


RESOLVED: Mapping[str, tuple[str, Callable[[Spec], dict[str, Any]]]] = {
    "notebook": ("notebook_task", lambda spec: {"base_parameters": spec.get("parameters", {})}),
    "python_script": ("spark_python_task", lambda spec: {"parameters": spec.get("arguments", [])}),
    "python_wheel": ("python_wheel_task", _wheel),
    "spark_jar": ("spark_jar_task", lambda spec: {"parameters": spec.get("arguments", [])}),
    "spark_submit": ("spark_submit_task", lambda spec: {"parameters": spec.get("submit", [])}),
    "sql": ("sql_task", lambda spec: {"parameters": spec.get("parameters", {})}),
    "dbt": ("dbt_task", lambda spec: {"commands": spec.get("commands", [])}),
    "condition": ("condition_task", lambda spec: {"left": spec.get("left"), "right": spec.get("right")}),
    "run_job": ("run_job_task", lambda spec: {"job_parameters": spec.get("parameters", {})}),
}
"""By kind of task: the member that tells its values, and how they stand in its spec."""


def with_resolved_values(engine: Engine, one: TaskRun, shown: dict[str, Any]) -> dict[str, Any]:
    """Return a task run with the values it was told; without, if it never began."""
    task = one.task
    if task is None or task.kind not in RESOLVED or one.attempt.running_at is None:
        return shown
    member, values = RESOLVED[task.kind]
    if member not in one.settings:  # another type of the same kind, or another language
        return shown
    told = {name: value for name, value in task.spec.items() if name not in _LARGE}
    try:
        return {**shown, "resolved_values": {member: values(_resolved(engine, one, task, told))}}
    except RunyardError:  # it failed for this very reason
        return shown


def _resolved(engine: Engine, one: TaskRun, task: Task, told: Spec) -> Spec:
    if _REFERENCE not in msgspec.json.encode(told):
        return told  # most refer to nothing, and what can be referred to takes queries to read
    scene = scene_of(Finishing(engine=engine, run=one.run, attempt=one.attempt, task=task))
    return {name: resolve(value, scene.look) for name, value in told.items()}


_REFERENCE = b"{{"
_LARGE = frozenset({"environment", "source", "context", "packages", "python_files"})
"""The members of a spec in which nothing is told by reference, or nothing that may be shown."""
