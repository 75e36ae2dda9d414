"""The process that speaks Arrow Flight."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from runyard.web.woken import PAUSES_S, WokenProcess

Listen = Callable[[], socket.socket]


def is_spoken() -> bool:
    """Tell whether Arrow's Flight is installed, without loading it: that is for its process alone."""
    found = find_spec("pyarrow")
    folder = Path(found.origin).parent if found is not None and found.origin else None
    return folder is not None and any(folder.glob("_flight.*"))


class FlightWire(WokenProcess):
    """Keeps the port while nobody speaks on it, and hands it to a process as soon as somebody knocks.

    Arrow takes no socket from others, so that the port is let go for the moment in which its process binds it; those
    who have knocked before are taken in by that process, and handed on.
    """

    title = "Arrow Flight"
    module = "runyard.web.flight.process"

    def __init__(self, listener: socket.socket, told: Mapping[str, Any], *, listen: Listen) -> None:
        super().__init__(told)
        self._listener: socket.socket | None = listener
        self._listen = listen

    def handed(self) -> Mapping[str, int]:
        """Return the socket that somebody has knocked on."""
        assert self._listener is not None  # noqa: S101 - somebody has knocked on it
        return {"listener": self._listener.fileno()}

    def is_begun(self) -> None:
        """Close our own: the process has it now, and whoever waits in it."""
        self.let_go()

    def let_go(self) -> None:
        """Close the port, if it is kept here."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def is_wanted(self) -> bool:
        """Wait for a client, on a port bound anew if the process had it."""
        while self._listener is None:
            with suppress(OSError):  # somebody else has taken the port meanwhile
                self._listener = self._listen()
            if self._listener is None and self.is_left_within(PAUSES_S[-1], ""):
                return False
        self._woken_by(self._listener)
        return not self._is_leaving

    def is_left_within(self, seconds: float, failure: str) -> bool:
        """Keep whoever comes meanwhile waiting: Flight has no word for it before its handshake."""
        del failure
        return bool(self._woken_by(seconds=seconds)) or self._is_leaving
