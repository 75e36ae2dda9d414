"""What a job is: a definition with one or more tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MINUTE_MS = 60_000
TOLD = "told"  # the kind of a task whose work is done elsewhere, by a client that tells of it
WORKFLOW = "workflow"  # the kind of a task whose work are the runs that the triggers of a workflow start
WITHOUT_PROCESS = frozenset({"condition", "for_each", "run_job", "unavailable", TOLD, WORKFLOW})
"""The kinds of tasks that the engine carries out itself; they take none of a server's places."""
UNLIMITED = -1


class RunIf(StrEnum):
    """How the tasks before a task must have ended for it to run; what each asks for stands in graph.py."""

    ALL_SUCCESS = "all_success"
    ONE_SUCCESS = "one_success"
    NONE_FAILED = "none_failed"
    ALL_ENDED = "all_ended"
    ONE_FAILED = "one_failed"
    ALL_FAILED = "all_failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One node of a job: what its executor needs, and the rules it runs under."""

    key: str
    kind: str  # which executor runs it
    spec: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    branch: Mapping[str, str] = field(default_factory=dict)  # the result that a task before must have for this to run
    run_if: RunIf = RunIf.ALL_SUCCESS
    max_retries: int = 0  # UNLIMITED: until it succeeds or is stopped
    retry_wait_ms: int = 0
    retries_timeout: bool = False
    timeout_ms: int | None = None  # counted from the first line of its code

    @property
    def has_process(self) -> bool:
        """Tell whether an attempt of it is a process."""
        return self.kind not in WITHOUT_PROCESS


def kept_name(kind: str, name: str) -> str:
    """Spell the unique name of a job that may be called as one of another kind is; no name has a line end."""
    return f"{kind}\n{name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The namespace that owns jobs and runs: an account, a workspace, a project."""

    id: int
    name: str
    created_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A definition in the words of the dialect that made it, with the fields lifted that we act on."""

    id: int
    workspace_id: int
    name: str
    unique_name: str | None = None  # the name again where the dialect allows it only once
    language: str
    settings: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    tasks: tuple[Task, ...]
    max_concurrent_runs: int | None = None
    created_at: int
    updated_at: int
