"""What a request needs to know of an operation, whichever version of OpenAPI describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.records import Record


class Server(Record):
    """Where an API answers; its URL may be relative and may hold `{variables}`."""

    url: str
    variables: Mapping[str, str] = field(default_factory=dict)  # what each is by default
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class ParameterRule(Record):
    """How an operation's parameter is written into a request."""

    name: str
    location: str
    required: bool = False
    style: str = "form"
    explode: bool = False
    allow_reserved: bool = False
    content_type: str | None = None  # written as this, as a whole, rather than by its style
    schema: Mapping[str, Any] = field(default_factory=dict)


class SecurityScheme(Record):
    """How a caller proves who he is."""

    type: str  # apiKey, http, oauth2, openIdConnect, mutualTLS
    name: str | None = None
    location: str | None = None
    scheme: str | None = None  # bearer, basic, …


class Operation(Record):
    """One operation of an API."""

    id: str | None
    method: str
    path: str
    parameters: tuple[ParameterRule, ...] = ()
    content_types: tuple[str, ...] = ()
    body_required: bool = False
    servers: tuple[Server, ...] = ()
    security: tuple[tuple[str, ...], ...] = ()  # one of these combinations is wanted; empty: none is
    schemes: Mapping[str, SecurityScheme] = field(default_factory=dict)
