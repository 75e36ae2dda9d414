"""Each language asks for the caller's role before it looks at anything: nothing is done for whoever may not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from awaiting import awaited
from records import a_workspace

from runyard.core.access import Role
from runyard.dialects.aws import events, iam, logs, sts
from runyard.dialects.aws.operations import need_of
from runyard.dialects.databricks.operations import OPERATIONS as DATABRICKS
from runyard.dialects.databricks.protocol import Databricks
from runyard.dialects.dremio.operations import OPERATIONS as DREMIO
from runyard.dialects.dremio.protocol import Dremio
from runyard.dialects.dremio_ids import project_id
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.glue import protocol as glue
from runyard.dialects.glue.operations import OPERATIONS as GLUE
from runyard.dialects.native.operations import OPERATIONS as NATIVE
from runyard.dialects.native.protocol import PREFIX, Native
from runyard.dialects.s3.edge import S3
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.operations import OPERATIONS as S3_TABLE
from runyard.dialects.s3.request import Request as S3Request
from runyard.engine.engine import Engine
from runyard.web.console.table import OPERATIONS as CONSOLE
from runyard.web.console.table import PREFIX as PAGES
from runyard.web.flight.table import OPERATIONS as FLIGHT
from runyard.web.flight.words import PREFIX as FLIGHTS

NO_ENGINE = cast("Engine", None)  # whatever is asked of it would fail
BELOW = {Role.OPERATOR: (Role.VIEWER,), Role.ADMIN: (Role.VIEWER, Role.OPERATOR)}
WORKSPACE = a_workspace()
AWS = {
    "logs": (logs, logs.OPERATIONS, "Logs_20140328."),
    "events": (events, events.OPERATIONS, "AWSEvents."),
    "iam": (iam, iam.OPERATIONS, ""),
    "sts": (sts, sts.OPERATIONS, ""),
}


def request(method: str, path: str, role: Role, *, body: bytes = b"", target: str = "") -> Request:
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query={},
        headers={"x-amz-target": target} if target else {},
        body=body,
        workspace=WORKSPACE,
        user="vera",
        role=role,
        url="http://127.0.0.1:1",
    )


def filled(path: str) -> str:
    """Return a path with something in the place of each name."""
    return re.sub(r"\{project_id\}", project_id(WORKSPACE.name), re.sub(r"\{(?!project_id)\w+(\*?)\}", "1", path))


def below(operations: Any) -> list[tuple[Any, Role]]:
    """Return each operation with each role that is not enough for it."""
    return [(one, role) for one in operations for role in BELOW.get(one.need, ())]


def told(reply: Reply) -> dict[str, Any]:
    return dict(json.loads(reply.body))


@pytest.mark.parametrize("name", [name for name, one in GLUE.items() if one.need is not Role.VIEWER])
def test_glue_asks_first(name: str) -> None:
    reply = glue.answer(NO_ENGINE, request("POST", "/", Role.VIEWER, target=f"AWSGlue.{name}"))

    assert (reply.status, told(reply)["__type"]) == (400, "AccessDeniedException")
    assert reply.headers["x-amzn-errortype"] == "AccessDeniedException"
    assert f"is not authorized to perform: glue:{name} because" in told(reply)["Message"]


@pytest.mark.parametrize(
    ("service", "name"),
    [(service, name) for service, (_, known, _) in AWS.items() for name in known if need_of(name) is not Role.VIEWER],
)
def test_every_service_of_aws_asks_first(service: str, name: str) -> None:
    module, _, target = AWS[service]
    asked = request("POST", "/", Role.VIEWER, body=f"Action={name}".encode(), target=f"{target}{name}")
    reply = module.answer(NO_ENGINE, asked)

    assert reply.status == (400 if target else 403)
    assert b"AccessDenied" in reply.body
    assert f"is not authorized to perform: {service}:{name} because".encode() in reply.body


@pytest.mark.parametrize(("operation", "role"), below(DATABRICKS), ids=lambda one: getattr(one, "id", str(one)))
def test_databricks_asks_first(operation: Any, role: Role) -> None:
    databricks = Databricks()
    for version in operation.versions:
        path = filled(f"/api/{version}/{operation.path.replace('{path*}', '/a')}")
        reply = databricks.answer(NO_ENGINE, request(operation.method, path, role))

        assert (reply.status, told(reply)["error_code"]) == (403, "PERMISSION_DENIED")
        assert told(reply)["message"].startswith(f"{operation.id} needs the role {operation.need}")


@pytest.mark.parametrize(("operation", "role"), below(DREMIO), ids=lambda one: getattr(one, "id", str(one)))
def test_dremio_asks_first(operation: Any, role: Role) -> None:
    dremio = Dremio()
    for base in operation.bases:
        reply = dremio.answer(NO_ENGINE, request(operation.method, filled(base + operation.path), role))

        assert reply.status == 403
        assert told(reply)["errorMessage"].startswith(f"{operation.id} needs the role {operation.need}")


@pytest.mark.parametrize(
    ("prefix", "operation", "role"),
    [
        (prefix, one, role)
        for prefix, table in ((PREFIX, NATIVE), (PAGES, CONSOLE), (FLIGHTS, FLIGHT))
        for one, role in below(table)
    ],
    ids=lambda one: f"{one.method} {one.path}" if hasattr(one, "path") else str(one),
)
def test_our_own_languages_ask_first(prefix: str, operation: Any, role: Role) -> None:
    table = {PREFIX: NATIVE, PAGES: CONSOLE, FLIGHTS: FLIGHT}[prefix]
    native = Native(table, prefix=prefix)
    reply = native.answer(NO_ENGINE, request(operation.method, prefix + filled(operation.path), role))

    assert (reply.status, told(reply)["error"]) == (403, "forbidden")


@pytest.mark.parametrize("key", [key for key, one in S3_TABLE.items() if one.need is not Role.VIEWER], ids=str)
def test_s3_asks_before_it_takes_a_byte(key: tuple[str, str, str], tmp_path: Path) -> None:
    method, level, sub_resource = key
    endpoint = S3(SimpleNamespace(folders={"s3://": tmp_path}))
    asked = S3Request(
        method=method,
        bucket="" if level == "service" else "shelf",
        key="a" if level in {"object", "copy"} else "",
        query={sub_resource: ""} if sub_resource else {},
        headers={"x-amz-copy-source": "shelf/b"} if level == "copy" else {},
        role=Role.VIEWER,
    )

    async def nothing() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    with pytest.raises(S3Error) as caught:
        awaited(endpoint._answer(asked, nothing))
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    assert list(tmp_path.iterdir()) == []
