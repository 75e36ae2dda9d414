"""Whether the launcher of a home answers, and how fast; asking takes nobody's place."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.executors.launcher.places import Places
from runyard.executors.launcher.wire import CHUNK, Garbage, Lines, pack

if TYPE_CHECKING:
    from pathlib import Path

NOBODYS_PROTOCOL = 0  # who greets with another protocol than ours is told who we are, and takes over nothing


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What a launcher says of itself."""

    pid: int
    active: int  # attempts whose end it does not know
    answered_ms: float


def pulse(home: Path, *, timeout_s: float) -> Pulse | None:
    """Ask the launcher of a home for a sign of life; None if there is none."""
    began = time.monotonic()
    try:
        channel = Places(home.absolute()).connect(timeout=timeout_s)
        if channel is None:
            return None
        with contextlib.closing(channel):
            channel.sendall(pack({"do": "hello", "protocol": NOBODYS_PROTOCOL}))
            lines = Lines()
            while data := channel.recv(CHUNK):
                for told in lines.feed(data):
                    answered_ms = (time.monotonic() - began) * 1000
                    return Pulse(pid=told["pid"], active=len(told["active"]), answered_ms=round(answered_ms, 2))
    except (OSError, Garbage, KeyError):
        return None
    return None
