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
TOKEN_OF_HANDSHAKE = "auth-token-bin"  # noqa: S105 the header in which older clients repeat what the handshake gave
LIFE_S = 2 * 3600.0  # from one call to the next
UNSAID = "The handshake tells neither a name nor a password, and has no header that does."
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
        self._unsaid: set[int] = set()  # threads at a handshake; Arrow answers a call in one, which no local survives

    def start_call(self, info: Any, headers: Mapping[str, Sequence[str]]) -> Greeted | None:
        """Say who calls; refuse who is nobody. Of a handshake that has no header, its messages will say it."""
        said = {name.lower(): _text(values[0]) for name, values in headers.items() if values}
        authorization = said.get("authorization") or said.get(TOKEN_OF_HANDSHAKE, "")
        if not authorization and info.method == flight.FlightMethod.HANDSHAKE:
            self._unsaid.add(threading.get_ident())
            return None
        return self._greeted(authorization, said)

    def is_unsaid(self) -> bool:
        """Tell whether no header of the handshake at hand has said who calls."""
        try:
            self._unsaid.remove(threading.get_ident())
        except KeyError:
            return False
        return True

    def log_in(self, user: str, password: str) -> Session:
        """Open a session for a password."""
        token = self._yard.token_for(user, password)
        return self._opened(token, keys=[token])

    def _greeted(self, authorization: str, said: Mapping[str, str]) -> Greeted:
        cookies = _cookies(said.get("cookie", ""))
        try:
            session = self._session(authorization, cookies)
        except Refused as refused:
            raise no_session(refused) from refused
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
            return self.log_in(*_basic(value))
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
    """Lets the call pass that only carries headers: they are the middleware's. Older clients send a message instead."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self._sessions = sessions

    def authenticate(self, outgoing: Any, incoming: Any) -> None:
        """Give a token for the name and password of a message, where no header has said who calls."""
        if not self._sessions.is_unsaid():
            return
        try:
            told = flight.BasicAuth.deserialize(incoming.read())
        except OSError as error:  # nothing was sent
            raise flight.FlightUnauthenticatedError(UNSAID) from error
        try:
            outgoing.write(self._sessions.log_in(_text(told.username), _text(told.password)).token)
        except Refused as refused:
            raise no_session(refused) from refused

    def is_valid(self, token: bytes) -> str:  # noqa: ARG002 - pyarrow's call
        """Leave it to the middleware who calls."""
        return ""


def no_session(refused: Refused) -> Exception:
    """Return Flight's error for a session that the server does not give."""
    is_nobody = refused.status == UNAUTHORIZED
    error: Exception = (flight.FlightUnauthenticatedError if is_nobody else flight.FlightUnavailableError)(str(refused))
    return error


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
