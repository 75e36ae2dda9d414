"""The table of operations as an OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from runyard.dialects import openapi
from runyard.dialects.databricks.calls import CONTENT, Operation
from runyard.dialects.databricks.routes import PREFIX
from runyard.dialects.openapi import JSON, WITHOUT_BODY, Document, object_of

BINARY = "application/octet-stream"
FORM = "multipart/form-data"
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
    summary = "What this server answers of the Databricks REST API."
    return openapi.document("Databricks API of runyard", summary, paths, _ERROR)


def _path(operation: Operation, version: str) -> str:
    plain = re.sub(r"(?<!/)\{(\w+)\*\}", r"/{\1}", operation.path)
    return f"{PREFIX}{version}/{plain}"


def _operation(operation: Operation, version: str) -> Document:
    is_newest = version == operation.versions[-1]
    in_query = operation.method in WITHOUT_BODY or operation.body == "bytes"
    described: Document = {
        "operationId": operation.id if is_newest else f"{operation.id}V{version.replace('.', '')}",
        "summary": operation.summary,
        "tags": [operation.path.partition("/")[0].partition("{")[0]],
        "parameters": openapi.parameters(operation.path, operation.takes, in_query=in_query),
        "responses": {"200": _answer(operation), "default": openapi.refusal()},
    }
    body = _body(operation)
    return {**described, **({"requestBody": body} if body else {})}


def _body(operation: Operation) -> Document | None:
    if operation.body == "bytes":
        return {"required": True, "content": {BINARY: {"schema": {}}}}
    if operation.method in WITHOUT_BODY:
        return None
    return openapi.json_body(operation.path, operation.takes, *((FORM,) if operation.body == "form" else ()))


def _answer(operation: Operation) -> Document:
    if operation.method == "HEAD":
        return {"description": "It is there."}
    if operation.gives == CONTENT:
        return {"description": "The content.", "content": {BINARY: {"schema": {}}}}
    return {"description": "Done.", "content": {JSON: {"schema": object_of(operation.gives)}}}
