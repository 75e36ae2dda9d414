"""Who calls, and what roles there are: of other users the console and `runyard users` tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.core.access import Role
from runyard.dialects.dremio.calls import ROOT, SOFTWARE, Call, Operation
from runyard.dialects.dremio.errors import missing
from runyard.dialects.dremio_ids import entity_id, tag_of


def get_user(call: Call) -> dict[str, Any]:
    """Show a user, by id or name."""
    asked, own = call.text("id") or call.text("name"), _own(call)
    if asked not in (own["id"], own["name"]):
        raise missing(f"Could not find user {asked}; the token's own is {call.user}.")
    return own


def list_users(call: Call) -> dict[str, Any]:
    """List whom the token is of."""
    return {"data": [_own(call)]}


def list_users_of_server(call: Call) -> list[dict[str, Any]]:
    """List whom the token is of, without a name for the list, as a server does."""
    return [_own(call)]


def get_role(call: Call) -> dict[str, Any]:
    """Show a role, by id or name, which are alike."""
    asked = call.text("id") or call.text("name")
    if asked not in {role.value for role in Role}:
        raise missing(f"Could not find role {asked}; there are {', '.join(role.value for role in Role)}.")
    return _role(Role(asked))


def list_roles(_: Call) -> dict[str, Any]:
    """List the roles that a user can have."""
    return {"data": [_role(role) for role in Role]}


def _own(call: Call) -> dict[str, Any]:
    return {
        "id": entity_id(call.workspace.id),
        "name": call.user,
        "firstName": call.user,
        "lastName": "",
        "email": "",
        "tag": tag_of(call.workspace.id, 1),
        "active": True,
        "roles": [_role(call.request.role)],
    }


def _role(role: Role) -> dict[str, Any]:
    return {"id": role.value, "name": role.value, "type": "SYSTEM"}


_ONE: Mapping[str, str] = {"id": "string!", "name": "string!"}
_SEVERAL: Mapping[str, str] = {"data": "array!"}
# The id, the path in its variant, what carries it out, what it gives, and what it is.
_TABLE: Sequence[tuple[str, str, str, Any, Mapping[str, str], str]] = (
    ("getUserByName", SOFTWARE, "user/by-name/{name}", get_user, _ONE, "Show a user by name"),
    ("getUser", SOFTWARE, "user/{id}", get_user, _ONE, "Show a user"),
    ("listUsers", SOFTWARE, "user", list_users_of_server, {}, "List whom the token is of"),
    ("getRoleOfServerByName", SOFTWARE, "role/by-name/{name}", get_role, _ONE, "Show a role by name"),
    ("getRoleOfServer", SOFTWARE, "role/{id}", get_role, _ONE, "Show a role"),
    ("listUsersOfCloud", ROOT, "v1/users", list_users, _SEVERAL, "List whom the token is of"),
    ("getUserOfCloudByName", ROOT, "v1/users/name/{name}", get_user, _ONE, "Show a user by name"),
    ("getUserOfCloud", ROOT, "v1/users/{id}", get_user, _ONE, "Show a user"),
    ("listRoles", ROOT, "v1/roles", list_roles, _SEVERAL, "List the roles that a user can have"),
    ("getRoleByName", ROOT, "v1/roles/name/{name}", get_role, _ONE, "Show a role by name"),
    ("getRole", ROOT, "v1/roles/{id}", get_role, _ONE, "Show a role"),
)
OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(id=name, method="GET", path=path, handle=handle, summary=summary, gives=gives, bases=(base,))
    for name, base, path, handle, gives, summary in _TABLE
)
