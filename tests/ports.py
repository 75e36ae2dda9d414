"""Ports of one's own, which are still there after a while in which nobody listened."""

from __future__ import annotations

import secrets
import socket

LOWEST, HIGHEST = 20_000, 31_000  # no system gives one of these to somebody who asks for any port


def free_port() -> int:
    """Return a port on which nobody listens, and which no other test gets by asking for any."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        with socket.socket() as taken:
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
