"""Values of a document, read once and worked out as often as a run asks: constants, expressions, texts, selectors."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from runyard.arazzo.documents.assembly import value_of
from runyard.arazzo.documents.document import Selector
from runyard.arazzo.language import conditions, logic, selecting
from runyard.arazzo.language.errors import NotDecided, NotUnderstood
from runyard.arazzo.language.expressions import (
    LONGEST,
    REMEMBERED,
    Bare,
    Expression,
    Scope,
    Version,
    evaluate,
    parse,
    parse_template,
)
from runyard.arazzo.language.values import HEAVIEST, MISSING, as_text, is_too_large

SPACE = re.compile(r"\s")
Formula = Callable[[Scope], Any]


def formula(value: Any, version: Version) -> Formula:
    """How to work out a value: expressions keep their types, and members without a value are left out."""
    if isinstance(value, str):
        return _text(value, version)
    if version is Version.V1_1:
        value = value_of(value)  # since 1.1 a selector may stand anywhere in a payload
    if isinstance(value, Selector):
        return partial(_selected, value, expression(value.context, version))
    if isinstance(value, dict):
        return partial(_members, [(name, formula(inner, version)) for name, inner in value.items()])
    if isinstance(value, list):
        return partial(_elements, [formula(inner, version) for inner in value])
    return lambda _: value


def limited(value: Any, version: Version) -> Formula:
    """How to work out a value that others are made of: one that grows with each turn of a loop ends as too large."""
    made = formula(value, version)
    return made if isinstance(value, str | int | float | None) else partial(_limited, made)


def _limited(made: Formula, scope: Scope) -> Any:
    value = made(scope)
    if is_too_large(value):
        raise NotDecided("The value has become too large, or nests too deeply; pass on less of it.")
    return value


def expression(text: str, version: Version) -> Formula:
    """How to work out a text that is one expression: by its grammar, or with steps into it (`$response.body.a[0]`)."""
    if "[" not in text:
        try:
            return partial(evaluate, parse(text, version))
        except NotUnderstood as error:
            problem = error
    else:
        problem = NotUnderstood("This is no runtime expression", text, 0)
    try:
        leaf = conditions.parse_condition(text, version)
    except NotUnderstood:
        raise problem from None
    if isinstance(leaf, logic.Leaf):
        return partial(conditions.value_of, leaf.meaning)
    raise problem


@lru_cache(maxsize=REMEMBERED)
def _text(text: str, version: Version) -> Formula:
    if "$" not in text:
        return lambda _: text
    if text.startswith("$") and len(text) <= LONGEST and not SPACE.search(text):
        try:
            return expression(text, version)
        except NotUnderstood:
            pass  # a text that merely begins so
    parts = parse_template(text, version)
    if parts and all(isinstance(part, str) for part in parts):
        return lambda _: text
    if len(parts) == 1 and isinstance(parts[0], Expression):
        return partial(evaluate, parts[0])
    return partial(_filled, parts)


def _filled(parts: tuple[str | Expression | Bare, ...], scope: Scope) -> str:
    texts, length = [], 0
    for part in parts:
        texts.append(part if isinstance(part, str) else _spelled(part, scope))
        length += len(texts[-1])
        if length > HEAVIEST:
            raise NotDecided(f"The text has more than {HEAVIEST:,} characters; pass on less of it.")
    return "".join(texts)


def _spelled(part: Expression | Bare, scope: Scope) -> str:
    if isinstance(part, Expression):
        return as_text(evaluate(part, scope))
    value = evaluate(part.expression, scope)
    # Without braces it may be meant as it is written: only what is there replaces it.
    return part.expression.text if value is MISSING else as_text(value)


def _members(members: list[tuple[str, Formula]], scope: Scope) -> dict[str, Any]:
    worked_out = ((name, inner(scope)) for name, inner in members)
    return {name: value for name, value in worked_out if value is not MISSING}


def _elements(elements: list[Formula], scope: Scope) -> list[Any]:
    worked_out = (inner(scope) for inner in elements)
    return [None if value is MISSING else value for value in worked_out]


def _selected(selector: Selector, context: Formula, scope: Scope) -> Any:
    value = context(scope)
    return MISSING if value is MISSING or value is None else selecting.select(selector, value)
