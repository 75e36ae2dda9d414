"""How a request proves who sends it: a token, a signature, or a token got for a secret. None shows a secret."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from runyard.client.errors import CallFailed
from runyard.client.header_texts import sendable
from runyard.client.retrying import Attempting, Patience, send
from runyard.client.stop import Stop
from runyard.client.transport import Message, Transport
from runyard.dialects.aws_signature import Signer, sign

EARLY_S = 60.0  # a token is renewed before it ends


class Credentials(Protocol):
    """Proves a request."""

    def prove(self, message: Message, url: str, *, stop: Stop) -> Message:
        """Return the request with what proves its sender."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may show."""
        ...


@dataclass(frozen=True, kw_only=True)
class Anonymous:
    """Nobody in particular, for services that ask nobody."""

    secrets: tuple[str, ...] = ()

    def prove(self, message: Message, url: str, *, stop: Stop) -> Message:  # noqa: ARG002 - as all credentials have it
        """Return the request as it is."""
        return message


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A token."""

    token: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self.token,)

    def prove(self, message: Message, url: str, *, stop: Stop) -> Message:  # noqa: ARG002 - as all credentials have it
        """Say the token."""
        return with_header(message, "authorization", f"Bearer {sendable(self.token, what='token')}")


@dataclass(frozen=True, kw_only=True)
class AwsKeys:
    """Keys that sign."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str
    service: str = "glue"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret key and the session's token."""
        return (self.secret_key, *([self.session_token] if self.session_token else []))

    def prove(self, message: Message, url: str, *, stop: Stop) -> Message:  # noqa: ARG002 - as all credentials have it
        """Sign for this moment."""
        for what, secret in (("access_key", self.access_key), ("session_token", self.session_token or "")):
            sendable(secret, what=what)
        signer = Signer(
            access_key=self.access_key,
            secret=self.secret_key,
            region=self.region,
            service=self.service,
            token=self.session_token,
        )
        headers = sign(
            message.method,
            url + message.target,
            signer=signer,
            body=message.body,
            headers=message.headers,
            now=int(time.time() * 1000),
        )
        return Message(method=message.method, target=message.target, headers=headers, body=message.body)


class ClientSecret:
    """A Databricks service principal: its secret buys tokens that last an hour."""

    def __init__(self, *, client_id: str, client_secret: str, transport: Callable[[str], Transport]) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._transport = transport
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret and the newest token."""
        return tuple(one for one in (self._client_secret, self._token) if one)

    def prove(self, message: Message, url: str, *, stop: Stop) -> Message:
        """Say a token that still holds."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._renew(url, stop)
            return with_header(message, "authorization", f"Bearer {self._token}")

    def _renew(self, url: str, stop: Stop) -> None:
        keys = base64.b64encode(f"{self._client_id}:{self._client_secret}".encode()).decode()
        headers = {"authorization": f"Basic {keys}", "content-type": "application/x-www-form-urlencoded"}
        asked = urlencode({"grant_type": "client_credentials", "scope": "all-apis"}).encode()
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        call = Attempting(
            make=lambda: Message(method="POST", target="/oidc/v1/token", headers=headers, body=asked),
            repeatable=True,
            was_turned_away=lambda _: False,
            place=place,
        )
        answer = send(self._transport(place), call, patience=Patience(), stop=stop)
        try:
            told = json.loads(answer.body)
            self._token, self._until = told["access_token"], time.monotonic() + float(told["expires_in"]) - EARLY_S
        except (ValueError, KeyError, TypeError) as error:
            raise CallFailed(
                f"{place} gave no token for client_id {self._client_id} (status {answer.status}); check client_secret.",
                status=answer.status,
                code="no_token",
            ) from error


def with_header(message: Message, name: str, value: str) -> Message:
    """Return a request with one more header."""
    return Message(
        method=message.method, target=message.target, headers={**message.headers, name: value}, body=message.body
    )
