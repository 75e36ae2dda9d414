"""Values picked out of others by JSONPath, XPath or JSON Pointer: selectors of outputs, parameters and payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from runyard.arazzo.documents.document import Selector
from runyard.arazzo.language import xpath
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import pointer_parts
from runyard.arazzo.language.values import MISSING, as_text, at_pointer

SECONDS = 5.0
Language = TypeVar("Language")


def select(selector: Selector, value: Any) -> Any:
    """The one value that is selected, a list of several, or MISSING; refuse a language that nobody knows."""
    return _language(selector, SELECTS)(selector, value)


def refuse_unreadable(selector: Selector) -> None:
    """Refuse a selector that can be read in no language that is known, whatever it would be asked of."""
    _language(selector, READS)(selector)


def _language(selector: Selector, languages: Mapping[str, Language]) -> Language:
    if selector.type not in languages:
        known = ", ".join(languages)
        raise NotUnderstood(f"A selector's type is one of {known}, not {selector.type}", selector.selector, 0)
    return languages[selector.type]


def xpath_version(version: str | None) -> str:
    """The version as the process that decides it knows it."""
    return (version or "xpath-31").removeprefix("xpath-")


def _pointer(selector: Selector) -> tuple[str, ...]:
    return pointer_parts(selector.selector.removeprefix("#"), selector.selector)


def _read_jsonpath(selector: Selector) -> None:
    from runyard.arazzo.language.bounded import Paths  # noqa: PLC0415  # 50 ms that only JSONPath needs

    Paths(SECONDS).read(selector.selector)


def _read_xpath(selector: Selector) -> None:
    xpath.refuse_unreadable(selector.selector, version=xpath_version(selector.version), seconds=SECONDS)


def _by_pointer(selector: Selector, value: Any) -> Any:
    return at_pointer(value, _pointer(selector))


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
READS: Mapping[str, Callable[[Selector], object]] = {
    "jsonpath": _read_jsonpath,
    "xpath": _read_xpath,
    "jsonpointer": _pointer,
}
