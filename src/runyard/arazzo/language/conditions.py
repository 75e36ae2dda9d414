"""Simple conditions: `$statusCode == 200 && $response.body#/state != 'FAILED'`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from runyard.arazzo.language import logic
from runyard.arazzo.language.errors import NotUnderstood
from runyard.arazzo.language.expressions import REMEMBERED, Expression, Scope, Version, evaluate, parse
from runyard.arazzo.language.values import MISSING, item, length_or_member
from runyard.arazzo.records import Record

# A name ends where an operator, a bracket or a brace begins; in braces it may contain spaces and brackets too.
REFERENCE = re.compile(r"\$[A-Za-z]*(?:\.[\w\-~%+*^@:]+)*(?:#[^\s=!<>&|()\[\]{}]*)?")
BRACED = re.compile(r"\{(\$[^{}=!<>&|]*)\}")
BODY = re.compile(r"(\$(?:request|response)\.body)((?:\.[\w\-]+)+)")
STRING = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
INDEX = re.compile(r"\[\s*(-?\d{1,15})\s*\]", re.ASCII)
NAMED = re.compile(r"\[\s*('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")\s*\]")
DOTTED = re.compile(r"\.([\w\-]+)")
NUMERIC = re.compile(r"\s*[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Reference(Record):
    """An expression and the steps into its value: `$response.body.items[0]` steps to items, then 0."""

    expression: Expression
    steps: tuple[str | int, ...]


class Answer(Record):
    """Whether a condition holds, and the values that it was decided by."""

    passed: bool
    seen: tuple[tuple[str, Any], ...] = ()


@lru_cache(maxsize=REMEMBERED)
def parse_condition(text: str, version: Version = Version.V1_1) -> logic.Node:
    """Read a simple condition."""
    return logic.Reader(text, lambda reader: _reference(reader, version), _string).whole()


def _string(reader: logic.Reader) -> str:
    quoted = reader.take(STRING)
    if quoted is None:
        raise reader.wrong("This text is not closed")
    return _unquoted(quoted)


def _unquoted(quoted: str) -> str:
    return quoted[1:-1].replace(quoted[0] * 2, quoted[0])


def _reference(reader: logic.Reader, version: Version) -> logic.Leaf | None:
    start = reader.position
    braced = reader.take(BRACED)
    if braced is not None:
        try:
            return _leaf(reader, start, parse(braced[1:-1], version), ())
        except NotUnderstood:
            # The braces hold a condition, not an expression.
            reader.position = start
            return None
    found = reader.take(REFERENCE)
    if found is None:
        return None
    if found == "$" or found.startswith("$["):
        raise reader.wrong("A simple condition asks runtime expressions; for a JSONPath say type: jsonpath", start)
    body = BODY.fullmatch(found)
    dotted = tuple(body[2].split(".")[1:]) if body else ()
    try:
        expression = parse(body[1] if body else found, version)
    except NotUnderstood as error:
        raise reader.wrong(error.problem, start + error.column - 1) from error
    return _leaf(reader, start, expression, dotted)


def _leaf(reader: logic.Reader, start: int, expression: Expression, steps: tuple[str | int, ...]) -> logic.Leaf:
    while (step := _step(reader)) is not None:
        steps += (step,)
    text = reader.text[start : reader.position]
    return logic.Leaf(text=text, meaning=Reference(expression=expression, steps=steps))


def _step(reader: logic.Reader) -> str | int | None:
    for pattern, read in ((INDEX, int), (NAMED, _unquoted), (DOTTED, str)):
        found = pattern.match(reader.text, reader.position)
        if found is not None:
            reader.position = found.end()
            return read(found[1])
    if reader.text.startswith("[", reader.position):
        raise reader.wrong("In brackets stands an index or a quoted name")
    return None


def judge(condition: logic.Node, scope: Scope) -> Answer:
    """Decide a simple condition; a value that is missing counts as null."""
    seen: list[tuple[str, Any]] = []

    def look_up(leaf: logic.Leaf) -> Any:
        value = value_of(leaf.meaning, scope)
        seen.append((leaf.text, value))
        return value

    rules = logic.Rules(look_up=look_up, compare=compare, is_true=is_true)
    return Answer(passed=is_true(logic.evaluate(condition, rules)), seen=tuple(seen))


def value_of(reference: Reference, scope: Scope) -> Any:
    """What the reference's expression and its steps lead to."""
    value = evaluate(reference.expression, scope)
    for step in reference.steps:
        value = item(value, step) if isinstance(step, int) else length_or_member(value, step)
    return value


def is_true(value: Any) -> bool:
    """A condition that is only a value: null, nothing, false, 0 and the empty text fail, all else passes."""
    return isinstance(value, list | dict) or bool(value)


def compare(comparison: str, left: Any, right: Any) -> bool:
    """Loosely: texts without case, a text that spells a number as that number, null equal to null alone."""
    left, right = _alike(left, right)
    if comparison in ORDERS:
        return _has_order(left, right) and ORDERS[comparison](left, right)
    return equal(left, right) == (comparison == "==")


def equal(left: Any, right: Any) -> bool:
    """Equal as JSON values are: `true` is not 1, and 1 is 1.0."""
    pending = [(left, right)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, bool) or isinstance(other, bool):
            same = one is other
        elif isinstance(one, list) and isinstance(other, list):
            same = len(one) == len(other)
            pending += zip(one, other, strict=False)
        elif isinstance(one, dict) and isinstance(other, dict):
            same = one.keys() == other.keys()
            pending += [(one[name], other[name]) for name in one.keys() & other.keys()]
        else:
            same = bool(one == other)
        if not same:
            return False
    return True


def _has_order(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return False
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, int | float))


def _alike(left: Any, right: Any) -> Sequence[Any]:
    left, right = (None if value is MISSING else value for value in (left, right))
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold(), right.casefold()
    if isinstance(left, str):
        return _spelled(left, right), right
    if isinstance(right, str):
        return left, _spelled(right, left)
    return left, right


def _spelled(text: str, other: Any) -> Any:
    """The number or boolean that a text spells when it is compared with one."""
    if isinstance(other, bool):
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if isinstance(other, int | float) and NUMERIC.fullmatch(text):
        return int(text) if text.strip().lstrip("+-").isdigit() else float(text)
    return text
