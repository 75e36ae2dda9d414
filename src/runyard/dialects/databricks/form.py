"""A body of the type multipart/form-data: texts and a file's bytes, as `curl -F` and the SDK's uploads send them."""

from __future__ import annotations

import re

from runyard.dialects.databricks.errors import Refusal

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BLANK = b"\r\n\r\n"


def parts(body: bytes, content_type: str) -> dict[str, bytes]:
    """Return the parts by name."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise Refusal("MALFORMED_REQUEST", f"The content type {content_type!r} names no boundary.")
    mark = b"\r\n--" + (boundary[1] or boundary[2]).encode("latin-1")
    pieces = (b"\r\n" + body).split(mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004 - what is before the first mark, and the end
        raise Refusal("MALFORMED_REQUEST", "The body breaks off before its last boundary.")
    return dict(_part(piece) for piece in pieces[1:-1])


def _part(piece: bytes) -> tuple[str, bytes]:
    head, blank, content = piece.partition(_BLANK)
    name = _NAME.search(head)
    if not blank or name is None:
        raise Refusal("MALFORMED_REQUEST", "A part of the body has no name; each needs a Content-Disposition.")
    return name[1].decode("utf-8", "replace"), content
