"""What tables of operations have in common as OpenAPI documents; they hold no secrets, so anybody may read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import version as version_of
from typing import Any

Document = dict[str, Any]

REQUIRED = "!"
"""The mark behind the type of a member that must be there."""
TYPES: Mapping[str, Document] = {
    "int": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "array": {"type": "array", "items": {}},
    "object": {"type": "object", "additionalProperties": True},
    "bytes": {"type": "string", "format": "byte", "contentEncoding": "base64"},
}
"""The schema of a member of each type."""
WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
JSON = "application/json"
NAMED = re.compile(r"\{(\w+)\*?\}")


def document(title: str, summary: str, paths: Document, error: Document) -> Document:
    """Return the document of a language."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version_of("runyard"), "summary": summary},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": error},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def parameters(path: str, takes: Mapping[str, str], *, in_query: bool) -> list[Document]:
    """Return what is said in path and, if so, in the query."""
    listed = {name: takes.get(name, "string") for name in NAMED.findall(path)}
    rest = takes if in_query else {}
    return [
        *(_parameter(name, kind, "path") for name, kind in listed.items()),
        *(_parameter(name, kind, "query") for name, kind in rest.items() if name not in listed),
    ]


def json_body(path: str, takes: Mapping[str, str], *kinds: str) -> Document | None:
    """Return what is said in the body, as JSON or of `kinds` too; None: nothing."""
    in_path = NAMED.findall(path)
    members = {name: kind for name, kind in takes.items() if name not in in_path}
    if not members:
        return None
    schema = object_of(members)
    content = {kind: {"schema": schema} for kind in (JSON, *kinds)}
    return {"required": "required" in schema, "content": content}


def refusal() -> Document:
    """Return what every operation may answer."""
    return {
        "description": "What was wrong, and what to do.",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def object_of(members: Mapping[str, str]) -> Document:
    """Return the schema of an object with these members, and others."""
    required = [name for name, kind in members.items() if kind.endswith(REQUIRED)]
    return {
        "type": "object",
        "properties": {name: type_of(kind) for name, kind in members.items()},
        **({"required": required} if required else {}),
        "additionalProperties": True,
    }


def type_of(kind: str) -> Document:
    """Return the schema of a type."""
    return TYPES[kind.removesuffix(REQUIRED)]


def _parameter(name: str, kind: str, place: str) -> Document:
    is_required = place == "path" or kind.endswith(REQUIRED)
    return {"name": name, "in": place, "required": is_required, "schema": type_of(kind)}
