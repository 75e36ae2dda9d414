"""The way in from the server: it hands a socket for each call of a page, and says who calls; nobody else can.

A call is one line of JSON: `method`, `path`, `members` and `person`. The answer is one line too, `status` and
`headers`, and then the body in pieces, each behind its length in four bytes; one of no length says that it is whole.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BufferedRWPair
from typing import TYPE_CHECKING, Any

import msgspec

from runyard.core.errors import RunyardError
from runyard.sql.yard import Person

if TYPE_CHECKING:
    from runyard.sql.console.desk import Desk, Told

log = logging.getLogger(__name__)

STACK_BYTES = 1 << 20
_length = struct.Struct(">I")


class Hatch:
    """Takes the calls of the server."""

    def __init__(
        self, number: int, open_desk: Callable[[], Desk], person: Callable[[Mapping[str, Any]], Person]
    ) -> None:
        self.source = socket.socket(fileno=number)
        self.source.setblocking(False)
        self._open_desk = open_desk
        self._person = person
        self._desk: Desk | None = None  # made for the first call: most clients of the SQL are no pages
        self._lock = threading.Lock()

    def take(self) -> None:
        """Take what was handed over, and serve each in a thread of its own."""
        while True:
            try:
                data, numbers, *_ = socket.recv_fds(self.source, 1, 1)
            except BlockingIOError:
                return
            if not data and not numbers:
                return
            threading.stack_size(STACK_BYTES)
            for number in numbers:
                threading.Thread(target=self._serve, args=(number,), name="console-call", daemon=True).start()

    def close(self) -> None:
        """End what runs."""
        if self._desk is not None:
            self._desk.close()

    def _serve(self, number: int) -> None:
        os.set_blocking(number, True)
        try:
            with self._lock:
                desk = self._desk = self._desk or self._open_desk()
            with socket.socket(fileno=number) as connected, connected.makefile("rwb") as stream, suppress(OSError):
                self._answer(desk, stream)
        except Exception:  # the outermost loop of a call: a defect ends this one only
            log.exception("a call of the console failed by a defect")

    def _answer(self, desk: Desk, stream: BufferedRWPair) -> None:
        asked = msgspec.json.decode(stream.readline())
        told = desk.answer(self._person(asked["person"]), asked["method"], asked["path"], asked["members"])
        reply = _Reply(stream, told)
        if told.content is None:
            reply.write(msgspec.json.encode(told.record))
        else:
            try:
                told.content(reply.write)
            except RunyardError as error:
                if reply.has_begun:  # the end does not come, so that nobody takes the part for the whole
                    log.warning("a file of the console broke off: %s", error)
                    return
                reply = _Reply(stream, desk.refusal(error))
                reply.write(msgspec.json.encode(reply.told.record))
        reply.end()


class _Reply:
    """An answer on its way: its head goes with the first piece of its body."""

    def __init__(self, stream: BufferedRWPair, told: Told) -> None:
        self._stream = stream
        self.told = told
        self.has_begun = False

    def write(self, data: bytes) -> None:
        if not self.has_begun:
            self.has_begun = True
            head = {"status": self.told.status, "headers": dict(self.told.headers)}
            self._stream.write(msgspec.json.encode(head) + b"\n")
        if data:
            self._stream.write(_length.pack(len(data)) + data)

    def end(self) -> None:
        self.write(b"")
        self._stream.write(_length.pack(0))
        self._stream.flush()
