"""Who is calling, and where the API says of itself that it is."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from runyard.core.access import ADMINISTRATOR, Role
from runyard.dialects.databricks.calls import Call, Operation

Members = dict[str, Any]

GROUPS: Mapping[Role, str] = {Role.VIEWER: "users", Role.OPERATOR: "users", Role.ADMIN: "admins"}
"""The group of a workspace that a role makes one a member of."""
HOST_FACTS = b"{}"
"""What a client is told when it first asks a host about itself: nothing to discover, the token does."""


def number_of(user: str) -> int:
    """Return the number by which clients know a user: it follows from the name, and every JSON reader keeps it."""
    return int.from_bytes(blake2b(user.encode(), digest_size=6, person=b"runyard user").digest())


def current_user(call: Call) -> Members:
    """Tell who the caller is."""
    user = call.request.user
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": str(call.workspace.id if user == ADMINISTRATOR else number_of(user)),
        "userName": user,
        "displayName": user,
        "name": {"givenName": user},
        "active": True,
        "emails": [{"type": "work", "value": user, "primary": True}],
        "groups": [{"display": GROUPS[call.request.role], "value": "1", "type": "direct"}],
        "entitlements": [{"value": "workspace-access"}, {"value": "allow-cluster-create"}],
    }


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getCurrentUser",
        method="GET",
        path="preview/scim/v2/Me",
        handle=current_user,
        summary="Tell who the caller is",
        gives={"id": "string", "userName": "string", "displayName": "string", "active": "bool", "groups": "array"},
    ),
)
