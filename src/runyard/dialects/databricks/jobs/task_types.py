"""What each type of task runs: the kind of its process and that kind's spec, or why it cannot run here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.core.errors import NotSupported
from runyard.dialects import reading
from runyard.dialects.databricks.jobs.places import ROOT, in_workspace, of_workspace

Members = Mapping[str, Any]
Planned = tuple[str, dict[str, Any]]

GIT = "GIT"
OPERATORS: Mapping[str, str] = {
    "EQUAL_TO": "==",
    "NOT_EQUAL": "!=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
}
DEFAULT_CONCURRENCY = 1
OLDER_PARAMETERS = (
    "notebook_params",
    "python_params",
    "python_named_params",
    "jar_params",
    "spark_submit_params",
    "sql_params",
    "dbt_commands",
    "pipeline_params",
)
"""The parameters that a run could be given before there were parameters of jobs."""
_FROM_GIT = (
    "The file {path} of this task comes from a git repository, which is not checked out here. Import it into the "
    "workspace (or put it on a mount of this server), and name it there with source WORKSPACE."
)
_CALL = """\
import importlib
import sys

module, _, function = sys.argv[1].rpartition(".")
named = dict(one.split("=", 1) for one in sys.argv[2:])
getattr(importlib.import_module(module), function)(**named)
"""
"""What runs a Python operator: its function, called with its parameters by name."""


def _refuse_git(source: Any, path: str) -> None:
    if source == GIT:
        raise NotSupported(_FROM_GIT.format(path=path))


def _notebook(task: Members) -> Planned:
    path = reading.text(task["notebook_path"], "notebook_path")
    _refuse_git(task.get("source"), path)
    parameters = reading.text_map(task.get("base_parameters"), "base_parameters")
    return "notebook", {"path": of_workspace(path), "parameters": parameters}


def _script(task: Members) -> Planned:
    path = reading.text(task["python_file"], "python_file")
    _refuse_git(task.get("source"), path)
    script = of_workspace(path) if task.get("source") == "WORKSPACE" else in_workspace(path)
    arguments = reading.texts(task.get("parameters"), "parameters")
    in_place = {"in_place": True} if script.startswith(f"{ROOT}/") else {}
    return "python_script", {"script": script, "arguments": arguments, **in_place}


def _jar(task: Members) -> Planned:
    return "spark_jar", {
        "main_class": reading.text(task["main_class_name"], "main_class_name"),
        "arguments": reading.texts(task.get("parameters"), "parameters"),
    }


def _submit(task: Members) -> Planned:
    return "spark_submit", {"submit": reading.texts(task.get("parameters"), "parameters")}


def _wheel(task: Members) -> Planned:
    return "python_wheel", {
        "package_name": task["package_name"],
        "entry_point": task["entry_point"],
        "parameters": reading.texts(task.get("parameters"), "parameters"),
        "named_parameters": reading.text_map(task.get("named_parameters"), "named_parameters"),
    }


def _sql(task: Members) -> Planned:
    if "file" not in task:
        what = next((name for name in ("query", "alert", "dashboard") if name in task), "sql_task")
        raise NotSupported(_NO_SQL[what])
    path = reading.text(task["file"]["path"], "sql_task.file.path")
    _refuse_git(task["file"].get("source"), path)
    return "sql", {"file": of_workspace(path), "parameters": reading.text_map(task.get("parameters"), "parameters")}


_NO_SQL: Mapping[str, str] = {
    "query": "Saved queries are not kept here. Put the text of the query into a file of the workspace and name it "
    "with sql_task.file.",
    "alert": "SQL alerts cannot be evaluated here. Use sql_task.file for the query and a condition_task for the rest.",
    "dashboard": "Dashboards cannot be refreshed here. Use sql_task.file for the queries behind the dashboard.",
    "sql_task": "The sql_task names neither a file nor a query; name a file of the workspace with sql_task.file.",
}


def _dbt(task: Members) -> Planned:
    project = reading.text(task.get("project_directory") or "", "project_directory")
    _refuse_git(task.get("source"), project or "of the project")
    if not project:
        raise NotSupported("The dbt_task names no project_directory; put the project into the workspace and name it.")
    words = {name: task[name] for name in ("schema", "catalog") if task.get(name)}
    words |= {"warehouse": task["warehouse_id"]} if task.get("warehouse_id") else {}
    if task.get("profiles_directory"):
        words["profiles"] = of_workspace(reading.text(task["profiles_directory"], "profiles_directory"))
    return "dbt", {"commands": reading.texts(task["commands"], "commands"), "project": of_workspace(project), **words}


def _condition(task: Members) -> Planned:
    sides = {side: reading.text(task.get(side, ""), f"condition_task.{side}") for side in ("left", "right")}
    return "condition", {**sides, "op": OPERATORS[task["op"]]}


def _run_job(task: Members) -> Planned:
    older = {name: task[name] for name in OLDER_PARAMETERS if task.get(name)}
    parameters = reading.text_map(task.get("job_parameters"), "job_parameters")
    return "run_job", {"job_id": task["job_id"], "parameters": parameters, **({"older": older} if older else {})}


def _operator(task: Members) -> Planned:
    given = reading.array(task.get("parameters"), "parameters")
    named = [f"{one['name']}={reading.text(one.get('value', ''), 'parameters[].value')}" for one in given]
    return "python_script", {"source": _CALL, "name": "operator.py", "arguments": [task["main"], *named]}


def _arazzo(task: Members) -> Planned:
    sources = reading.text_map(task.get("sources"), "sources")
    return "arazzo", {
        "document": in_workspace(reading.text(task["document"], "document")),
        "workflow_id": task.get("workflow_id"),
        "inputs": dict(task.get("inputs") or {}),
        "sources": {name: in_workspace(place) for name, place in sources.items()},
        "servers": reading.text_map(task.get("servers"), "servers"),
    }


RUNNABLE: Mapping[str, Callable[[Members], Planned]] = {
    "notebook_task": _notebook,
    "spark_jar_task": _jar,
    "spark_python_task": _script,
    "spark_submit_task": _submit,
    "python_wheel_task": _wheel,
    "sql_task": _sql,
    "dbt_task": _dbt,
    "condition_task": _condition,
    "run_job_task": _run_job,
    "python_operator_task": _operator,
    "arazzo_task": _arazzo,
}
"""Loops stand in tasks.py, because they hold another task."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "notebook_task": ("notebook_path",),
    "spark_jar_task": ("main_class_name",),
    "spark_python_task": ("python_file",),
    "spark_submit_task": ("parameters",),
    "python_wheel_task": ("package_name", "entry_point"),
    "dbt_task": ("commands",),
    "condition_task": ("op",),
    "for_each_task": ("inputs", "task"),
    "run_job_task": ("job_id",),
    "python_operator_task": ("main",),
    "arazzo_task": ("document",),
}
"""The members without which a task of a type is refused."""

