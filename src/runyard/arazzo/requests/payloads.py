"""The body of a request as bytes, by its content type."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from runyard.arazzo.apis.operations import ParameterRule
from runyard.arazzo.language.values import as_text
from runyard.arazzo.records import Record
from runyard.arazzo.requests.styles import in_query
from runyard.core.errors import InvalidRequest

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
TEXT = "text/plain"
LINES = frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"})


class Body(Record):
    """What is sent, and as what."""

    content_type: str
    content: bytes


def chosen_type(said: str | None, known: Sequence[str], payload: Any) -> str:
    """The content type: what the step says, else what suits the payload of those that the operation takes."""
    if said:
        return said
    wanted = JSON if not isinstance(payload, str | bytes) else None
    for content_type in known:
        if wanted is None or is_json(content_type) or bare_type(content_type) in {FORM, MULTIPART}:
            return content_type
    if known:
        return known[0]
    return JSON if wanted else "application/octet-stream" if isinstance(payload, bytes) else TEXT


@lru_cache(maxsize=64)
def bare_type(content_type: str) -> str:
    """The content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """Whether the type is JSON or something written in it."""
    bare = bare_type(content_type)
    return bare in {JSON, "text/json"} or bare.endswith("+json")


def is_xml(content_type: str) -> bool:
    """Whether the type is XML or something written in it."""
    bare = bare_type(content_type)
    return bare in {"application/xml", "text/xml"} or bare.endswith("+xml")


def body(content_type: str, payload: Any) -> Body:
    """The payload as bytes of this type; refuse what cannot be written so."""
    bare = bare_type(content_type)
    if bare == MULTIPART and not isinstance(payload, str | bytes):
        return _multipart(content_type, payload)
    if isinstance(payload, bytes):
        return Body(content_type=content_type, content=payload)
    if is_json(content_type):
        return Body(content_type=content_type, content=_json(payload))
    text = WRITERS.get(bare, _text)(content_type, payload)
    return Body(content_type=content_type, content=text.encode(errors="replace"))


def _json(payload: Any) -> bytes:
    """A text that reads as an object or array is JSON already: a template, mostly."""
    if isinstance(payload, str) and payload.lstrip().startswith(("{", "[")):
        try:
            json.loads(payload)
        except (ValueError, RecursionError):
            pass
        else:
            return payload.encode(errors="replace")
    return _dumped(payload).encode()


def _dumped(payload: Any) -> str:
    try:
        return json.dumps(payload, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"The payload cannot be written as JSON: {error}.") from error


def _text(content_type: str, payload: Any) -> str:
    if isinstance(payload, dict | list) and is_xml(content_type):
        raise InvalidRequest(f"A payload of type {content_type} is to be a text; here it is an object.")
    return as_text(payload)


def _form(content_type: str, payload: Any) -> str:
    if isinstance(payload, str):
        return payload
    if not isinstance(payload, dict):
        raise InvalidRequest(f"A payload of type {content_type} is to be an object or a text.")
    rules = (ParameterRule(name=name, location="query", explode=True) for name in payload)
    written = (_field(rule, payload[rule.name]) for rule in rules if payload[rule.name] is not None)
    return "&".join(filter(None, written))


def _field(rule: ParameterRule, value: Any) -> str:
    # An object inside a form is written as JSON, as OpenAPI does by default.
    return in_query(rule, _dumped(value) if isinstance(value, dict) else value)


def _lines(_: str, payload: Any) -> str:
    if isinstance(payload, str):
        return payload
    return "".join(f"{_dumped(line)}\n" for line in (payload if isinstance(payload, list) else [payload]))


WRITERS: Mapping[str, Callable[[str, Any], str]] = {FORM: _form, **dict.fromkeys(LINES, _lines)}


def _multipart(content_type: str, payload: Any) -> Body:
    import hashlib  # noqa: PLC0415  # 4 ms that only such a payload needs

    if not isinstance(payload, dict):
        raise InvalidRequest(f"A payload of type {content_type} is to be an object or a text.")
    parts = [
        _part(name, value)
        for name, given in payload.items()
        if given is not None
        for value in (given if isinstance(given, list) else [given])
    ]
    # Made of the parts, so that the same payload is the same request again, and none of them contains it.
    boundary = f"runyard-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"
    mark = boundary.encode()
    content = b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + mark + b"--\r\n"
    return Body(content_type=f"{MULTIPART}; boundary={boundary}", content=content)


def _part(name: str, value: Any) -> bytes:
    quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    disposition = f'Content-Disposition: form-data; name="{quoted}"'
    if isinstance(value, bytes):
        head = f'{disposition}; filename="{quoted}"\r\nContent-Type: application/octet-stream'
        return f"{head}\r\n\r\n".encode(errors="replace") + value
    if isinstance(value, dict | list):
        return f"{disposition}\r\nContent-Type: {JSON}\r\n\r\n{_dumped(value)}".encode(errors="replace")
    return f"{disposition}\r\n\r\n{as_text(value)}".encode(errors="replace")
