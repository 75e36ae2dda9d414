"""What went wrong, in the forms in which the services say it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

LONGEST_TEXT = 2000
REQUEST_IDS = ("x-amzn-requestid", "x-request-id", "x-amz-request-id", "x-databricks-request-id")
CODES = ("error_code", "__type", "code", "error")
TEXTS = ("message", "Message", "errorMessage", "error_description", "detail")
_TAG = re.compile(r"<[^>]*>")

THROTTLED = frozenset({
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
})  # fmt: skip
"""Codes by which AWS turns a call away because there are too many, mostly under status 400."""


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that says no."""

    code: str
    text: str
    request_id: str


def read(status: int, body: bytes, headers: Mapping[str, str]) -> Refusal:
    """Return what an answer says, whichever service it is of."""
    told = _members(body)
    code = headers.get("x-amzn-errortype") or next((str(told[name]) for name in CODES if told.get(name)), "")
    text = next((str(told[name]) for name in TEXTS if told.get(name)), "")
    return Refusal(
        code=code.rpartition("#")[2].partition(":")[0],  # "com.amazonaws.glue#NotFound:http://…"
        text=text[:LONGEST_TEXT] or _plain(body) or _phrase(status),
        request_id=next((headers[name] for name in REQUEST_IDS if headers.get(name)), ""),
    )


def was_turned_away(status: int, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether a service did nothing because it has too much to do: then anything may be asked again."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return status == HTTPStatus.BAD_REQUEST and read(status, body, headers).code in THROTTLED


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _plain(body: bytes) -> str:
    """Return the words of a page that is no JSON, as proxies answer."""
    return " ".join(_TAG.sub(" ", body.decode("utf-8", "replace")).split())[:300]


def _phrase(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase} (the answer says no more)"
    except ValueError:
        return "the answer says no more"
