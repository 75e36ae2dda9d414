"""Calls of a job's process to the server that it belongs to, which wait while the server is away.

Standard library only, because it stands on the path of every job's own process.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

ATTEMPT = "RUNYARD_ATTEMPT_ID"
PATIENCE_S = 300.0  # how long a server may be away
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0
TIMEOUT_S = 300
AWAY = (502, 503)  # what is said while the ledger cannot be written


class ServerRefused(RuntimeError):
    """The server refused what was asked."""


class ServerAway(ServerRefused):
    """The server could not be reached for longer than one waits."""


def ask(path: str, body: Mapping[str, Any], *, wait_s: float = 0) -> dict[str, Any]:
    """Ask the server something that may be asked twice, as this attempt; `wait_s` is how long it may take to answer."""
    attempt = os.environ.get(ATTEMPT)
    if attempt is None:
        raise ServerRefused(f"This needs a run of a server of runyard: {ATTEMPT} is not set.")
    query = f"?wait_s={wait_s:g}" if wait_s else ""
    until, pause = time.monotonic() + PATIENCE_S, FIRST_WAIT_S
    while True:
        try:
            return _call(f"/runyard/v1{path}{query}", {"attempt": int(attempt), **body})
        except OSError as error:
            if time.monotonic() > until:
                raise ServerAway(f"The server was away for {PATIENCE_S:g} s: {error}") from error
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_WAIT_S)


def _call(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    from http.client import HTTPException  # noqa: PLC0415 - http.client and ssl take 30 ms, and most jobs never call
    from urllib.error import HTTPError  # noqa: PLC0415 - as above
    from urllib.request import Request, urlopen  # noqa: PLC0415 - as above

    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ.get('RUNYARD_TOKEN', '')}"}
    url = f"{os.environ['RUNYARD_URL'].rstrip('/')}{path}"
    request = Request(url, data=json.dumps(body).encode(), headers=headers, method="POST")  # noqa: S310 - our server
    try:
        with urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310 - as above
            answer: dict[str, Any] = json.loads(reply.read())
            return answer
    except HTTPError as error:
        text = _text(error.read())
        raise (ConnectionError if error.code in AWAY else ServerRefused)(text) from None
    except HTTPException as error:  # it broke off in the middle of an answer
        raise ConnectionError(str(error)) from error


def _text(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:500].decode(errors="replace")
