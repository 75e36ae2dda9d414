"""What clients of the SQL wire are told while its process cannot start."""

from __future__ import annotations

import os
import socket
import struct
import time
from contextlib import suppress

from runyard.sql.wire.messages import GSS_REQUEST, SSL_REQUEST, report

CANNOT_CONNECT_NOW = "57P03"
PATIENCE_S = 2.0  # with all of them together
LONGEST_GREETING = 10_000
MOST_GREETINGS = 3  # one each for GSS and TLS, and the one that says who it is
_HEAD = struct.Struct(">II")


def refuse_waiting(listener: socket.socket, text: str) -> None:
    """Tell everybody who waits at a socket why nobody serves them."""
    refusal = report(b"E", {"S": "FATAL", "V": "FATAL", "C": CANNOT_CONNECT_NOW, "M": text})
    deadline = time.monotonic() + PATIENCE_S
    listener.setblocking(False)
    while (client := _next(listener)) is not None:
        with client, suppress(OSError):
            _hear(client, deadline)
            client.sendall(refusal)
            client.shutdown(socket.SHUT_WR)


def drop_waiting(handed: socket.socket) -> None:
    """Close every connection that was handed over to a process which is not there: its other end hears that."""
    handed.setblocking(False)
    with suppress(OSError):
        while numbers := socket.recv_fds(handed, 1, 1)[1]:
            for number in numbers:
                os.close(number)


def _next(listener: socket.socket) -> socket.socket | None:
    try:
        return listener.accept()[0]
    except OSError:  # nobody is left, or the server leaves
        return None


def _hear(client: socket.socket, deadline: float) -> None:
    """Hear a client out: one that is answered while it greets takes the answer for a forgery, or never sees it."""
    for _ in range(MOST_GREETINGS):
        client.settimeout(max(deadline - time.monotonic(), 0.01))
        with suppress(TimeoutError):
            head = client.recv(_HEAD.size, socket.MSG_WAITALL)
            if len(head) < _HEAD.size:
                return
            length, code = _HEAD.unpack(head)
            if code not in (SSL_REQUEST, GSS_REQUEST):
                client.recv(min(max(length - _HEAD.size, 1), LONGEST_GREETING))
                return
            client.sendall(b"N")
