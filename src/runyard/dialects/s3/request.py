"""A request and an answer of S3, apart from the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, cast

from runyard.core.access import Role
from runyard.dialects.s3.checksums import stated_checksums
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.records import KEPT_HEADERS

if TYPE_CHECKING:
    from runyard.dialects.s3.spool import Spool

USER_PREFIX = "x-amz-meta-"
MOST_METADATA = 2048


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked; header names in lower case, query decoded."""

    method: str
    bucket: str = ""
    key: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    owner: str = "runyard"
    region: str = "us-east-1"
    role: Role = Role.VIEWER  # of whoever signed
    document: bytes = b""
    spool: Spool | None = None

    @property
    def body(self) -> Spool:
        """The body of an operation that takes one."""
        return cast("Spool", self.spool)  # the table of operations says which requests come with one

    def number(self, name: str, *, default: int, low: int = 0, high: int = 1000) -> int:
        """A whole number of the query, at most `high`."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > len(str(2**31)) or int(text) < low:
            message = f"{name} must be a whole number from {low} to 2147483647, not {text[:20]!r}."
            raise S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=text[:20])
        return min(int(text), high)

    def kept_headers(self) -> dict[str, str]:
        """The headers that describe the object and are given back with it."""
        kept = {name: self.headers[name] for name in KEPT_HEADERS if self.headers.get(name)}
        # aws-chunked says how the body travelled, which is over now.
        codings = [each.strip() for each in kept.pop("content-encoding", "").split(",")]
        coding = ",".join(each for each in codings if each and each != "aws-chunked")
        return {**kept, "content-encoding": coding} if coding else kept

    def metadata(self) -> dict[str, str]:
        """The user's own x-amz-meta-* headers."""
        given = {
            name.removeprefix(USER_PREFIX): value
            for name, value in self.headers.items()
            if name.startswith(USER_PREFIX)
        }
        size = sum(len(name) + len(value) for name, value in given.items())
        if size > MOST_METADATA:
            raise S3Error("MetadataTooLarge", Size=str(size), MaxSizeAllowed=str(MOST_METADATA))
        return given

    def stated_checksums(self) -> dict[str, str]:
        """The checksums that the headers or, with them by now, the trailers state."""
        return stated_checksums(self.headers)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an open file, to be sent and then closed."""

    file: BinaryIO
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Piece = b""


def document(content: bytes, *, headers: dict[str, str] | None = None) -> Reply:
    """An answer of XML."""
    return Reply(headers={"content-type": "application/xml", **(headers or {})}, body=content)
