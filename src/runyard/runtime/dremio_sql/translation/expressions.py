# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Expressions of Dremio in DuckDB's words: what stands in no table is refused with its place."""

from __future__ import annotations

import typing
from collections.abc import Callable

from sqlglot import exp

from ..column_types import (
    BOOLEAN,
    INTERVALS,
    NULL,
    NUMBERS,
    VARCHAR,
    ColumnType,
    list_of,
    literal,
)
from ..errors import invalid, unsupported
from .calls import call, windowed
from .conversions import INTERVAL_UNITS, cast, comparable, unified
from .literals import written
from .matching_functions import like
from .operators import arithmetic, comparison, condition, joined, one_of
from .own_functions import scalar_by_path
from .scope import QUERY, Scope, Typed, fields_of
from .special_functions import BARE, part_of


def compiled(node: exp.Expression, scope: Scope) -> Typed:
    """Return an expression in DuckDB's words with Dremio's type."""
    known = HANDLERS.get(type(node))
    if known is None:
        raise unsupported(
            f"{node.sql(dialect='dremio')[:80]} ({type(node).__name__}) has no faithful translation", node
        )
    handler, arguments = known
    extra = [name for name, value in node.args.items() if value and name not in arguments and name not in ALWAYS]
    if extra:
        raise unsupported(f"{type(node).__name__} with {', '.join(extra)} has no faithful translation", node)
    return handler(node, scope)


ALWAYS = frozenset({"this", "expression", "expressions"})


def is_bare(node: exp.Column) -> bool:
    """Tell whether a name is one of the functions that are written without parentheses."""
    return not node.args.get("table") and not node.this.args.get("quoted") and node.name.lower() in BARE


def _column(node: exp.Expression, scope: Scope) -> Typed:
    if isinstance(node, exp.Column) and is_bare(node):
        return BARE[node.name.lower()](node, [], scope, compiled)
    parts = [each for each in (node.args.get(name) for name in ("catalog", "db", "table", "this")) if each]
    return scope.column([part.name for part in parts], node)


def _dot(node: exp.Expression, scope: Scope) -> Typed:
    """Return a field; a chain of names alone is looked up as a whole, for it may begin with a path."""
    names: list[str] = []
    inner = node
    while isinstance(inner, exp.Dot) and isinstance(inner.expression, exp.Identifier):
        names.insert(0, inner.expression.name)
        inner = inner.this
    if isinstance(inner, exp.Dot):
        return fields_of(scalar_by_path(inner, scope, compiled), names, node)
    if isinstance(inner, exp.Column):
        parts = [inner.args[name].name for name in ("catalog", "db", "table", "this") if inner.args.get(name)]
        return scope.column([*parts, *names], node)
    return fields_of(compiled(inner, scope), names, node)


def _bracket(node: exp.Expression, scope: Scope) -> Typed:
    value = compiled(node.this, scope)
    if len(node.expressions) != 1 or not isinstance(node.expressions[0], exp.Literal):
        raise unsupported("An index must be written as one literal", node)
    index = node.expressions[0]
    if index.is_string and value.type.name == "STRUCT":
        return fields_of(value, [index.name], node)
    if value.type.name == "MAP":
        key = compiled(index, scope)
        return Typed(sql=f"map_extract_value({value.sql}, {key.sql})", type=value.type.element)
    if value.type.name == "LIST" and not index.is_string and index.name.isdigit():
        return Typed(sql=f"{value.sql}[{int(index.name) + 1}]", type=value.type.element)
    raise unsupported(f"A value of type {value.type.name} has no element [{index.sql()}]", node)


def _paren(node: exp.Expression, scope: Scope) -> Typed:
    inner = compiled(node.this, scope)
    return Typed(sql=f"({inner.sql})", type=inner.type, text=inner.text)


def _negative(node: exp.Expression, scope: Scope) -> Typed:
    value = compiled(node.this, scope)
    if value.type.name not in NUMBERS | INTERVALS | {NULL.name}:
        raise unsupported(f"-{value.type.name} has no faithful translation", node)
    words = f"-{value.sql}" if value.sql.isdigit() else f"(- {value.sql})"  # two of them would begin a comment
    return Typed(sql=words, type=value.type)


