"""What expressions may read of a response, and of the headers that ask a caller to wait."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from runyard.arazzo.documents.reading import DEEPEST, is_deep
from runyard.arazzo.http.exchange import Exchange, HttpResponse
from runyard.arazzo.language.expressions import Message
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.requests.payloads import bare_type, is_json

BOM = b"\xef\xbb\xbf"
LONGEST_WAIT_TEXT = 20
UNUSUAL = re.compile(rb"\\u[dD][89a-fA-F]|[eE]\+?\d{3}")
"""What JSON allows and other programs do not read: half of a surrogate pair, and a number that is larger than any."""


def message(response: HttpResponse) -> Message:
    """The response as expressions read it: JSON as data, all else as text."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        known = name.lower()
        headers[known] = f"{headers[known]}, {value}" if known in headers else value
    return Message(headers=headers, body=_body(response.body, headers.get("content-type", "")))


def _body(content: bytes, content_type: str) -> Any:
    if not content:
        return MISSING
    said = is_json(content_type)
    # Some servers say text, or nothing, of their JSON.
    if said or (bare_type(content_type) in {"", "text/plain"} and content.lstrip()[:1] in {b"{", b"["}):
        try:
            return _data(content)
        except (ValueError, RecursionError):
            pass
    return content.decode("utf-8", "replace")


def _data(content: bytes) -> Any:
    data = json.loads(content.removeprefix(BOM).decode(), parse_constant=_no_constant)
    if content.count(b"[") + content.count(b"{") > DEEPEST and is_deep(data):
        raise RecursionError
    return _sendable(data) if UNUSUAL.search(content) else data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _sendable(value: Any) -> Any:
    """The value as it can be told and sent on: halves of surrogate pairs replaced, numbers beyond all bounds null."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_sendable(name): _sendable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_sendable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def retry_after(exchange: Exchange | None, now: float) -> float | None:
    """How many seconds a response asks to wait, in seconds or until a date; None if it does not."""
    if exchange is None or exchange.response is None:
        return None
    text = next((value.strip() for name, value in exchange.response.headers if name.lower() == "retry-after"), "")
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < LONGEST_WAIT_TEXT:
        return float(text)
    if not text:
        return None
    from datetime import UTC  # noqa: PLC0415  # few servers name a date
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # same

    try:
        moment = parsedate_to_datetime(text)
        until = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(until.timestamp() - now, 0.0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
