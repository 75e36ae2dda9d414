# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Expressions over the columns of one dataset, in one form, so that equal ones are equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from sqlglot import exp

from ..translation.expressions import is_bare

T = TypeVar("T", bound=exp.Expression)
NESTED = (exp.Subquery, exp.Query, exp.Exists, exp.Dot, exp.Lateral, exp.Placeholder)
MANY = frozenset({"FLATTEN", "UNNEST"})  # functions that make several rows of one


class NoMatch(Exception):
    """This cannot be answered from a reflection, or nobody has proved that it can."""


class Named(exp.Expression):
    """A name of the list of a SELECT, where ORDER BY, GROUP BY or HAVING mean that."""


def column(name: str) -> exp.Column:
    """Return a column by its exact name."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


def mapped(node: exp.Expression, change: Callable[[exp.Expression], exp.Expression]) -> exp.Expression:
    """Return a node with each of its parts changed."""
    return node.__class__(**{name: _part(value, change) for name, value in node.args.items()})


def _part(value: object, change: Callable[[exp.Expression], exp.Expression]) -> object:
    if isinstance(value, exp.Expression):
        return change(value)
    if isinstance(value, list):
        return [_part(each, change) for each in value]
    return value


def plain(node: exp.Expression, resolve: Callable[[exp.Column], exp.Expression]) -> exp.Expression:
    """Return an expression without parentheses, each of its columns resolved, BETWEEN as its two comparisons."""
    if isinstance(node, exp.Paren):
        return plain(node.this, resolve)
    if isinstance(node, exp.Column):
        if is_bare(node) or isinstance(node.this, exp.Star):
            raise NoMatch
        return resolve(node)
    if isinstance(node, NESTED) or _is_many(node):
        raise NoMatch
    if isinstance(node, exp.Between):
        value, low, high = (plain(node.args[name], resolve) for name in ("this", "low", "high"))
        return exp.And(this=exp.GTE(this=value, expression=low), expression=exp.LTE(this=value.copy(), expression=high))
    return mapped(node, lambda part: plain(part, resolve))


def makes_many(node: exp.Expression) -> bool:
    """Tell whether anything in a tree makes several rows of one."""
    return any(_is_many(each) for each in node.find_all(exp.Anonymous, exp.Unnest))


def _is_many(node: object) -> bool:
    return isinstance(node, exp.Unnest) or (isinstance(node, exp.Anonymous) and str(node.name).upper() in MANY)


def substituted(node: exp.Expression, values: Mapping[str, exp.Expression]) -> exp.Expression:
    """Return an expression in which each column is what it stands for."""
    if isinstance(node, exp.Column):
        return values[node.name].copy()
    return mapped(node, lambda part: substituted(part, values))


def conjuncts(node: exp.Expression | None) -> list[exp.Expression]:
    """Return what a condition joins by AND."""
    if node is None:
        return []
    if isinstance(node, exp.And):
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return [node]


def joined(parts: Sequence[exp.Expression]) -> exp.Expression:
    """Return conditions that must all hold as one."""
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.And(this=whole, expression=part)
    return whole


def names_in(node: exp.Expression) -> set[str]:
    """Return every name in a tree, whatever it names, in small letters."""
    return {str(each.this).lower() for each in node.find_all(exp.Identifier)}


def unused(prefix: str, taken: Iterable[str]) -> str:
    """Return a prefix with which no name begins."""
    taken = list(taken)
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix
