"""What a person may do with a run beyond what our own language has: run it again, repair it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from msgspec import field

from runyard.core.errors import InvalidRequest, NotFound, NotSupported
from runyard.core.job import WORKFLOW, Job
from runyard.core.queue import Overflow
from runyard.core.run import Run
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Name, OneRun, Text
from runyard.dialects.native.views import RUN
from runyard.engine.requests import Request
from runyard.web.console.languages import asked_of_databricks

Answer = dict[str, Any]


class Repair(OneRun, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which tasks run again, and with which parameters over those they had."""

    tasks: list[str] = field(default_factory=list)  # empty: all that did not succeed
    with_dependents: bool = True
    parameters: dict[Name, Text] = field(default_factory=dict)


def run_again(call: Call, asked: OneRun) -> Answer:
    """Starts a run of the same tasks with the same parameters as another had."""
    run = call.engine.run(call.workspace, asked.run)
    _check_own(run)
    request = Request(
        language=run.language,
        job_name=run.job_name,
        job=_job(call, run),
        tasks=run.tasks,
        settings=run.settings,
        overflow=Overflow.QUEUE,
        timeout_ms=run.timeout_ms,
        tasks_at_once=run.tasks_at_once,
    )
    return RUN.show(call.engine.start_run(call.workspace, request))


def repair_run(call: Call, asked: Repair) -> Answer:
    """Runs tasks of an ended run again, in the same run, as Databricks' repair does it for runs of all languages."""
    run = call.engine.run(call.workspace, asked.run)
    _check_own(run)
    rounds = call.engine.repairs(run)
    members = {
        "run_id": run.id,
        **({"rerun_tasks": asked.tasks} if asked.tasks else {"rerun_all_failed_tasks": True}),
        "rerun_dependent_tasks": asked.with_dependents,
        **({"latest_repair_id": rounds[-1].id} if rounds else {}),
        **({"job_parameters": asked.parameters} if asked.parameters else {}),
    }
    reply = asked_of_databricks(call, "POST", "/api/2.2/jobs/runs/repair", members)
    if reply.status != 200:  # noqa: PLR2004 - HTTP's word for success
        raise InvalidRequest(msgspec.json.decode(reply.body)["message"])
    return RUN.show(call.engine.run(call.workspace, run.id))


def _check_own(run: Run) -> None:
    if run.is_told or any(task.kind == WORKFLOW for task in run.tasks):
        raise NotSupported(f"Run {run.id} is done elsewhere and only told of here; start it again there.")
    if run.parent_attempt_id is not None:
        raise NotSupported(f"Run {run.id} is the work of a task of another run; repair that one.")


def _job(call: Call, run: Run) -> Job | None:
    if run.job_id is not None:
        with suppress(NotFound):  # deleted since
            return call.engine.job(call.workspace, run.job_id)
    return None
