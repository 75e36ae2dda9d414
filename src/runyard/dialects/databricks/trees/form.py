"""A body of the type multipart/form-data: texts and a file's bytes, as `curl -F` and the clients' uploads send them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from runyard.dialects.databricks.errors import Refusal

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILE = re.compile(rb"[;\s]filename\*?=", re.IGNORECASE)
_BLANK = b"\r\n\r\n"
_LONGEST_HEAD = 16 * 1024
_MOST_PARTS = 1000
_LONGEST_TEXT = 16 * 1024 * 1024  # of a part that is no file: it is held in memory
_AT_ONCE = 1024 * 1024


class Bytes(Protocol):
    """Bytes in memory or, as a mapped file, on disk."""

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """Return where `sub` begins, or -1."""
        ...

    def __getitem__(self, part: slice, /) -> bytes: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Slice:
    """A file in a body, which may be too large to be held in memory."""

    body: Bytes
    start: int
    end: int

    def copy_to(self, file: BinaryIO) -> None:
        """Write it, piece by piece."""
        starts = range(self.start, self.end, _AT_ONCE)
        file.writelines(self.body[start : min(start + _AT_ONCE, self.end)] for start in starts)

    def __len__(self) -> int:
        return self.end - self.start

    def __bytes__(self) -> bytes:
        """Return it whole."""
        return self.body[self.start : self.end]


def is_form(content_type: str) -> bool:
    """Tell whether a body is a form."""
    return content_type.lower().startswith("multipart/form-data")


def parts(body: Bytes, content_type: str) -> dict[str, bytes | Slice]:
    """Return the parts of a form by name: bytes, or a slice of the body for a file."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise Refusal("MALFORMED_REQUEST", f"The content type {content_type!r} names no boundary.")
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1")
    found: dict[str, bytes | Slice] = {}
    start = body.find(mark)
    while start >= 0 and body[start + len(mark) : start + len(mark) + 2] != b"--":
        end = body.find(b"\r\n" + mark, start + len(mark))
        if end < 0:
            break
        name, part = _part(body, start + len(mark), end)
        found[name] = part
        if len(found) > _MOST_PARTS:
            raise Refusal("MALFORMED_REQUEST", f"The body has more than {_MOST_PARTS} parts.")
        start = end + 2
    else:
        if start >= 0:
            return found
    raise Refusal("MALFORMED_REQUEST", "The body breaks off before its last boundary.")


def _part(body: Bytes, start: int, end: int) -> tuple[str, bytes | Slice]:
    blank = body.find(_BLANK, start, min(end + len(_BLANK), start + _LONGEST_HEAD))
    head = body[start : max(blank, start)]
    name = _NAME.search(head)
    if blank < 0 or name is None:
        raise Refusal("MALFORMED_REQUEST", "A part of the body has no name; each needs a Content-Disposition.")
    content = Slice(body, blank + len(_BLANK), max(end, blank + len(_BLANK)))
    if _FILE.search(head):
        return name[1].decode("utf-8", "replace"), content
    if len(content) > _LONGEST_TEXT:
        raise Refusal("MALFORMED_REQUEST", f"A part has {len(content)} bytes of text; send more as a file.")
    return name[1].decode("utf-8", "replace"), bytes(content)
