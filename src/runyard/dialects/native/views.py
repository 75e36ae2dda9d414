"""The core's records in JSON, under their own names; what is None is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.core.job import Task


@dataclass(frozen=True, kw_only=True)
class Words:
    """Which fields of a record are shown as they are, which are worked out, and which are not shown, and why."""

    plain: Sequence[str]
    worked_out: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    not_shown: Mapping[str, str] = field(default_factory=dict)

    def show(self, record: Any) -> dict[str, Any]:
        """Spell a record."""
        wire = {name: value for name in self.plain if (value := getattr(record, name)) is not None}
        for name, work in self.worked_out.items():
            wire[name] = work(record)
        return wire


TASK = Words(
    plain=(
        "key",
        "kind",
        "depends_on",
        "branch",
        "run_if",
        "max_retries",
        "retry_wait_ms",
        "retries_timeout",
        "timeout_ms",
    ),
    not_shown={"spec": "shown word by word, see SPEC"},
)
SPEC = (
    "script",
    "document",
    "workflow_id",
    "name",
    "arguments",
    "files",
    "python_files",
    "packages",
    "package_options",
)
"""What a task's spec shows of itself: not the text of a submitted script, which may be long, and not its
environment, which may hold secrets."""


def _tasks(record: Any) -> list[dict[str, Any]]:
    return [task(one) for one in record.tasks]


def task(task: Task) -> dict[str, Any]:
    """Spell a task, without what may hold secrets."""
    return {**TASK.show(task), **{name: task.spec[name] for name in SPEC if name in task.spec}}


_RUN = (
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
    "parent_attempt_id",
    "tasks_at_once",
    "awaited_by",
    "repairs",
    "started_by",
    "created_at",
    "updated_at",
    "admitted_at",
    "wait_until",
    "notify_at",
    "timeout_ms",
    "timeout_at",
    "attempt_at",
    "running_at",
    "ended_at",
)
_RUN_NOT_SHOWN = {
    "workspace_id": "the caller knows in which workspace it asks",
    "is_listed": "what is in a list is",
    "idempotency_key": "the caller made it; nobody else may reuse it",
}
_LONG = "long; ask for the one"

RUN_LINE = Words(plain=_RUN, not_shown={**_RUN_NOT_SHOWN, "settings": _LONG, "tasks": _LONG})
"""A run in a list."""

RUN = Words(plain=(*_RUN, "settings"), worked_out={"tasks": _tasks}, not_shown=_RUN_NOT_SHOWN)
"""A run asked for by its id."""

_JOB = ("id", "name", "language", "max_concurrent_runs", "created_at", "updated_at")
_JOB_NOT_SHOWN = {
    "workspace_id": "the caller knows in which workspace it asks",
    "unique_name": "the name again",
}

JOB_LINE = Words(plain=_JOB, not_shown={**_JOB_NOT_SHOWN, "tags": _LONG, "settings": _LONG, "tasks": _LONG})
"""A job in a list."""

JOB = Words(plain=(*_JOB, "tags", "settings"), worked_out={"tasks": _tasks}, not_shown=_JOB_NOT_SHOWN)
"""A job asked for by name or id."""

ATTEMPT = Words(
    plain=(
        "id",
        "run_id",
        "task_key",
        "number",
        "series",
        "phase",
        "state",
        "outcome",
        "created_at",
        "updated_at",
        "retry_at",
        "taken_at",
        "running_at",
        "waits_since",
        "ended_at",
        "owner",
        "exit_code",
        "signal",
        "category",
        "message",
        "trace",
        "output",
    )
)

EVENT = Words(plain=("id", "run_id", "attempt_id", "at", "kind", "detail"))

USER = Words(
    plain=("id", "name", "roles", "is_enabled", "created_at", "updated_at"),
    worked_out={"has_password": lambda user: user.proof is not None},
    not_shown={
        "proof": "nobody needs to see what a password is checked with",
        "sessions_since": "which logins count is the server's to know",
        "version": "changes are compared by the server",
    },
)

TOKEN = Words(
    plain=("id", "name", "workspace", "role", "access_key", "created_at", "expires_at", "last_used_at"),
    not_shown={
        "user_id": "shown by name",
        "digest": "what is kept of its text",
        "proof": "nobody needs to see what a password is checked with",
    },
)
