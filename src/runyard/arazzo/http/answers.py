"""Reading what a server answers: in time, and no more of it than somebody is willing to keep."""

from __future__ import annotations

import http.client
import io
import socket
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from runyard.arazzo.http.exchange import Unreachable
from runyard.arazzo.http.limits import MEBIBYTE

PIECE = 64 * 1024
GZIP = 31
ZLIB = 15
RAW = -15
GZIP_BEGINS = b"\x1f\x8b"
LEAST_S = 0.001


class Answering:
    """How long an answer may take, and whether any of it has come; made for each request."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self.has_begun = False

    def response(self, sock: socket.socket, *arguments: Any, **words: Any) -> http.client.HTTPResponse:
        """Return the standard library's response on a socket whose every read has only the time that is left."""
        made = http.client.HTTPResponse(sock, *arguments, **words)
        made.fp = io.BufferedReader(_InTime(self, sock, made.fp.detach()))
        return made

    def left(self) -> float:
        """The time that is left for one more step."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return max(left, LEAST_S)


class _InTime(io.RawIOBase):
    """A socket's file; a server that sends one byte now and then does not keep us for ever."""

    def __init__(self, answering: Answering, sock: socket.socket, below: io.RawIOBase) -> None:
        self._answering = answering
        self._socket = sock
        self._below = below

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, once there is any."""
        self._socket.settimeout(self._answering.left())
        count: int | None = self._below.readinto(buffer)
        self._answering.has_begun |= bool(count)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        if not self.closed:
            self._below.close()
        super().close()


def body(response: http.client.HTTPResponse, *, largest: int) -> bytes:
    """Return the whole body, decoded; refuse one that is larger than it may be, before or after decoding."""
    data = _read(response, largest)
    for coding in reversed((response.getheader("Content-Encoding") or "").lower().split(",")):
        if data and (decode := CODINGS.get(coding.strip())):
            data = decode(data, largest)
    return data


def _read(response: http.client.HTTPResponse, largest: int) -> bytes:
    if response.length is not None:
        if response.length > largest:
            raise _too_large(largest)
        return response.read()
    data = bytearray()
    while piece := response.read(PIECE):
        data += piece
        if len(data) > largest:
            raise _too_large(largest)
    return bytes(data)


def _gunzipped(data: bytes, largest: int) -> bytes:
    """Return what the members of a gzip file hold, one behind the other."""
    whole = bytearray()
    while data.startswith(GZIP_BEGINS):
        piece, data = _inflated(data, GZIP, largest - len(whole))
        whole += piece
    return bytes(whole)


def _undeflated(data: bytes, largest: int) -> bytes:
    """Return what was deflated: as the standard says, or without its header as some servers do."""
    has_header = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
    return _inflated(data, ZLIB if has_header else RAW, largest)[0]


def _inflated(data: bytes, bits: int, largest: int) -> tuple[bytes, bytes]:
    engine = zlib.decompressobj(bits)
    try:
        whole = engine.decompress(data, largest + 1)
    except zlib.error as error:
        raise http.client.HTTPException(f"its body is not compressed as its headers say ({error})") from error
    if len(whole) > largest:
        raise _too_large(largest)
    if not engine.eof:
        raise http.client.HTTPException("its compressed body ends too early")
    return whole, engine.unused_data


CODINGS: Mapping[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _undeflated,
}


def _too_large(largest: int) -> Unreachable:
    return Unreachable(f"The response is larger than {largest / MEBIBYTE:g} MiB, and was not read to its end.")
