"""From an operation and the values of a step to the request that is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from runyard.arazzo.apis.operations import Operation, ParameterRule
from runyard.arazzo.documents.document import Replacement
from runyard.arazzo.http.exchange import Headers, HttpRequest
from runyard.arazzo.language.expressions import Message, Scope
from runyard.arazzo.language.formulas import Formula
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.records import Record
from runyard.arazzo.requests import styles
from runyard.arazzo.requests.payloads import body, chosen_type
from runyard.arazzo.requests.replacing import replaced
from runyard.arazzo.requests.security import Credential
from runyard.core.errors import InvalidRequest

HOLE = re.compile(r"\{([^{}]+)\}")
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Given(Record):
    """A parameter that a step gives, and how its operation wants it written."""

    rule: ParameterRule
    value: Formula


class Payload(Record):
    """What a step sends, before its values are known."""

    content_type: str | None
    value: Formula
    replacements: tuple[tuple[Replacement, Formula], ...] = ()


class OperationCall(Record):
    """An operation, and what a step gives it."""

    source: str
    operation: Operation
    server: str | None  # to call instead of the described one
    parameters: tuple[Given, ...]
    payload: Payload | None

    # Literal pieces of the path and, at odd places, the names of its parameters.
    path: tuple[str, ...]


class Sender(Record):
    """What holds for each request of a step: where it goes, and what proves who sends it."""

    address: str
    credentials: tuple[Credential, ...] = ()
    headers: Headers = ()


class Prepared(Record):
    """A request, and what expressions may read of it."""

    request: HttpRequest
    message: Message


@lru_cache(maxsize=256)
def parted_path(path: str) -> tuple[str, ...]:
    """The path's literal pieces and, at odd places, its parameters' names."""
    return tuple(HOLE.split(path))


class _Parts:
    """A request as it comes together."""

    def __init__(self) -> None:
        self.path: dict[str, str] = {}
        self.query: list[str] = []
        self.cookies: list[str] = []
        self.headers: dict[str, tuple[str, str]] = {}  # by name in lower case
        self.values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}

    def add_header(self, name: str, value: str) -> None:
        """Add a header; refuse one that would become two, or a part of the request."""
        if not TOKEN.fullmatch(name) or CONTROL.search(value):
            raise InvalidRequest(f"The header {name!r} has a name or a value that no header may have.")
        self.headers[name.lower()] = (name, value)

    def add_query(self, text: str) -> None:
        """Add a part of the query; an empty list has none."""
        if text:
            self.query.append(text)


WRITE: Mapping[str, Callable[[_Parts, ParameterRule, Any], None]] = {
    "path": lambda parts, rule, value: parts.path.__setitem__(rule.name, styles.in_path(rule, value)),
    "query": lambda parts, rule, value: parts.add_query(styles.in_query(rule, value)),
    "querystring": lambda parts, rule, value: parts.add_query(styles.as_querystring(rule, value)),
    "header": lambda parts, rule, value: parts.add_header(rule.name, styles.in_header(rule, value)),
    "cookie": lambda parts, rule, value: parts.cookies.append(styles.in_cookie(rule, value)),
}


def prepare(call: OperationCall, scope: Scope, sender: Sender) -> Prepared:
    """The request that the step sends now; refuse one that lacks a part of its path."""
    parts = _Parts()
    for given in call.parameters:
        value = given.value(scope)
        # An optional value that is not there is not sent.
        if value is not MISSING and value is not None:
            WRITE[given.rule.location](parts, given.rule, value)
            parts.values.get(given.rule.location, {})[given.rule.name] = value
    content, payload = _content(call, scope, parts)
    _prove(parts, sender)
    if parts.cookies:
        parts.add_header("Cookie", "; ".join([*_own_cookies(parts), *parts.cookies]))
    headers = tuple(parts.headers.values())
    request = HttpRequest(
        method=call.operation.method, url=_url(call, parts, sender.address), headers=headers, body=content
    )
    message = Message(
        headers={**dict(headers), **parts.values["header"]},
        query=parts.values["query"],
        path=parts.values["path"],
        body=payload,
    )
    return Prepared(request=request, message=message)


def _own_cookies(parts: _Parts) -> list[str]:
    return [parts.headers["cookie"][1]] if "cookie" in parts.headers else []


def _content(call: OperationCall, scope: Scope, parts: _Parts) -> tuple[bytes | None, Any]:
    if call.payload is None:
        return None, MISSING
    value = call.payload.value(scope)
    if value is MISSING and not call.payload.replacements:
        return None, MISSING
    own = parts.headers.get("content-type", ("", None))[1]
    kind = chosen_type(call.payload.content_type or own, call.operation.content_types, value)
    if call.payload.replacements:
        found = [(replacement, formula(scope)) for replacement, formula in call.payload.replacements]
        given = [(replacement, new) for replacement, new in found if new is not MISSING]
        value = replaced({} if value is MISSING else value, given, kind)
    made = body(kind, value)
    if own is None or made.content_type != kind:
        parts.add_header("Content-Type", made.content_type)
    return made.content, value


def _prove(parts: _Parts, sender: Sender) -> None:
    """Add credentials and the caller's own headers where the step itself says nothing else."""
    for credential in sender.credentials:
        if credential.location == "header" and credential.name.lower() not in parts.headers:
            parts.add_header(credential.name, credential.value)
        elif credential.location == "query" and credential.name not in parts.values["query"]:
            parts.add_query(f"{styles.encoded(credential.name)}={styles.encoded(credential.value)}")
        elif credential.location == "cookie":
            rule = ParameterRule(name=credential.name, location="cookie")
            parts.cookies.append(styles.in_cookie(rule, credential.value))
    for name, value in sender.headers:
        if name.lower() not in parts.headers:
            parts.add_header(name, value)


def _url(call: OperationCall, parts: _Parts, address: str) -> str:
    pieces = [piece if index % 2 == 0 else _hole(call, parts, piece) for index, piece in enumerate(call.path)]
    query = "&".join(parts.query)
    return f"{address}{''.join(pieces)}{'?' if query else ''}{query}"


def _hole(call: OperationCall, parts: _Parts, name: str) -> str:
    text = parts.path.get(name)
    if not text:
        # Without it the path would be that of another operation.
        raise InvalidRequest(f"The parameter {name} of {call.operation.path} has no value, and the path needs one.")
    return text
