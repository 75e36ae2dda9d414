# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Calls of functions of one's own: their bodies stand in the place of the call, with its values as the parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlglot import exp

from ..column_types import DATE, NULL, NUMBERS, TIMESTAMP, Column, ColumnType, quoted, spelling
from ..errors import DremioError, invalid, unsupported
from .arguments import Argument, marked, scalar_call, tabular_call
from .conversions import converted, literal_as
from .scope import DEEPEST_VIEW, Function, Query, Scope, Typed, key_of

Compile = Callable[[exp.Expression, Scope], Typed]
Translate = Callable[[exp.Expression, Scope], Query]
# Families of types, as Calcite names them where no function has such parameters.
FAMILIES: Mapping[str, str] = {"VARCHAR": "CHARACTER", "VARBINARY": "BINARY", "OTHER": "NULL", "LIST": "ARRAY"}
NO_MATCH = "No match found for function signature {name}({families})"


def scalar(
    path: Sequence[str], given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile
) -> Typed | None:
    """Return what a scalar function brings; None if there is none at this path."""
    function = scope.world.catalog.function(path, scope.context)
    if function is None or not function.is_scalar:
        return None
    arguments = _arguments(function, given, node, scope, compiled)
    inner = _scope_of(function, arguments, scope, node)
    with _within(function):
        only = bare_expression(function.tree)
        found = compiled(function.tree if only is None else only, inner)
        wanted = function.returns[0].type
        answer = converted(literal_as(found, wanted) or found, wanted, node)
    words = scalar_call(answer.sql, [*arguments.values()], inner.met, node, scope.world)
    scope.met.update(inner.met)
    return Typed(sql=f"CAST({words} AS {spelling(wanted)})", type=wanted)


def scalar_by_path(node: exp.Expression, scope: Scope, compiled: Compile) -> Typed:
    """Return what a function brings that is called by its path."""
    path, call = path_of_call(node)
    if not isinstance(call, exp.Anonymous):
        raise unsupported(f"{node.sql(dialect='dremio')[:80]} is no field", node)
    found = scalar(path, call.expressions, node, scope, compiled)
    if found is None:
        raise no_match(".".join(path), call.expressions, node, scope, compiled)
    return found


def tabular(
    path: Sequence[str], given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, translate: Translate,
    compiled: Compile,
) -> Query | None:  # fmt: skip
    """Return the rows of a tabular function, whose values are not of the rows beside it; None if there is none."""
    function = scope.world.catalog.function(path, scope.context)
    if function is None or function.is_scalar:
        return None
    arguments = _arguments(function, given, node, scope.beside(), compiled)
    inner = _scope_of(function, arguments, scope, node)
    with _within(function):
        query = translate(function.tree, inner.within())
        if len(query.columns) != len(function.returns):  # what it reads has changed
            raise invalid(f"The function returns {len(function.returns)} columns, its body {len(query.columns)}", node)
        rows = _as_returned(query, function.returns, node)
    return tabular_call(rows, [*arguments.values()], node, scope.world)


def _as_returned(query: Query, returns: Sequence[Column], node: exp.Expression) -> Query:
    values = [
        f"CAST({converted(Typed(sql=f'body.{quoted(own.name)}', type=own.type), wanted.type, node).sql} "
        f"AS {spelling(wanted.type)}) AS {quoted(wanted.name)}"
        for own, wanted in zip(query.columns, returns, strict=True)
    ]
    return Query(sql=f"SELECT {', '.join(values)} FROM ({query.sql}) AS body", columns=tuple(returns))


def no_match(name: str, given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile) -> (
    DremioError
):  # fmt: skip
    """Return what Dremio says of a call that no function answers to."""
    kinds = [compiled(each, scope).type.name for each in given if not isinstance(each, exp.Kwarg)]
    families = ", ".join(f"<{'NUMERIC' if kind in NUMBERS else FAMILIES.get(kind, kind)}>" for kind in kinds)
    return invalid(NO_MATCH.format(name=name, families=families), node)


def _arguments(
    function: Function, given: Sequence[exp.Expression], node: exp.Expression, scope: Scope, compiled: Compile
) -> dict[str, Argument]:
    """Return what is given for the parameters, by their names, each as its type."""
    values = []
    for each in given:
        before = Counter(scope.met)
        values.append((compiled(each, scope), scope.met - before))  # with what it is made of
    if len(values) != len(function.parameters):
        raise no_match(".".join(function.path), given, node, scope, compiled)
    found = {}
    for (value, met), parameter in zip(values, function.parameters, strict=True):
        if not fits(value, parameter.type):
            raise no_match(".".join(function.path), given, node, scope, compiled)
        plain = literal_as(value, parameter.type) or value
        words = f"CAST({converted(plain, parameter.type, node).sql} AS {spelling(parameter.type)})"
        taken = Typed(sql=words, type=parameter.type)
        found[parameter.name.lower()] = marked(taken, value, scope.world, met, is_fixed=scope.outer is None)
    return found


def fits(value: Typed, wanted: ColumnType) -> bool:
    """Tell whether a value is taken for a type without a CAST of anybody's."""
    given = literal_as(value, wanted) or value
    if given.type in {wanted, NULL} or {given.type.name, wanted.name} <= NUMBERS:
        return True
    return (given.type, wanted) == (DATE, TIMESTAMP)


def _scope_of(function: Function, arguments: Mapping[str, Argument], scope: Scope, node: exp.Expression) -> Scope:
    key = key_of(function.path)
    if key in scope.calls or len(scope.calls) > DEEPEST_VIEW:
        raise invalid(f"The function {'.'.join(function.path)} refers to itself", node)
    scope.world.called[function.path] = None
    return Scope(
        world=scope.world, context=function.context, views=scope.views, calls=(*scope.calls, key),
        parameters={name: Typed(sql=each.mark, type=each.value.type) for name, each in arguments.items()},
    )  # fmt: skip


def path_of_call(node: exp.Expression) -> tuple[list[str], exp.Expression]:
    """Return the path of a call, as written, and the call itself with what it is given."""
    names: list[str] = []
    inner: exp.Expression = node
    while isinstance(inner, exp.Dot):
        names.insert(0, inner.expression.name)
        inner = inner.this
    call = node.expression if isinstance(node, exp.Dot) else node
    return [*([inner.name] if isinstance(node, exp.Dot) else []), *(names or [node.name])], call


def bare_expression(tree: exp.Expression) -> exp.Expression | None:
    """Return the expression of `SELECT expression`, which is one also where it stands alone; None of other queries."""
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
        return None
    if any(value for name, value in tree.args.items() if name not in {"expressions", "kind"}):
        return None
    only = tree.expressions[0]
    value = only.this if isinstance(only, exp.Alias) else only
    return value if isinstance(value, exp.Expression) and not value.is_star else None


@contextmanager
def _within(function: Function) -> Iterator[None]:
    """Say of an error in a body whose it is: a place in that text is none in the caller's."""
    try:
        yield
    except DremioError as error:
        error.line = error.column = 0
        error.context = error.context or f"In the function {'.'.join(function.path)}"
        raise