def _operator(sign: str) -> Callable[[exp.Expression, Scope], Typed]:
    return lambda node, scope: arithmetic(sign, compiled(node.this, scope), compiled(node.expression, scope), node)


def _comparison(sign: str) -> Callable[[exp.Expression, Scope], Typed]:
    def compare(node: exp.Expression, scope: Scope) -> Typed:
        if isinstance(node.expression, exp.Any | exp.All):
            return _quantified(sign, node, scope)
        return comparison(sign, compiled(node.this, scope), compiled(node.expression, scope), node)

    return compare


def _quantified(sign: str, node: exp.Expression, scope: Scope) -> Typed:
    word = "ANY" if isinstance(node.expression, exp.Any) else "ALL"
    inner = node.expression.this
    while isinstance(inner, exp.Paren | exp.Subquery):
        inner = inner.this
    if not isinstance(inner, exp.Query) or not isinstance(inner, exp.Expression):
        raise unsupported(f"{word} is translated of a query alone", node)
    left, (words, kind) = compiled(node.this, scope), _one_column(inner, scope)
    first, second = comparable(left, Typed(sql="x", type=kind), node)
    if second.sql != "x":
        raise unsupported(f"{left.type.name} {sign} {word} of {kind.name}; CAST one of them", node)
    return Typed(sql=f"({first.sql} {sign} {word} ({words}))", type=BOOLEAN)


def _logical(word: str) -> Callable[[exp.Expression, Scope], Typed]:
    def logical(node: exp.Expression, scope: Scope) -> Typed:
        # All of a chain at once: tools write chains of thousands, too deep to go down one by one.
        tests = [
            condition(compiled(typing.cast("exp.Expression", each), scope), node) for each in node.flatten(unnest=False)
        ]
        return Typed(sql=f"({f' {word} '.join(tests)})", type=BOOLEAN)

    return logical


def _not(node: exp.Expression, scope: Scope) -> Typed:
    return Typed(sql=f"(NOT {condition(compiled(node.this, scope), node)})", type=BOOLEAN)


def _is(node: exp.Expression, scope: Scope) -> Typed:
    value = compiled(node.this, scope)
    if isinstance(node.expression, exp.Null):
        return Typed(sql=f"({value.sql} IS NULL)", type=BOOLEAN)
    if not isinstance(node.expression, exp.Boolean):
        raise unsupported(f"{node.sql(dialect='dremio')} has no faithful translation", node)
    word = "TRUE" if node.expression.this else "FALSE"
    return Typed(sql=f"({condition(value, node)} IS {word})", type=BOOLEAN)


def _in(node: exp.Expression, scope: Scope) -> Typed:
    value = compiled(node.this, scope)
    query = node.args.get("query")
    if query is None:
        return one_of([comparable(value, compiled(each, scope), node) for each in node.expressions], node)
    words, kind = _one_column(query.this if isinstance(query, exp.Subquery) else query, scope)
    first, second = comparable(value, Typed(sql="x", type=kind), node)
    if second.sql != "x":
        raise unsupported(f"{value.type.name} IN a query of {kind.name}; CAST one of them", node)
    return Typed(sql=f"({first.sql} IN ({words}))", type=BOOLEAN)


def _between(node: exp.Expression, scope: Scope) -> Typed:
    value = compiled(node.this, scope).steady(node)
    low = comparison(">=", value, compiled(node.args["low"], scope), node)
    high = comparison("<=", value, compiled(node.args["high"], scope), node)
    return Typed(sql=f"({low.sql} AND {high.sql})", type=BOOLEAN)


def _like(word: str) -> Callable[[exp.Expression, Scope], Typed]:
    def handle(node: exp.Expression, scope: Scope) -> Typed:
        return _liked(word, node, node, scope)

    return handle


def _liked(
    word: str, node: exp.Expression, around: exp.Expression, scope: Scope, escape: Typed | None = None
) -> Typed:  # fmt: skip
    value, form = (compiled(each, scope) for each in (node.this, node.expression))
    return like(f"NOT {word}" if node.args.get("negate") else word, value, form, around, escape)


