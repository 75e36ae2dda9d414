"""What went wrong, as the fields of ErrorResponse and NoticeResponse."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.client.errors import ClientError
from runyard.core.errors import (
    AlreadyExists,
    InvalidRequest,
    LedgerUnavailable,
    LimitReached,
    NotFound,
    NotSupported,
    WrongState,
)
from runyard.sql.errors import (
    CONNECTION_FAILED,
    DEFECT,
    INVALID_PARAMETER,
    NOT_SUPPORTED,
    UNDEFINED_OBJECT,
    SqlError,
)
from runyard.sql.wire.messages import ProtocolViolation, report

PROTOCOL_VIOLATION = "08P01"
TOO_COMPLEX = "54001"
OUT_OF_MEMORY = "53200"
TOO_MANY_CONNECTIONS = "53300"
SHUTTING_DOWN = "57P01"
INVALID_DATABASE = "3D000"
INVALID_AUTHORIZATION = "28000"
INVALID_CURSOR = "34000"
INVALID_STATEMENT = "26000"
DUPLICATE_STATEMENT = "42P05"
DUPLICATE_CURSOR = "42P03"

CODES: Mapping[type[BaseException], str] = {
    NotFound: UNDEFINED_OBJECT,
    AlreadyExists: "42710",
    InvalidRequest: INVALID_PARAMETER,
    WrongState: "55000",
    LimitReached: "54000",
    NotSupported: NOT_SUPPORTED,
    LedgerUnavailable: "58030",
    ClientError: CONNECTION_FAILED,
    ProtocolViolation: PROTOCOL_VIOLATION,
    RecursionError: TOO_COMPLEX,
    MemoryError: OUT_OF_MEMORY,
}
"""The SQLSTATE of what is no SqlError."""

TEXTS: Mapping[type[BaseException], str] = {
    RecursionError: "The statement is nested too deeply; write it in parts.",
    MemoryError: "There is not enough memory for this statement; ask for fewer rows at once.",
}
"""What is said of those that say nothing useful themselves."""


def failure(error: BaseException, *, severity: str = "ERROR") -> bytes:
    """Tell an error."""
    fields = {"S": severity, "V": severity, "C": code_of(error), "M": text_of(error)}
    if isinstance(error, SqlError):
        fields |= {"H": error.hint} if error.hint else {}
        fields |= {"P": str(error.position)} if error.position else {}
    return report(b"E", fields)


def fatal(code: str, text: str, hint: str = "") -> bytes:
    """Tell why the connection ends."""
    return failure(SqlError(code, text, hint=hint), severity="FATAL")


def notice(text: str, *, severity: str = "NOTICE", code: str = "00000") -> bytes:
    """Tell something by the way."""
    return report(b"N", {"S": severity, "V": severity, "C": code, "M": text})


def code_of(error: BaseException) -> str:
    """The SQLSTATE of an error."""
    if isinstance(error, SqlError):
        return error.code
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), DEFECT)


def text_of(error: BaseException) -> str:
    """What is said of an error."""
    if text := next((text for kind, text in TEXTS.items() if isinstance(error, kind)), ""):
        return text
    if code_of(error) == DEFECT and not isinstance(error, SqlError):
        return f"This is a defect of runyard ({type(error).__name__}: {error}); its log says more."
    return str(error)
