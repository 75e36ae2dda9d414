"""Bodies on their way in and out: small ones in memory, content in files."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from runyard.dialects.exchange import Piece, Reply

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 16 * 1024 * 1024  # of a call in memory; content streams past this
SPOOL = "spool"  # the folder of a home where content lies until its call is answered
AT_ONCE = 512 * 1024  # bytes between memory and a file, enough to be worth a thread


class HungUp(Exception):
    """The caller left in the middle of the body."""


async def whole(receive: Receive) -> bytes | None:
    """Return a body; None if it is too large to be kept in memory."""
    parts: list[bytes] = []
    size = 0
    async for part in _parts(receive):
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
    return b"".join(parts) if size <= LARGEST_BODY else None


@asynccontextmanager
async def spooled(receive: Receive, home: Path) -> AsyncIterator[Path]:
    """Write a body into a file of its own in a home, and remove what is left of it afterwards."""
    file = _name_in(home / SPOOL)
    try:
        await _fill(file, receive)
        yield file
    finally:
        file.unlink(missing_ok=True)


async def answer(send: Send, reply: Reply) -> None:
    """Send a response."""
    headers = {**reply.headers}
    headers.setdefault("content-length", str(reply.piece.length if reply.piece else len(reply.body)))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        if reply.piece is not None:
            await _send_piece(send, reply.piece)
        await send({"type": "http.response.body", "body": reply.body})
    finally:
        if reply.piece is not None:
            reply.piece.file.close()


def discard_unfinished(home: Path) -> None:
    """Remove what an earlier server had taken in and not answered."""
    shutil.rmtree(home / SPOOL, ignore_errors=True)


def _name_in(folder: Path) -> Path:
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder / secrets.token_hex(16)


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _fill(path: Path, receive: Receive) -> None:
    waiting = bytearray()
    with path.open("xb") as file:
        async for part in _parts(receive):
            waiting += part
            if len(waiting) >= AT_ONCE:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(file.write, bytes(waiting))


async def _send_piece(send: Send, piece: Piece) -> None:
    left = piece.length
    piece.file.seek(piece.offset)
    while left > 0:
        data = await asyncio.to_thread(piece.file.read, min(left, AT_ONCE))
        if not data:
            message = f"The file became shorter by {left} bytes while it was sent."
            raise EOFError(message)  # the connection breaks, so that the client notices
        left -= len(data)
        await send({"type": "http.response.body", "body": data, "more_body": True})