def _escaped(node: exp.Expression, scope: Scope) -> Typed:
    inner = node.this
    if not isinstance(inner, exp.Like | exp.ILike):
        raise unsupported("ESCAPE stands after LIKE alone", node)
    word = "ILIKE" if isinstance(inner, exp.ILike) else "LIKE"
    return _liked(word, inner, node, scope, compiled(node.expression, scope))


def _case(node: exp.Expression, scope: Scope) -> Typed:
    subject = node.this and compiled(node.this, scope)
    if subject and len(node.args["ifs"]) > 1:
        subject = subject.steady(node)
    tests = []
    for each in node.args["ifs"]:
        test = compiled(each.this, scope)
        tests.append(comparison("=", subject, test, each).sql if subject else condition(test, each))
    results = [compiled(each.args["true"], scope) for each in node.args["ifs"]]
    default = node.args.get("default")
    results.append(compiled(default, scope) if default else Typed(sql="NULL", type=NULL))
    values = unified(results, node)
    branches = " ".join(f"WHEN {test} THEN {value.sql}" for test, value in zip(tests, values, strict=False))
    return Typed(sql=f"CASE {branches} ELSE {values[-1].sql} END", type=values[-1].type)


def _interval(node: exp.Expression, _: Scope) -> Typed:
    unit, text = node.text("unit").upper(), node.this.name
    number = text.lstrip("+-")
    if unit not in INTERVAL_UNITS or not number.isdigit():
        raise unsupported(f"{node.sql(dialect='dremio')} has no faithful translation", node)
    function, kind = INTERVAL_UNITS[unit]
    return Typed(sql=f"{function}({int(text)})", type=kind)


def _cast(node: exp.Expression, scope: Scope) -> Typed:
    return cast(compiled(node.this, scope), node.args["to"], node)


def _extract(node: exp.Expression, scope: Scope) -> Typed:
    return part_of(node.this.name, compiled(node.expression, scope), node)


def _syntax(name: str, *arguments: str) -> Callable[[exp.Expression, Scope], Typed]:
    """Return the handler of a function that has words of its own between its arguments."""

    def handle(node: exp.Expression, scope: Scope) -> Typed:
        given = [node.args[argument] for argument in arguments if node.args.get(argument)]
        return call(name, given, node, scope, compiled)

    return handle


def _trim(node: exp.Expression, scope: Scope) -> Typed:
    side = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}.get(str(node.args.get("position") or "").upper(), "TRIM")
    given = [node.args[name] for name in ("this", "expression") if node.args.get(name)]
    return call(side, given, node, scope, compiled)


def _rounded(name: str) -> Callable[[exp.Expression, Scope], Typed]:
    def handle(node: exp.Expression, scope: Scope) -> Typed:
        unit = node.args.get("to")
        if unit is None:
            return call(name, [node.this] if node.this else [], node, scope, compiled)
        if name == "CEIL":
            raise unsupported("CEIL of a moment has no faithful translation", node)
        return call("DATE_TRUNC", [exp.Literal.string(unit.name), node.this], node, scope, compiled)

    return handle


def _function(node: exp.Expression, scope: Scope) -> Typed:
    name = node.this if isinstance(node.this, str) else node.this.name
    return call(name.upper(), node.expressions, node, scope, compiled)


def _window(node: exp.Expression, scope: Scope) -> Typed:
    return windowed(node, scope, compiled)


def _joined(node: exp.Expression, scope: Scope) -> Typed:
    return joined(compiled(node.this, scope), compiled(node.expression, scope), node)


def _adjacent(node: exp.Expression, scope: Scope) -> Typed:
    """Return texts written one after the other, which are one text."""
    texts = [compiled(each, scope).text for each in node.expressions]
    if None in texts:
        raise unsupported("Two values without an operator between them", node)
    whole = "".join(text or "" for text in texts)
    return Typed(sql=literal(whole), type=VARCHAR, text=whole)


def _array(node: exp.Expression, scope: Scope) -> Typed:
    values = unified([compiled(each, scope) for each in node.expressions], node)
    if not values:
        raise unsupported("An empty ARRAY[] has no type", node)
    return Typed(sql=f"[{', '.join(each.sql for each in values)}]", type=list_of(values[0].type))


