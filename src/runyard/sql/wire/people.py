"""Who the wire's clients are: the server says it, at the login and again whenever a user or token has changed."""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

from runyard.client.connections import Here
from runyard.client.errors import CallFailed, ClientError
from runyard.client.home import Keys, read_keys
from runyard.client.native import NativeClient
from runyard.core.access import Role
from runyard.core.errors import LedgerUnavailable
from runyard.engine.seal import CHANGES
from runyard.sql.wire.greeting import NAMED, Proved, Speaker
from runyard.sql.yard import Person

PATIENCE_S = 5.0
TIMEOUT_S = 30.0
RECHECK_S = 30.0  # how long a token may have ended by its time before an open connection notices


class People:
    """Everybody whom the server of a home knows."""

    def __init__(self, home: Path, *, server: str) -> None:
        self._home = home
        self._server = server
        self._owner = read_keys(home)

    def prove(self, user: str, signed: bytes, proof: bytes, workspace: str | None) -> Proved | None:
        """Ask the server whether a proof is right; the secrets that it is checked with never come here."""
        try:
            with closing(self._client(self._owner.token)) as client:
                told = client.take_proof(user, signed.decode(), b64encode(proof).decode(), workspace)
        except ClientError as error:
            raise LedgerUnavailable(f"The server cannot say now who {user} is: {error}") from error
        if not told:
            return None
        keys = {name: told[name] for name in ("access_key", "secret_key", "token")}
        return Proved(
            signature=b64decode(told["signature"]),
            workspace=told["workspace"],
            role=Role(told["role"]),
            keys=Keys(**keys, password=""),
        )

    def person(self, speaker: Speaker) -> Person:
        """Return a speaker as sessions know people; the owner of the home stays what it is."""
        name = NAMED + speaker.workspace
        keys = speaker.keys or Keys(access_key=name, secret_key=name, token=name, password="")
        is_lasting = speaker.keys is None or keys.token == self._owner.token
        role = speaker.role
        return Person(
            name=speaker.user,
            workspace=speaker.workspace,
            here=Here(url=self._server, token=keys.token, access_key=keys.access_key, secret_key=keys.secret_key),
            sees_everything=role is Role.ADMIN,
            role=(lambda: role) if is_lasting else Standing(self._home / CHANGES, role, lambda: self._role_of(keys)),
        )

    def _role_of(self, keys: Keys) -> Role | None:
        """Ask what somebody is now; None once the credential is no longer good."""
        try:
            with closing(self._client(keys.token)) as client:
                return Role(client.who_am_i()["role"])
        except CallFailed as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                return None
            raise LedgerUnavailable(f"The server cannot say now who asks: {error}") from error
        except ClientError as error:
            raise LedgerUnavailable(f"The server cannot say now who asks: {error}") from error

    def _client(self, token: str) -> NativeClient:
        return NativeClient(self._server, token, patience_s=PATIENCE_S, timeout_s=TIMEOUT_S)


class Standing:
    """What somebody is, asked again when any user or token has changed since."""

    def __init__(self, changes: Path, role: Role, ask: Callable[[], Role | None]) -> None:
        self._changes = str(changes)
        self._ask = ask
        self._seen = (self._version(), time.monotonic())
        self._role: Role | None = role

    def __call__(self) -> Role | None:
        """Return the role; None once the credential is no longer good."""
        version, now = self._version(), time.monotonic()
        if self._role is not None and (version != self._seen[0] or now - self._seen[1] > RECHECK_S):
            self._role = self._ask()
            self._seen = (version, now)
        return self._role

    def _version(self) -> int:
        try:
            return os.stat(self._changes).st_size  # noqa: PTH116 - every statement asks, and Path takes twice as long
        except FileNotFoundError:
            return 0
