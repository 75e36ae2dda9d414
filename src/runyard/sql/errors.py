"""What is wrong with a statement or with carrying it out, with the SQLSTATE that PostgreSQL's clients look at."""

from __future__ import annotations

from runyard.core.errors import RunyardError

SYNTAX_ERROR = "42601"
UNDEFINED_TABLE = "42P01"
UNDEFINED_COLUMN = "42703"
UNDEFINED_FUNCTION = "42883"
UNDEFINED_OBJECT = "42704"  # a provider, service, method, connection or setting
INVALID_PARAMETER = "22023"  # a method's parameter is missing, unknown or of the wrong type
INVALID_TEXT = "22P02"  # a value cannot be read as its type
NOT_SUPPORTED = "0A000"
IN_FAILED_TRANSACTION = "25P02"
READ_ONLY = "25006"
CANCELLED = "57014"
CONNECTION_FAILED = "08006"  # an upstream service did not answer
UPSTREAM_REFUSED = "HV000"  # an upstream service answered with an error
DENIED = "42501"
GONE = "28000"  # who spoke is nobody any more
WRONG_PASSWORD = "28P01"  # noqa: S105 - a code
DEFECT = "XX000"


class SqlError(RunyardError):
    """A statement that is refused or failed; `position` counts characters of its text from 1."""

    def __init__(self, code: str, message: str, *, position: int | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.position = position
        self.hint = hint
