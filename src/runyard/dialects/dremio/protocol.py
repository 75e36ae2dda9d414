"""JSON on HTTP: which operation is meant, what it is told, and the answer's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import msgspec

from runyard.core.errors import LedgerUnavailable, RunyardError
from runyard.core.job import Workspace
from runyard.dialects import reading
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import NOTHING_SAID, Refusal, status_of, wrong
from runyard.dialects.dremio.login import login_in
from runyard.dialects.dremio.operations import OPERATIONS
from runyard.dialects.dremio.routes import Route, Routes
from runyard.dialects.dremio_ids import project_id
from runyard.dialects.exchange import Login, Reply, Request
from runyard.dialects.openapi import REQUIRED
from runyard.engine.engine import Engine
from runyard.executors.launcher.depth import DEEPEST, is_too_deep

PATHS = ("/v0/projects", "/v1/users", "/v1/roles", "/api/v3/", "/apiv2/", "/apiv3/")
"""Where the language is spoken, be it to say that there is nothing."""
SEGMENTS = "*"  # behind a name in a path: it stands for all that follows
READERS = {
    "int": reading.integer,
    "bool": reading.flag,
    "string": reading.text,
    "array": reading.array,
    "object": reading.mapping,
}
"""How a member of each type is read."""


class Dremio:
    """The language of Dremio's projects, in the cloud and on servers of one's own."""

    def __init__(self) -> None:
        self._routes = Routes(OPERATIONS)

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out one call."""
        try:
            route = self._routes.find(request.method, request.raw_path)
            request.allow(route.operation.need, route.operation.id)
            named = {name: unquote(text) for name, text in route.named.items() if name not in _whole(route)}
            check_project(named.get("project_id", ""), request.workspace)
            said = members(route.operation, request, {**route.named, **named})
            told = route.operation.handle(Call(engine=engine, request=request, base=route.base, members=said))
        except RunyardError as error:
            return _refusal(status_of(error), str(error))
        except OSError as error:  # of the files that the caller named
            return _refusal(HTTPStatus.BAD_REQUEST, f"{error.strerror}: {request.path} could not be done.")
        return told if isinstance(told, Reply) else _reply(told, status=route.operation.status)

    def login(self, method: str, path: str, body: bytes) -> Login | None:
        """Return who a call says in its body that they are; None if it is no login."""
        return login_in(method, path, body)

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Say why a call was not even looked at."""
        if isinstance(error, LedgerUnavailable):
            return _refusal(status_of(error), str(error))
        if isinstance(error, RunyardError):
            return _refusal(status, str(error))
        return _refusal(HTTPStatus.UNAUTHORIZED, str(error))


def members(operation: Operation, request: Request, named: Mapping[str, str]) -> dict[str, Any]:
    """Return what a call says, each member of the type that the operation takes; null is as if it were absent."""
    said = {**request.query, **_body(request, operation.listed), **named}
    given = {name: value for name, value in said.items() if value is not None}
    for name, kind in operation.takes.items():
        if name in given:
            given[name] = READERS[kind.removesuffix(REQUIRED)](given[name], name)
        elif kind.endswith(REQUIRED):
            raise wrong(f"The member {name} is missing; it must be given.")
    return given


def _body(request: Request, listed: str) -> dict[str, Any]:
    if not request.body.strip():
        return {}
    try:
        read = msgspec.json.decode(request.body)
    except (ValueError, RecursionError) as error:
        raise wrong(f"The body is not JSON that can be read: {error}.") from error
    if read is None:
        return {}
    if listed and isinstance(read, list):
        read = {listed: read}
    if not isinstance(read, dict) or is_too_deep(read):
        raise wrong(f"The body must be a JSON object, nested no deeper than {DEEPEST} levels.")
    return read


def _whole(route: Route) -> set[str]:
    """Return the names that stand for several segments, each of which is encoded by itself."""
    return {name for name in route.named if f"{{{name}{SEGMENTS}}}" in route.operation.path}


def check_project(named: str, workspace: Workspace) -> None:
    """Refuse another project than the token's; who names none means that."""
    own = project_id(workspace.name)
    if named and named.lower() != own:
        text = f"The token may not be used for project {named}; it is one of project {own}."
        raise Refusal(HTTPStatus.FORBIDDEN, text)


def _refusal(status: int, text: str) -> Reply:
    return _reply({"errorMessage": text or NOTHING_SAID, "moreInfo": ""}, status=status)


def _reply(body: object, *, status: int) -> Reply:
    if body is None:
        return Reply(status=status)
    return Reply(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(body))
