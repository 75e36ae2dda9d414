"""AWS's Identity and Access Management, as far as a job needs it: roles, which here are names only."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, NotSupported, RunyardError
from runyard.dialects.aws.account import ROLE_ID, iam_arn, unique_id
from runyard.dialects.aws.operations import Call, Codes, Operation, UnknownOperation
from runyard.dialects.aws.query import QueryService, records
from runyard.dialects.aws.roles import Role, Roles

MOST_ITEMS = 1000
DEFAULT_ITEMS = 100
ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
PATH = re.compile(r"/|/[!-~]{1,510}/", re.ASCII)
SESSION_S = range(3600, 43201)


class MalformedDocument(InvalidRequest):
    """A policy that is no JSON object."""


CODES: Codes = {
    NotFound: ("NoSuchEntity", 404),
    AlreadyExists: ("EntityAlreadyExists", 409),
    InvalidRequest: ("ValidationError", 400),
    MalformedDocument: ("MalformedPolicyDocument", 400),
    NotSupported: ("UnsupportedOperation", 400),
    UnknownOperation: ("InvalidAction", 400),
    RunyardError: ("ServiceFailure", 500),
}


def get_role(call: Call) -> Mapping[str, Any]:
    """Return a role."""
    return {"Role": _shown(_roles(call).get(_role_name(call)))}


def create_role(call: Call) -> Mapping[str, Any]:
    """Keep a role under its name."""
    name, path, members = _role_name(call), _checked(call, "Path", PATH.fullmatch, default="/"), call.members
    arn = iam_arn(call.request, f"role{path}{name}")
    role = Role(
        name=name,
        path=path,
        id=unique_id(ROLE_ID, f"{arn} {time.time_ns()}"),  # a role made anew is another one
        arn=arn,
        created_at=time.time_ns() // 1_000_000,
        trust=_document(members.get("AssumeRolePolicyDocument", "")),
        description=members.get("Description"),
        max_session_s=int(_checked(call, "MaxSessionDuration", _is_in(SESSION_S), default="3600")),
        tags={tag["Key"]: tag.get("Value", "") for tag in records(members, "Tags") if "Key" in tag},
    )
    _roles(call).add(role)
    return {"Role": _shown(role)}


def list_roles(call: Call) -> Mapping[str, Any]:
    """Return a page of roles in the order of their names; the marker is the last name given."""
    limit = int(_checked(call, "MaxItems", _is_in(range(1, MOST_ITEMS + 1)), default=str(DEFAULT_ITEMS)))
    roles, after = _roles(call), call.members.get("Marker", "")
    found = [roles.get(name) for name in roles.names() if name > after]
    fitting = [role for role in found if role.path.startswith(call.members.get("PathPrefix", "/"))]
    page = fitting[:limit]
    more = {"Marker": page[-1].name} if len(fitting) > limit else {}
    return {"Roles": [_shown(role) for role in page], "IsTruncated": bool(more), **more}


def delete_role(call: Call) -> Mapping[str, Any]:
    """Forget a role; jobs keep its name."""
    _roles(call).remove(_role_name(call))
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "GetRole": get_role,
    "CreateRole": create_role,
    "ListRoles": list_roles,
    "DeleteRole": delete_role,
}

_SERVICE = QueryService(
    name="IAM", prefix="iam", namespace="https://iam.amazonaws.com/doc/2010-05-08/", operations=OPERATIONS, codes=CODES
)
answer = _SERVICE.answer
refuse = _SERVICE.refuse


def _roles(call: Call) -> Roles:
    return Roles(call.engine.home.path / "roles" / str(call.request.workspace.id))


def _role_name(call: Call) -> str:
    return _checked(call, "RoleName", ROLE_NAME.fullmatch)


def _checked(call: Call, member: str, test: Callable[[str], object], *, default: str | None = None) -> str:
    value: str | None = call.members.get(member, default)
    place = member[0].lower() + member[1:]
    if value is None:
        raise InvalidRequest(
            f"1 validation error detected: Value null at '{place}' failed to satisfy constraint: "
            "Member must not be null"
        )
    if not test(value):
        raise InvalidRequest(f"1 validation error detected: Value '{value}' at '{place}' is not one that IAM allows.")
    return value


def _is_in(numbers: range) -> Callable[[str], bool]:
    return lambda text: text.isascii() and text.isdecimal() and int(text) in numbers


def _document(text: str) -> str:
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise MalformedDocument(f"AssumeRolePolicyDocument is not JSON: {error}.") from error
    if not isinstance(policy, dict):
        raise MalformedDocument("AssumeRolePolicyDocument is not a JSON object.")
    return text


def _shown(role: Role) -> dict[str, Any]:
    described = {} if role.description is None else {"Description": role.description}
    tags = [{"Key": key, "Value": value} for key, value in role.tags.items()]
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": datetime.fromtimestamp(role.created_at // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AssumeRolePolicyDocument": quote(role.trust, safe=""),
        **described,
        "MaxSessionDuration": role.max_session_s,
        **({"Tags": tags} if tags else {}),
    }
