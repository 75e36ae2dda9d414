"""JSON on HTTP: which operation is meant, what it is told, and the answer's bytes and headers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec

from runyard.core.errors import RunyardError
from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.errors import Refusal, WireError, wire_error
from runyard.dialects.databricks.members import members
from runyard.dialects.databricks.operations import OPERATIONS
from runyard.dialects.databricks.routes import PREFIX, Routes
from runyard.dialects.exchange import Reply, Request
from runyard.engine.engine import Engine

PATHS = tuple(f"{PREFIX}{version}" for version in ("2.", "1."))
"""What the language answers, be it to say that there is no such version."""
RETRY_AFTER_S = 1
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
ANONYMOUS = WireError(
    status=HTTPStatus.UNAUTHORIZED,
    code="UNAUTHENTICATED",
    message="Credential was not sent or was of an unsupported type for this API.",
)
STRANGER = WireError(status=HTTPStatus.FORBIDDEN, code="PERMISSION_DENIED", message="Invalid access token.")


class Databricks:
    """The language of Databricks' workspaces."""

    def __init__(self) -> None:
        self._routes = Routes(OPERATIONS)

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out one call."""
        try:
            route = self._routes.find(request.method, request.path)
            request.allow(route.operation.need, route.operation.id)
            said = members(route.operation, request, route.named)
            call = Call(engine=engine, request=request, version=route.version, members=said)
            told = route.operation.handle(call)
        except RunyardError as error:
            return _refusal(wire_error(error))
        except OSError as error:  # of the files that the caller named
            return _refusal(wire_error(Refusal("IO_ERROR", f"{error.strerror}: {request.path} could not be done.")))
        # The SDK asks any answer which workspace it came from.
        place = {"x-databricks-org-id": str(request.workspace.id)}
        if isinstance(told, Reply):
            return replace(told, headers={**place, **told.headers})
        return _reply(told or {}, headers=place)  # clients read JSON from every success

    def takes_content(self, method: str, path: str) -> bool:
        """Tell whether the body of a call may be large."""
        route = self._routes.known(method, path) if path.startswith(PATHS) else None
        return route is not None and bool(route.operation.body)

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Say why a call was not even looked at."""
        if isinstance(error, RunyardError):
            return _refusal(wire_error(error))
        is_anonymous = status == HTTPStatus.UNAUTHORIZED or getattr(error, "code", "") == "MissingAuthenticationToken"
        return _refusal(ANONYMOUS if is_anonymous else STRANGER)


def _refusal(wire: WireError) -> Reply:
    patience = {"retry-after": str(RETRY_AFTER_S)} if wire.status in BUSY else {}
    body = {"error_code": wire.code, "message": wire.message, "details": []}
    return _reply(body, status=wire.status, headers=patience)


def _reply(body: Mapping[str, Any], *, status: int = HTTPStatus.OK, headers: Mapping[str, str]) -> Reply:
    content = {"content-type": "application/json", "x-request-id": str(uuid.uuid4())}
    return Reply(status=status, headers={**content, **headers}, body=msgspec.json.encode(body))
