"""Replacements: other values at places of a payload that a JSON Pointer, a JSONPath or an XPath names."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from runyard.arazzo.documents.document import Replacement
from runyard.arazzo.language import xpath
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import pointer_parts
from runyard.arazzo.language.selecting import SECONDS, xpath_version
from runyard.arazzo.language.values import as_text
from runyard.arazzo.requests.payloads import is_xml
from runyard.core.errors import InvalidRequest

Way = Sequence[str | int]


def replaced(payload: Any, found: Sequence[tuple[Replacement, Any]], content_type: str) -> Any:
    """The payload with each replacement's value at its place; the one given is left as it is."""
    kinds = [_kind(replacement, content_type) for replacement, _ in found]
    if "xpath" not in kinds:
        payload = _as_data(payload)
    for kind, (replacement, value) in zip(kinds, found, strict=True):
        payload = REPLACE[kind](payload, replacement, value)
    return payload


def _kind(replacement: Replacement, content_type: str) -> str:
    if replacement.target_type is not None:
        if replacement.target_type not in REPLACE:
            known = ", ".join(REPLACE)
            raise NotUnderstood(
                f"A target's type is one of {known}, not {replacement.target_type}", replacement.target, 0
            )
        return replacement.target_type
    if replacement.target.startswith("$"):
        return "jsonpath"
    return "xpath" if is_xml(content_type) else "jsonpointer"


def _as_data(payload: Any) -> Any:
    """A template of JSON is data once its texts are filled in."""
    if not isinstance(payload, str):
        return copy.deepcopy(payload)
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"Nothing can be replaced in a payload that is no JSON: {error}.") from error


def _by_pointer(payload: Any, replacement: Replacement, value: Any) -> Any:
    target = replacement.target.removeprefix("#")
    return _put(payload, pointer_parts(target, replacement.target), value, replacement.target)


def _by_jsonpath(payload: Any, replacement: Replacement, value: Any) -> Any:
    from runyard.arazzo.language.bounded import Paths  # noqa: PLC0415  # 50 ms that only JSONPath needs

    ways = Paths(SECONDS).locations(replacement.target, payload)
    if not ways:
        raise InvalidRequest(f"The target {replacement.target} is not in the payload.")
    for way in ways:
        payload = _put(payload, way, value, replacement.target)
    return payload


def _by_xpath(payload: Any, replacement: Replacement, value: Any) -> Any:
    version = xpath_version(replacement.target_version)
    return xpath.replaced(replacement.target, as_text(payload), as_text(value), version=version, seconds=SECONDS)


def _put(payload: Any, way: Way, value: Any, target: str) -> Any:
    if not way:
        return value
    holder = payload
    for key in way[:-1]:
        holder = _inside(holder, key, target)
    last = way[-1]
    if isinstance(holder, dict):
        holder[str(last)] = value
    elif isinstance(holder, list) and last in {"-", str(len(holder))}:
        holder.append(value)
    else:
        _inside(holder, last, target)
        holder[int(last)] = value
    return payload


def _inside(holder: Any, key: str | int, target: str) -> Any:
    if isinstance(holder, dict) and str(key) in holder:
        return holder[str(key)]
    if isinstance(holder, list) and str(key).isdecimal() and len(str(key)) < 10 and int(key) < len(holder):  # noqa: PLR2004  # no longer index exists
        return holder[int(key)]
    raise InvalidRequest(f"The target {target} is not in the payload: there is no {key!r}.")


REPLACE: Mapping[str, Callable[[Any, Replacement, Any], Any]] = {
    "jsonpointer": _by_pointer,
    "jsonpath": _by_jsonpath,
    "xpath": _by_xpath,
}
