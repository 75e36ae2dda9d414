"""How a request proves who sends it, where its operation asks for that: from inputs or the environment."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from runyard.arazzo.apis.operations import Operation, SecurityScheme
from runyard.arazzo.language.values import as_text
from runyard.arazzo.records import Record

WORD = re.compile(r"[^a-z0-9]+")
TOKENS = ("token", "accesstoken", "bearertoken", "apitoken")
"""Inputs that are a bearer's token by their names, beside the one that is called as the scheme is."""


class Credential(Record):
    """One header, query parameter or cookie that proves something."""

    location: str
    name: str
    value: str


class Known(Record):
    """Where credentials may be found."""

    source: str
    inputs: Mapping[str, Any]
    environment: Mapping[str, str]

    def named(self, *names: str) -> str | None:
        """The first of these names that is an input, or an ARAZZO_ variable of the environment."""
        inputs = {_word(name): value for name, value in self.inputs.items() if isinstance(value, str | int)}
        for name in names:
            if _word(name) in inputs:
                return as_text(inputs[_word(name)])
        variables = (variable for name in names for variable in variables_of(self.source, name))
        return next((self.environment[name] for name in variables if name in self.environment), None)


def variables_of(source: str, name: str) -> tuple[str, str]:
    """The variables of the environment that speak of a source's scheme or server variable, the closer one first."""
    return tuple("ARAZZO_" + re.sub(r"[^A-Z0-9]+", "_", words.upper()) for words in (f"{source}_{name}", name))  # type: ignore[return-value]  # two words make two names


def _word(name: str) -> str:
    return WORD.sub("", name.lower())


def credentials(operation: Operation, known: Known) -> tuple[tuple[Credential, ...], tuple[str, ...]]:
    """What proves the caller in one of the ways the operation takes, or else the schemes for which nothing is known."""
    if not all(operation.security):  # it may be called without, but whoever is known says so
        found, _ = credentials(operation.but(security=tuple(filter(None, operation.security))), known)
        return found, ()
    lacking: tuple[str, ...] = ()
    for names in operation.security:
        each = [(name, _found(name, operation.schemes.get(name), known)) for name in names]
        missing = tuple(name for name, credential in each if credential is None)
        if not missing:
            return tuple(credential for _, credential in each if credential is not None), ()
        lacking = lacking or missing
    return (), lacking


def _found(name: str, scheme: SecurityScheme | None, known: Known) -> Credential | None:
    kind = "" if scheme is None else f"http {scheme.scheme}" if scheme.type == "http" else scheme.type
    find = FINDERS.get(kind)
    return find(name, scheme, known) if find is not None and scheme is not None else None


def _api_key(name: str, scheme: SecurityScheme, known: Known) -> Credential | None:
    where = scheme.name or name
    value = known.named(name, where)
    return None if value is None else Credential(location=scheme.location or "header", name=where, value=value)


def _bearer(name: str, _: SecurityScheme, known: Known) -> Credential | None:
    value = known.named(name, *TOKENS)
    return None if value is None else _authorization("Bearer", value)


def _basic(name: str, _: SecurityScheme, known: Known) -> Credential | None:
    pair = known.named(name)
    user, password = known.named("username", "user"), known.named("password")
    if pair is None and user is not None and password is not None:
        pair = f"{user}:{password}"
    return None if pair is None else _authorization("Basic", base64.b64encode(pair.encode()).decode())


def _authorization(word: str, value: str) -> Credential:
    text = value if value.lower().startswith(f"{word.lower()} ") else f"{word} {value}"
    return Credential(location="header", name="Authorization", value=text)


FINDERS: Mapping[str, Callable[[str, SecurityScheme, Known], Credential | None]] = {
    "apiKey": _api_key,
    "http bearer": _bearer,
    "http basic": _basic,
    "oauth2": _bearer,
    "openIdConnect": _bearer,
}
"""Other kinds, such as mutualTLS, are proved by no header; what they want is added with the caller's own headers."""
