# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Numbers and texts as they are written in a query."""

from __future__ import annotations

import math

from sqlglot import exp

from ..column_types import BIGINT, DOUBLE, INTEGER, MOST_DIGITS, VARCHAR, decimal, literal
from ..errors import unsupported
from .scope import Scope, Typed

LARGEST_INTEGER = 2**31 - 1
LARGEST_BIGINT = 2**63 - 1


def written(node: exp.Expression, _: Scope) -> Typed:
    """Return a literal as a value of the type that its form says."""
    text = node.name
    if node.args["is_string"]:
        return Typed(sql=literal(text), type=VARCHAR, text=text)
    if "e" in text.lower():
        if math.isinf(float(text)):
            raise unsupported(f"The number {text} is larger than every DOUBLE", node)
        return Typed(sql=f"CAST('{text}' AS DOUBLE)", type=DOUBLE)
    digits, __, places = text.partition(".")
    if places:
        kind = decimal(len(digits) + len(places), len(places))
        if len(digits) + len(places) > MOST_DIGITS:
            raise unsupported(f"The number {text} has more than {MOST_DIGITS} digits", node)
        return Typed(sql=f"CAST('{text}' AS DECIMAL({kind.precision},{kind.scale}))", type=kind)
    return _whole(digits, node)


def _whole(digits: str, node: exp.Expression) -> Typed:
    number = int(digits)
    if number <= LARGEST_INTEGER:
        return Typed(sql=str(number), type=INTEGER)
    if number <= LARGEST_BIGINT:
        return Typed(sql=str(number), type=BIGINT)
    if len(digits) > MOST_DIGITS:
        raise unsupported(f"The number {digits} has more than {MOST_DIGITS} digits", node)
    return Typed(sql=f"CAST('{digits}' AS DECIMAL({len(digits)},0))", type=decimal(len(digits), 0))
