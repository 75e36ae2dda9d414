# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Which expressions bring another value when they are asked again, or ask who asks."""

from __future__ import annotations

from sqlglot import exp

from ..translation.calls import is_known
from ..translation.expressions import is_bare
from ..translation.relations import INSPECTIONS
from ..translation.special_functions import BARE, SPECIAL

CALLS = frozenset({name for name, way in SPECIAL.items() if way in BARE.values()}) | frozenset(
    {"RAND", "RANDOM", "UNIX_TIMESTAMP", "QUERY_USER", "UUID", "IS_MEMBER"}
)
"""Functions whose value is not given by their arguments: what the bare words bring, chance, and the time."""
ORDER_BOUND = frozenset({"ANY_VALUE", "LISTAGG", "ARRAY_AGG"})
"""Aggregates that have as many values as a group has orders."""


def is_volatile(node: exp.Expression) -> bool:
    """Tell whether anything in a tree may be; what a function of one's own does is not looked at."""
    return is_of_its_moment(node) or calls_own_functions(node)


def is_of_its_moment(node: exp.Expression) -> bool:
    """Tell whether anything in a tree asks for the time, the user or chance, functions of one's own apart."""
    return _has(node, CALLS) or any(is_bare(each) for each in node.find_all(exp.Column))


def calls_own_functions(node: exp.Expression) -> bool:
    """Tell whether a tree calls what may be functions of one's own."""
    return any(_may_be_own(each) for each in node.find_all(exp.Anonymous))


def _may_be_own(call: exp.Expression) -> bool:
    around = call.parent
    while isinstance(around, exp.Dot):
        around = around.parent
    if isinstance(around, exp.Table | exp.Hint):
        return False  # the word TABLE, or what is said of reflections
    if isinstance(around, exp.Anonymous) and isinstance(around.parent, exp.Table):
        is_file = bool(call.expressions) and all(isinstance(each, exp.Kwarg) for each in call.expressions)
        return not is_file and str(call.name).lower() not in INSPECTIONS
    return isinstance(call.parent, exp.Dot) or not is_known(str(call.name))


def is_order_bound(node: exp.Expression) -> bool:
    """Tell whether a tree asks for what the order of rows decides."""
    return _has(node, ORDER_BOUND)


def _has(node: exp.Expression, names: frozenset[str]) -> bool:
    return any(str(each.name).upper() in names for each in node.find_all(exp.Anonymous))
