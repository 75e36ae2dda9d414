"""The process that speaks PostgreSQL's protocol."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Any

from runyard.web.sql_refusing import drop_waiting, refuse_waiting
from runyard.web.woken import WokenProcess


class SqlWire(WokenProcess):
    """Keeps the bound socket, and starts who answers on it."""

    title = "the SQL wire"
    module = "runyard.sql.wire.process"

    def __init__(self, listener: socket.socket, told: Mapping[str, Any]) -> None:
        super().__init__(told)
        self._listener = listener
        # Through it the console's calls are handed over: who holds the other end is the process, or will be.
        self._hatch, self._handed = socket.socketpair()
        self._hatch.setblocking(False)

    def reach(self) -> socket.socket:
        """Return a connection to the process as only this server has one; with the first of them it begins."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._hatch, [b"."], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def handed(self) -> Mapping[str, int]:
        """Return the socket of clients and that of the console's calls."""
        return {"listener": self._listener.fileno(), "hatch": self._handed.fileno()}

    def let_go(self) -> None:
        """Close both."""
        self._listener.close()
        self._hatch.close()

    def is_wanted(self) -> bool:
        """Wait for a client or a call of the console."""
        self._woken_by(self._listener, self._handed)
        return not self._is_leaving

    def is_left_within(self, seconds: float, failure: str) -> bool:
        """Answer whoever comes meanwhile, where nobody could be served."""
        end = time.monotonic() + seconds
        sources = (self._listener, self._handed) if failure else ()
        while (left := end - time.monotonic()) > 0:
            ready = self._woken_by(*sources, seconds=left)
            if self._wake in ready:
                return True
            if self._listener in ready:
                refuse_waiting(self._listener, failure)
            if self._handed in ready:
                drop_waiting(self._handed)
        return False
