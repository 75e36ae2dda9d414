"""What a client may have to tell its user."""

from __future__ import annotations


class ClientError(Exception):
    """Something the user should hear of; the message says what was wrong and what to do."""


class NoServer(ClientError):
    """No server can be spoken to, because none runs or its keys are not at hand."""


class WrongConnection(ClientError):
    """A connection is unknown, or what settings, profiles and environment say of it is not enough."""


class Unreachable(ClientError):
    """No answer came."""


class BrokenAnswer(ClientError):
    """An answer came that cannot be understood: cut, no JSON, or a page that leads back to itself."""


class GivenUp(ClientError):
    """A call ended before its answer, because whoever asked wants it no more."""


class NotEnded(ClientError):
    """A run has not ended in the time that was given for it; it goes on."""


class CallFailed(ClientError):
    """The service refused a call, in its own words."""

    def __init__(self, message: str, *, status: int, code: str, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id  # what the service's support asks for
