"""Bytes handed on between two sockets: for the clients who knocked before the process was there to answer them."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

AT_ONCE = 256 * 1024


def relay(client: socket.socket, place: tuple[str, int]) -> None:
    """Connect a client that was taken in with who serves at a place, until either hangs up."""
    try:
        server = socket.create_connection(place)
    except OSError:
        client.close()
        return
    for one in (client, server):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for source, target in ((client, server), (server, client)):
        threading.Thread(target=_hand_on, args=(source, target), daemon=True).start()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    buffer = memoryview(bytearray(AT_ONCE))
    with suppress(OSError):
        while count := source.recv_into(buffer):
            target.sendall(buffer[:count])
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
