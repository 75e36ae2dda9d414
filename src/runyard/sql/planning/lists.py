"""Lists of values behind IN, as tables of services can take them: apsw fails over one that turns out to be empty."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

JOINED = (exp.And, exp.Or, exp.Paren)


def as_queries(tree: exp.Expr) -> None:
    """Write `x IN name`, where SQLite has the name of a table, as the query that it means."""
    for found in tree.find_all(exp.In):
        named = found.args.get("field")
        if isinstance(named, exp.Column) and not isinstance(named.this, exp.Star):
            name, *within = reversed(named.parts)
            table = exp.Table(this=name, **dict(zip(("db", "catalog"), within, strict=False)))
            found.set("field", None)
            found.set("query", exp.Subquery(this=exp.Select(expressions=[exp.Star()]).from_(table)))


def never_empty(tree: exp.Expr) -> None:
    """Put a NULL into every `x IN (SELECT …)` that says which rows there are, where NULL means as much as false."""
    for select in tree.find_all(exp.Select):
        where = select.args.get("where")
        conditions = [where.this] if where is not None else []
        conditions += [on for join in select.args.get("joins") or () if (on := join.args.get("on")) is not None]
        for one in conditions:
            for found in _lists(one):
                _widen(found)


def _lists(condition: exp.Expr) -> Iterator[exp.In]:
    """Yield what is joined by AND and OR alone: there NULL and false drop a row alike."""
    if isinstance(condition, exp.In):
        yield condition
    elif isinstance(condition, JOINED):
        for part in condition.iter_expressions():
            yield from _lists(part)


def _widen(found: exp.In) -> None:
    query = found.args.get("query")
    if query is None or isinstance(found.this, exp.Tuple):
        return
    inner = exp.Subquery(this=query.unnest(), alias=exp.TableAlias(this=exp.to_identifier("listed", quoted=True)))
    first = exp.Select(expressions=[exp.Star()]).from_(inner)
    nothing = exp.Select(expressions=[exp.Null()])
    found.set("query", exp.Subquery(this=exp.Union(this=first, expression=nothing, distinct=False)))
