"""Sessions and statements as Glue's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from runyard.core.job import Job
from runyard.core.run import Outcome, Run, State
from runyard.core.statement import Phase, Statement
from runyard.dialects.glue.capacity import epoch_seconds, from_epoch_seconds
from runyard.dialects.view import View, field, kept, shown

SESSION_STATUSES: Mapping[str, str] = {
    State.BLOCKED: "PROVISIONING",
    State.QUEUED: "PROVISIONING",
    State.STARTING: "PROVISIONING",
    State.RUNNING: "READY",
    State.STOPPING: "STOPPING",
    State.RETRYING: "PROVISIONING",
    Outcome.SUCCEEDED: "TIMEOUT",  # it ends by itself when nobody has asked for anything for long enough
    Outcome.FAILED: "FAILED",
    Outcome.CANCELLED: "STOPPED",
    Outcome.TIMED_OUT: "TIMEOUT",
    Outcome.SKIPPED: "FAILED",
    Outcome.UPSTREAM_FAILED: "FAILED",
    Outcome.EXCLUDED: "FAILED",
    Outcome.CRASHED: "FAILED",
}
"""Phase of a session's run to SessionStatus."""

STATEMENT_STATES: Mapping[str, str] = {
    Phase.WAITING: "WAITING",
    Phase.RUNNING: "RUNNING",
    Phase.AVAILABLE: "AVAILABLE",
    Phase.CANCELLING: "CANCELLING",
    Phase.CANCELLED: "CANCELLED",
}
"""Phase of a statement to StatementState; ERROR is one that its session did not live to finish."""

FINISHED = 1.0


class Session(NamedTuple):
    """A session: its definition and its run, which a crash may have left out."""

    id: str
    job: Job
    run: Run | None

    @property
    def settings(self) -> Mapping[str, Any]:
        """What was asked for."""
        return self.job.settings


def session_status(one: Session) -> str:
    """Return where a session is in its life."""
    return "FAILED" if one.run is None else SESSION_STATUSES[one.run.phase]


def _error(one: Session) -> str | None:
    if session_status(one) != "FAILED":
        return None
    text = one.run.message if one.run else "The server was lost before the session began."
    return (text or "The session's process ended.")[:2048]


def _seconds(one: Session) -> float | None:
    if one.run is None or one.run.running_at is None:
        return None
    return (one.run.ended_at or one.run.updated_at) / 1000 - one.run.running_at / 1000


SESSION = View(
    (
        field("Id", "id"),
        field("CreatedOn", "job.created_at", epoch_seconds, from_epoch_seconds),
        shown("Status", session_status),
        shown("ErrorMessage", _error),
        kept("Description"),
        kept("Role"),
        kept("Command"),
        kept("DefaultArguments"),
        kept("Connections"),
        shown("Progress", lambda one: FINISHED if session_status(one) != "PROVISIONING" else 0.0),
        kept("MaxCapacity"),
        kept("SecurityConfiguration"),
        kept("GlueVersion"),
        kept("NumberOfWorkers"),
        kept("WorkerType"),
        shown("CompletedOn", lambda one: epoch_seconds(one.run.ended_at) if one.run else None),
        shown("ExecutionTime", _seconds),
        kept("IdleTimeout"),
        kept("SessionType"),
    ),
    not_shown={
        "DPUSeconds": "a session here uses no DPU that anybody bills",
        "ProfileName": "usage profiles are objects of an AWS account, and none exist here",
    },
)


class Code(NamedTuple):
    """A statement, and whether its session can still finish it."""

    statement: Statement
    is_alive: bool

    @property
    def state(self) -> str:
        """Where it is, in Glue's word."""
        is_over = self.statement.phase in (Phase.AVAILABLE, Phase.CANCELLED)
        return STATEMENT_STATES[self.statement.phase] if is_over or self.is_alive else "ERROR"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Nothing is kept as it came."""
        return {}


def _output(one: Code) -> dict[str, Any] | None:
    told = one.statement.output
    if not told:
        return None
    if told["status"] == "ok":
        return {"Data": {"TextPlain": told["text"]}, "ExecutionCount": told["count"], "Status": "ok"}
    return {
        "ExecutionCount": told["count"],
        "Status": "error",
        "ErrorName": told["name"],
        "ErrorValue": told["value"],
        "Traceback": told["traceback"],
    }


STATEMENT = View(
    (
        field("Id", "statement.number"),
        field("Code", "statement.code"),
        shown("State", lambda one: one.state),
        shown("Output", _output),
        shown("Progress", lambda one: FINISHED if one.statement.ended_at else 0.0),
        field("StartedOn", "statement.started_at"),
        field("CompletedOn", "statement.ended_at"),
    ),
    not_shown={},
)
