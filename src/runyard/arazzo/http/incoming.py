"""What a server sends, read as HTTP/1.1 frames it: in time, and no more of it than somebody is willing to keep."""

from __future__ import annotations

import re
import socket
import time
from functools import lru_cache

from runyard.arazzo.http.exchange import Headers, Unreachable
from runyard.arazzo.http.limits import MEBIBYTE

PIECE = 64 * 1024
LEAST_S = 0.001
UNFELT_S = 0.02
LONGEST_HEAD = 64 * 1024
MOST_AHEAD = 20
"""How many answers may say that the real one is still to come."""
HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
FRAMING = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
"""The headers that say how an answer is to be read, and whether another one may follow."""
STATUS = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: (.*))?")
HEADER = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*")
NOT_IN_HEAD = re.compile(r"[\r\x00]")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?\r?\n")
LONGEST_LINE = 4096
SWITCHED, NO_CONTENT, NOT_MODIFIED, OK = 101, 204, 304, 200


class Broken(Exception):
    """What came is no answer as HTTP/1.1 has it, or ended too early."""


class HungUp(Broken):
    """The server hung up before it said anything."""


class Head:
    """What stands before the body of an answer."""

    def __init__(self, text: str) -> None:
        first, *lines = text.split("\n")
        found = STATUS.fullmatch(first)
        if found is None:
            raise Broken("it does not begin as an answer of HTTP/1.1 does")
        self.minor, self.status, self.reason = found[1], int(found[2]), (found[3] or "").strip()
        self.headers: Headers = tuple(map(_header, lines))

        self.values: dict[str, str] = {}  # of FRAMING, in lower case; what stands several times is a list
        for name, value in self.headers:
            if (known := name.lower()) in FRAMING:
                before = f"{self.values[known]}, " if known in self.values else ""
                self.values[known] = before + value.lower()


@lru_cache(maxsize=128)
def _header(line: str) -> tuple[str, str]:
    """Read one line; most are the same in each answer of a server."""
    found = HEADER.fullmatch(line)
    if found is None:  # a folded one, too, which the standard tells to refuse
        raise Broken("one of its header lines is none")
    return found[1], found[2]


class Incoming:
    """The bytes of one connection, in their order; each is waited for only as long as its answer may take."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._held = b""
        self._deadline = 0.0
        self._timeout = 0.0
        self.has_begun = False

    def expect(self, deadline: float) -> None:
        """Begin with another answer, which must be here by then."""
        self._deadline = deadline
        self.has_begun = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sent behind the answer."""
        return not self._held

    def left(self) -> float:
        """The time that is left for one more step."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return max(left, LEAST_S)

    def limit_wait(self) -> None:
        """Let the socket wait only so long; to set it anew for less than can be felt would cost more than it brings."""
        left = self.left()
        if abs(left - self._timeout) > UNFELT_S:
            self._socket.settimeout(left)
            self._timeout = left

    def head(self) -> Head:
        """Return the head of the answer, behind those that only say that it is still to come."""
        for _ in range(MOST_AHEAD):
            head = Head(self._head_text())
            if head.status // 100 != 1:
                return head
            if head.status == SWITCHED:
                raise Broken("it speaks another protocol, which nobody has asked for")
        raise Broken("it says again and again that the answer is still to come")

    def body(self, head: Head, *, largest: int) -> bytes | None:
        """Return the body that follows a head, None if it ends only with the connection (`rest` reads that)."""
        coding = head.values.get("transfer-encoding")
        if coding is not None:
            if coding.rpartition(",")[2].strip() != "chunked" or coding.count("chunked") > 1:
                raise Broken(f"its transfer encoding {coding[:40]!r} is not known here")
            return self._chunks(largest)
        if "content-length" not in head.values:
            return None
        said = {length.strip() for length in head.values["content-length"].split(",")}
        length = said.pop()
        if said or not (length.isascii() and length.isdigit()):
            raise Broken("it does not say how long it is so that it can be understood")
        if len(length) > len(str(largest)) or int(length) > largest:
            raise too_large(largest)
        return self._exactly(int(length))

    def rest(self, largest: int) -> bytes:
        """Return all that comes until the server hangs up."""
        data = bytearray(self._taken(len(self._held)))
        while piece := self._received(PIECE):
            data += piece
            if len(data) > largest:
                break
        if len(data) > largest:
            raise too_large(largest)
        return bytes(data)

    def _head_text(self) -> str:
        while (end := HEAD_ENDS.search(self._held)) is None:
            if len(self._held) > LONGEST_HEAD:
                raise Broken(f"its headers are longer than {LONGEST_HEAD:,} bytes")
            self._held += self._more(PIECE)
        text = self._held[: end.start()].decode("latin-1").replace("\r\n", "\n")
        self._held = self._held[end.end() :]
        if NOT_IN_HEAD.search(text):
            raise Broken("its headers hold a character that cannot stand there")
        return text

    def _chunks(self, largest: int) -> bytes:
        data = bytearray()
        while length := self._chunk_length():
            if len(data) + length > largest:
                raise too_large(largest)
            data += self._exactly(length)
            if self._line().strip():
                raise Broken("one of its chunks is longer than it says")
        while self._line().strip():
            pass  # what is told behind the body is for nobody here
        return bytes(data)

    def _chunk_length(self) -> int:
        found = CHUNK.fullmatch(self._line())
        if found is None:
            raise Broken("one of its chunks does not say how long it is")
        return int(found[1], 16)

    def _line(self) -> bytes:
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > LONGEST_LINE:
                raise Broken(f"one of its lines is longer than {LONGEST_LINE:,} bytes")
            self._held += self._more(PIECE)
        return self._taken(end + 1)

    def _exactly(self, count: int) -> bytes:
        if len(self._held) >= count:
            return self._taken(count)
        data = bytearray(self._taken(count))
        while len(data) < count:
            data += self._more(count - len(data))
        return bytes(data)

    def _taken(self, count: int) -> bytes:
        data, self._held = self._held[:count], self._held[count:]
        return data

    def _more(self, most: int) -> bytes:
        piece = self._received(most)
        if not piece:
            raise Broken("it ended before it was whole") if self.has_begun else HungUp("it hung up")
        return piece

    def _received(self, most: int) -> bytes:
        self.limit_wait()
        piece = self._socket.recv(min(most, PIECE))
        self.has_begun |= bool(piece)
        return piece


def too_large(largest: int) -> Unreachable:
    """Say that nobody keeps so much."""
    return Unreachable(f"The response is larger than {largest / MEBIBYTE:g} MiB, and was not read to its end.")
