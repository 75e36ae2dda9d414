"""Calls to the server that this job belongs to, with the credentials of the job's environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

# The vendor's names first: a job that sets them means another workspace.
HOSTS = ("DATABRICKS_HOST", "RUNYARD_URL")
TOKENS = ("DATABRICKS_TOKEN", "RUNYARD_TOKEN")
TIMEOUT_S = 60
UNREACHABLE = "UNREACHABLE"


class ServiceError(Exception):
    """The server refused a call; `code` is its word for the reason."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def host() -> str | None:
    """Return where the server is."""
    found = _first(HOSTS)
    return found.rstrip("/") if found else None


def token() -> str | None:
    """Return what this job shows to the server."""
    return _first(TOKENS)


def get(path: str, **query: Any) -> dict[str, Any]:
    """Read something."""
    from urllib.parse import urlencode  # noqa: PLC0415 - most notebooks make no call, and all begin with our imports

    return _call("GET", f"{path}?{urlencode(query)}", None)


def post(path: str, body: Mapping[str, Any], **headers: str) -> dict[str, Any]:
    """Ask for something to be done."""
    return _call("POST", path, json.dumps(body).encode(), headers)


def _first(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _call(method: str, path: str, body: bytes | None, more: Mapping[str, str] | None = None) -> dict[str, Any]:
    from http.client import HTTPException  # noqa: PLC0415 - as above: http.client and ssl take 30 ms
    from urllib.error import HTTPError, URLError  # noqa: PLC0415 - as above
    from urllib.request import Request, urlopen  # noqa: PLC0415 - as above

    server = host()
    if server is None:
        raise ServiceError(f"This needs a server: set {HOSTS[0]} and {TOKENS[0]}.", code="NO_SERVER")
    address = server if "://" in server else f"https://{server}"
    headers = {
        "Content-Type": "application/json",
        **({"Authorization": f"Bearer {known}"} if (known := token()) else {}),
        **(more or {}),
    }
    request = Request(f"{address}{path}", data=body, headers=headers, method=method)  # noqa: S310 - the job's own server
    try:
        with urlopen(request, timeout=TIMEOUT_S) as reply:  # noqa: S310 - as above
            answer: dict[str, Any] = json.loads(reply.read() or b"{}")
            return answer
    except HTTPError as error:
        raise _refused(error.code, error.read()) from None
    except (OSError, HTTPException) as error:  # also what breaks off in the middle of an answer
        reason = error.reason if isinstance(error, URLError) else f"{type(error).__name__}: {error}"
        raise ServiceError(f"The server {address} cannot be reached: {reason}.", code=UNREACHABLE) from error


def _refused(status: int, body: bytes) -> ServiceError:
    try:
        told = json.loads(body)
        return ServiceError(str(told["message"]), code=str(told["error_code"]))
    except (ValueError, KeyError, TypeError):
        return ServiceError(f"The server answered {status}: {body[:500].decode(errors='replace')}", code=str(status))
