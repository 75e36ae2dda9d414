"""Reads a request by Glue's model: JSON types first, then every constraint, all violations in one message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runyard.dialects.glue.errors import BrokenConstraint, UnreadableRequest
from runyard.dialects.glue.model import Model, Shape

Rule = tuple[Callable[[Any], bool], str]
"""Whether a value keeps a constraint, and what AWS says when it does not."""

# A message stays in proportion, whatever a hostile request repeats.
LONGEST_SHOWN = 4096  # characters of a wrong value
LONGEST_KEY = 255  # characters of a map's key in a path
MOST_SHOWN = 100  # violations

# What AWS answers to a wrong JSON type (measured against a service of the same framework, fujidai/athena-local #84).
LIST_FOUND = "Start of list found where not expected"
MAP_FOUND = "Start of structure or map found where not expected."
SCALAR_FOUND = {"list": "Expected list or null", "structure": "Expected null", "map": "Expected null"}
TARGETS = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "double": "a Double",
    "timestamp": "a Timestamp",
}
PYTHON_TYPES: Mapping[str, type] = {"string": str, "list": list, "structure": dict, "map": dict}
BITS = {"integer": 31, "long": 63, "double": 1023, "timestamp": 63}

JAVA_TO_PYTHON = (
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"),  # in Java, these surrogates are one range
    # Letters, numbers and punctuation, of ids that nothing here reads: but for ASCII, symbols pass too.
    (r"[\p{L}\p{N}\p{P}]", r"[^\x00-\x20\x7f$+<=>^`|~]"),
    (".*", r"[^\n\r\u0085\u2028\u2029]*"),  # Java's dot stops at every line terminator
)


class Validator:
    """Checks requests; patterns and sentences are made ready once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._rules = {name: tuple(_rules(shape)) for name, shape in model.shapes.items()}

    def check(self, operation: str, request: Any) -> dict[str, Any]:
        """Return what Glue's model knows of a request, without nulls; refuse one that breaks the model."""
        violations: list[str] = []
        clean: dict[str, Any] = self._value(self._model.operation(operation).input, request, "", violations)
        if violations:
            errors = "error" if len(violations) == 1 else "errors"
            listed = "; ".join(violations[:MOST_SHOWN])
            raise BrokenConstraint(f"{len(violations)} validation {errors} detected: {listed}")
        return clean

    def _value(self, name: str, value: Any, path: str, violations: list[str]) -> Any:
        shape = self._model.shapes[name]
        clean = _scalar(shape.type, value)
        if shape.type == "structure":
            clean = self._structure(shape, value, path, violations)
        elif shape.type == "map":
            clean = self._map(shape, value, path, violations)
        elif shape.type == "list":
            clean = [
                self._value(shape.member, item, f"{path}.{number}.member", violations)
                for number, item in enumerate(value, 1)
                if item is not None
            ]
        violations += [_violation(clean, path, text) for keeps, text in self._rules[name] if not keeps(clean)]
        return clean

    def _structure(self, shape: Shape, value: Any, path: str, violations: list[str]) -> dict[str, Any]:
        """Read the members; unknown ones are ignored, because AWS adds members and clients send them early."""
        clean: dict[str, Any] = {}
        for member, part in shape.members.items():
            item = value.get(member)
            if item is not None:
                clean[member] = self._value(part, item, _below(path, member), violations)
            elif member in shape.required:
                violations.append(_violation(None, _below(path, member), "Member must not be null"))
        return clean

    def _map(self, shape: Shape, value: Any, path: str, violations: list[str]) -> dict[str, Any]:
        texts = [text for _, text in self._rules[shape.key]]
        if not all(keeps(key) for key in value for keeps, _ in self._rules[shape.key]):
            sentence = f"Map keys must satisfy constraint: [{', '.join(texts)}]"
            violations.append(_violation(value, path, sentence))
        return {
            key: self._value(shape.value, item, f"{path}.{key[:LONGEST_KEY]}.member", violations)
            for key, item in value.items()
            if item is not None
        }


def _rules(shape: Shape) -> Iterator[Rule]:
    """Yield the constraints of a shape with AWS's sentences."""
    kind, size = ("value", _itself) if shape.type in BITS else ("length", len)
    low, high = shape.min, shape.max
    if high is not None:
        yield lambda value: size(value) <= high, f"Member must have {kind} less than or equal to {high:.0f}"
    if low is not None:
        yield lambda value: size(value) >= low, f"Member must have {kind} greater than or equal to {low:.0f}"
    if shape.pattern is not None:
        matches = translate(shape.pattern).fullmatch
        yield (
            lambda value: matches(value) is not None,
            f"Member must satisfy regular expression pattern: {shape.pattern}",
        )
    if shape.enum:
        allowed = shape.enum
        yield lambda value: value in allowed, f"Member must satisfy enum value set: [{', '.join(allowed)}]"


def translate(pattern: str) -> re.Pattern[str]:
    """Turn a Java regular expression of the model into Python's."""
    for java, python in JAVA_TO_PYTHON:
        pattern = pattern.replace(java, python)
    return re.compile(pattern, re.ASCII)


def _scalar(kind: str, value: Any) -> Any:
    """Refuse a wrong JSON type; a fraction for an integer is cut off, as AWS does."""
    if kind in BITS:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2 ** BITS[kind]
        if not fits:
            raise UnreadableRequest(_mismatch(kind, value))
        return float(value) if kind in ("double", "timestamp") else int(value)
    if not isinstance(value, PYTHON_TYPES.get(kind, bool)):
        raise UnreadableRequest(_mismatch(kind, value))
    return value


def _mismatch(kind: str, value: Any) -> str:
    if isinstance(value, list):
        return LIST_FOUND
    if isinstance(value, dict):
        return MAP_FOUND
    if kind in SCALAR_FOUND:
        return SCALAR_FOUND[kind]
    found = "NUMBER" if isinstance(value, int | float) else "STRING"
    found = str(value).upper() if isinstance(value, bool) or value is None else found
    return f"{found}_VALUE can not be converted to {TARGETS[kind]}"


def _violation(value: Any, path: str, sentence: str) -> str:
    found = "null" if value is None else f"'{_java_text(value)[:LONGEST_SHOWN]}'"
    return f"Value {found} at '{path}' failed to satisfy constraint: {sentence}"


def _java_text(value: Any) -> str:
    """Print a value the way AWS's messages do."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_java_text(item) for item in value) + "]"
    return str(value)


def _below(path: str, member: str) -> str:
    lower_camel = member[:1].lower() + member[1:]
    return f"{path}.{lower_camel}" if path else lower_camel


def _itself(value: Any) -> Any:
    return value
