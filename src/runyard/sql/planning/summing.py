"""Counts of rows that an index knows: equal rows are counted once beneath, and their counts are added up."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from runyard.sql.local.tables import COUNT
from runyard.sql.planning.sources import Occurrence, Sources, function_name

UNMOVED = frozenset({"min", "max"})  # aggregates that do not care how often a value comes
COUNTS_OR_NOT = frozenset({"count"})
AGGREGATES = frozenset(
    {"sum", "total", "avg", "group_concat", "string_agg", "json_group_array", "json_group_object", "count_if"}
)


def sum_up(sources: Sources) -> None:
    """Let a table be read by its counts where a query only counts, and only by what an index has."""
    for scope in sources.scopes:
        one = _summable(scope, sources)
        if one is not None and _only_counts(scope):
            one.is_summed = True
            for node in _counts(scope):
                node.replace(_added(node, one))


def _summable(scope: Scope, sources: Sources) -> Occurrence | None:
    found = [
        one
        for one in sources.of(scope).values()
        if isinstance(one, Occurrence) and one.table is not None and one.used <= one.table.summed
    ]
    return found[0] if found else None


def _only_counts(scope: Scope) -> bool:
    """Whether a query asks of its rows only which there are and how many."""
    query = scope.expression
    if not isinstance(query, exp.Select) or any(isinstance(one, exp.Window | exp.Filter) for one in scope.walk()):
        return False
    names = {function_name(one) for one in scope.walk() if isinstance(one, exp.Func)}
    if names & AGGREGATES or any(isinstance(one.this, exp.Distinct) for one in _counts(scope)):
        return False
    is_aggregate = bool(names & (UNMOVED | COUNTS_OR_NOT)) or query.args.get("group") is not None
    return is_aggregate or query.args.get("distinct") is not None


def _counts(scope: Scope) -> list[exp.Count]:
    return [one for one in scope.walk() if isinstance(one, exp.Count)]


def _added(node: exp.Count, one: Occurrence) -> exp.Expr:
    """Return a count as the sum of the counts beneath; where an outer join found no row, there is one."""
    number: exp.Expr = exp.Coalesce(this=one.column(COUNT), expressions=[exp.Literal.number(1)])
    if not isinstance(node.this, exp.Star):
        there = node.this.copy().is_(exp.Null()).not_()
        number = exp.Case(ifs=[exp.If(this=there, true=number)])
    return exp.Coalesce(this=exp.Sum(this=number), expressions=[exp.Literal.number(0)])
