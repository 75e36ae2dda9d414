"""The part of a container's children that a caller asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.dialects.dremio.calls import Call
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.tokens import read_token, write_token

CHILDREN = "children"
TAKES: Mapping[str, str] = {
    "include": "string", "exclude": "string", "maxChildren": "int", "pageToken": "string",
}  # fmt: skip


def asked_part(call: Call, entity: dict[str, Any]) -> dict[str, Any]:
    """Return an entity with as many of its children as are asked for, and the token of those after them."""
    most = call.members.get("maxChildren")
    if most is not None and most < 0:
        raise wrong(f"Invalid value for maxChildren: {most} is less than zero.")
    if CHILDREN not in entity:
        return entity
    if most == 0 or CHILDREN in call.text("exclude").split(","):
        return {**entity, CHILDREN: []}
    scope = f"dremio children of {entity['id']}"
    token = call.text("pageToken")
    begin = read_token(scope, token, size=1)[0] if token else 0
    lines = entity[CHILDREN]
    end = len(lines) if most is None else begin + most
    more = {"nextPageToken": write_token(scope, [end])} if end < len(lines) else {}
    return {**entity, CHILDREN: lines[begin:end], **more}
