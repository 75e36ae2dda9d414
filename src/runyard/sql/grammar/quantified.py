"""`x = ANY(array)` and `x <> ALL(array)`, which SQLite knows as IN and NOT IN. Drivers send lists as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

WORDS: Mapping[type[exp.Expr], tuple[str, ...]] = {exp.EQ: ("ANY", "SOME"), exp.NEQ: ("ALL",)}
LISTED = "ARRAY_ITEMS"
"""The function that makes of an array what json_each reads; its second argument is the type of the items."""


def among(comparison: type[exp.Binary], this: exp.Expr, right: exp.Expr) -> exp.In | None:
    """Return the IN that a comparison with ANY or ALL means; with <> ALL it is to be negated."""
    given = _given(right, WORDS.get(comparison, ()))
    if given is None:
        return None
    if isinstance(given, exp.Query):
        return exp.In(this=this, query=given if isinstance(given, exp.Subquery) else exp.Subquery(this=given))
    element = ""
    if isinstance(given, exp.Cast) and given.is_type(exp.DType.ARRAY):
        element = given.to.expressions[0].sql() if given.to.expressions else ""
        given = given.this
    if isinstance(given, exp.Array):
        return exp.In(this=this, expressions=given.expressions)
    return exp.In(this=this, query=exp.Subquery(this=_items(given, element)))


def _given(right: exp.Expr, words: tuple[str, ...]) -> Any:
    """What stands in the parentheses behind one of these words."""
    if isinstance(right, exp.Any | exp.All):
        return right.this.unnest() if right.key.upper() in words else None
    is_one = isinstance(right, exp.Anonymous) and right.name.upper() in words and len(right.expressions) == 1
    return right.expressions[0] if is_one else None


def _items(array: exp.Expr, element: str) -> exp.Select:
    items = exp.Anonymous(this=LISTED, expressions=[array, exp.Literal.string(element)])
    table = exp.Table(
        this=exp.Anonymous(this="JSON_EACH", expressions=[items]),
        alias=exp.TableAlias(this=exp.to_identifier("items", quoted=True)),
    )
    return exp.Select(expressions=[exp.column("value", table="items", quoted=True)]).from_(table)


def array_in(node: exp.In) -> exp.Anonymous | None:
    """Return the call that lists the items of an array, if that is what IN looks at."""
    query = node.args.get("query")
    source = query.this.args.get("from_") if query is not None else None
    table = source.this.this if source is not None and isinstance(source.this, exp.Table) else None
    items = table.expressions[0] if isinstance(table, exp.Anonymous) and table.expressions else None
    return items if isinstance(items, exp.Anonymous) and items.name == LISTED else None
