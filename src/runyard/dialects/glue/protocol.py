"""AWS's JSON 1.1 on HTTP: which operation is meant, its members, and the answer's bytes and headers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from runyard.core.errors import RunyardError
from runyard.dialects.exchange import Reply, Request
from runyard.dialects.glue.calls import Call
from runyard.dialects.glue.errors import UnreadableRequest, WireError, wire_error
from runyard.dialects.glue.model import Model, load_model
from runyard.dialects.glue.operations import OPERATIONS
from runyard.dialects.glue.validation import Validator
from runyard.engine.engine import Engine

TARGET_PREFIX = "AWSGlue."
CONTENT_TYPE = "application/x-amz-json-1.1"

REFUSALS: Mapping[str, str] = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "UnrecognizedClient": "UnrecognizedClientException",
    "ExpiredRequest": "ExpiredTokenException",
}
"""Why a caller was not believed, in the words of AWS's JSON services; for the rest the signature is invalid."""


def answer(engine: Engine, request: Request) -> Reply:
    """Carry out one call."""
    operation = request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
    try:
        _model().operation(operation)  # refuses an unknown one before its body is looked at
        request.allow(OPERATIONS[operation].need, operation)
        members = _validator().check(operation, _read_body(request.body))
        call = Call(engine=engine, workspace=request.workspace, members=members)
        return _reply(200, OPERATIONS[operation].handle(call))
    except RunyardError as error:
        return _error(wire_error(error, operation=operation, workspace=request.workspace.name))


def refuse(error: Exception, *, status: int) -> Reply:
    """Say why a call was not even looked at: who sent it is not proved, or the server cannot answer."""
    if isinstance(error, RunyardError):
        return _error(wire_error(error, operation=""))
    code = REFUSALS.get(getattr(error, "code", ""), "InvalidSignatureException")
    return _error(WireError(code=code, message=str(error), status=status))


@cache
def _model() -> Model:
    """Return Glue's model, which is read when the first call comes."""
    return load_model()


@cache
def _validator() -> Validator:
    return Validator(_model())


def _read_body(body: bytes) -> Any:
    """Return the JSON of a request; an empty body means no members."""
    try:
        return msgspec.json.decode(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise UnreadableRequest(f"The body is not JSON that can be read: {error}.") from error


def _reply(status: int, members: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Reply:
    headers = {"content-type": CONTENT_TYPE, "x-amzn-requestid": str(uuid.uuid4()), **(more or {})}
    return Reply(status=status, headers=headers, body=msgspec.json.encode(members))


def _error(wire: WireError) -> Reply:
    """Return an error with its code in both places where clients look for it."""
    members = {"__type": wire.code, "Message": wire.message}
    return _reply(wire.status, members, {"x-amzn-errortype": wire.code})
