"""JSON on HTTP: which operation is meant, what it is asked, and the answer's bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from runyard.core.errors import InvalidRequest, RunyardError
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.native.calls import Call
from runyard.dialects.native.errors import UNAUTHENTICATED, NoSuchPath, WrongMethod, wire_error
from runyard.dialects.native.operations import OPERATIONS, Operation
from runyard.dialects.native.parameters import read
from runyard.engine.engine import Engine

PREFIX = "/runyard/v1"
_MEMBER = {"job": r"(?P<job>.+)", **{name: rf"(?P<{name}>[^/]+)" for name in ("run", "user", "token")}}


class Native:
    """Our own language."""

    def __init__(self, operations: Sequence[Operation] = OPERATIONS, *, prefix: str = PREFIX) -> None:
        self._prefix = prefix
        self._routes = [(operation, _pattern(operation.path)) for operation in operations]

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out a call."""
        try:
            operation, named = self._route(request)
            request.allow(operation.need, f"{operation.method} {operation.path}")
            asked = read(operation.asks, {**_body(request), **request.query, **named})
            call = Call(
                engine=engine,
                workspace=request.workspace,
                user=request.user,
                url=request.url,
                role=request.role,
                token_id=request.token_id,
                sessions=request.sessions,
            )
            told = operation.handle(call, asked)
            return told if isinstance(told, Reply) else _reply(told, status=operation.status)
        except RunyardError as error:
            return _refusal(error)

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Say why a call was not even looked at."""
        if isinstance(error, RunyardError):
            return _refusal(error)
        body = {"error": UNAUTHENTICATED, "message": str(error)}
        # What AWS's languages call forbidden is a missing or wrong token here: 401 says that one would help.
        told = HTTPStatus.UNAUTHORIZED if status == HTTPStatus.FORBIDDEN else status
        return _reply(body, status=told, headers={"www-authenticate": "Bearer"})

    def _route(self, request: Request) -> tuple[Operation, dict[str, str]]:
        path = request.path.removeprefix(self._prefix)
        found = [(operation, match) for operation, pattern in self._routes if (match := pattern.fullmatch(path))]
        for operation, match in found:
            if operation.method == request.method:
                return operation, match.groupdict()
        if not found:
            raise NoSuchPath(f"There is nothing at {request.path}.")
        allowed = ", ".join(dict.fromkeys(operation.method for operation, _ in found))
        raise WrongMethod(request.method, request.path, allowed=allowed)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(path.format(**_MEMBER), re.DOTALL)


def _body(request: Request) -> Mapping[str, Any]:
    if not request.body:
        return {}
    try:
        body = msgspec.json.decode(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The body is not JSON that can be read: {error}.") from error
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return body


def _refusal(error: RunyardError) -> Reply:
    status, code = wire_error(error)
    headers = {"allow": error.allowed} if isinstance(error, WrongMethod) else {}
    return _reply({"error": code, "message": str(error)}, status=status, headers=headers)


def _reply(body: Mapping[str, Any], *, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    content = {"content-type": "application/json", "cache-control": "no-store"}
    return Reply(status=status, headers={**content, **(headers or {})}, body=msgspec.json.encode(body))
