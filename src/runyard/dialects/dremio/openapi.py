"""The table of operations as an OpenAPI document: the cloud's paths, and those of a server of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from runyard.dialects import openapi
from runyard.dialects.dremio.calls import CLOUD, ROOT, SOFTWARE, Operation
from runyard.dialects.openapi import JSON, NAMED, WITHOUT_BODY, Document, object_of

SUFFIXES: Mapping[str, str] = {CLOUD: "", ROOT: "", SOFTWARE: "V3"}
"""What tells the operations of the variants apart; one that only a server of one's own has keeps its plain name."""
_ERROR: Document = {
    "type": "object",
    "required": ["errorMessage"],
    "properties": {"errorMessage": {"type": "string"}, "moreInfo": {"type": "string"}},
}


def described(operations: Iterable[Operation]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(document(operations))


def document(operations: Iterable[Operation]) -> Document:
    """Return the document."""
    paths: Document = {}
    for operation in operations:
        for base in operation.bases:
            path = base + NAMED.sub(r"{\1}", operation.path)
            paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, base, path)
    return openapi.document("Dremio API of runyard", "What this server answers of the Dremio REST API.", paths, _ERROR)


def _operation(operation: Operation, base: str, path: str) -> Document:
    suffix = SUFFIXES[base] if len(operation.bases) > 1 else ""
    in_query = operation.method in WITHOUT_BODY
    described: Document = {
        "operationId": operation.id + suffix,
        "summary": operation.summary,
        "tags": [operation.path.partition("/")[0]],
        "parameters": openapi.parameters(path, operation.takes, in_query=in_query),
        "responses": {str(int(operation.status)): _answer(operation), "default": openapi.refusal()},
    }
    body = None if in_query else openapi.json_body(path, operation.takes)
    return {**described, **({"requestBody": body} if body else {})}


def _answer(operation: Operation) -> Document:
    if not operation.gives:
        return {"description": "Done."}
    return {"description": "Done.", "content": {JSON: {"schema": object_of(operation.gives)}}}
