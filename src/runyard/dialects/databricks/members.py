"""What a call says, read from path, query and body alike: as lenient as the services' own JSON."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks import form, reading
from runyard.dialects.databricks.calls import Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.exchange import Request

REQUIRED = "!"
CONTENT = "bytes"  # of an operation's body: content, not members
EMPTY: tuple[Any, ...] = (None, "", [], {})


def members(operation: Operation, request: Request, named: Mapping[str, str]) -> dict[str, Any]:
    """Return the members of a call that are not empty, each of the type that the operation takes; others as they came.

    Clients in other languages send numbers and flags as text, a body with a GET, and empty members for absent ones.
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
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        return dict(form.parts(request.body, content_type))
    return _json(request.body) if request.body.strip() else {}


def _json(body: bytes) -> dict[str, Any]:
    text = "Invalid JSON given in the body of the request"  # the service's words
    try:
        read = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise Refusal("MALFORMED_REQUEST", f"{text} - failed to parse given JSON: {error}") from error
    if not isinstance(read, dict):
        raise Refusal("MALFORMED_REQUEST", f"{text} - expected a map")
    return read


def _content(value: Any, name: str) -> bytes:
    """Return bytes: a file of a form as it is, a text from its base64."""
    if isinstance(value, bytes):
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
