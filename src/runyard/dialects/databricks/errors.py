"""Which error code and HTTP status says what went wrong, with the texts that clients look for."""

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


class Refusal(RunyardError):
    """An error that this language has a code of its own for."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class WireError:
    """An error as it goes over the wire."""

    status: int
    code: str
    message: str


STATUS: Mapping[str, int] = {
    "INVALID_PARAMETER_VALUE": 400,
    "MALFORMED_REQUEST": 400,
    "INVALID_STATE": 400,
    "MAX_BLOCK_SIZE_EXCEEDED": 400,
    "MAX_READ_SIZE_EXCEEDED": 400,
    "MAX_NOTEBOOK_SIZE_EXCEEDED": 400,
    "DIRECTORY_NOT_EMPTY": 400,
    "IO_ERROR": 400,
    "BAD_REQUEST": 400,
    "FEATURE_DISABLED": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_LIMIT_EXCEEDED": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "ALREADY_EXISTS": 409,
    "PRECONDITION_FAILED": 412,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
"""HTTP status by error code; which code maps to which exception of the SDK stands in its errors/platform.py."""

CODES: Mapping[type[RunyardError], str] = {
    NotFound: "RESOURCE_DOES_NOT_EXIST",
    AlreadyExists: "RESOURCE_ALREADY_EXISTS",
    InvalidRequest: "INVALID_PARAMETER_VALUE",
    Missing: "INVALID_PARAMETER_VALUE",
    WrongState: "INVALID_STATE",
    LimitReached: "REQUEST_LIMIT_EXCEEDED",
    Forbidden: "PERMISSION_DENIED",
    NotSupported: "FEATURE_DISABLED",
    LedgerUnavailable: "TEMPORARILY_UNAVAILABLE",
}
"""Complete over the core's errors."""


def wire_error(error: RunyardError) -> WireError:
    """Spell an error."""
    code = error.code if isinstance(error, Refusal) else _code(type(error))
    return WireError(status=STATUS[code], code=code, message=_text(error))


def _code(kind: type[RunyardError]) -> str:
    return next((CODES[each] for each in kind.__mro__ if each in CODES), "INTERNAL_ERROR")


def _text(error: RunyardError) -> str:
    if isinstance(error, NotFound):
        return f"{error.kind.capitalize()} {error.name} does not exist."  # the SDK looks for these words
    return str(error)
