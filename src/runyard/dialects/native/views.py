"""The core's records in JSON, under their own names; what is None is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.job import Task
from runyard.dialects.view import View, field, shown

_TASK_WORDS = ("key", "kind", "depends_on", "max_retries", "retry_wait_ms", "timeout_ms")
_SPEC_WORDS = ("script", "name", "arguments", "files", "python_files", "packages", "package_options")
"""What a task's spec shows of itself: not the text of a submitted script, which may be long, and not its
environment, which may hold secrets."""


def _tasks(record: Any) -> list[dict[str, Any]]:
    return [_task(task) for task in record.tasks]


def _task(task: Task) -> dict[str, Any]:
    words = {name: getattr(task, name) for name in _TASK_WORDS}
    spec = {name: task.spec[name] for name in _SPEC_WORDS if name in task.spec}
    return {**{name: value for name, value in words.items() if value is not None}, **spec}


_RUN_WORDS = (
    "id",
    "job_id",
    "job_name",
    "language",
    "phase",
    "state",
    "outcome",
    "reason",
    "message",
    "attempt",
    "previous_run_id",
    "created_at",
    "updated_at",
    "admitted_at",
    "wait_until",
    "notify_at",
    "attempt_at",
    "running_at",
    "ended_at",
)
_RUN_NOT_SHOWN: Mapping[str, str] = {
    "workspace_id": "the caller knows in which workspace it asks",
    "idempotency_key": "the caller made it; nobody else may reuse it",
}

RUN_LINE = View(
    (field(name, name) for name in _RUN_WORDS),
    not_shown={**_RUN_NOT_SHOWN, "settings": "long; ask for the run", "tasks": "long; ask for the run"},
)
"""A run in a list."""

RUN = View(
    (*RUN_LINE.lines, field("settings", "settings"), shown("tasks", _tasks)),
    not_shown=_RUN_NOT_SHOWN,
)
"""A run asked for by its id."""

_JOB_WORDS = ("id", "name", "language", "max_concurrent_runs", "created_at", "updated_at")
_JOB_NOT_SHOWN: Mapping[str, str] = {
    "workspace_id": "the caller knows in which workspace it asks",
    "unique_name": "the name again",
}

JOB_LINE = View(
    (field(name, name) for name in _JOB_WORDS),
    not_shown={
        **_JOB_NOT_SHOWN,
        "tags": "long; ask for the job",
        "settings": "long; ask for the job",
        "tasks": "long; ask for the job",
    },
)
"""A job in a list."""

JOB = View(
    (*JOB_LINE.lines, field("tags", "tags"), field("settings", "settings"), shown("tasks", _tasks)),
    not_shown=_JOB_NOT_SHOWN,
)
"""A job asked for by name or id."""

ATTEMPT = View(
    (
        field(name, name)
        for name in (
            "id",
            "run_id",
            "task_key",
            "number",
            "phase",
            "state",
            "outcome",
            "created_at",
            "updated_at",
            "retry_at",
            "running_at",
            "ended_at",
            "owner",
            "exit_code",
            "signal",
            "category",
            "message",
            "trace",
        )
    ),
    not_shown={},
)

EVENT = View(
    (field(name, name) for name in ("id", "run_id", "attempt_id", "at", "kind", "detail")),
    not_shown={},
)
