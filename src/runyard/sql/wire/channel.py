"""The bytes of one connection: messages in, a buffer of messages out."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import time
from contextlib import suppress

from runyard.sql.wire.messages import ProtocolViolation

LONGEST_STARTUP = 10_000  # bytes, as PostgreSQL has it
LONGEST_BEFORE_LOGIN = 10_000
LONGEST = 64 * 1024 * 1024
FULL = 64 * 1024  # bytes that wait to be sent before they are
CHUNK = 16 * 1024
SEND_S = 600  # a client that takes nothing for so long has gone
_head = struct.Struct(">BI")
_length = struct.Struct(">I")


class ConnectionLost(Exception):
    """The client has gone."""


class Channel:
    """One client's socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._buffer = bytearray()
        self._out = bytearray()
        self._deadline: float | None = None
        self.is_secure = False

    def prepare(self) -> None:
        """Have small answers sent at once, and those noticed who are gone or take nothing."""
        with_port = self._socket.family in {socket.AF_INET, socket.AF_INET6}
        if with_port:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))

    def limit(self, seconds: float | None) -> None:
        """Allow the client so long for what it has to say from now on; None: as long as it likes."""
        self._deadline = None if seconds is None else time.monotonic() + seconds
        if seconds is None:
            self._socket.settimeout(None)

    def secure(self, context: ssl.SSLContext) -> None:
        """Go on encrypted; what came before in clear text may be anybody's."""
        if self._buffer:
            raise ProtocolViolation("received unencrypted data after SSL request")
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self.is_secure = True

    def read(self, longest: int = LONGEST) -> tuple[int, bytes]:
        """Wait for a message; return its kind and body."""
        buffer = self._buffer
        if not buffer:
            data = self._receive()
            if len(data) >= _head.size:
                kind, length = _head.unpack_from(data)
                if len(data) == _checked(length, longest) + 1:  # as most clients speak: one message, then they wait
                    return kind, data[_head.size :]
            buffer += data
        if len(buffer) < _head.size:
            self._fill(_head.size)
        kind, length = _head.unpack_from(buffer)
        end = _checked(length, longest) + 1
        if len(buffer) < end:
            self._fill(end)
        body = bytes(buffer[_head.size : end])
        del buffer[:end]
        return kind, body

    def read_startup(self) -> tuple[int, bytes]:
        """Wait for a message of the beginning, which has no kind; return its code and the rest."""
        self._fill(_length.size)
        (length,) = _length.unpack_from(self._buffer)
        end = _checked(length, LONGEST_STARTUP)
        if end < 8:  # noqa: PLR2004 - length and code
            raise ProtocolViolation("invalid length of startup packet")
        self._fill(end)
        (code,) = _length.unpack_from(self._buffer, 4)
        body = bytes(self._buffer[8:end])
        del self._buffer[:end]
        return int(code), body

    def write(self, data: bytes) -> None:
        """Send soon."""
        self._out += data
        if len(self._out) >= FULL:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if not self._out:
            return
        out, self._out = self._out, bytearray()
        try:
            self._socket.sendall(out)
        except OSError as error:
            raise ConnectionLost from error

    def write_raw(self, data: bytes) -> None:
        """Send a single byte's answer at once."""
        self._out += data
        self.flush()

    def fileno(self) -> int:
        """The socket's number, -1 once closed."""
        return self._socket.fileno()

    def shut(self) -> None:
        """Wake whoever waits for this client, from another thread: it has gone for us."""
        try:
            self._socket.shutdown(socket.SHUT_RD)
        except OSError:
            return

    def close(self) -> None:
        """Part from the client, having said what waits."""
        try:
            self.flush()
            self._say_the_end()
        except ConnectionLost:
            pass
        finally:
            self._socket.close()

    def _say_the_end(self) -> None:
        """Tell who speaks encrypted that nothing was cut off; the answer to that is not waited for."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(0)
            with suppress(OSError, ValueError):
                self._socket.unwrap()

    def _fill(self, least: int) -> None:
        buffer = self._buffer
        while len(buffer) < least:
            buffer += self._receive()

    def _receive(self) -> bytes:
        if self._deadline is not None:
            self._socket.settimeout(max(self._deadline - time.monotonic(), 0.001))
        try:
            data = self._socket.recv(CHUNK)
        except OSError as error:
            raise ConnectionLost from error
        if not data:
            raise ConnectionLost
        return data


def _checked(length: int, longest: int) -> int:
    if not _length.size <= length <= longest:
        raise ProtocolViolation(f"invalid message length {length}; at most {longest} bytes are taken here")
    return length
