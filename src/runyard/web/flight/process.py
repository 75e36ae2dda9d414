"""The process of Arrow Flight: it takes over the port that the server has bound, and ends with the server."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.client.transport import Transport
from runyard.sql.woken import begun, tell_that_we_serve
from runyard.web.flight.endpoint import Endpoint
from runyard.web.flight.relay import relay
from runyard.web.flight.yard import Yard

DRAIN_S = 20.0  # how long streams under way may take after SIGTERM


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the server tells of itself."""

    listener: int  # the number of the bound socket, in which those wait who have knocked
    host: str
    port: int
    server: str  # its URL
    parent: int
    cert: str = ""
    key: str = ""


def main() -> None:
    """Serve until the server says SIGTERM or is gone."""
    told = Told(**begun("runyard-flight"))
    # Arrow tells its clients how an error has come about, and our own lines are none of theirs; logs keep them.
    traceback.format_exception = lambda kind, *_, **__: [kind.__name__]
    waiting = _taken(told.listener)
    # Arrow binds by itself: the port is free for the moment between the line above and the one below.
    endpoint = Endpoint(_location(told), Yard(transport=Transport(told.server)), **_certificates(told))
    for client in waiting:
        relay(client, (told.host, told.port))
    tell_that_we_serve()
    _wait_for_the_end()
    threading.Thread(target=endpoint.shutdown, daemon=True).start()
    _leave(endpoint)


def _taken(number: int) -> list[socket.socket]:
    """Take in whoever waits at the server's socket, and close it."""
    waiting = []
    with socket.socket(fileno=number) as listener:
        listener.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                client, _ = listener.accept()
                client.setblocking(True)
                waiting.append(client)
    return waiting


def _location(told: Told) -> str:
    host = f"[{told.host}]" if ":" in told.host else told.host
    return f"grpc+{'tls' if told.cert else 'tcp'}://{host}:{told.port}"


def _certificates(told: Told) -> dict[str, Any]:
    if not told.cert:
        return {}
    cert = Path(told.cert).read_bytes()
    return {"tls_certificates": [(cert, Path(told.key).read_bytes() if told.key else cert)]}


def _wait_for_the_end() -> None:
    """Wait for SIGTERM or the server's end."""
    wake, alarm = socket.socketpair()
    alarm.setblocking(False)
    signal.set_wakeup_fd(alarm.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        selector.register(wake, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        ready = {key.fileobj for key, _ in selector.select()}
    if sys.stdin in ready:
        os._exit(0)  # nobody is there any more who could be asked


def _leave(endpoint: Endpoint) -> None:
    """Let streams under way come to their end, for a while."""
    ended = threading.Thread(target=endpoint.wait, daemon=True)
    ended.start()
    ended.join(DRAIN_S)
    os._exit(0)


if __name__ == "__main__":
    main()
