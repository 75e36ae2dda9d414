"""A request body as the operations read it: aws-chunked framing off, hashes and chunk signatures proved."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any, Protocol

from runyard.dialects.s3.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
LONGEST_LINE = 8192
MOST_TRAILERS = 16
MALFORMED = "The aws-chunked body is malformed: {}."
# What the client says of its body -> (chunks are signed, trailers may follow).
STREAMS = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": True,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": True,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": False,
}


class Seal(Protocol):
    """What the signatures of an aws-chunked body continue from, as the signature's verifier hands it on."""

    @property
    def key(self) -> bytes:
        """The signing key."""

    @property
    def moment(self) -> str:
        """When the request was signed."""

    @property
    def scope(self) -> str:
        """The credential scope."""

    @property
    def signature(self) -> str:
        """The request's own signature."""


def proved(receive: Receive, headers: Mapping[str, str], seal: Seal | None) -> Receive:
    """Wrap an ASGI `receive` of S3: what comes out is the object's own bytes, or S3Error is raised.

    The last message carries `trailers`, a list of pairs. Without a seal (`--auth off`) framing is taken off
    and nothing is proved. The caller keeps nothing of a body until its last message has come.
    """
    stated = headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    if stated in STREAMS:
        promised = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")]
        decoder = Chunks(seal if STREAMS[stated] else None, _expected_length(headers), promised=promised)
        return _unframed(receive, decoder)
    if stated.startswith("STREAMING-"):
        message = f"x-amz-content-sha256 {stated} is not supported here. Use one of {', '.join(STREAMS)}."
        raise S3Error("NotImplemented", message)
    if stated == UNSIGNED_PAYLOAD or seal is None:
        return receive
    return _hashed(receive, stated)


def _expected_length(headers: Mapping[str, str]) -> int | None:
    text = headers.get("x-amz-decoded-content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**63)) else None


def _hashed(receive: Receive, stated: str) -> Receive:
    running = hashlib.sha256()

    async def receive_hashed() -> Message:
        message = await receive()
        running.update(message.get("body", b""))
        complete = message["type"] == "http.request" and not message.get("more_body", False)
        if complete and not hmac.compare_digest(running.hexdigest().encode(), stated.encode()):
            raise S3Error("XAmzContentSHA256Mismatch")
        return message

    return receive_hashed


def _unframed(receive: Receive, decoder: Chunks) -> Receive:
    async def receive_unframed() -> Message:
        message = await receive()
        if message["type"] != "http.request":
            return message
        data = b"".join(decoder.feed(message.get("body", b"")))
        more = message.get("more_body", False)
        if not more:
            decoder.close()
        return {"type": "http.request", "body": data, "more_body": more, "trailers": decoder.trailers}

    return receive_unframed


class Chunks:
    """Decodes one aws-chunked body, piece by piece, without ever holding a chunk whole."""

    def __init__(self, seal: Seal | None, expected_length: int | None, *, promised: Sequence[str] = ()) -> None:
        self.trailers: list[tuple[str, str]] = []
        self._seal = seal
        self._previous = seal.signature if seal else ""
        self._expected = expected_length
        self._promised = set(filter(None, promised))
        self._length = 0
        self._buffer = bytearray()
        self._read = self._read_size
        self._left = 0
        self._signature = ""
        self._hash = hashlib.sha256()
        self._trailer_signature = ""
        self._done = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes of the wire, give bytes of the object."""
        self._buffer += data
        while self._buffer and not self._done:
            before = len(self._buffer)
            piece = self._read()
            if piece:
                yield piece
            if len(self._buffer) == before:
                return
        if self._done and self._buffer:
            raise S3Error("IncompleteBody", MALFORMED.format("it goes on after its end"))

    def close(self) -> None:
        """The wire has ended: everything promised must have come."""
        if self._read == self._read_trailer and not self._buffer and not self._done:
            self._end_trailers()  # some clients leave the last blank line out
        if not self._done:
            raise S3Error("IncompleteBody", MALFORMED.format("it ends before its last chunk"))
        missing = self._promised.difference(name for name, _ in self.trailers)
        if missing:
            text = f"the trailer {', '.join(sorted(missing))} did not come"
            raise S3Error("IncompleteBody", MALFORMED.format(text))
        if self._expected is not None and self._expected != self._length:
            text = f"x-amz-decoded-content-length is {self._expected}, but {self._length} bytes came"
            raise S3Error("IncompleteBody", MALFORMED.format(text))

    def _line(self) -> str | None:
        end = self._buffer.find(b"\n", 0, LONGEST_LINE)
        if end < 0:
            if len(self._buffer) >= LONGEST_LINE:
                raise S3Error("IncompleteBody", MALFORMED.format("a line is too long"))
            return None
        line = bytes(self._buffer[:end]).rstrip(b"\r").decode("latin-1")
        del self._buffer[: end + 1]
        return line

    def _read_size(self) -> bytes:
        line = self._line()
        if line is None:
            return b""
        size, _, extension = line.partition(";")
        try:
            self._left = int(size.strip(), 16)
        except ValueError:
            text = MALFORMED.format(f"{size[:40]!r} is no chunk size")
            raise S3Error("IncompleteBody", text) from None
        if self._left < 0:
            raise S3Error("IncompleteBody", MALFORMED.format("a chunk size is negative"))
        self._signature = extension.partition("chunk-signature=")[2].strip()
        self._hash = hashlib.sha256()
        if self._left == 0:
            self._end_chunk()
            self._read = self._read_trailer
        else:
            self._read = self._read_data
        return b""

    def _read_data(self) -> bytes:
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: len(piece)]
        self._left -= len(piece)
        self._length += len(piece)
        if self._seal:
            self._hash.update(piece)
        if self._left == 0:
            self._end_chunk()
            self._read = self._read_gap
        return piece

    def _read_gap(self) -> bytes:
        line = self._line()
        if line:
            raise S3Error("IncompleteBody", MALFORMED.format("a chunk is longer than its size"))
        if line is not None:
            self._read = self._read_size
        return b""

    def _read_trailer(self) -> bytes:
        line = self._line()
        if line is None:
            return b""
        if not line:
            # The signature of the trailers is in the same section; minio-go sets it off by a blank line.
            if not (self._seal and self.trailers and not self._trailer_signature):
                self._end_trailers()
            return b""
        name, _, value = line.partition(":")
        if name.strip().lower() == "x-amz-trailer-signature":
            self._trailer_signature = value.strip()
        elif len(self.trailers) == MOST_TRAILERS:
            raise S3Error("IncompleteBody", MALFORMED.format(f"it has more than {MOST_TRAILERS} trailers"))
        else:
            self.trailers.append((name.strip().lower(), value.strip()))
        return b""

    def _end_chunk(self) -> None:
        self._prove("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_HASH}\n{self._hash.hexdigest()}", self._signature)

    def _end_trailers(self) -> None:
        self._done = True
        if self.trailers:
            text = "".join(f"{name}:{value}\n" for name, value in self.trailers)
            hashed = hashlib.sha256(text.encode("latin-1")).hexdigest()
            self._prove("AWS4-HMAC-SHA256-TRAILER", hashed, self._trailer_signature)

    def _prove(self, kind: str, hashes: str, signature: str) -> None:
        """Each signature covers the one before it, so that chunks can be neither moved nor left out."""
        seal = self._seal
        if seal is None:
            return
        text = f"{kind}\n{seal.moment}\n{seal.scope}\n{self._previous}\n{hashes}"
        expected = hmac.digest(seal.key, text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise S3Error("SignatureDoesNotMatch", "A chunk of the body does not have the signature it should.")
        self._previous = expected
