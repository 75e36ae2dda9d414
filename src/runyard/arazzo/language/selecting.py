"""Values picked out of others by JSONPath, XPath or JSON Pointer: selectors of outputs, parameters and payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.arazzo.documents.document import Selector
from runyard.arazzo.language import xpath
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import pointer_parts
from runyard.arazzo.language.values import MISSING, as_text, at_pointer

SECONDS = 5.0


def select(selector: Selector, value: Any) -> Any:
    """The one value that is selected, a list of several, or MISSING; refuse a language that nobody knows."""
    chosen = SELECTS.get(selector.type)
    if chosen is None:
        raise NotUnderstood(
            f"A selector's type is one of {', '.join(SELECTS)}, not {selector.type}", selector.selector, 0
        )
    return chosen(selector, value)


def xpath_version(version: str | None) -> str:
    """The version as the process that decides it knows it."""
    return (version or "xpath-31").removeprefix("xpath-")


def _by_pointer(selector: Selector, value: Any) -> Any:
    return at_pointer(value, pointer_parts(selector.selector.removeprefix("#"), selector.selector))


def _by_jsonpath(selector: Selector, value: Any) -> Any:
    from runyard.arazzo.language.bounded import Paths  # noqa: PLC0415  # 50 ms that only JSONPath needs

    return _one(Paths(SECONDS).values(selector.selector, value))


def _by_xpath(selector: Selector, value: Any) -> Any:
    version = xpath_version(selector.version)
    return _one(xpath.values(selector.selector, as_text(value), version=version, seconds=SECONDS))


def _one(values: list[Any]) -> Any:
    if len(values) > 1:
        return values
    return values[0] if values else MISSING


SELECTS: Mapping[str, Callable[[Selector, Any], Any]] = {
    "jsonpath": _by_jsonpath,
    "xpath": _by_xpath,
    "jsonpointer": _by_pointer,
}
