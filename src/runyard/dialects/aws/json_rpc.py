"""AWS's JSON 1.1 protocol with checked members."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from runyard.core.errors import Forbidden, InvalidRequest, RunyardError
from runyard.dialects.aws.operations import Call, Codes, Operation, WireError, find, need_of, refusal, wire_error
from runyard.dialects.aws_access import DENIED, not_authorized
from runyard.dialects.exchange import Reply, Request
from runyard.engine.engine import Engine

CONTENT_TYPE = "application/x-amz-json-1.1"
NEITHER_BOUND = (None, None)

REFUSALS: Mapping[str, str] = {
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "UnrecognizedClient": "UnrecognizedClientException",
    "ExpiredRequest": "ExpiredTokenException",
    "": "InvalidSignatureException",
}
"""Why a caller was not believed, in the words of AWS's JSON services."""


class Unreadable(InvalidRequest):
    """The body is no JSON object, or a member has another JSON type than the service's model says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What a member may be: its JSON type, the least and the most of it (of a text its length), its words."""

    kind: type
    bounds: tuple[int | None, int | None] = NEITHER_BOUND
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JsonService:
    """A service that speaks this protocol."""

    name: str
    prefix: str  # of its actions in policies: logs:DescribeLogGroups
    target: str  # what stands before an operation's name in X-Amz-Target
    operations: Mapping[str, Operation]
    rules: Mapping[str, Rule]  # by member; a member means the same in all operations
    codes: Codes

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out one call."""
        name = request.headers.get("x-amz-target", "").removeprefix(self.target)
        try:
            operation = find(self.operations, name, service=self.name)
            request.allow(need_of(name), name)
            members = self._members(request.body)
            return _reply(200, operation(Call(engine=engine, request=request, members=members)))
        except Forbidden as error:
            text = not_authorized(error, service=self.prefix, workspace=request.workspace.name)
            return _error(WireError(code=DENIED, message=text, status=400))
        except RunyardError as error:
            return _error(wire_error(error, self.codes))

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Say why a call was not even looked at."""
        return _error(refusal(error, status=status, codes=self.codes, refusals=REFUSALS))

    def _members(self, body: bytes) -> dict[str, Any]:
        """Return the members of a request; null means absent, as everywhere in AWS."""
        try:
            given = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"The body is not a JSON object that can be read: {error}.") from error
        members = {name: value for name, value in given.items() if value is not None}
        broken = [text for name, value in members.items() if (text := self._broken(name, value))]
        if broken:
            count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
            raise InvalidRequest(count + "; ".join(broken))
        return members

    def _broken(self, name: str, value: Any) -> str | None:
        rule = self.rules.get(name)
        if rule is None:
            return None  # a member of a newer model
        if type(value) is not rule.kind:
            raise Unreadable(f"Member {name} is {value!r}, which is not of type {rule.kind.__name__}.")
        constraint = _constraint(rule, value)
        return constraint and f"Value '{value}' at '{name}' failed to satisfy constraint: Member must {constraint}"


def _constraint(rule: Rule, value: Any) -> str | None:
    """Return what a value should be and is not, in AWS's words."""
    if rule.words and value not in rule.words:
        return f"satisfy enum value set: [{', '.join(rule.words)}]"
    what, measure = ("value", value) if rule.kind is int else ("length", len(value) if rule.kind is not bool else 0)
    least, most = rule.bounds
    if least is not None and measure < least:
        return f"have {what} greater than or equal to {least}"
    if most is not None and measure > most:
        return f"have {what} less than or equal to {most}"
    return None


def _reply(status: int, members: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Reply:
    headers = {"content-type": CONTENT_TYPE, "x-amzn-requestid": str(uuid.uuid4()), **(more or {})}
    return Reply(status=status, headers=headers, body=msgspec.json.encode(members))


def _error(wire: WireError) -> Reply:
    members = {"__type": wire.code, "message": wire.message}
    return _reply(wire.status, members, {"x-amzn-errortype": wire.code})
