# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Which expressions bring another value when they are asked again, or ask who asks."""

from __future__ import annotations

from sqlglot import exp

from ..translation.expressions import is_bare
from ..translation.special_functions import BARE, SPECIAL

CALLS = frozenset({name for name, way in SPECIAL.items() if way in BARE.values()}) | frozenset(
    {"RAND", "RANDOM", "UNIX_TIMESTAMP", "QUERY_USER", "UUID", "IS_MEMBER"}
)
"""Functions whose value is not given by their arguments: what the bare words bring, chance, and the time."""
ORDER_BOUND = frozenset({"ANY_VALUE", "LISTAGG", "ARRAY_AGG"})
"""Aggregates that have as many values as a group has orders."""


def is_volatile(node: exp.Expression) -> bool:
    """Tell whether anything in a tree is."""
    return _has(node, CALLS) or any(is_bare(each) for each in node.find_all(exp.Column))


def is_order_bound(node: exp.Expression) -> bool:
    """Tell whether a tree asks for what the order of rows decides."""
    return _has(node, ORDER_BOUND)


def _has(node: exp.Expression, names: frozenset[str]) -> bool:
    return any(str(each.name).upper() in names for each in node.find_all(exp.Anonymous))
