"""Our phases in Glue's words and back."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core.run import Outcome, State

JOB_RUN_STATES: Mapping[str, str] = {
    State.BLOCKED: "WAITING",
    State.QUEUED: "WAITING",
    State.STARTING: "STARTING",
    State.RUNNING: "RUNNING",
    State.STOPPING: "STOPPING",
    State.RETRYING: "WAITING",
    Outcome.SUCCEEDED: "SUCCEEDED",
    Outcome.FAILED: "FAILED",
    Outcome.CANCELLED: "STOPPED",
    Outcome.TIMED_OUT: "TIMEOUT",
    # Never ERROR or EXPIRED: common pollers know neither as an end and would poll for ever.
    Outcome.SKIPPED: "FAILED",
    Outcome.UPSTREAM_FAILED: "FAILED",
    Outcome.EXCLUDED: "FAILED",
    Outcome.CRASHED: "FAILED",
}
"""Phase to JobRunState."""

PHASES: Mapping[str, str] = {
    "WAITING": State.QUEUED,
    "STARTING": State.STARTING,
    "RUNNING": State.RUNNING,
    "STOPPING": State.STOPPING,
    "SUCCEEDED": Outcome.SUCCEEDED,
    "FAILED": Outcome.FAILED,
    "STOPPED": Outcome.CANCELLED,
    "TIMEOUT": Outcome.TIMED_OUT,
    "ERROR": Outcome.FAILED,  # a trigger found its job deleted
    "EXPIRED": Outcome.TIMED_OUT,  # a run waited longer than Glue allows
}
"""JobRunState to the phase that says the same; Glue's ERROR and EXPIRED are only ever read."""

ERROR = "ERROR"
"""The end of a run that a trigger attempted of a job that was deleted: nobody who started a run himself meets it."""

WORKFLOW_STATUSES: Mapping[str, str] = {
    State.BLOCKED: "RUNNING",
    State.QUEUED: "RUNNING",
    State.STARTING: "RUNNING",
    State.RUNNING: "RUNNING",
    State.STOPPING: "STOPPING",
    State.RETRYING: "RUNNING",
    Outcome.SUCCEEDED: "COMPLETED",  # whatever became of its jobs
    Outcome.FAILED: "ERROR",
    Outcome.CANCELLED: "STOPPED",
    Outcome.TIMED_OUT: "ERROR",
    Outcome.SKIPPED: "ERROR",
    Outcome.UPSTREAM_FAILED: "ERROR",
    Outcome.EXCLUDED: "ERROR",
    Outcome.CRASHED: "ERROR",
}
"""Phase of a workflow's run to WorkflowRunStatus."""

WITH_ERROR_MESSAGE = frozenset({"FAILED", "STOPPED", "ERROR", "TIMEOUT"})
"""The states in which clients read ErrorMessage without looking whether it is there."""

ERROR_MESSAGES: Mapping[str, str] = {
    Outcome.FAILED: "The job failed without a message; see its log.",
    Outcome.CANCELLED: "The job run was stopped on request.",
    Outcome.TIMED_OUT: "The job run was ended because it exceeded its timeout.",
    Outcome.SKIPPED: "The job run was skipped.",
    Outcome.UPSTREAM_FAILED: "The job run did not start, because a task before it failed.",
    Outcome.EXCLUDED: "The job run did not start, because its condition excluded it.",
    Outcome.CRASHED: "The job's process was lost.",
}
"""What ErrorMessage says when nobody left a message."""
