"""The launcher's language: one JSON object a line, on every socket and in the journal."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

PROTOCOL = 6
LINE_LIMIT = 64 * 1024 * 1024
WORD_LIMIT = LINE_LIMIT // 2  # of a process to the launcher, which passes it on with words of its own
CHUNK = 65536

Message = dict[str, Any]


_JSON = json.JSONEncoder(separators=(",", ":"))  # json.dumps would make one for each message


class Garbage(ValueError):
    """What came is not of this language."""


def pack(message: Message) -> bytes:
    """Return the message as its line."""
    return _JSON.encode(message).encode() + b"\n"


def unpack(line: bytes) -> Message:
    """Return the message of a line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Garbage(str(error)) from error
    if not isinstance(message, dict):
        raise Garbage("not a JSON object")
    return message


def now_ms() -> int:
    """Return the time of day in milliseconds of the epoch."""
    return time.time_ns() // 1_000_000


class Lines:
    """Cuts a stream of bytes into messages as they become whole."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Return the messages that `data` completes."""
        self._rest += data
        if len(self._rest) > self._limit:
            raise Garbage("a line without end")
        if b"\n" not in data:
            return  # and nothing is copied: a long line comes in many pieces
        *whole, last = self._rest.split(b"\n")
        self._rest = bytearray(last)
        for line in whole:
            yield unpack(bytes(line))


def messages(channel: socket.socket) -> Iterator[Message]:
    """Read a blocking socket to its end."""
    lines = Lines()
    while data := channel.recv(CHUNK):
        yield from lines.feed(data)
