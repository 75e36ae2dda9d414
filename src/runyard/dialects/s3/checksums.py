"""Digests of a body while it passes: MD5 for the ETag, and the checksum algorithms of S3."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from typing import TYPE_CHECKING, Protocol

from runyard.dialects.s3.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HEADER = "x-amz-checksum-"


class Digest(Protocol):
    """What hashlib's objects do."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The value so far."""


class Crc32:
    """zlib's CRC-32 in the manner of hashlib."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        """The value so far, most significant byte first."""
        return self._value.to_bytes(4, "big")


def md5() -> Digest:
    """An ETag's digest, which protects against accidents only."""
    return hashlib.md5(usedforsecurity=False)


def sha1() -> Digest:
    """One of S3's checksum algorithms, which protects against accidents only."""
    return hashlib.sha1(usedforsecurity=False)


# None: not in the standard library and too slow in pure Python; kept as the client states it, never computed.
ALGORITHMS: dict[str, Callable[[], Digest] | None] = {
    "crc32": Crc32,
    "sha1": sha1,
    "sha256": hashlib.sha256,
    "crc32c": None,
    "crc64nvme": None,
}


class Digests:
    """Every digest that one body needs."""

    def __init__(self, algorithms: Iterable[str] = ()) -> None:
        self.size = 0
        self._md5 = md5()
        self._others = {name: make() for name in algorithms if (make := ALGORITHMS.get(name))}

    def update(self, data: bytes) -> None:
        """Take more bytes."""
        self.size += len(data)
        self._md5.update(data)
        for digest in self._others.values():
            digest.update(data)

    @property
    def etag(self) -> str:
        """The MD5 in hex."""
        return self._md5.digest().hex()

    def check(self, stated: Mapping[str, str], content_md5: str | None) -> dict[str, str]:
        """Compare with what the client says; return all checksums known, computed or taken on its word."""
        if content_md5 is not None and _decoded(content_md5, "Content-MD5") != self._md5.digest():
            raise S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.")
        computed = {name: base64.b64encode(each.digest()).decode() for name, each in self._others.items()}
        for name, value in stated.items():
            _decoded(value, HEADER + name)
            if computed.get(name, value) != value:
                message = f"The {name.upper()} you specified did not match the calculated checksum."
                raise S3Error("BadDigest", message)
        return {**stated, **computed}


def stated_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """The checksums that headers or trailers state."""
    return {name: headers[HEADER + name] for name in ALGORITHMS if HEADER + name in headers}


def wanted_algorithms(headers: Mapping[str, str]) -> set[str]:
    """The algorithms that a request asks for, states, or announces as a trailer."""
    asked = headers.get("x-amz-sdk-checksum-algorithm") or headers.get("x-amz-checksum-algorithm") or ""
    announced = headers.get("x-amz-trailer", "").lower().removeprefix(HEADER)
    return {asked.lower(), announced, *stated_checksums(headers)} & set(ALGORITHMS)


def of_parts(algorithm: str, parts: Iterable[str]) -> str | None:
    """The checksum of the parts' checksums, as S3 gives it for a multipart object."""
    make = ALGORITHMS[algorithm]
    if make is None:
        return None
    digest = make()
    count = 0
    for count, part in enumerate(parts, start=1):  # noqa: B007 - the count is wanted after the loop
        digest.update(base64.b64decode(part))
    return f"{base64.b64encode(digest.digest()).decode()}-{count}"


def _decoded(value: str, header: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise S3Error("InvalidDigest", f"The {header} you specified is not valid base64: {value!r}") from None
