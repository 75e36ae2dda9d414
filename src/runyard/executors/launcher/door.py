"""Who talks to the launcher: connections that may send anything, read slowly, or vanish."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from typing import TYPE_CHECKING

from runyard.executors.launcher.wire import CHUNK, Garbage, Lines, Message, pack

if TYPE_CHECKING:
    from collections.abc import Callable


class Connection:
    """One client's line, that never makes us wait."""

    def __init__(self, channel: socket.socket, selector: selectors.BaseSelector) -> None:
        channel.setblocking(False)
        self._channel = channel
        self._selector = selector
        self._outbox: deque[Message] = deque()
        self._unsent = bytearray()
        self._lines = Lines()
        self._interest = 0
        self.is_open = True

    def listen(self, handle: Callable[[Connection, Message], None]) -> None:
        """Give what comes in to `handle`."""
        self._handle = handle
        self._watch(selectors.EVENT_READ)

    def send(self, message: Message) -> None:
        """Send now or when the client reads on; what waits is the journal's own, and costs no more than it."""
        self._outbox.append(message)
        self._flush()

    def close(self) -> None:
        """Hang up."""
        if self.is_open:
            self.is_open = False
            self._selector.unregister(self._channel)
            self._channel.close()

    def _watch(self, interest: int) -> None:
        if not self._interest:
            self._selector.register(self._channel, interest, self._serve)
        elif interest != self._interest:
            self._selector.modify(self._channel, interest, self._serve)
        self._interest = interest

    def _serve(self) -> None:
        self._flush()
        try:
            self._read()
        except BlockingIOError:
            return
        except (OSError, Garbage):
            self.close()

    def _read(self) -> None:
        data = self._channel.recv(CHUNK)
        if not data:
            self.close()
        for message in self._lines.feed(data):
            if self.is_open:
                self._handle(self, message)

    def _flush(self) -> None:
        if not self.is_open:
            return
        try:
            while self._unsent or self._outbox:
                self._unsent = self._unsent or bytearray(pack(self._outbox.popleft()))
                del self._unsent[: self._channel.send(self._unsent)]
        except BlockingIOError:
            self._watch(selectors.EVENT_READ | selectors.EVENT_WRITE)
        except OSError:
            self.close()
        else:
            self._watch(selectors.EVENT_READ)


class Door:
    """Lets clients in."""

    def __init__(
        self,
        listener: socket.socket,
        selector: selectors.BaseSelector,
        *,
        handle: Callable[[Connection, Message], None],
    ) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._selector = selector
        self._handle = handle
        selector.register(listener, selectors.EVENT_READ, self._admit)

    def _admit(self) -> None:
        try:
            channel, _ = self._listener.accept()
        except OSError:
            return  # the client has left again, or we have too many descriptors for now
        Connection(channel, self._selector).listen(self._handle)
