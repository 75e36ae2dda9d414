"""HTTP messages as a run of a workflow sends and receives them."""

from __future__ import annotations

from typing import Protocol

from runyard.arazzo.records import Record
from runyard.core.errors import RunyardError

Headers = tuple[tuple[str, str], ...]


class Unreachable(RunyardError):
    """No response came: the address refused, broke off, took too long, or is one that may not be called."""


class HttpRequest(Record):
    """What is sent."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None


class HttpResponse(Record):
    """What came back."""

    status: int
    reason: str = ""
    headers: Headers = ()  # names as they were sent
    body: bytes = b""


class Exchange(Record):
    """One request with its response, or with the reason why there is none."""

    request: HttpRequest
    response: HttpResponse | None
    error: str | None = None
    began_at: float  # seconds since 1970
    took_s: float


class Send(Protocol):
    """Whatever carries a request to its server: a connection kept alive, or the stub of a test."""

    def __call__(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """Return the response; raise Unreachable if none came."""
        ...
