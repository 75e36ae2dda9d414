"""Jobs and runs as Glue's records: each table shows ours and reads AWS's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from runyard.core.run import Attempt, Run
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue import capacity
from runyard.dialects.glue.capacity import epoch_seconds, from_epoch_seconds
from runyard.dialects.glue.states import ERROR, ERROR_MESSAGES, JOB_RUN_STATES, PHASES, WITH_ERROR_MESSAGE
from runyard.dialects.view import View, field, kept, shown

LANGUAGE = "glue"
NO_SETTINGS: Mapping[str, Any] = {}


class JobRun(NamedTuple):
    """One try of a run, which is what Glue calls a job run.

    A tuple, not a dataclass: a page makes 200 of them, and a tuple is made in half the time.
    """

    run: Run
    number: int
    phase: str
    state: str  # the phase in Glue's word
    started_at: int
    updated_at: int
    running_at: int | None
    ended_at: int | None
    message: str | None
    settings: Mapping[str, Any]  # Glue's words, fixed at the start; none if another language started the run

    @property
    def id(self) -> str:
        """Glue's id of it."""
        return ids.run_id(self.run.id, self.number)

    @property
    def job_name(self) -> str:
        """The name its job had when it started."""
        return self.run.job_name


def newest(run: Run) -> JobRun:
    """Return the newest try of a run, which the run's own row tells whole."""
    return JobRun(
        run=run,
        number=run.attempt if len(run.tasks) <= 1 else 0,
        phase=run.phase,
        state=ERROR if run.ended_at and run.started_by.get("job_is_gone") else JOB_RUN_STATES[run.phase],
        started_at=run.attempt_at if len(run.tasks) <= 1 else run.created_at,
        updated_at=run.updated_at,
        running_at=run.running_at,
        ended_at=run.ended_at,
        message=run.message,
        settings=run.settings if run.language == LANGUAGE else NO_SETTINGS,
    )


def is_retried(run: Run) -> bool:
    """Whether a run has earlier tries that Glue lists as job runs of their own."""
    return run.attempt > 0 and len(run.tasks) == 1


def tries(run: Run, attempts: Sequence[Attempt]) -> list[JobRun]:
    """Return every try of a run of one task, the newest first."""
    older = sorted((one for one in attempts if one.number < run.attempt), key=lambda one: one.number, reverse=True)
    return [newest(run), *(_older(run, attempt) for attempt in older)]


def _older(run: Run, attempt: Attempt) -> JobRun:
    return JobRun(
        run=run,
        number=attempt.number,
        phase=attempt.phase,
        state=JOB_RUN_STATES[attempt.phase],
        started_at=attempt.created_at,
        updated_at=attempt.updated_at,
        running_at=attempt.running_at,
        ended_at=attempt.ended_at,
        message=attempt.message,
        settings=run.settings if run.language == LANGUAGE else NO_SETTINGS,
    )


def _previous_run_id(job_run: JobRun) -> str | None:
    if job_run.number:
        return ids.run_id(job_run.run.id, job_run.number - 1)
    named: str | None = job_run.settings.get("PreviousRunId")  # may be an automatic retry, `_attempt_N`
    previous = job_run.run.previous_run_id
    return named if named or previous is None else ids.run_id(previous)


def _error_message(job_run: JobRun) -> str | None:
    if job_run.state not in WITH_ERROR_MESSAGE:
        return None
    return job_run.message or job_run.run.reason or ERROR_MESSAGES[job_run.phase]


def _state_detail(job_run: JobRun) -> str | None:
    return job_run.run.reason if job_run.state == "WAITING" else None


def _execution_time(job_run: JobRun) -> int:
    return capacity.execution_seconds(job_run.running_at, job_run.ended_at)


def _dpu_seconds(job_run: JobRun) -> float | None:
    settings, dpu = job_run.settings, job_run.settings.get("MaxCapacity")
    if dpu is None or job_run.ended_at is None or not capacity.is_billed_by_the_second(settings):
        return None
    running_at = job_run.ended_at if job_run.running_at is None else job_run.running_at
    return float(dpu) * max(job_run.ended_at - running_at, 0) / 1000


JOB_RUN = View(
    (
        field("Id", "id"),
        field("Attempt", "number"),
        shown("PreviousRunId", _previous_run_id, "previous_run_id"),
        kept("TriggerName"),
        field("JobName", "job_name"),
        kept("JobMode"),
        kept("JobRunQueuingEnabled"),
        field("StartedOn", "started_at", epoch_seconds, from_epoch_seconds),
        field("LastModifiedOn", "updated_at", epoch_seconds, from_epoch_seconds),
        field("CompletedOn", "ended_at", epoch_seconds, from_epoch_seconds),
        shown("JobRunState", attrgetter("state"), "phase", PHASES.get),
        kept("Arguments"),
        shown("ErrorMessage", _error_message, "message"),
        kept("PredecessorRuns", lambda _: []),  # clients read it without looking
        kept("AllocatedCapacity"),
        shown("ExecutionTime", _execution_time),
        kept("Timeout"),
        kept("MaxCapacity"),
        kept("WorkerType"),
        kept("NumberOfWorkers"),
        kept("SecurityConfiguration"),
        kept("LogGroupName", capacity.log_group),
        kept("NotificationProperty"),
        kept("GlueVersion"),
        shown("DPUSeconds", _dpu_seconds),
        kept("ExecutionClass"),
        kept("MaintenanceWindow"),
        shown("StateDetail", _state_detail, "reason"),
        kept("ExecutionRoleSessionPolicy"),
    ),
    not_shown={"ProfileName": "usage profiles are objects of an AWS account, and none exist here"},
)

JOB = View(
    (
        field("Name", "name"),
        kept("JobMode", lambda _: "SCRIPT"),  # "When missing or null, SCRIPT is assigned as the default value."
        kept("JobRunQueuingEnabled"),
        kept("Description"),
        kept("LogUri"),
        kept("Role"),
        field("CreatedOn", "created_at", epoch_seconds, from_epoch_seconds),
        field("LastModifiedOn", "updated_at", epoch_seconds, from_epoch_seconds),
        kept("ExecutionProperty", lambda _: {"MaxConcurrentRuns": 1}),
        kept("Command"),
        kept("DefaultArguments"),
        kept("NonOverridableArguments"),
        kept("Connections"),
        kept("MaxRetries", lambda _: 0),
        kept("AllocatedCapacity", capacity.allocated_capacity),
        kept("Timeout", capacity.timeout),
        kept("MaxCapacity", capacity.max_capacity),
        kept("WorkerType"),
        kept("NumberOfWorkers"),
        kept("SecurityConfiguration"),
        kept("NotificationProperty"),
        kept("GlueVersion", capacity.glue_version),
        kept("CodeGenConfigurationNodes"),
        kept("ExecutionClass"),
        kept("SourceControlDetails"),
        kept("MaintenanceWindow"),
    ),
    not_shown={
        "ProfileName": "usage profiles are objects of an AWS account, and none exist here",
        "AutoUpgradeMetadata": "null unless AWS has analysed a job of GlueVersion auto; nothing is analysed here",
    },
)
