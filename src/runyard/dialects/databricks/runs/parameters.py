"""What a run is told: parameters of the job, pushed down to its tasks, or the older ones by type of task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest
from runyard.dialects import reading
from runyard.dialects.databricks.jobs.task_types import OLDER_PARAMETERS

Members = Mapping[str, Any]

LARGEST_PARAMETERS = 10_000  # bytes of JSON
_READ: Mapping[str, Callable[[Any, str], Any]] = {
    "notebook_params": reading.text_map,
    "python_params": reading.texts,
    "python_named_params": reading.text_map,
    "jar_params": reading.texts,
    "spark_submit_params": reading.texts,
    "sql_params": reading.text_map,
    "dbt_commands": reading.texts,
    "pipeline_params": reading.mapping,
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a run is told beside what its job says."""

    job_parameters: Mapping[str, str] = field(default_factory=dict)
    older: Members = field(default_factory=dict)  # the older parameters, by name


def read_told(members: Members) -> Told:
    """Return the parameters of a request; empty ones mean that none were given."""
    job_parameters = reading.text_map(members.get("job_parameters"), "job_parameters")
    older = {name: _READ[name](members[name], name) for name in OLDER_PARAMETERS if members.get(name)}
    _check(job_parameters, older)
    return Told(job_parameters=job_parameters, older=older)


def _check(job_parameters: Mapping[str, str], older: Members) -> None:
    if "notebook_params" in older and "jar_params" in older:
        raise InvalidRequest("notebook_params and jar_params cannot be given together; choose one of them.")
    if job_parameters and older:
        raise InvalidRequest(
            f"job_parameters and {next(iter(older))} cannot be given together: job parameters reach every task. "
            "Give all values as job_parameters."
        )
    for name, value in {"job_parameters": job_parameters, **older}.items():
        size = len(msgspec.json.encode({name: value}))
        if size > LARGEST_PARAMETERS:
            raise InvalidRequest(
                f"The JSON of {name} has {size} bytes; at most {LARGEST_PARAMETERS} are possible. "
                "Put what is large into a file and give its path."
            )


def of_run(settings: Members, given: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the parameters of a run as they are shown: the job's, each with its value, and those the run adds."""
    defined = {one["name"]: reading.text(one.get("default", ""), "default") for one in settings.get("parameters", ())}
    known = [{"name": name, "default": text, "value": given.get(name, text)} for name, text in defined.items()]
    return known + [{"name": name, "value": text} for name, text in given.items() if name not in defined]


def values(job_parameters: list[dict[str, str]]) -> dict[str, str]:
    """Return the values of a run's parameters by name."""
    return {one["name"]: one["value"] for one in job_parameters}


def given(run_settings: Members) -> Told:
    """Return what a run was told, from its record."""
    defined = {one["name"] for one in run_settings.get("parameters", ())}
    shown = run_settings.get("job_parameters", ())
    changed = {one["name"]: one["value"] for one in shown if one["value"] != one.get("default")}
    extra = {one["name"]: one["value"] for one in shown if one["name"] not in defined}
    return Told(job_parameters={**changed, **extra}, older=run_settings.get("overriding_parameters", {}))


def applied(task: Members, job_values: Mapping[str, str], older: Members) -> dict[str, Any]:
    """Return a task as it is told what to do: the run's values over its own."""
    words = dict(task)
    for task_type, tell in _TOLD.items():
        if isinstance(words.get(task_type), dict):
            words[task_type] = {**words[task_type], **tell(words[task_type], job_values, older)}
    return words


def _named(member: str, older_name: str) -> Callable[[Members, Mapping[str, str], Members], Members]:
    """Return how named parameters are told: the older ones over the task's, the job's over both."""

    def tell(task: Members, job_values: Mapping[str, str], older: Members) -> Members:
        return {member: {**(task.get(member) or {}), **older.get(older_name, {}), **job_values}}

    return tell


def _listed(member: str, older_name: str) -> Callable[[Members, Mapping[str, str], Members], Members]:
    """Return how a list of parameters is told: the older ones replace the task's."""

    def tell(_: Members, __: Mapping[str, str], older: Members) -> Members:
        return {member: older[older_name]} if older_name in older else {}

    return tell


def _wheel(task: Members, job_values: Mapping[str, str], older: Members) -> Members:
    """Tell a wheel: values by name only if it takes any, as one with a list may parse its arguments strictly."""
    if "python_params" in older:
        return {"parameters": older["python_params"]}
    named = {**(task.get("named_parameters") or {}), **older.get("python_named_params", {})}
    return {"named_parameters": {**named, **job_values}} if named or "named_parameters" in task else {}


def _loop(loop: Members, job_values: Mapping[str, str], older: Members) -> Members:
    return {"task": applied(loop["task"], job_values, older)}


_TOLD: Mapping[str, Callable[[Members, Mapping[str, str], Members], Members]] = {
    "notebook_task": _named("base_parameters", "notebook_params"),
    "sql_task": _named("parameters", "sql_params"),
    "run_job_task": _named("job_parameters", "job_parameters"),
    "spark_python_task": _listed("parameters", "python_params"),
    "spark_jar_task": _listed("parameters", "jar_params"),
    "spark_submit_task": _listed("parameters", "spark_submit_params"),
    "dbt_task": _listed("commands", "dbt_commands"),
    "python_wheel_task": _wheel,
    "for_each_task": _loop,
}
