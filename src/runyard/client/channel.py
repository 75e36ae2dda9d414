"""Calling the operations of one connection: requests in its protocol, answers as records, refusals as errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from runyard.client import refusals
from runyard.client.connection import DATABRICKS, DREMIO, GLUE, RUNYARD, Connection
from runyard.client.errors import BrokenAnswer, CallFailed, WrongConnection
from runyard.client.retrying import Attempting, Patience, send
from runyard.client.stop import Stop
from runyard.client.transport import Answer, Message, Transport

Record = dict[str, Any]

IN_QUERY = frozenset({"GET", "DELETE"})
AGENT = "runyard"
READING = ("Get", "List", "BatchGet")  # of AWS, where all is a POST
_NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """An operation and what it is told."""

    operation: str
    method: str = "POST"
    path: str = "/"  # with {name} for what stands in it; AWS has all in the body
    members: Mapping[str, Any] = field(default_factory=dict)
    repeatable: bool = False  # carrying it out twice does what carrying it out once does

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, as far as its name and method tell."""
        return self.method == "GET" or self.operation.startswith(READING)


class Channel:
    """Speaks to one connection, from any number of threads."""

    def __init__(self, connection: Connection, *, patience: Patience | None = None) -> None:
        self.connection = connection
        self._patience = patience or Patience()
        self._transport = Transport(connection.url, ca_file=connection.ca_file)
        self._base = "/" + connection.url.partition("//")[2].partition("/")[2]

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def call(self, call: Call, *, stop: Stop | None = None) -> Record:
        """Return the record that answers a call."""
        stop = stop or Stop()
        connection = self.connection
        message = _MESSAGES[connection.service](call, connection)
        message = _below(self._base.rstrip("/"), message)
        origin = connection.url.removesuffix(self._base.rstrip("/")) if self._base != "/" else connection.url
        attempting = Attempting(
            make=lambda: connection.credentials.prove(message, origin, stop=stop),
            repeatable=call.repeatable or call.reads,
            was_turned_away=lambda answer: refusals.was_turned_away(answer.status, answer.body, answer.headers),
            place=f"{connection.name} ({origin})",
        )
        try:
            answer = send(self._transport, attempting, patience=self._patience, stop=stop)
        except WrongConnection as error:  # found out only as it is used; there may be many
            raise WrongConnection(f"{connection.name}: {error}") from error
        return self._understood(call, answer)

    def _understood(self, call: Call, answer: Answer) -> Record:
        place = f"{call.operation} on {self.connection.name}"
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._failure(place, answer)
        if not answer.body and (answer.status == HTTPStatus.NO_CONTENT or not call.reads):
            return {}
        try:
            record = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise BrokenAnswer(f"{place}: the answer of status {answer.status} is no JSON ({error}).") from error
        if not isinstance(record, dict):
            raise BrokenAnswer(f"{place}: the answer is {type(record).__name__}, not an object.")
        return record

    def _failure(self, place: str, answer: Answer) -> CallFailed:
        refusal = refusals.read(answer.status, answer.body, answer.headers)
        text = refusal.text
        for secret in self.connection.credentials.secrets:
            text = text.replace(secret, "…") if secret else text
        code = f" {refusal.code}" if refusal.code else ""
        request = f" (request {refusal.request_id})" if refusal.request_id else ""
        return CallFailed(
            f"{place}: {answer.status}{code}: {text}{request}",
            status=answer.status,
            code=refusal.code,
            request_id=refusal.request_id,
        )


def _below(base: str, message: Message) -> Message:
    return Message(method=message.method, target=base + message.target, headers=message.headers, body=message.body)


def _aws(call: Call, connection: Connection) -> Message:  # noqa: ARG001 - as all protocols have it
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "user-agent": AGENT,
        "x-amz-target": f"AWSGlue.{call.operation}",
    }
    return Message(method="POST", target="/", headers=headers, body=json.dumps(call.members).encode())


def _rest(call: Call, connection: Connection) -> Message:
    given = {name: value for name, value in call.members.items() if value is not None}
    known = {**given, "project_id": given.get("project_id", connection.project_id)}
    in_path = frozenset(_NAMED.findall(call.path))
    path = _NAMED.sub(lambda found: quote(_text(known.get(found[1], "")), safe=""), call.path)
    rest = {name: value for name, value in given.items() if name not in in_path}
    headers = {"accept": "application/json", "user-agent": AGENT}
    if call.method in IN_QUERY:
        asked = urlencode([(name, _text(value)) for name, value in rest.items()])
        return Message(method=call.method, target=f"{path}?{asked}" if asked else path, headers=headers)
    headers["content-type"] = "application/json"
    return Message(method=call.method, target=path, headers=headers, body=json.dumps(rest).encode())


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | list | dict) else str(value)


_MESSAGES: Mapping[str, Callable[[Call, Connection], Message]] = {
    GLUE: _aws,
    DATABRICKS: _rest,
    DREMIO: _rest,
    RUNYARD: _rest,
}
