"""The console at the server's edge: its files, its sessions, its stream of events, and who its calls come from.

Its files are in memory; whatever looks into the ledger does so in a thread, as the loop is everybody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from socket import socket
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from runyard.core.errors import RunyardError
from runyard.core.ids import first_of
from runyard.dialects.exchange import Reply
from runyard.dialects.native.protocol import PREFIX as NATIVE
from runyard.engine.engine import Engine, now_ms
from runyard.web.authentication import Caller, Gate
from runyard.web.bodies import HungUp, Receive, Send, answer, whole
from runyard.web.console.entrance import HARMLESS, Entrance, foreign_call
from runyard.web.console.feed import Feed
from runyard.web.console.files import PLACE, Files
from runyard.web.console.pages import NOWHERE, Pages, Place
from runyard.web.console.sql.window import PLACE as SQL
from runyard.web.console.sql.window import Window
from runyard.web.console.table import PREFIX
from runyard.web.sigv4_claim import SignatureError

SESSION = f"{PREFIX}/session"
EVENTS = f"{PREFIX}/events"
BY_COOKIE = (f"{PREFIX}/", f"{NATIVE}/")
"""Where the cookie of a page is a credential; in a vendor's language it is none."""

BY_PERSONS = "application/xhtml+xml"  # what every browser asks for where somebody opens an address, and no program does


class Console:
    """What a browser asks for that is no call of a language."""

    def __init__(self, engine: Engine, gate: Gate, reach_sql: Callable[[], socket]) -> None:
        self._engine = engine
        self._gate = gate
        self._files = Files()
        self._pages = Pages(self._files)
        self._feed = Feed(engine, version=self._files.version)
        self._window = Window(reach_sql, gate.keys_of)
        self.entrance = Entrance(gate)

    def address(self, url: str) -> str:
        """Return where a person finds the console: without authentication, or by a link that is good once."""
        return f"{url}/" if self._gate.is_open else self.entrance.link(url)

    def release(self) -> None:
        """Let no page wait for a statement any longer: the server leaves."""
        self._window.release()

    def caller(self, method: str, path: str, headers: Mapping[str, str]) -> Caller | None:
        """Return who a call's cookie says it comes from; refuse what a page from elsewhere sends."""
        if not path.startswith(BY_COOKIE):
            return None
        caller = self.entrance.caller(headers)
        if caller is not None or path.startswith(PREFIX):
            foreign = foreign_call(method, headers)
            if foreign is not None:
                raise SignatureError("ForeignPage", foreign)
        return caller

    def lost(self, method: str, headers: Mapping[str, str]) -> Reply | None:
        """Return the page that says that there is none, for a person whose address is nobody's; None for a program."""
        if method not in HARMLESS or BY_PERSONS not in headers.get("accept", ""):
            return None
        return replace(self._page(NOWHERE, headers), status=HTTPStatus.NOT_FOUND)

    async def handle(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> bool:
        """Answer what is the console's own; False if this is not."""
        path = scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if path == SESSION:
            await self._enter(scope["method"], headers, receive, send)
        elif path.startswith(SQL):
            await self._ask_sql(scope, headers, receive, send)
        elif path == EVENTS and scope["method"] == "GET":
            await self._tell(scope["query_string"], headers, receive, send)
        elif scope["method"] in HARMLESS and (shown := await self._shown(scope, headers)) is not None:
            await answer(send, shown)
        else:
            return False
        return True

    async def _shown(self, scope: MutableMapping[str, Any], headers: Mapping[str, str]) -> Reply | None:
        """Return the file or the page that stands at a path, if one does."""
        if scope["path"].startswith(PLACE):
            return self._files.at(scope["path"], headers)
        place = self._pages.at(scope["path"], scope["query_string"])
        return None if place is None else await asyncio.to_thread(self._page, place, headers)

    def _page(self, place: Place, headers: Mapping[str, str]) -> Reply:
        session = None
        with suppress(RunyardError):  # the ledger cannot be read now; the page asks again
            session = self.entrance.who(headers)
        return self._pages.shown(place, session, last=first_of(now_ms()))

    async def _enter(self, method: str, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        try:
            body = await whole(receive)
        except HungUp:
            return
        await answer(send, await asyncio.to_thread(self.entrance.answer, method, headers, body or b""))

    async def _ask_sql(
        self, scope: MutableMapping[str, Any], headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        caller = await asyncio.to_thread(self._known, headers)
        foreign = None if "authorization" in headers else foreign_call(scope["method"], headers)
        if caller is None or foreign is not None:
            await answer(send, _stranger(foreign))
        else:
            await self._window.serve(scope, caller, receive, send)

    def _known(self, headers: Mapping[str, str]) -> Caller | None:
        return self._gate.by_authorization(headers) or self.entrance.caller(headers)

    async def _tell(self, query: bytes, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        """Open the stream of events for one page; one that had to begin anew says itself what it heard last."""
        caller = await asyncio.to_thread(self._known, headers)
        if caller is None or foreign_call("GET", headers) is not None:
            await answer(send, Reply(status=HTTPStatus.UNAUTHORIZED, body=b"Sign in first."))
            return
        try:
            workspace = await asyncio.to_thread(self._engine.workspace, caller.workspace)
        except RunyardError:  # the ledger cannot be read now; the page asks again
            await answer(send, Reply(status=HTTPStatus.SERVICE_UNAVAILABLE))
            return
        last = headers.get("last-event-id") or dict(parse_qsl(query.decode("latin-1"))).get("last")
        await self._feed.serve(workspace, last, receive, send, may=lambda: self._is_still(caller, headers))

    def _is_still(self, caller: Caller, headers: Mapping[str, str]) -> bool:
        with suppress(RunyardError):  # the ledger cannot be read now; the page asks again
            return self._known(headers) == caller
        return False


def _stranger(foreign: str | None) -> Reply:
    body = {"error": "unauthenticated", "message": foreign or "Sign in first."}
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Reply(status=HTTPStatus.UNAUTHORIZED, headers=headers, body=msgspec.json.encode(body))
