"""Our errors in Glue's words: exception, message and HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runyard.core.errors import (
    AlreadyExists,
    Forbidden,
    InvalidRequest,
    LedgerUnavailable,
    LimitReached,
    Missing,
    NotFound,
    NotSupported,
    RunyardError,
    WrongState,
)
from runyard.dialects.aws_access import DENIED, not_authorized


class BrokenConstraint(InvalidRequest):
    """A member breaks a constraint of Glue's model; the message lists every violation."""


class UnreadableRequest(InvalidRequest):
    """The body is no JSON object, or a member has another JSON type than Glue's model says."""


class ConcurrentModification(WrongState):
    """Somebody else has changed what a caller changes meanwhile."""


class IllegalWorkflowState(WrongState):
    """A workflow's run is not in a state that allows this."""


class IllegalSessionState(WrongState):
    """A session is not in a state that allows this."""


class UnknownOperation(NotSupported):
    """Glue has no such operation, or runyard does not speak it yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WireError:
    """An error as Glue's clients see it."""

    code: str
    message: str
    status: int


EXCEPTIONS: Mapping[type[RunyardError], tuple[str, int]] = {
    NotFound: ("EntityNotFoundException", 400),
    AlreadyExists: ("AlreadyExistsException", 400),
    InvalidRequest: ("InvalidInputException", 400),
    Missing: ("InvalidInputException", 400),
    # Real answers of Glue: dbt-glue issue 395 (DeleteSession), etl_manager issue 90 (CreateTable).
    BrokenConstraint: ("ValidationException", 400),
    UnreadableRequest: ("SerializationException", 400),
    WrongState: ("InvalidInputException", 400),
    ConcurrentModification: ("ConcurrentModificationException", 400),
    IllegalWorkflowState: ("IllegalWorkflowStateException", 400),
    IllegalSessionState: ("IllegalSessionStateException", 400),
    LimitReached: ("ConcurrentRunsExceededException", 400),
    Forbidden: (DENIED, 400),
    # In every operation's list of errors, so that clients can catch it.
    NotSupported: ("InvalidInputException", 400),
    # A 500 would make boto3 try again.
    UnknownOperation: ("UnknownOperationException", 400),
    LedgerUnavailable: ("InternalServiceException", 500),
    RunyardError: ("InternalServiceException", 500),
}

NOT_FOUND_TEXTS: Mapping[tuple[str, str], str] = {
    ("StartJobRun", "job"): "Failed to start job run due to missing metadata."
}
"""What AWS says instead of "X not found.", by operation and kind."""
OF_BOOKMARKS = "Continuation for job {name} not found"
"""What AWS says of a bookmark that no run has made yet."""
OF_WORKFLOWS = "Entity not found"
"""What AWS says of a workflow, or a run of one, that is not there."""

STARTS_WORKFLOWS = ("StartWorkflowRun", "ResumeWorkflowRun")

STOP_ERRORS: Mapping[type[RunyardError], tuple[str, str]] = {
    NotFound: ("EntityNotFoundException", "Job run {run_id} not found."),
    # Of Glue's list of exceptions, where no operation names it.
    WrongState: ("JobRunInTerminalStateException", "Job run {run_id} has ended; there is nothing to stop."),
}
"""ErrorCode and ErrorMessage of a run that BatchStopJobRun could not stop."""


def stop_error(error: RunyardError, run_id: str) -> dict[str, str]:
    """Spell why a run could not be stopped, as the ErrorDetail beside those that could."""
    code, text = STOP_ERRORS[type(error)]
    return {"ErrorCode": code, "ErrorMessage": text.format(run_id=run_id)}


def wire_error(error: RunyardError, *, operation: str, workspace: str = "") -> WireError:
    """Spell an error for the caller of an operation."""
    code, status = next(EXCEPTIONS[kind] for kind in type(error).__mro__ if kind in EXCEPTIONS)
    if isinstance(error, Forbidden):
        return WireError(code=code, message=not_authorized(error, service="glue", workspace=workspace), status=status)
    return WireError(code=code, message=_text(error, operation), status=status)


def _text(error: RunyardError, operation: str) -> str:
    if isinstance(error, LimitReached):
        of_workflow = "workflow: {name}." if operation in STARTS_WORKFLOWS else "{name}"
        return f"Concurrent runs exceeded for {of_workflow.format(name=error.job_name)}"
    if isinstance(error, NotFound):
        text = OF_WORKFLOWS if error.kind.startswith("workflow") else str(error)
        text = OF_BOOKMARKS.format(name=error.name) if error.kind == "bookmark" else text
        return NOT_FOUND_TEXTS.get((operation, error.kind), text)
    return str(error)
