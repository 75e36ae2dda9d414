"""What the references of a task can see: its run, its own attempt, and the tasks before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runyard.core import graph
from runyard.core.errors import InvalidRequest
from runyard.core.run import Attempt, Outcome, Run
from runyard.dialects.databricks.runs import parameters, references
from runyard.dialects.databricks.runs.references import Path, shown
from runyard.dialects.databricks.standing import of_attempt
from runyard.dialects.databricks.states import task_words

SATURDAY = 6

MOMENTS: Mapping[str, Callable[[datetime], object]] = {
    "iso_weekday": lambda moment: moment.isoweekday(),
    "is_weekday": lambda moment: moment.isoweekday() < SATURDAY,
    "iso_date": lambda moment: moment.date().isoformat(),
    "iso_datetime": lambda moment: moment.replace(tzinfo=None).isoformat(timespec="seconds"),
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "second": lambda moment: moment.second,
    "timestamp_ms": lambda moment: round(moment.timestamp() * 1000),
}
"""What can be asked of a moment, which is in UTC."""

ONE_TIME = "one_time"
TRIGGERS: Mapping[str, str] = {
    "schedule": "periodic",
    "periodic": "periodic",
    "run_job": "run_job_task",
    "file_arrival": "file_arrival",
    "table": "table",
    "continuous": "continuous",
    "continuous_restart": "continuous_restart",
    "job_completion": "job_completion",
}
"""`{{job.trigger.type}}` by what started the run; anything else was started by somebody, once."""
NOTHING = object()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One attempt about to start, seen from its references."""

    run: Run  # the listed one: an iteration of a loop belongs to the run of the loop
    attempts: Sequence[Attempt]  # of that run
    attempt: Attempt
    task_key: str
    notebook_path: str | None = None
    given_input: Any = NOTHING  # of an iteration
    workspace_url: Callable[[], str]
    rows: Callable[[Attempt], Sequence[Mapping[str, Any]] | None]  # that a SQL task gave
    job_parameters: Mapping[str, str] = field(default_factory=dict)  # resolved

    def look(self, path: Path) -> str | None:
        """Return the value of a reference."""
        if not references.is_known(path):
            return None
        value = NAMESPACES[path[0]](self, path[1:])
        return None if value is None else shown(value)


def with_parameters(scene: Scene) -> Scene:
    """Return the scene with the parameters of its run, whose own references are resolved first."""
    values = parameters.values(scene.run.settings.get("job_parameters", []))
    look = scene.look
    resolved = {name: references.resolve(text, look) for name, text in values.items()}
    return Scene(**{**vars(scene), "job_parameters": resolved})


def _job(scene: Scene, path: Path) -> object:
    run = scene.run
    known: dict[str, object] = {
        "id": run.job_id or run.id,  # a run without a job stands for one
        "name": run.job_name,
        "run_id": run.id,
        "repair_count": run.repairs,
    }
    match path:
        case ("parameters", name):
            return scene.job_parameters.get(name)
        case ("start_time", name):
            return _moment(run.admitted_at or run.created_at, name)
        case ("trigger", *rest):
            return _trigger(run, tuple(rest))
    return known[path[0]]


def _trigger(run: Run, path: Path) -> object:
    started_by = run.started_by
    match path:
        case ("type",):
            return TRIGGERS.get(started_by.get("kind", ""), ONE_TIME)
        case ("time", name):
            return _moment(started_by.get("at", run.created_at), name)
        case ("file_arrival", "location"):
            return started_by.get("location", "")
        case ("table_update", "updated_tables"):
            return started_by.get("tables", [])
    return None


def _moment(at: int, name: str) -> object:
    return MOMENTS[name](datetime.fromtimestamp(at / 1000, UTC))


def _task(scene: Scene, path: Path) -> object:
    known: dict[str, object] = {
        "name": scene.task_key,
        "run_id": scene.attempt.id,
        "execution_count": scene.attempt.number + 1,
        "retry_count": scene.attempt.number - scene.attempt.series,
        "notebook_path": scene.notebook_path,
    }
    return known[path[0]]


def _tasks(scene: Scene, path: Path) -> object:
    key, what, *rest = path
    attempt = graph.newest(scene.attempts).get(key)
    if attempt is None:
        raise InvalidRequest(f"A reference names the task {key!r}, which is not a task of this run.")
    if what == "values":
        return shown(_within(_value(attempt, rest[0]), rest[1:]))
    if what == "output":
        return _output(scene.rows(attempt), rest)
    known: dict[str, object] = {
        "run_id": attempt.id,
        "result_state": _result_state(attempt),
        "error_code": _error_code(attempt),
        "execution_count": attempt.number + 1,
        "notebook_path": _notebook_path(scene.run, key),
    }
    return known[what]


def _result_state(attempt: Attempt) -> str | None:
    """Return how a task ended: in lower case, other than on the wire."""
    result = task_words(attempt.phase, attempt.category).result
    return result.lower() if result else None


def _error_code(attempt: Attempt) -> str:
    """Return why a task failed, as its termination says it; nothing if it did not."""
    if attempt.outcome not in (Outcome.FAILED, Outcome.CRASHED):
        return ""
    code: str = of_attempt(attempt).status["termination_details"]["code"]
    return code


def _value(attempt: Attempt, name: str) -> object:
    values = attempt.output.get("values", {})
    if name not in values:
        raise InvalidRequest(
            f"The task {attempt.task_key!r} has set no task value {name!r}; set it there with "
            f"dbutils.jobs.taskValues.set(key={name!r}, value=…)."
        )
    return values[name]


def _output(rows: Sequence[Mapping[str, Any]] | None, path: Sequence[str]) -> object:
    """Return what a SQL task gave: its rows as objects, or a column of the first."""
    match path:
        case ("rows",):
            return rows
        case ("first_row", column):
            return rows[0].get(column) if rows else None
    return None


def _notebook_path(run: Run, key: str) -> str | None:
    tasks = run.settings.get("tasks", ())
    task: Mapping[str, Any] = next((one for one in tasks if one.get("task_key") == key), {})
    path: str | None = (task.get("notebook_task") or {}).get("notebook_path")
    return path


def _input(scene: Scene, path: Path) -> object:
    if scene.given_input is NOTHING:
        raise InvalidRequest("{{input}} has a value only in the nested task of a for_each_task.")
    return shown(_within(scene.given_input, path))


def _within(value: Any, path: Sequence[str]) -> object:
    """Return what lies at a path of keys in a JSON value."""
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            raise InvalidRequest(f"There is no {name!r} in {shown(value)[:200]}, where a reference asks for it.")
        value = value[name]
    return value


def _workspace(scene: Scene, path: Path) -> object:
    return scene.run.workspace_id if path == ("id",) else scene.workspace_url()


def _backfill(scene: Scene, path: Path) -> object:
    return _moment(scene.run.started_by.get("backfill_at", scene.run.created_at), path[0])


NAMESPACES: Mapping[str, Callable[[Scene, Path], object]] = {
    "job": _job,
    "task": _task,
    "tasks": _tasks,
    "input": _input,
    "workspace": _workspace,
    "backfill": _backfill,
}
