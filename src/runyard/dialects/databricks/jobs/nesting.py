"""Jobs that start jobs: refused where they would start themselves, or stand too deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import Workspace
from runyard.dialects.databricks.jobs.settings import LANGUAGE
from runyard.engine.conductor import DEEPEST
from runyard.engine.engine import Engine

Members = Mapping[str, Any]


def check_nesting(engine: Engine, workspace: Workspace, settings: Members, *, job_id: int | None = None) -> None:
    """Refuse settings whose job would start itself, or stand above more than three jobs that start each other.

    A job that does not exist (yet) is no reason; its task fails when it runs.
    """
    level = dict.fromkeys(_started(settings))
    depth = 0
    while level:
        depth += 1
        if job_id in level:
            raise InvalidRequest(f"Job {job_id} would start itself through a run_job_task; break the circle.")
        if depth > DEEPEST:
            raise InvalidRequest(f"Jobs may start jobs at most {DEEPEST} deep; these would stand deeper.")
        level = {other: None for known in level for other in _started(_settings(engine, workspace, known))}


def _settings(engine: Engine, workspace: Workspace, job_id: int) -> Members:
    try:
        job = engine.job(workspace, job_id)
    except NotFound:
        return {}
    return job.settings if job.language == LANGUAGE else {}


def _started(settings: Members) -> Iterator[int]:
    """Yield the jobs that a job's tasks start; those named by a reference are known only when it runs."""
    for task in settings.get("tasks", ()):
        inner = (task.get("for_each_task") or {}).get("task") or task
        job_id = (inner.get("run_job_task") or {}).get("job_id")
        if isinstance(job_id, int):
            yield job_id
