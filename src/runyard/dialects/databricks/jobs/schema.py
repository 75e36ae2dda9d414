"""The shape of settings, as far as they are acted on: each member's type, read leniently and refused by its place.

A schema is a reader, a list of one schema (of an array's elements), or a mapping (of an object's members, where those
that are not named are taken as they come, and a mark `!` behind a name says that the member must be there).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.dialects import reading

Reader = Callable[[Any, str], Any]
REQUIRED = "!"
Schema = Reader | list[Any] | Mapping[str, Any]


def _kept(reader: Reader) -> Reader:
    """Return a reader that only checks: free texts are shown as they came."""

    def read(value: Any, place: str) -> Any:
        reader(value, place)
        return value

    return read


def _number_or_reference(value: Any, place: str) -> Any:
    return value if isinstance(value, str) and "{{" in value else reading.integer(value, place)


TEXTS, TEXT_MAP, FREE_TEXT = _kept(reading.texts), _kept(reading.text_map), _kept(reading.text)
OBJECT: Schema = reading.present
NUMBER, FLAG, TEXT = reading.integer, reading.flag, reading.text
CLUSTER: Schema = {"spark_env_vars": TEXT_MAP}
LIBRARY: Schema = {
    "pypi": {"package!": TEXT, "repo": TEXT},
    "whl": TEXT,
    "egg": TEXT,
    "requirements": TEXT,
}
OLDER: Mapping[str, Schema] = {
    "notebook_params": TEXT_MAP,
    "python_params": TEXTS,
    "python_named_params": TEXT_MAP,
    "jar_params": TEXTS,
    "spark_submit_params": TEXTS,
    "sql_params": TEXT_MAP,
    "dbt_commands": TEXTS,
    "pipeline_params": OBJECT,
}
SIMPLE_TASK: Mapping[str, Schema] = {
    "task_key": TEXT,
    "depends_on": [{"task_key!": TEXT, "outcome": TEXT}],
    "run_if": TEXT,
    "disabled": FLAG,
    "max_retries": NUMBER,
    "min_retry_interval_millis": NUMBER,
    "retry_on_timeout": FLAG,
    "timeout_seconds": NUMBER,
    "libraries": [LIBRARY],
    "new_cluster": CLUSTER,
    "existing_cluster_id": TEXT,
    "job_cluster_key": TEXT,
    "environment_key": TEXT,
    "environment_variables_key": TEXT,
    "email_notifications": OBJECT,
    "webhook_notifications": OBJECT,
    "notification_settings": OBJECT,
    "health": OBJECT,
    "compute": OBJECT,
    "notebook_task": {"notebook_path": TEXT, "base_parameters": TEXT_MAP, "source": TEXT},
    "spark_python_task": {"python_file": TEXT, "parameters": TEXTS, "source": TEXT},
    "python_wheel_task": {
        "package_name": TEXT,
        "entry_point": TEXT,
        "parameters": TEXTS,
        "named_parameters": TEXT_MAP,
    },
    "sql_task": {"file": {"path!": TEXT, "source": TEXT}, "parameters": TEXT_MAP},
    "dbt_task": {
        "commands": TEXTS,
        "project_directory": TEXT,
        "profiles_directory": TEXT,
        "warehouse_id": TEXT,
        "schema": TEXT,
        "catalog": TEXT,
        "source": TEXT,
    },
    "condition_task": {"op": TEXT, "left": FREE_TEXT, "right": FREE_TEXT},
    "run_job_task": {"job_id": _number_or_reference, "job_parameters": TEXT_MAP, **OLDER},
    "spark_jar_task": {"main_class_name": TEXT, "parameters": TEXTS},
    "spark_submit_task": {"parameters": TEXTS},
    "arazzo_task": {
        "document": TEXT,
        "workflow_id": TEXT,
        "inputs": OBJECT,
        "sources": TEXT_MAP,
        "servers": TEXT_MAP,
    },
    "python_operator_task": {"main": TEXT, "parameters": [{"name!": TEXT, "value": FREE_TEXT}]},
}
LOOP: Schema = {"inputs": TEXT, "concurrency": NUMBER, "task": {**SIMPLE_TASK, "for_each_task": OBJECT}}
TASK: Mapping[str, Schema] = {**SIMPLE_TASK, "for_each_task": LOOP}
SETTINGS: Schema = {
    **TASK,  # of a job with one task, which has it at the top
    "name": TEXT,
    "run_name": TEXT,
    "tags": TEXT_MAP,
    "tasks": [TASK],
    "job_clusters": [{"job_cluster_key!": TEXT, "new_cluster": CLUSTER}],
    "parameters": [{"name!": TEXT, "default": FREE_TEXT}],
    "environments": [
        {"environment_key!": TEXT, "spec": {"dependencies": TEXTS, "java_dependencies": TEXTS}},
    ],
    "environment_variables": [{"environment_variables_key!": TEXT, "spec": {"variables": TEXT_MAP}}],
    "git_source": {"git_url": TEXT, "git_provider": TEXT},
    "run_as": {"user_name": TEXT, "service_principal_name": TEXT},
    "queue": {"enabled": FLAG},
    "max_concurrent_runs": NUMBER,
    "schedule": OBJECT,
    "trigger": OBJECT,
    "continuous": OBJECT,
    "deployment": OBJECT,
}


def read(value: Any, schema: Schema, place: str = "") -> Any:
    """Return a value read by its schema; members that are null are as if they were absent."""
    if callable(schema):
        return schema(value, place)
    if isinstance(schema, list):
        return [read(one, schema[0], f"{place}[{number}]") for number, one in enumerate(reading.array(value, place))]
    return _members(reading.present(value, place), schema, f"{place}." if place else "")


def _members(given: Mapping[str, Any], schema: Mapping[str, Any], place: str) -> dict[str, Any]:
    there = {name: value for name, value in given.items() if value is not None}
    for name in schema:
        if name.endswith(REQUIRED) and name.removesuffix(REQUIRED) not in there:
            raise InvalidRequest(f"{place}{name.removesuffix(REQUIRED)} is missing.")
    known = {name: schema.get(name) or schema.get(name + REQUIRED) for name in there}
    return {
        name: value if (its := known[name]) is None else read(value, its, place + name) for name, value in there.items()
    }
