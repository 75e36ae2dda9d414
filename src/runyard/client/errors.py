"""What a client may have to tell its user."""

from __future__ import annotations


class ClientError(Exception):
    """Something the user should hear of; the message says what was wrong and what to do."""


class NoServer(ClientError):
    """No server can be spoken to, because none runs or its keys are not at hand."""


class Unreachable(ClientError):
    """No answer came."""


class CallFailed(ClientError):
    """The server refused a call, in its own words."""

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
