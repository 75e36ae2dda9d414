"""Starts a run of a Glue job, whoever asks: StartJobRun, or another language that only knows names and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.job import MINUTE_MS, Job, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects.glue import asked, rules
from runyard.dialects.glue.arguments import task
from runyard.dialects.glue.views import LANGUAGE
from runyard.engine.engine import Engine, Request


def start(
    engine: Engine, workspace: Workspace, *, job: Job, members: Mapping[str, Any], previous: int | None = None
) -> Run:
    """Start a run as the members of StartJobRun ask; `previous` is the run that it tries again."""
    words = asked.effective(job.settings, members)
    rules.check_run(members, words)
    delay = words.get("NotificationProperty", {}).get("NotifyDelayAfter")
    request = Request(
        language=LANGUAGE,
        job_name=job.name,
        job=job,
        tasks=(task(words),),
        settings=asked.run_settings(words, members),
        overflow=Overflow.QUEUE if words.get("JobRunQueuingEnabled") else Overflow.REFUSE,
        previous_run_id=previous,
        notify_after_ms=None if delay is None else delay * MINUTE_MS,
    )
    return engine.start_run(workspace, request)


def start_with_arguments(engine: Engine, workspace: Workspace, job: Job, arguments: Mapping[str, str]) -> Run:
    """Start a run with arguments whose names carry no dashes yet."""
    members = {"Arguments": {f"--{name}": value for name, value in arguments.items()}}
    return start(engine, workspace, job=job, members=members)
