# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""PIVOT as the groups and filtered aggregates that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from ..column_types import Column, quoted
from ..errors import unsupported
from .expressions import compiled
from .scope import Query, Relation, Scope, Typed


def pivoted(pivot: exp.Expression, relation: Relation, source: str, scope: Scope) -> Query:
    """Return a relation with the values of a column as columns; the scope knows the relation alone."""
    fields: list[exp.Expression] = pivot.args.get("fields") or []
    if pivot.args.get("unpivot") or len(fields) != 1 or not isinstance(fields[0].this, exp.Column):
        raise unsupported("PIVOT is translated over one column; UNPIVOT is not", pivot)
    used = {
        column.name.lower() for each in (*pivot.expressions, fields[0].this) for column in each.find_all(exp.Column)
    }
    groups = [(each.name, relation.shown(each)) for each in relation.columns if each.name.lower() not in used]
    items = [*groups, *_aggregates(pivot, fields[0], scope)]
    listed = ", ".join(f"{value.sql} AS {quoted(name)}" for name, value in items)
    grouped = f" GROUP BY {', '.join(value.sql for _, value in groups)}" if groups else ""
    columns = tuple(Column(name=name, type=value.type) for name, value in items)
    return Query(sql=f"SELECT {listed} FROM {source}{grouped}", columns=columns)


def _aggregates(pivot: exp.Expression, field: exp.Expression, scope: Scope) -> Iterator[tuple[str, Typed]]:
    for value in field.expressions:
        if not isinstance(value, exp.PivotAlias):
            raise unsupported(
                "The values of PIVOT are translated with their names alone: FOR x IN ('a' AS a, …)", value
            )
        for each in pivot.expressions:
            aggregate = each.this if isinstance(each, exp.Alias) else each
            name = f"{value.alias}_{each.alias}" if isinstance(each, exp.Alias) else value.alias
            test = exp.EQ(this=field.this.copy(), expression=value.this.copy())
            yield name, compiled(exp.Filter(this=aggregate.copy(), expression=exp.Where(this=test)), scope)
