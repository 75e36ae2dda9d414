"""How a browser gets in: by password or a link that is good once; then a cookie, which only our own pages may use."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec

from runyard.core.errors import RunyardError
from runyard.dialects.exchange import Login, Reply
from runyard.web.authentication import OWNER, Caller, Gate
from runyard.web.credentials import ADMINISTRATOR

LINK_S = 3600  # how long a printed link is good
MARK = "x-runyard-console"  # a header that only our own pages send: no form, and no page from elsewhere, can
HARMLESS = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"same-origin", "none"})


class Entrance:
    """Gives out sessions and takes them back."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._links: dict[str, float] = {}
        self._lock = threading.Lock()
        # Two servers on one machine share its cookies, whatever their ports.
        self.cookie = "runyard_" + hashlib.sha256(gate.credentials.access_key.encode()).hexdigest()[:12]

    @property
    def is_open(self) -> bool:
        """Tell whether nobody needs to sign in."""
        return self._gate.is_open

    def link(self, url: str) -> str:
        """Return an address that signs in whoever opens it first; what is behind the hash is in no log."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._links[ticket] = time.monotonic() + LINK_S
        return f"{url}/login#{ticket}"

    def caller(self, headers: Mapping[str, str]) -> Caller | None:
        """Return whose session the cookie is, if it is one's."""
        token = _cookie(headers, self.cookie)
        if token is None or self._gate.is_open:
            return None
        return self._gate.by_authorization({"authorization": f"Bearer {token}"})

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Sign in (POST), sign out (DELETE), or tell who is signed in (GET)."""
        if (foreign := foreign_call(method, headers)) is not None:
            return _told(HTTPStatus.FORBIDDEN, {"error": "foreign_page", "message": foreign})
        doing = {"POST": self._sign_in, "DELETE": self._sign_out, "GET": self._who}.get(method)
        if doing is None:
            return _told(HTTPStatus.METHOD_NOT_ALLOWED, {"error": "wrong_method", "message": "Use GET, POST or DELETE"})
        return doing(headers, body)

    def who(self, headers: Mapping[str, str]) -> Mapping[str, Any]:
        """Tell who is signed in, and what they may do here."""
        caller = OWNER if self._gate.is_open else self.caller(headers)
        if caller is None:
            return {"user": None}
        return {
            "user": caller.user,
            "workspace": caller.workspace,
            "role": caller.role,
            "workspaces": [caller.workspace] if self._gate.is_open else self._gate.recognition.workspaces_of(caller),
            "needs_password": not self._gate.is_open,
        }

    def _who(self, headers: Mapping[str, str], _: bytes) -> Reply:
        return _told(HTTPStatus.OK, self.who(headers))

    def _sign_in(self, headers: Mapping[str, str], body: bytes) -> Reply:
        given = _members(body)
        if "workspace" in given:
            return self._go(headers, str(given["workspace"]))
        if "new_password" in given:
            return self._change_password(headers, given)
        caller = OWNER if self._is_link(given.get("ticket")) else self._by_password(given)
        if caller is None:
            text = WRONG_TICKET if "ticket" in given else WRONG_PASSWORD
            return _told(HTTPStatus.UNAUTHORIZED, {"error": "unauthenticated", "message": text})
        return self._let_in(headers, caller)

    def _go(self, headers: Mapping[str, str], workspace: str) -> Reply:
        """Let somebody who has signed in go on in another workspace of theirs."""
        caller = self.caller(headers)
        if caller is None:
            return _told(HTTPStatus.UNAUTHORIZED, {"error": "unauthenticated", "message": "Sign in first."})
        if workspace not in self._gate.recognition.workspaces_of(caller):
            text = f"{caller.user} has no role in a workspace {workspace!r}; an administrator can give one."
            return _told(HTTPStatus.FORBIDDEN, {"error": "forbidden", "message": text})
        return self._let_in(headers, replace(caller, workspace=workspace))

    def _change_password(self, headers: Mapping[str, str], given: Mapping[str, Any]) -> Reply:
        """Give whoever knows the old password another one; this page goes on, all others have to sign in anew."""
        caller = self.caller(headers)
        known = None if caller is None else self._by_password({**given, "user": caller.user})
        if caller is None or known is None or known.token_id:
            return _told(HTTPStatus.UNAUTHORIZED, {"error": "wrong_password", "message": "That is not your password."})
        try:
            self._gate.access.set_password(caller.user, str(given["new_password"]).strip())
        except RunyardError as error:
            return _told(HTTPStatus.BAD_REQUEST, {"error": "invalid_request", "message": str(error)})
        return self._let_in(headers, replace(caller, token_id=0))

    def _let_in(self, headers: Mapping[str, str], caller: Caller) -> Reply:
        token, ends_at = self._gate.open_session(caller.user, caller.workspace, token_id=caller.token_id)
        age = max(0, ends_at // 1000 - int(time.time()))
        kept = f"{self.cookie}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{_secure(headers)}"
        return _told(HTTPStatus.OK, {"user": caller.user}, {"set-cookie": kept})

    def _sign_out(self, headers: Mapping[str, str], _: bytes) -> Reply:
        if (token := _cookie(headers, self.cookie)) is not None:
            self._gate.close_session(token)
        gone = f"{self.cookie}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{_secure(headers)}"
        return _told(HTTPStatus.OK, {}, {"set-cookie": gone})

    def _by_password(self, given: Mapping[str, Any]) -> Caller | None:
        user, password = given.get("user", ADMINISTRATOR), given.get("password")
        if self._gate.is_open or not (isinstance(user, str) and isinstance(password, str)):
            return None
        return self._gate.by_login(Login(user=user.strip(), password=password.strip()))

    def _is_link(self, given: Any) -> bool:
        if not isinstance(given, str):
            return False
        with self._lock:
            ends_at = self._links.pop(given, 0.0)
        return ends_at > time.monotonic()


WRONG_PASSWORD = (
    "No user is called so, or that is not the password. The one of admin is what `runyard env` prints as PGPASSWORD "  # noqa: S105 - a sentence
    "for the owner of this server's home; others have theirs from `runyard users add`."
)
WRONG_TICKET = "This link was used already or is too old. Sign in with the password, which `runyard env` prints."


def foreign_call(method: str, headers: Mapping[str, str]) -> str | None:
    """Say why a call is none of our own page's; None if it is one.

    A browser sends our cookie with what any page of this machine asks for, whatever its port.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return f"Origin {origin!r} is another site's page; only this server's own pages may ask here."
    if site is not None and site not in _OWN_SITE:
        return f"Sec-Fetch-Site {site!r}: only this server's own pages may ask here."
    if method not in HARMLESS and MARK not in headers:
        return f"The header {MARK} is missing; this server's own pages send it with every change."
    return None


def _cookie(headers: Mapping[str, str], name: str) -> str | None:
    """Return our cookie, whatever stands beside it: others of this machine put there what http.cookies gives up at."""
    pairs = (one.strip().partition("=") for one in headers.get("cookie", "").split(";"))
    return next((value for known, _, value in pairs if known == name), None)


def _secure(headers: Mapping[str, str]) -> str:
    """Keep the cookie from plain HTTP where the page came by HTTPS, through whoever speaks that before us."""
    return "; Secure" if headers.get("origin", "").startswith("https://") else ""


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        given = msgspec.json.decode(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _told(status: int, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    known = {"content-type": "application/json", "cache-control": "no-store", **(headers or {})}
    return Reply(status=status, headers=known, body=msgspec.json.encode(members))
