"""What a task run left behind: its notebook's result, what it printed, its rows, or why there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from runyard.core.graph import HEALTHY
from runyard.core.run import Attempt
from runyard.dialects.databricks.facts import TaskRun
from runyard.dialects.databricks.views import as_run
from runyard.engine.engine import Engine

LARGEST_RESULT = 5 * 1024 * 1024  # bytes
LARGEST_LOGS = 5 * 1024 * 1024
SQL_FILE = "sql.json"
STREAMS = ("stdout", "stderr")

NOT_SHOWN: Mapping[str, str] = {
    "ai_function_task_output": "such tasks cannot run here",
    "ai_runtime_task_output": "such tasks cannot run here",
    "alert_output": "such tasks cannot run here",
    "clean_rooms_notebook_output": "such tasks cannot run here",
    "dashboard_output": "such tasks cannot run here",
    "dbt_cloud_output": "such tasks cannot run here",
    "dbt_platform_output": "such tasks cannot run here",
    "dbt_output": "a link to artifacts would have to be signed; they lie in the attempt's folder, and the log is shown",
    "info": "there is nothing to say beside the error and the logs",
}
"""The members of an output that are never there, and why."""


def output_of(engine: Engine, one: TaskRun) -> dict[str, Any]:
    """Return the output of a task run."""
    kind = one.task.kind if one.task else ""
    work = BY_KIND.get(kind, _nothing)
    return {"metadata": as_run(one), **_error(one.attempt), **work(engine, one)}


def _error(attempt: Attempt) -> dict[str, Any]:
    if attempt.outcome is None or attempt.outcome in HEALTHY:
        return {}
    told = {"error": attempt.message, "error_trace": attempt.trace}
    return {name: text for name, text in told.items() if text}


def _nothing(_: Engine, __: TaskRun) -> dict[str, Any]:
    return {}


def _notebook(_: Engine, one: TaskRun) -> dict[str, Any]:
    """Return what the notebook handed to its exit; nothing if it never called it."""
    result = one.attempt.output.get("result")
    if result is None:
        return {"notebook_output": {}}
    text, is_cut = beginning(result, LARGEST_RESULT)
    was_cut = bool(one.attempt.output.get("truncated"))  # by the notebook's own process
    return {"notebook_output": {"result": text, "truncated": is_cut or was_cut}}


def _printed(engine: Engine, one: TaskRun) -> dict[str, Any]:
    logs, is_cut = last_of([engine.log(one.attempt, stream) for stream in STREAMS], LARGEST_LOGS)
    return {"logs": logs, "logs_truncated": is_cut}


def _sql(engine: Engine, one: TaskRun) -> dict[str, Any]:
    statements = read_json(engine.attempt_folder(one.attempt.id) / SQL_FILE).get("statements", [])
    if not statements:
        return {}
    warehouse = {"warehouse_id": one.settings["sql_task"]["warehouse_id"]} if _has_warehouse(one) else {}
    output = {
        "query_text": ";\n".join(each.get("text", "") for each in statements),
        "sql_statements": [{"lookup_key": f"{one.attempt.id}-{number}"} for number in range(len(statements))],
        **warehouse,
    }
    with_rows = [each for each in statements if each.get("schema")]
    return {"sql_output": {"file_output": {**output, **({"query_result": _rows(with_rows[-1])} if with_rows else {})}}}


def _has_warehouse(one: TaskRun) -> bool:
    return "warehouse_id" in (one.settings.get("sql_task") or {})


def _rows(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "columns": [{"name": column["name"]} for column in statement["schema"]],
        "rows": [{"values": [_value(value) for value in row]} for row in statement.get("rows", ())],
        "truncated": bool(statement.get("truncated")),
    }


def _value(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    return {"string_value": value if isinstance(value, str) else msgspec.json.encode(value).decode()}


def _workflow(engine: Engine, one: TaskRun) -> dict[str, Any]:
    """Return what the workflow gave, in a member that only this server has, and what was told of its steps."""
    return {"arazzo_output": {"outputs": one.attempt.output.get("values", {})}, **_printed(engine, one)}


def _told(_: Engine, one: TaskRun) -> dict[str, Any]:
    return {"arazzo_output": {"outputs": one.attempt.output.get("values", {})}}


def _run_job(engine: Engine, one: TaskRun) -> dict[str, Any]:
    child = engine.child_run(one.attempt)
    return {"run_job_output": {"run_id": child.id}} if child else {}


BY_KIND: Mapping[str, Callable[[Engine, TaskRun], dict[str, Any]]] = {
    "notebook": _notebook,
    "python_script": _printed,
    "python_wheel": _printed,
    "spark_jar": _printed,
    "spark_submit": _printed,
    "dbt": _printed,
    "sql": _sql,
    "run_job": _run_job,
    "arazzo": _workflow,
    "told": _told,
}
"""What each kind of task leaves behind; the others leave nothing but their error."""


def beginning(text: str, most: int) -> tuple[str, bool]:
    """Return the first bytes of a text, whole characters only, and whether any are missing."""
    data = text.encode(errors="replace")
    return (text, False) if len(data) <= most else (data[:most].decode(errors="ignore"), True)


def last_of(logs: Sequence[Any], most: int) -> tuple[str, bool]:
    """Return the last bytes of logs one behind the other, whole characters only, and whether any are missing."""
    pieces: list[bytes] = []
    left, is_cut = most, False
    for log in reversed(logs):
        size = log.size
        pieces.insert(0, log.read(max(size - left, 0), min(size, left)) if left else b"")
        is_cut |= size > left
        left -= min(size, left)
    data = b"".join(pieces)
    return (data.lstrip(_CONTINUING) if is_cut else data).decode(errors="replace"), is_cut


_CONTINUING = bytes(range(0x80, 0xC0))
"""Bytes that begin no character in UTF-8."""


def read_json(file: Path) -> dict[str, Any]:
    """Return what a task's process wrote; nothing if it is not there or no object."""
    try:
        told = msgspec.json.decode(file.read_bytes() if file.is_file() else b"")  # a pipe would never end
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
