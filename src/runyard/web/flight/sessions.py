"""Who calls, and what their session says: by a login's token, a personal token, and the cookie that we gave."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from pyarrow import flight

from runyard.web.flight.yard import Refused, Yard

COOKIE = "arrow_flight_session_id"
LIFE_S = 2 * 3600.0  # from one call to the next
MOST = 10_000  # sessions that are remembered
UNAUTHORIZED = 401
PROPERTIES: Mapping[str, str] = {
    "schema": "schema",
    "routing_queue": "queue",
    "routing-queue": "queue",
    "routing_tag": "tag",
    "routing-tag": "tag",
    "project_id": "project",
}
"""What a header, a cookie or a session option says, by its name."""


@dataclass(kw_only=True)
class Session:
    """One client's session: its token, and the properties of the statements to come."""

    id: str
    token: str
    schema: list[str] = field(default_factory=list)  # where short names are looked up first
    queue: str = ""
    tag: str = ""
    project: str = ""
    seen_at: float = 0.0

    def take(self, name: str, text: str) -> bool:
        """Set a property by the name that clients give it; tell whether it is one."""
        known = PROPERTIES.get(name)
        if known is None:
            return False
        setattr(self, known, READERS[known](text) if known in READERS else text)
        return True


def path_of(text: str) -> list[str]:
    """Return the parts of a schema's name; those in quotes may hold points."""
    parts, part, is_quoted = [], "", False
    for letter in text.strip():
        if letter == '"':
            is_quoted = not is_quoted
        elif letter == "." and not is_quoted:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [one for one in (*parts, part) if one]


READERS: Mapping[str, Callable[[str], Any]] = {"schema": path_of}
"""How the text of a property is read, where it is not taken as it is."""


class Sessions(flight.ServerMiddlewareFactory):  # type: ignore[misc]  # pyarrow has no types
    """Finds the session of each call, and opens one for whoever has none."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def start_call(self, info: Any, headers: Mapping[str, Sequence[str]]) -> Greeted:  # noqa: ARG002 - pyarrow's call
        """Say who calls; refuse who is nobody."""
        said = {name.lower(): _text(values[0]) for name, values in headers.items() if values}
        cookies = _cookies(said.get("cookie", ""))
        try:
            session = self._session(said.get("authorization", ""), cookies)
        except Refused as refused:
            if refused.status == UNAUTHORIZED:
                raise flight.FlightUnauthenticatedError(str(refused)) from refused
            raise flight.FlightUnavailableError(str(refused)) from refused
        for name, text in {**cookies, **said}.items():
            session.take(name, text)
        return Greeted(session=session, is_new=cookies.get(COOKIE) != session.id)

    def close(self, session: Session) -> None:
        """Forget a session."""
        with self._lock:
            for key in [key for key, one in self._known.items() if one is session]:
                del self._known[key]

    def _session(self, authorization: str, cookies: Mapping[str, str]) -> Session:
        scheme, _, value = authorization.strip().partition(" ")
        if scheme.lower() == "basic":
            token = self._yard.token_for(*_basic(value))
            return self._opened(token, keys=[token])
        token = value.strip() if value else authorization.strip()
        known = self._remembered(cookies.get(COOKIE, ""), token) or self._remembered(token, token)
        if known is not None:
            return known
        self._yard.check(token)
        return self._opened(token)

    def _remembered(self, key: str, token: str) -> Session | None:
        with self._lock:
            session = self._known.get(key)
            if session is None or session.token != token or session.seen_at + LIFE_S < time.monotonic():
                return None
            self._known.move_to_end(key)
            session.seen_at = time.monotonic()
            return session

    def _opened(self, token: str, keys: Sequence[str] = ()) -> Session:
        session = Session(id=str(uuid.uuid4()), token=token, seen_at=time.monotonic())
        with self._lock:
            for key in (session.id, *keys):
                self._known[key] = session
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return session


class Greeted(flight.ServerMiddleware):  # type: ignore[misc]  # pyarrow has no types
    """One call's session, and what its answer's headers tell of it."""

    def __init__(self, *, session: Session, is_new: bool) -> None:
        self.session = session
        self._is_new = is_new

    def sending_headers(self) -> dict[str, str]:
        """Give the token, which some clients want to see with each answer, and the cookie of a new session."""
        cookie = {"set-cookie": f"{COOKIE}={self.session.id}"} if self._is_new else {}
        return {"authorization": f"Bearer {self.session.token}", **cookie}


class Handshake(flight.ServerAuthHandler):  # type: ignore[misc]  # pyarrow has no types
    """Lets the call pass that only carries headers: they are the middleware's."""

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        """Say nothing: the token goes in a header."""

    def is_valid(self, token: bytes) -> str:  # noqa: ARG002 - pyarrow's call
        """Leave it to the middleware who calls."""
        return ""


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _cookies(header: str) -> dict[str, str]:
    jar = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _basic(value: str) -> tuple[str, str]:
    plain = value.strip().rstrip("=")
    try:  # clients in Go leave the padding out
        user, _, password = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
