"""How OpenAPI writes the value of a parameter: styles, explode, and which characters are encoded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from runyard.arazzo.apis.operations import ParameterRule
from runyard.arazzo.language.values import as_text
from runyard.core.errors import InvalidRequest

RESERVED = ":/?@!$&'()*+,;="
"""What `allowReserved` leaves as it is; `#`, `[` and `]` would end or break a query."""
COOKIE = "!#$%&'()*+-./:<=>?@[]^_`{|}~"
SEPARATORS: Mapping[str, str] = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
Encode = Callable[[Any], str]
Pairs = list[tuple[str, str]]


def encoded(value: Any) -> str:
    """The value's text with all that means something in a URL percent-encoded."""
    text = as_text(value)
    return text if text.isascii() and text.isalnum() else quote(text, safe="", errors="replace")


def _reserved(value: Any) -> str:
    return quote(as_text(value), safe=RESERVED + "%", errors="replace")


def _cookie(value: Any) -> str:
    return quote(as_text(value), safe=COOKIE, errors="replace")


def in_path(rule: ParameterRule, value: Any) -> str:
    """What replaces `{name}` in a path."""
    if rule.content_type:
        return encoded(_whole(value))
    encode = _reserved if rule.allow_reserved else encoded
    return PATH.get(rule.style, _simple)(rule, value, encode)


def in_header(rule: ParameterRule, value: Any) -> str:
    """The value of a header."""
    return _whole(value) if rule.content_type else _simple(rule, value, as_text)


def in_query(rule: ParameterRule, value: Any) -> str:
    """The parameter's part of a query: `a=1&a=2`."""
    encode = _reserved if rule.allow_reserved else encoded
    if rule.content_type:
        return f"{encoded(rule.name)}={encode(_whole(value))}"
    return "&".join([f"{name}={text}" for name, text in _pairs(rule, value, encode, encoded)])


def in_cookie(rule: ParameterRule, value: Any) -> str:
    """The parameter's part of a Cookie header: `a=1; b=2`."""
    if rule.content_type:
        return f"{rule.name}={_cookie(_whole(value))}"
    return "; ".join(f"{name}={text}" for name, text in _pairs(rule, value, _cookie, _cookie))


def as_querystring(rule: ParameterRule, value: Any) -> str:
    """A value that is the whole query."""
    if isinstance(value, dict) and (rule.content_type or "").partition(";")[0] != "application/json":
        rules = (ParameterRule(name=name, location="query", explode=True) for name in value)
        return "&".join(filter(None, (in_query(one, value[one.name]) for one in rules)))
    text = as_text(value).removeprefix("?")
    # A text is a query already, unless the operation takes JSON there.
    return encoded(text) if text.startswith(("{", "[")) else quote(text, safe=RESERVED + "%", errors="replace")


def _whole(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _simple(rule: ParameterRule, value: Any, encode: Encode) -> str:
    if isinstance(value, dict):
        join = "=" if rule.explode else ","
        return ",".join(f"{encode(name)}{join}{encode(inner)}" for name, inner in value.items())
    return ",".join(map(encode, value)) if isinstance(value, list) else encode(value)


def _label(rule: ParameterRule, value: Any, encode: Encode) -> str:
    if isinstance(value, dict) and rule.explode:
        return "".join(f".{encode(name)}={encode(inner)}" for name, inner in value.items())
    if isinstance(value, list) and rule.explode:
        return "".join(f".{encode(inner)}" for inner in value)
    return "." + _simple(rule, value, encode)


def _matrix(rule: ParameterRule, value: Any, encode: Encode) -> str:
    if isinstance(value, dict) and rule.explode:
        return "".join(f";{encode(name)}={encode(inner)}" for name, inner in value.items())
    if isinstance(value, list) and rule.explode:
        return "".join(f";{encode(rule.name)}={encode(inner)}" for inner in value)
    text = _simple(rule, value, encode)
    return f";{encode(rule.name)}={text}" if text else f";{encode(rule.name)}"


PATH: Mapping[str, Callable[[ParameterRule, Any, Encode], str]] = {
    "simple": _simple,
    "label": _label,
    "matrix": _matrix,
}


def _pairs(rule: ParameterRule, value: Any, encode: Encode, encode_name: Encode) -> Pairs:
    name = encode_name(rule.name)
    if isinstance(value, dict):
        return _of_object(rule, value, encode, encode_name)
    if not isinstance(value, list):
        return [(name, encode(value))]
    if rule.explode:
        return [(name, encode(inner)) for inner in value]
    return [(name, SEPARATORS.get(rule.style, ",").join(map(encode, value)))]


def _of_object(rule: ParameterRule, value: dict[str, Any], encode: Encode, encode_name: Encode) -> Pairs:
    if rule.style == "deepObject":
        return list(_deep(rule.name, value, encode, 0))
    if rule.explode:
        return [(encode_name(name), encode(inner)) for name, inner in value.items()]
    parts = [part for name, inner in value.items() for part in (encode_name(name), encode(inner))]
    return [(encode_name(rule.name), SEPARATORS.get(rule.style, ",").join(parts))]


def _deep(name: str, value: Any, encode: Encode, depth: int) -> Pairs:
    if depth > 10:  # noqa: PLR2004  # deeper than any server reads
        raise InvalidRequest(f"The parameter {name[:80]} nests too deeply for the style deepObject.")
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in _deep(f"{name}[{key}]", inner, encode, depth + 1)]
    if isinstance(value, list):
        return [pair for inner in value for pair in _deep(name, inner, encode, depth + 1)]
    return [(encoded(name), encode(value))]
