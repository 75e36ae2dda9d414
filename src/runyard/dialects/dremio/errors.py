"""Which HTTP status says what went wrong; the texts that clients look for stand where they are raised."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

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
from runyard.runtime.dremio_sql.error_text import error_text

NOTHING_SAID = "Something went wrong."
"""What Dremio says where it has no words of its own."""


class Refusal(RunyardError):
    """An error with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


STATUS: Mapping[type[RunyardError], int] = {
    NotFound: HTTPStatus.NOT_FOUND,
    AlreadyExists: HTTPStatus.CONFLICT,
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    Missing: HTTPStatus.BAD_REQUEST,
    WrongState: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    LimitReached: HTTPStatus.TOO_MANY_REQUESTS,
    NotSupported: HTTPStatus.BAD_REQUEST,
    LedgerUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Complete over the core's errors."""


def status_of(error: RunyardError) -> int:
    """Return the status that tells an error."""
    if isinstance(error, Refusal):
        return error.status
    known = (STATUS[each] for each in type(error).__mro__ if each in STATUS)
    return next(known, HTTPStatus.INTERNAL_SERVER_ERROR)


def job_error(kind: str, message: str) -> str:
    """Return what a job says that fails before its process has begun, or when it is recorded."""
    return error_text(kind, message, error_id=str(uuid4()))


def missing(text: str) -> Refusal:
    """Return what says that something is not there."""
    return Refusal(HTTPStatus.NOT_FOUND, text)


def wrong(text: str) -> Refusal:
    """Return what says that a request cannot be done as it is."""
    return Refusal(HTTPStatus.BAD_REQUEST, text)
