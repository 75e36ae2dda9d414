"""Shapes of queries that PostgreSQL takes and SQLite does not, put into ones that it takes."""

from __future__ import annotations

from sqlglot import exp

ORDERING = ("order", "limit", "offset", "with_")
"""What a part of a set operation cannot have for itself, unless it stands in a FROM."""


def shaped(tree: exp.Expr) -> exp.Expr:
    """Return the tree without parentheses around queries, and without names of columns in an alias."""
    for alias in list(tree.find_all(exp.TableAlias)):
        if alias.args.get("columns") and isinstance(alias.parent, exp.Subquery | exp.Values):
            _rename(alias.parent, alias)
    for node in list(tree.find_all(exp.SetOperation)):
        for side in ("this", "expression"):
            node.set(side, _bare(node.args[side], is_part=True))
    return _bare(tree, is_part=False)


def _rename(source: exp.Subquery | exp.Values, alias: exp.TableAlias) -> None:
    """`(…) AS t(a, b)` as `(WITH t(a, b) AS (…) SELECT * FROM t) AS t`."""
    inner = source.copy()
    inner.set("alias", None)
    query = inner.this if isinstance(inner, exp.Subquery) else inner
    name = alias.this.copy()
    common = exp.CTE(this=query, alias=alias.copy())
    select = exp.Select(expressions=[exp.Star()], with_=exp.With(expressions=[common]))
    select.set("from_", exp.From(this=exp.Table(this=name)))
    source.replace(exp.Subquery(this=select, alias=exp.TableAlias(this=name.copy())))


def _bare(operand: exp.Expr, *, is_part: bool) -> exp.Expr:
    """A query without the parentheses around it; what is ordered or cut inside stays so in a FROM."""
    if not isinstance(operand, exp.Subquery) or operand.args.get("alias"):
        return operand
    inner: exp.Expr = operand.this
    own = {key: operand.args[key] for key in ORDERING if operand.args.get(key)}
    is_plain = isinstance(inner, exp.Select | exp.Values) and not any(inner.args.get(key) for key in ORDERING)
    if is_plain and not own:
        return inner
    select = _all_of(inner)
    for key, value in own.items():
        select.set(key, value)
    return _all_of(select) if own and is_part else select


def _all_of(query: exp.Expr) -> exp.Select:
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Subquery(this=query)))