def _one_column(query: exp.Expression, scope: Scope) -> tuple[str, ColumnType]:
    from .queries import translated  # noqa: PLC0415 queries hold expressions, which hold queries

    scope.met[QUERY] += 1
    found = translated(query, scope.within())
    if len(found.columns) != 1:
        raise invalid(f"A query within an expression has one column, and this one has {len(found.columns)}", query)
    return found.sql, found.columns[0].type


def _subquery(node: exp.Expression, scope: Scope) -> Typed:
    words, kind = _one_column(node.this if isinstance(node, exp.Subquery) else node, scope)
    return Typed(sql=f"({words})", type=kind)


def _exists(node: exp.Expression, scope: Scope) -> Typed:
    from .queries import translated  # noqa: PLC0415 queries hold expressions, which hold queries

    scope.met[QUERY] += 1
    return Typed(sql=f"EXISTS ({translated(node.this, scope.within()).sql})", type=BOOLEAN)


def _constant(words: str, kind: ColumnType) -> Callable[[exp.Expression, Scope], Typed]:
    return lambda _, __: Typed(sql=words, type=kind)


def _boolean(node: exp.Expression, _: Scope) -> Typed:
    return Typed(sql="true" if node.this else "false", type=BOOLEAN)


Handler = Callable[[exp.Expression, Scope], Typed]
# Which node is handled how, and which of its parts that is all of: another part of it is refused.
HANDLERS: dict[type[exp.Expression], tuple[Handler, frozenset[str]]] = {
    node: (handler, frozenset(parts.split()))
    for node, handler, parts in (
        (exp.Column, _column, "table db catalog"),
        (exp.Dot, _dot, ""),
        (exp.Bracket, _bracket, ""),
        (exp.Literal, written, "is_string"),
        (exp.Boolean, _boolean, ""),
        (exp.Null, _constant("NULL", NULL), ""),
        (exp.Paren, _paren, ""),
        (exp.Neg, _negative, ""),
        (exp.Add, _operator("+"), ""),
        (exp.Sub, _operator("-"), ""),
        (exp.Mul, _operator("*"), ""),
        (exp.Div, _operator("/"), "typed safe"),
        (exp.Mod, _operator("%"), ""),
        (exp.EQ, _comparison("="), ""),
        (exp.NEQ, _comparison("<>"), ""),
        (exp.LT, _comparison("<"), ""),
        (exp.LTE, _comparison("<="), ""),
        (exp.GT, _comparison(">"), ""),
        (exp.GTE, _comparison(">="), ""),
        (exp.NullSafeEQ, _comparison("IS NOT DISTINCT FROM"), ""),
        (exp.NullSafeNEQ, _comparison("IS DISTINCT FROM"), ""),
        (exp.And, _logical("AND"), ""),
        (exp.Or, _logical("OR"), ""),
        (exp.Not, _not, ""),
        (exp.Is, _is, ""),
        (exp.In, _in, "query"),
        (exp.Between, _between, "low high"),
        (exp.Like, _like("LIKE"), "negate"),
        (exp.ILike, _like("ILIKE"), "negate"),
        (exp.Escape, _escaped, ""),
        (exp.Case, _case, "ifs default"),
        (exp.Cast, _cast, "to"),
        (exp.Interval, _interval, "unit"),
        (exp.Extract, _extract, ""),
        (exp.Trim, _trim, "position"),
        (exp.Substring, _syntax("SUBSTRING", "this", "start", "length"), "start length"),
        (exp.StrPosition, _syntax("STRPOS", "this", "substr"), "substr"),
        (exp.Ceil, _rounded("CEIL"), "to"),
        (exp.Floor, _rounded("FLOOR"), "to"),
        (exp.DPipe, _joined, "safe"),
        (exp.Concat, _adjacent, "coalesce safe"),
        (exp.Anonymous, _function, ""),
        (exp.Window, _window, "partition_by order spec over alias"),
        (exp.Filter, _window, ""),
        (exp.WithinGroup, _window, ""),
        (exp.Array, _array, ""),
        (exp.Subquery, _subquery, ""),
        (
            exp.Select,
            _subquery,
            "kind hint distinct from_ joins where group having qualify order limit offset with_ windows",
        ),
        (exp.Exists, _exists, ""),
    )
}