UNAVAILABLE: Mapping[str, str] = {
    "pipeline_task": "Declarative pipelines cannot run here. Write the pipeline's tables as notebook or SQL tasks.",
    "alert_task": _NO_SQL["alert"],
    "dashboard_task": _NO_SQL["dashboard"],
    "power_bi_task": "Power BI cannot be reached from here. Refresh the model from a Python task with its REST API.",
    "clean_rooms_notebook_task": "Clean rooms exist only in the cloud. Run the notebook itself as a notebook_task.",
    "gen_ai_compute_task": "There is no GPU compute to rent here. Run the training script as a spark_python_task.",
    "ai_runtime_task": "There is no GPU compute to rent here. Run the training script as a spark_python_task.",
    "ai_function_task": "AI functions exist only in the cloud. Call a model from a Python or notebook task.",
    "dbt_cloud_task": "dbt Cloud cannot be reached from here. Run the project's commands with a dbt_task.",
    "dbt_platform_task": "The dbt platform cannot be reached from here. Run the project's commands with a dbt_task.",
}
"""Why a type cannot run here, and what to do; such tasks are accepted, and end failed with this text."""


def unavailable(task_type: str) -> str:
    """Say why tasks of a type cannot run here."""
    runs = ", ".join([*RUNNABLE, "for_each_task"])
    return UNAVAILABLE.get(task_type, f"Tasks of type {task_type} cannot run here. These types can: {runs}.")
