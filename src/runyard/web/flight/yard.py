"""The server as its Flight process asks it: with each client's own token, so that it alone decides who may what."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runyard.client.stop import Stop
from runyard.client.transport import Message, Transport
from runyard.web.flight.words import PREFIX

PATIENCE_S = 90.0
LOGIN = "/apiv2/login"


class Refused(Exception):
    """The server's no, with its HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Yard:
    """One server, asked over kept connections from any thread."""

    transport: Transport

    def token_for(self, user: str, password: str) -> str:
        """Return the token that a login gives."""
        return str(self._exchange("POST", LOGIN, body={"userName": user, "password": password})["token"])

    def check(self, token: str) -> None:
        """Refuse a token that is none."""
        self._exchange("GET", LOGIN, token=token)

    def ask(self, token: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask one of the operations that the server has for this process."""
        return self._exchange(method, PREFIX + path, token=token, body=body)

    def _exchange(self, method: str, target: str, *, token: str = "", body: Mapping[str, Any] | None = None) -> Any:
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        content = b"" if body is None else json.dumps(body).encode()
        message = Message(method=method, target=target, headers=headers, body=content)
        try:
            answer = self.transport.exchange(message, timeout_s=PATIENCE_S, stop=Stop())
        except (OSError, http.client.HTTPException) as error:
            raise Refused(503, f"The server does not answer ({error}); it may be leaving.") from error
        told = json.loads(answer.body) if answer.body else None
        if answer.status >= 400:  # noqa: PLR2004 - where HTTP's refusals begin
            told = told or {}
            raise Refused(answer.status, str(told.get("errorMessage") or told.get("message") or "Refused."))
        return told
