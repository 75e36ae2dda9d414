"""What went wrong in the words of Flight: the status by which clients choose their exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from pyarrow import flight

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.web.flight.protobuf import BrokenMessage
from runyard.web.flight.yard import Refused

BY_STATUS: Mapping[int, Callable[[str], Exception]] = {
    400: pa.ArrowInvalid,
    401: flight.FlightUnauthenticatedError,
    403: flight.FlightUnauthorizedError,
    404: pa.ArrowKeyError,
    503: flight.FlightUnavailableError,
}
"""Flight's error for a refusal of the server; what is not named is internal."""
BY_KIND: Mapping[str, Callable[[str], Exception]] = {
    "PARSE": pa.ArrowInvalid,
    "VALIDATION": pa.ArrowInvalid,
    "FUNCTION": pa.ArrowInvalid,
    "PLAN": pa.ArrowInvalid,
    "PERMISSION": flight.FlightUnauthorizedError,
    "UNSUPPORTED_OPERATION": pa.ArrowNotImplementedError,
}
"""Flight's error for a statement that failed, by the word its message begins with."""


@contextmanager
def told() -> Iterator[None]:
    """Raise what Flight knows in place of what it does not."""
    try:
        yield
    except Refused as refused:
        raise BY_STATUS.get(refused.status, flight.FlightInternalError)(str(refused)) from None
    except DremioError as error:
        raise failed(error.text(sql=error.sql)) from None
    except BrokenMessage as error:
        raise pa.ArrowInvalid(f"The message cannot be read: {error}") from None


def failed(message: str) -> Exception:
    """Return the error of a job that failed."""
    error: Exception = BY_KIND.get(message.partition(" ERROR:")[0], flight.FlightInternalError)(message.strip())
    return error


def unsupported(text: str) -> Any:
    """Return the refusal of what is not there."""
    return pa.ArrowNotImplementedError(text)
