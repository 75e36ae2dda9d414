"""AWS's query protocol: a form in, XML out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from runyard.core.errors import Forbidden, RunyardError
from runyard.dialects.aws.operations import Call, Codes, Operation, WireError, find, need_of, refusal, wire_error
from runyard.dialects.aws_access import not_authorized
from runyard.dialects.exchange import Reply, Request
from runyard.engine.engine import Engine

SERVER_ERROR = 500
DENIED = "AccessDenied"  # in the words of the services that speak XML

REFUSALS: Mapping[str, str] = {
    "MissingAuthenticationToken": "MissingAuthenticationToken",
    "IncompleteSignature": "IncompleteSignature",
    "UnrecognizedClient": "InvalidClientTokenId",
    "ExpiredRequest": "RequestExpired",
    "": "SignatureDoesNotMatch",
}
"""Why a caller was not believed, in the words of AWS's query services."""


@dataclass(frozen=True, kw_only=True)
class QueryService:
    """A service that speaks this protocol."""

    name: str
    prefix: str  # of its actions in policies: iam:GetRole
    namespace: str
    operations: Mapping[str, Operation]
    codes: Codes

    def answer(self, engine: Engine, request: Request) -> Reply:
        """Carry out one call."""
        members = _form(request)
        action = members.get("Action", "")
        try:
            operation = find(self.operations, action, service=self.name)
            request.allow(need_of(action), action)
            result = operation(Call(engine=engine, request=request, members=members))
        except Forbidden as error:
            text = not_authorized(error, service=self.prefix, workspace=request.workspace.name)
            return self._error(WireError(code=DENIED, message=text, status=403))
        except RunyardError as error:
            return self._error(wire_error(error, self.codes))
        inner = f"<{action}Result>{_xml(result)}</{action}Result>" if result else ""
        about = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
        return self._reply(200, f"{action}Response", inner + about)

    def refuse(self, error: Exception, *, status: int) -> Reply:
        """Say why a call was not even looked at."""
        return self._error(refusal(error, status=status, codes=self.codes, refusals=REFUSALS))

    def _error(self, wire: WireError) -> Reply:
        fault = "Receiver" if wire.status >= SERVER_ERROR else "Sender"
        told = _xml({"Error": {"Type": fault, "Code": wire.code, "Message": wire.message}})
        return self._reply(wire.status, "ErrorResponse", f"{told}<RequestId>{uuid.uuid4()}</RequestId>")

    def _reply(self, status: int, root: str, inner: str) -> Reply:
        text = f'<{root} xmlns="{self.namespace}">{inner}</{root}>'
        return Reply(status=status, headers={"content-type": "text/xml"}, body=text.encode())


def records(members: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    """Return a list of structures, which a form spells `Name.member.1.Field`."""
    found: dict[int, dict[str, str]] = {}
    for key, value in members.items():
        head, _, rest = key.partition(".member.")
        number, _, part = rest.partition(".")
        if head == name and number.isdecimal():
            found.setdefault(int(number), {})[part] = value
    return [found[number] for number in sorted(found)]


def _form(request: Request) -> dict[str, str]:
    return {**request.query, **dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))}


def _xml(value: Any) -> str:
    return "".join(_pieces(value))


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from (f"<{name}>", _xml(part), f"</{name}>")
    elif isinstance(value, list):
        for part in value:
            yield from ("<member>", _xml(part), "</member>")
    else:
        yield escape(str(value).lower() if isinstance(value, bool) else str(value))
