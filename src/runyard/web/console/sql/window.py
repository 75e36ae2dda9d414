"""What the pages ask the SQL, handed on to its own process and back as it comes.

The ledger's SQLite and that of the SQL must not meet in one process, so nothing of it is carried out here. The process
is reached by a socket that only this server can hand to it; so what is said of the caller is believed, no password is
needed twice, and a large result is made where it slows down no run.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from socket import socket
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from runyard.dialects.exchange import Reply
from runyard.web.authentication import Caller
from runyard.web.bodies import HungUp, Receive, Send, answer, whole
from runyard.web.claims import Keys

PLACE = "/console/v1/sql/"
LONGEST_HEAD = 1 << 20
_length = struct.Struct(">I")
WAITS = "wait_s"  # the word of a call that is answered when something has changed
AWAY = "The process that speaks SQL does not answer; another one is begun in a moment. Try again."


class Window:
    """Hands the calls of pages to the process of the SQL."""

    def __init__(self, reach: Callable[[], socket], keys_of: Callable[[Caller], Keys]) -> None:
        self._reach = reach
        self._keys_of = keys_of
        self._waiting: set[asyncio.StreamWriter] = set()  # of calls that wait for something to change

    async def serve(self, scope: Mapping[str, Any], caller: Caller, receive: Receive, send: Send) -> None:
        """Answer one call of somebody who is known."""
        try:
            body = await whole(receive)
        except HungUp:
            return
        if body is None:
            await answer(send, _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The text is too long."))
            return
        members = _members(scope, body)
        if members is None:
            await answer(send, _refusal(HTTPStatus.BAD_REQUEST, "invalid_request", "The body must be a JSON object."))
            return
        asked = {
            "method": scope["method"],
            "path": scope["path"].removeprefix(PLACE),
            "members": members,
            "person": {
                "user": caller.user,
                "workspace": caller.workspace,
                "role": caller.role,
                "keys": asdict(self._keys_of(caller)),
            },
        }
        try:
            reader, writer = await asyncio.open_unix_connection(sock=self._reach(), limit=LONGEST_HEAD)
        except OSError:
            await answer(send, _away())
            return
        if WAITS in members:
            self._waiting.add(writer)
        gone = asyncio.create_task(_gone(receive))
        try:
            writer.write(msgspec.json.encode(asked) + b"\n")
            await _pass_on(reader, send, gone)
        finally:
            gone.cancel()
            self._waiting.discard(writer)
            writer.close()

    def release(self) -> None:
        """Let nobody wait any longer: the server leaves, and they ask the next one."""
        for writer in list(self._waiting):
            writer.transport.abort()


async def _gone(receive: Receive) -> None:
    """Return when the page has gone: what is sent to it then goes nowhere, and nobody says so."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _pass_on(reader: asyncio.StreamReader, send: Send, gone: asyncio.Task[None]) -> None:
    """Send an answer as it comes; one that breaks off breaks the connection, so that nobody takes it for whole."""
    try:
        line = await reader.readline()
    except ConnectionError:
        line = b""
    if not line.endswith(b"\n"):
        await answer(send, _away())
        return
    head = msgspec.json.decode(line)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"].items()]
    headers.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": head["status"], "headers": headers})
    async for piece in _pieces(reader):
        if gone.done():
            return
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while (length := _length.unpack(await reader.readexactly(_length.size))[0]) > 0:
        yield await reader.readexactly(length)


def _members(scope: Mapping[str, Any], body: bytes) -> dict[str, Any] | None:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    try:
        given = msgspec.json.decode(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return {**given, **query} if isinstance(given, dict) else None


def _away() -> Reply:
    return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", AWAY)


def _refusal(status: int, code: str, message: str) -> Reply:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Reply(status=status, headers=headers, body=msgspec.json.encode({"error": code, "message": message}))
