"""What a query asks of each table by equality: which connection, and by which of its columns it is found best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.grammar.quantified import array_in
from runyard.sql.planning.sources import Inner, Occurrence, Sources

CONNECTIONS: Mapping[str, tuple[str, ...]] = {
    "deployment_name": ("deployment_name",),
    "region": ("region", "account"),
    "project_id": ("project_id",),
}
"""By which columns a connection may be named, by the column that shows it."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A column of a resource that must equal one of some values."""

    occurrence: Occurrence
    column: str  # in lower case
    values: Sequence[exp.Expr]  # texts, numbers and binds; none: those of an array that nobody knows yet


def narrow(sources: Sources, is_here: Callable[[str | None], bool]) -> tuple[str, ...]:
    """Note in every occurrence what is asked of it; return the binds that name a connection."""
    binds: list[str] = []
    for asked in _asked(sources):
        names = CONNECTIONS.get(asked.occurrence.resource.connection, ())
        if asked.column in names and not asked.values:
            raise SqlError(NOT_SUPPORTED, f"{asked.column} names connections, by = or IN (…): an array may hold any.")
        if asked.column in names:
            binds += [one.name for one in asked.values if isinstance(one, exp.Placeholder)]
            found = tuple(dict.fromkeys(one.name for one in asked.values if isinstance(one, exp.Literal)))
            before = asked.occurrence.connections
            asked.occurrence.connections = tuple(one for one in before if one in found) if before else found
        asked.occurrence.equals.add(asked.column)
    for one in sources.occurrences:
        if one.local is not None:
            variant = next((name for name in one.local.variants if name in one.equals), None)
            one.local = one.local.variants[variant] if variant is not None else one.local
        is_all_here = one.resource.connection == "" or all(map(is_here, one.connections or (None,)))
        one.table = one.local if is_all_here else None
    return tuple(dict.fromkeys(binds))


def _asked(sources: Sources) -> Iterator[Asked]:
    for scope in sources.scopes:
        for node in conjuncts(scope):
            yield from _equality(node, scope, sources)


def _equality(node: exp.Expr, scope: Scope, sources: Sources) -> Iterator[Asked]:
    if isinstance(node, exp.EQ):
        pairs = [(node.this, [node.expression]), (node.expression, [node.this])]
    elif isinstance(node, exp.In) and node.expressions:
        pairs = [(node.this, node.expressions)]
    elif isinstance(node, exp.In) and array_in(node) is not None:
        pairs = [(node.this, [])]
    else:
        return
    for column, values in pairs:
        if isinstance(column, exp.Column) and all(isinstance(one, exp.Literal | exp.Placeholder) for one in values):
            for occurrence, name in _beneath(column, scope, sources):
                yield Asked(occurrence=occurrence, column=name, values=values)


def _beneath(column: exp.Column, scope: Scope, sources: Sources) -> Iterator[tuple[Occurrence, str]]:
    """Yield the columns of resources that a column is, also through queries and views that only pass it on."""
    found = sources.find(scope, column)
    if found is None:
        return
    if found.resource is not None:
        yield found.resource[0], found.name
    elif isinstance(found.source, Inner):
        names = found.source.columns or ()
        for part in _parts(found.source.scope):
            selects = part.expression.selects if isinstance(part.expression, exp.Query) else []
            passed = selects[names.index(found.name)].unalias() if len(selects) == len(names) else None
            if isinstance(passed, exp.Column) and _is_plain(part):
                yield from _beneath(passed, part, sources)


def _parts(scope: Scope) -> Iterator[Scope]:
    if isinstance(scope.expression, exp.SetOperation):
        for one in scope.set_operation_scopes:
            yield from _parts(one)
    else:
        yield scope


def _is_plain(scope: Scope) -> bool:
    """Whether a condition on a query's rows holds for the rows beneath them too: nothing counts or cuts them."""
    query = scope.expression
    return isinstance(query, exp.Select) and not any(query.args.get(name) for name in ("limit", "offset"))


def conjuncts(scope: Scope) -> Iterator[exp.Expr]:
    """Yield the conditions that every row of a scope must meet."""
    query = scope.expression
    where = query.args.get("where")
    waiting = [where.this] if where is not None else []
    joins = query.args.get("joins") or ()
    if not any(join.side for join in joins):  # of an outer join, rows that do not meet it may stay
        waiting += [join.args["on"] for join in joins if join.args.get("on") is not None]
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.And):
            waiting += [node.this, node.expression]
        elif isinstance(node, exp.Paren):
            waiting.append(node.this)
        else:
            yield node
