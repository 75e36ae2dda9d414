"""The table of operations as an OpenAPI document; it holds no secrets, so anybody may read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version as version_of
from typing import Any

import msgspec

from runyard.dialects.databricks.calls import CONTENT, Operation
from runyard.dialects.databricks.members import REQUIRED
from runyard.dialects.databricks.routes import PREFIX

Document = dict[str, Any]

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
BINARY = "application/octet-stream"
JSON = "application/json"
FORM = "multipart/form-data"
_NAMED = re.compile(r"\{(\w+)\*?\}")
_ERROR: Document = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {
        "error_code": {"type": "string"},
        "message": {"type": "string"},
        "details": {"type": "array", "items": {"type": "object"}},
    },
}


def described(operations: Iterable[Operation]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(document(operations))


def document(operations: Iterable[Operation]) -> Document:
    """Return the document; in its newest version an operation has its plain name."""
    paths: Document = {}
    for operation in operations:
        for version in operation.versions:
            path = _path(operation, version)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, version)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Databricks API of runyard",
            "version": version_of("runyard"),
            "summary": "What this server answers of the Databricks REST API.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _path(operation: Operation, version: str) -> str:
    plain = re.sub(r"(?<!/)\{(\w+)\*\}", r"/{\1}", operation.path)
    return f"{PREFIX}{version}/{plain}"


def _operation(operation: Operation, version: str) -> Document:
    is_newest = version == operation.versions[-1]
    described: Document = {
        "operationId": operation.id if is_newest else f"{operation.id}V{version.replace('.', '')}",
        "summary": operation.summary,
        "tags": [operation.path.partition("/")[0].partition("{")[0]],
        "parameters": _parameters(operation),
        "responses": {"200": _answer(operation), "default": _refusal()},
    }
    body = _body(operation)
    return {**described, **({"requestBody": body} if body else {})}


def _parameters(operation: Operation) -> list[Document]:
    """Return what is said in path and query; the other methods say the rest in the body."""
    in_path = _NAMED.findall(operation.path)
    in_query = operation.takes if operation.method in WITHOUT_BODY or operation.body == "bytes" else {}
    listed = {name: operation.takes.get(name, "string") for name in in_path}
    return [
        *(_parameter(name, kind, "path") for name, kind in listed.items()),
        *(_parameter(name, kind, "query") for name, kind in in_query.items() if name not in listed),
    ]


def _parameter(name: str, kind: str, place: str) -> Document:
    is_required = place == "path" or kind.endswith(REQUIRED)
    return {"name": name, "in": place, "required": is_required, "schema": _type(kind)}


def _body(operation: Operation) -> Document | None:
    if operation.body == "bytes":
        return {"required": True, "content": {BINARY: {"schema": {}}}}
    in_path = _NAMED.findall(operation.path)
    members = {name: kind for name, kind in operation.takes.items() if name not in in_path}
    if operation.method in WITHOUT_BODY or not members:
        return None
    schema = _object(members)
    kinds = (JSON, FORM) if operation.body == "form" else (JSON,)
    return {"required": "required" in schema, "content": {kind: {"schema": schema} for kind in kinds}}


def _answer(operation: Operation) -> Document:
    if operation.method == "HEAD":
        return {"description": "It is there."}
    if operation.gives == CONTENT:
        return {"description": "The content.", "content": {BINARY: {"schema": {}}}}
    return {"description": "Done.", "content": {JSON: {"schema": _object(operation.gives)}}}


def _refusal() -> Document:
    return {
        "description": "What was wrong, and what to do.",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }


def _object(members: Mapping[str, str]) -> Document:
    required = [name for name, kind in members.items() if kind.endswith(REQUIRED)]
    return {
        "type": "object",
        "properties": {name: _type(kind) for name, kind in members.items()},
        **({"required": required} if required else {}),
        "additionalProperties": True,
    }


def _type(kind: str) -> Document:
    return TYPES[kind.removesuffix(REQUIRED)]
