"""Giving up, from another thread, what waits for an answer or for its next try."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

from runyard.client.errors import GivenUp


class Stop:
    """Ends all calls that were made with it, once somebody sets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._sockets: set[socket.socket] = set()

    @property
    def is_set(self) -> bool:
        """Whether somebody has."""
        return self._event.is_set()

    def set(self) -> None:
        """Give up: wake up whoever waits."""
        with self._lock:
            self._event.set()
            for one in self._sockets:
                with contextlib.suppress(OSError):  # it has ended by itself
                    one.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Refuse to go on if somebody has given up."""
        if self._event.is_set():
            raise GivenUp("The call was given up.")

    def pause(self, seconds: float) -> None:
        """Sleep, unless somebody gives up."""
        self._event.wait(seconds)
        self.check()

    @contextlib.contextmanager
    def watching(self, one: socket.socket) -> Iterator[None]:
        """While an answer is awaited on this socket, end that too."""
        with self._lock:
            self._sockets.add(one)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._sockets.discard(one)
