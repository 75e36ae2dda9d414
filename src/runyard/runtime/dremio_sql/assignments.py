# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What the clauses of INSERT, UPDATE, DELETE and MERGE say of the columns of a table, in DuckDB's words."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from .column_types import Column, quoted, spelling
from .errors import DremioError, invalid, place, unsupported
from .translation.conversions import converted
from .translation.expressions import compiled
from .translation.operators import condition
from .translation.queries import translated
from .translation.relations import join_words, relation_words
from .translation.scope import Query, Scope, Typed

TARGET = "target"  # the table while it is changed


def refuse_others(tree: exp.Expression, known: frozenset[str]) -> None:
    """Refuse clauses that nothing carries out, as LIMIT of a DELETE."""
    for name, value in tree.args.items():
        if value and name not in known:
            line, column = place(value) if isinstance(value, exp.Expression) else (0, 0)
            said = f"{type(tree).__name__.upper()} takes no {name.strip('_').replace('_', ' ').upper()} here"
            raise DremioError("PARSE", f"Failure parsing the query: {said}.", line=line, column=column)


def refuse_twice(names: Sequence[str], node: exp.Expression) -> None:
    """Refuse to give a column two values."""
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"Target column '{name}' is assigned more than once", node)


def several(source: str, where: str, columns: Sequence[Column]) -> str:
    """Return a query that has a row where one row of the target is matched by several of a source."""
    if any(each.name.lower() == "rowid" for each in columns):
        matches = f"SELECT count(*) FROM {TARGET}, {source}{where}"
        rows = f"SELECT count(*) FROM {TARGET} WHERE EXISTS (SELECT 1 FROM {source}{where})"
        return f"SELECT 1 WHERE ({matches}) > ({rows})"
    return f"SELECT 1 FROM {TARGET}, {source}{where} GROUP BY {TARGET}.rowid HAVING count(*) > 1 LIMIT 1"


def column_of(node: exp.Expression, columns: Sequence[Column]) -> Column:
    """Return the column of a table that is named."""
    found = next((each for each in columns if each.name.lower() == node.name.lower()), None)
    if found is None:
        raise invalid(f"Column '{node.name}' not found in the table", node)
    return found


def as_table(query: Query, wanted: Sequence[Column], columns: Sequence[Column], node: exp.Expression) -> str:
    """Return a query as rows of a table: what is not given is NULL."""
    given = {
        column.name: converted(Typed(sql=f"rows.{quoted(own.name)}", type=own.type), column.type, node).sql
        for own, column in zip(query.columns, wanted, strict=True)
    }
    values = ", ".join(
        f"CAST({given.get(each.name, 'NULL')} AS {spelling(each.type)}) AS {quoted(each.name)}" for each in columns
    )
    return f"SELECT {values} FROM ({query.sql}) AS rows"


def where_words(tree: exp.Expression, scope: Scope) -> str:
    """Return the WHERE of a statement, if it has one."""
    where = tree.args.get("where")
    return f" WHERE {condition(compiled(where.this, scope), where)}" if where else ""


def assignments(nodes: Sequence[exp.Expression], columns: Sequence[Column], scope: Scope) -> str:
    """Return what stands behind SET."""
    pieces, names = [], []
    for node in nodes:
        if not isinstance(node.this, exp.Column):
            raise unsupported("SET assigns one column after the other: SET a = 1, b = 2", node)
        _refuse_strange(node.this, scope)
        column = column_of(node.this, columns)
        value = converted(compiled(node.expression, scope), column.type, node)
        pieces.append(f"{quoted(column.name)} = {value.sql}")
        names.append(column.name)
    refuse_twice(names, nodes[0])
    return ", ".join(pieces)


def _refuse_strange(node: exp.Column, scope: Scope) -> None:
    """Refuse to assign a column of another table than the one that is changed."""
    qualifier = [part.name for part in node.parts[:-1]]
    if qualifier and not scope.relations[0].answers_to(qualifier):
        raise invalid(f"Column '{'.'.join((*qualifier, node.name))}' is none of the table that is changed", node)


def when(node: exp.Expression, columns: Sequence[Column], scope: Scope, source: Scope) -> str:
    """Return a clause of MERGE; where nothing is matched, there is the source alone."""
    matched, then = node.args.get("matched"), node.args["then"]
    if node.args.get("source"):
        raise unsupported("WHEN NOT MATCHED BY SOURCE is not known to Dremio", node)
    test, names = node.args.get("condition"), scope if matched else source
    extra = f" AND {condition(compiled(test, names), node)}" if test else ""
    word = f"WHEN {'' if matched else 'NOT '}MATCHED{extra} THEN"
    if matched and isinstance(then, exp.Update) and then.expressions:
        return f"{word} UPDATE SET {_assigned(then, columns, scope, source)}"
    if not matched and isinstance(then, exp.Insert):
        return f"{word} INSERT {_inserted(then, columns, source)}"
    if matched and isinstance(then, exp.Var) and then.name.upper() == "DELETE":
        return f"{word} DELETE"
    raise unsupported("MERGE takes UPDATE SET or DELETE where rows are matched, and INSERT where none is", node)


def _assigned(then: exp.Expression, columns: Sequence[Column], scope: Scope, source: Scope) -> str:
    if not isinstance(then.expressions[0], exp.Star):
        return assignments(then.expressions, columns, scope)
    values = [converted(source.column([each.name], then), each.type, then).sql for each in columns]
    return ", ".join(f"{quoted(each.name)} = {value}" for each, value in zip(columns, values, strict=True))


def _inserted(then: exp.Expression, columns: Sequence[Column], source: Scope) -> str:
    names = then.this.expressions if isinstance(then.this, exp.Tuple | exp.Schema) else ()
    listed = [column_of(each, columns) for each in names] or list(columns)
    refuse_twice([each.name for each in listed], then)
    if isinstance(then.this, exp.Star):
        given = [source.column([each.name], then) for each in listed]
    elif isinstance(then.expression, exp.Tuple):
        given = [compiled(value, source) for value in then.expression.expressions]
    else:
        raise unsupported("INSERT of a MERGE takes one row of VALUES, or *", then)
    if len(given) != len(listed):
        raise invalid(f"{len(listed)} columns are inserted, and {len(given)} values given", then)
    values = [converted(value, column.type, then).sql for value, column in zip(given, listed, strict=True)]
    return f"({', '.join(quoted(each.name) for each in listed)}) VALUES ({', '.join(values)})"


def sources(nodes: Sequence[exp.Expression], scope: Scope) -> str:
    """Return what stands beside the target, in DuckDB's words; the scope knows its columns."""
    words = []
    for node in nodes:
        table = node.copy()
        joins = table.args.pop("joins", None) or ()
        words.append(relation_words(table, scope, translated))
        words[-1] += "".join(join_words(join, scope, translated) for join in joins)
    return ", ".join(words)
