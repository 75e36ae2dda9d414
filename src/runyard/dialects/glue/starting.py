"""Starts a run of a Glue job, whoever asks: StartJobRun, or another language that only knows names and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runyard.core.job import MINUTE_MS, Job, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects.glue import asked, rules
from runyard.dialects.glue.arguments import task
from runyard.dialects.glue.views import LANGUAGE
from runyard.engine.engine import Engine
from runyard.engine.requests import Request
from runyard.engine.starting import Starting


def start(
    engine: Engine, workspace: Workspace, *, job: Job, members: Mapping[str, Any], previous: int | None = None
) -> Run:
    """Start a run as the members of StartJobRun ask; `previous` is the run that it tries again."""
    return engine.start_run(workspace, replace(request_of(job, members), previous_run_id=previous))


def request_of(job: Job, members: Mapping[str, Any]) -> Request:
    """Return what the members of StartJobRun ask for; refuse what Glue would refuse."""
    words = asked.effective(job.settings, members)
    rules.check_run(members, words)
    delay = words.get("NotificationProperty", {}).get("NotifyDelayAfter")
    return Request(
        language=LANGUAGE,
        job_name=job.name,
        job=job,
        tasks=(task(words),),
        settings=asked.run_settings(words, members),
        overflow=Overflow.QUEUE if words.get("JobRunQueuingEnabled") else Overflow.REFUSE,
        notify_after_ms=None if delay is None else delay * MINUTE_MS,
    )


def start_with_arguments(starting: Starting) -> Run:
    """Start a run with parameters whose names carry no dashes yet."""
    members = {"Arguments": {f"--{name}": value for name, value in starting.parameters.items()}}
    request = replace(
        request_of(starting.job, members),
        started_by=starting.started_by,
        parent_attempt_id=starting.parent_attempt_id,
        idempotency_key=starting.idempotency_key,
    )
    return starting.engine.start_run(starting.workspace, request)
