"""Our errors on the wire: an HTTP status and a code in snake case."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

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


class NoSuchPath(RunyardError):
    """No operation has this path."""


class WrongMethod(RunyardError):
    """The path is known, but not with this method."""

    def __init__(self, method: str, path: str, *, allowed: str) -> None:
        super().__init__(f"{method} is not possible at {path}; use {allowed}.")
        self.allowed = allowed


ERRORS: Mapping[type[RunyardError], tuple[HTTPStatus, str]] = {
    NoSuchPath: (HTTPStatus.NOT_FOUND, "no_such_path"),
    WrongMethod: (HTTPStatus.METHOD_NOT_ALLOWED, "wrong_method"),
    NotFound: (HTTPStatus.NOT_FOUND, "not_found"),
    AlreadyExists: (HTTPStatus.CONFLICT, "already_exists"),
    Forbidden: (HTTPStatus.FORBIDDEN, "forbidden"),
    InvalidRequest: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    Missing: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    WrongState: (HTTPStatus.CONFLICT, "wrong_state"),
    LimitReached: (HTTPStatus.TOO_MANY_REQUESTS, "limit_reached"),
    NotSupported: (HTTPStatus.NOT_IMPLEMENTED, "not_supported"),
    LedgerUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "ledger_unavailable"),
    RunyardError: (HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"),
}

UNAUTHENTICATED = "unauthenticated"
"""The code for a caller who was not believed."""


def wire_error(error: RunyardError) -> tuple[HTTPStatus, str]:
    """Return status and code of an error."""
    return next(ERRORS[kind] for kind in type(error).__mro__ if kind in ERRORS)
