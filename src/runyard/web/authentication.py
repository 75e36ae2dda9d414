"""Who is calling: by signature, by token, or, with authentication off, by name."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runyard.dialects.exchange import Login
from runyard.web.credentials import ADMINISTRATOR, Credentials

NAMED = "ws."  # with authentication off, a credential of this form names its workspace
DEFAULT = "default"
SESSION = "session."  # what the tokens of logins begin with
SESSION_MS = 30 * 3_600_000
UNDERSCORED = "_dremio"  # how Dremio's clients spell the scheme of a token
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A user, and the workspace this request is about."""

    user: str
    workspace: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Lets callers in, or does not."""

    credentials: Credentials
    is_open: bool  # authentication is off
    closed_sessions: set[str] = field(default_factory=set)

    def secret_of(self, access_key: str) -> str | None:
        """Return the secret that belongs to an access key."""
        known = hmac.compare_digest(access_key.encode(), self.credentials.access_key.encode())
        return self.credentials.secret_key if known else None

    def by_access_key(self, access_key: str) -> Caller:
        """Return whose access key this is; only after its signature was verified, or with authentication off."""
        return _named(access_key) if self.is_open else Caller(user=ADMINISTRATOR, workspace=DEFAULT)

    def by_authorization(self, headers: Mapping[str, str]) -> Caller | None:
        """Return who a Bearer token or a Basic password belongs to; None if to nobody."""
        secret = secret_in(headers.get("authorization", ""))
        if self.is_open:
            return _named(secret)
        return Caller(user=ADMINISTRATOR, workspace=DEFAULT) if self._is_secret(secret) else None

    def by_login(self, login: Login) -> Caller | None:
        """Return who logs in with a user's name and a password, or a token in its place; None if nobody does."""
        if not (login.user and login.password):
            return None
        if self.is_open:
            return _named(login.user)
        return Caller(user=ADMINISTRATOR, workspace=DEFAULT) if self._is_secret(login.password) else None

    def open_session(self, user: str) -> tuple[str, int]:
        """Return a token that is good until a moment, also after a restart; with authentication off the name is one."""
        ends_at = time.time_ns() // 1_000_000 + SESSION_MS
        if self.is_open:
            return user, ends_at
        claim = f"{SESSION}{ends_at:x}.{secrets.token_hex(8)}"
        return f"{claim}.{self._seal(claim)}", ends_at

    def close_session(self, authorization: str) -> None:
        """Take back a token until this server ends; what is no session's, as the administrator's own, stays good."""
        token = secret_in(authorization)
        if token.startswith(SESSION):
            self.closed_sessions.add(token)

    def _is_secret(self, secret: str) -> bool:
        given = secret.encode()
        token, password = self.credentials.token.encode(), self.credentials.password.encode()
        return hmac.compare_digest(given, token) | hmac.compare_digest(given, password) | self._is_session(secret)

    def _is_session(self, token: str) -> bool:
        claim, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(claim).encode()) or token in self.closed_sessions:
            return False
        return int(claim.removeprefix(SESSION).partition(".")[0], 16) * 1_000_000 > time.time_ns()

    def _seal(self, claim: str) -> str:
        return hmac.new(self.credentials.secret_key.encode(), claim.encode(), "sha256").hexdigest()


def secret_in(authorization: str) -> str:
    """Return the token or password of a header: `Bearer T`, `Basic B`, `_dremioT`, `_dremio T` or T alone."""
    given = authorization.strip()
    if given.lower().startswith(UNDERSCORED):
        return given[len(UNDERSCORED) :].strip()
    scheme, blank, value = given.partition(" ")
    if not blank:
        return given
    return _basic(value.strip()) if scheme.lower() == "basic" else value.strip()


def stranger_in(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the header by which a request shows that a page from elsewhere sent it; None if none does.

    A browser tells the Host under which a page reaches us, and the Origin of the page: one that was lured here by
    its name has a foreign host, and one that posts here, which it may without asking, has a foreign origin.
    """
    given = list(headers)
    hosts = [value for name, value in given if name == "host"] or [""]
    foreign = [f"Host {host!r}" for host in hosts if not is_local(host)]
    origins = [value for name, value in given if name == "origin"]
    foreign += [f"Origin {origin!r}" for origin in origins if not is_local(origin.partition("://")[2])]
    return next(iter(foreign), None)


def foreign_page_in(headers: Iterable[tuple[str, str]]) -> str | None:
    """Return the header by which a page from elsewhere shows that it uses a password which the browser keeps for us.

    A browser sends a kept password with whatever any page posts here; tokens and signatures it never has.
    """
    given = dict(headers)
    is_kept = given.get("authorization", "").lower().startswith("basic ")
    origin = given.get("origin")
    if not is_kept or origin is None or origin.partition("://")[2] == given.get("host"):
        return None
    return f"Origin {origin!r}"


def is_local(host: str) -> bool:
    """Tell whether a host, with or without a port, is this machine."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.lower() in LOCAL_HOSTS or name.lower().endswith(".localhost")


def _named(credential: str) -> Caller:
    credential = credential.encode("utf-8", "replace").decode()  # a query may spell bytes that are no text
    name = credential.removeprefix(NAMED) if credential.startswith(NAMED) else ""
    return Caller(user=credential or ADMINISTRATOR, workspace=name or DEFAULT)


def _basic(value: str) -> str:
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if user.startswith(NAMED) else password
