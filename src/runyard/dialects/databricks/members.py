"""What a call says, read from path, query and body alike: as lenient as the services' own JSON."""

from __future__ import annotations

import base64
import binascii
import mmap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest
from runyard.dialects import reading
from runyard.dialects.databricks.calls import Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.trees import form
from runyard.dialects.exchange import Request
from runyard.executors.launcher.depth import DEEPEST, is_too_deep

REQUIRED = "!"
CONTENT = "bytes"  # of an operation's body: content, not members
LARGEST_JSON = 16 * 1024 * 1024
EMPTY: tuple[Any, ...] = (None, "")
"""As if they were absent; an empty array or object is for the operation to judge: `continuous: {}` says much."""


def members(operation: Operation, request: Request, named: Mapping[str, str]) -> dict[str, Any]:
    """Return the members of a call that say something, each of the type that the operation takes; others as they came.

    Clients in other languages send numbers and flags as text, a body with a GET, and empty texts for absent ones.
    """
    body = {} if operation.body == CONTENT else _body(request)
    said = {**request.query, **body, **named}
    given = {name: value for name, value in said.items() if value not in EMPTY}
    for name, kind in operation.takes.items():
        if name in given:
            given[name] = READERS[kind.removesuffix(REQUIRED)](given[name], name)
        elif kind.endswith(REQUIRED):
            raise InvalidRequest(f"Missing required field: {name}")
    return given


def _body(request: Request) -> dict[str, Any]:
    """Return the members of a body; JSON whatever its type is called, as the old command calls it text/json."""
    content = mapped(request.spool) if request.spool else request.body
    content_type = request.headers.get("content-type", "")
    if form.is_form(content_type):
        return dict(form.parts(content, content_type))
    if len(content) > LARGEST_JSON:
        raise Refusal("MALFORMED_REQUEST", f"The body has {len(content)} bytes of JSON; the most is {LARGEST_JSON}.")
    plain = content[:]
    return _json(plain) if plain.strip() else {}


def mapped(file: Path) -> mmap.mmap | bytes:
    """Return the bytes of a file without reading it into memory."""
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) if file.stat().st_size else b""


def _json(body: bytes) -> dict[str, Any]:
    text = "Invalid JSON given in the body of the request"  # the service's words
    try:
        read = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Refusal("MALFORMED_REQUEST", f"{text} - failed to parse given JSON: {error}") from error
    if not isinstance(read, dict):
        raise Refusal("MALFORMED_REQUEST", f"{text} - expected a map")
    if body.count(b"{") + body.count(b"[") > DEEPEST and is_too_deep(read):
        raise Refusal("MALFORMED_REQUEST", f"{text} - it is nested deeper than {DEEPEST} levels")
    return read


def _content(value: Any, name: str) -> bytes | form.Slice:
    """Return bytes: what a form holds as it is, a text from its base64."""
    if isinstance(value, bytes | form.Slice):
        return value
    plain = "".join(reading.text(value, name).split())
    try:
        return base64.b64decode(plain, validate=True)
    except binascii.Error as error:
        raise InvalidRequest(f"Invalid value for {name}: it is not base64 ({error}).") from error


def _plainly(read: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Return a reader that takes the bytes of a form for the text that they are."""

    def text_of(value: Any, name: str) -> Any:
        try:
            return read(value.decode() if isinstance(value, bytes) else value, name)
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"Invalid value for {name}: it is not UTF-8.") from error

    return text_of


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "int": _plainly(reading.integer),
    "bool": _plainly(reading.flag),
    "string": _plainly(reading.text),
    "array": reading.array,
    "object": reading.mapping,
    "bytes": _content,
}
"""How a member of each type is read."""
