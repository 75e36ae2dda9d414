# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What stands in a FROM: tables, views, queries, functions of tables, and how they are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlglot import exp

from ..column_types import BOOLEAN, Column, quoted
from ..errors import DremioError, invalid, unsupported
from ..words import Words
from .conversions import comparable
from .expressions import compiled
from .operators import condition
from .own_functions import no_match, path_of_call, tabular
from .parsing import parsed
from .pivots import pivoted
from .scope import DEEPEST_VIEW, Query, Relation, Scope, Typed, View, key_of

Translate = Callable[[exp.Expression, Scope], Query]
SIDES = {"": "JOIN", "INNER": "JOIN", "LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "FULL": "FULL JOIN"}
INSPECTIONS = {"table_snapshot": "snapshot", "table_history": "history"}
TABLE_PARTS = frozenset({"this", "db", "catalog", "alias", "version"})


def relation_words(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    """Return a relation in DuckDB's words, and let the scope know its columns."""
    if node.args.get("pivots"):
        return _pivoted(node, scope, translate)
    if isinstance(node, exp.Table):
        return _table(node, scope, translate)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        return _group_of_joins(node, scope, translate)
    if isinstance(node, exp.Lateral):
        return _lateral(node, scope, translate)
    if isinstance(node, exp.Unnest):
        return _unnest(node, scope)
    if isinstance(node, exp.Subquery | exp.Values):
        return _query(node, scope, translate)
    raise unsupported(f"{type(node).__name__} in FROM has no faithful translation", node)


def _pivoted(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    source, inner = node.copy(), scope.beside()
    pivots = source.args.pop("pivots")
    words = relation_words(source, inner, translate)
    if len(pivots) > 1:
        raise unsupported("One PIVOT after another has no faithful translation", node)
    return _added(pivoted(pivots[0], inner.relations[-1], words, inner), pivots[0], scope, _called(node))


def _called(node: exp.Expression) -> list[str]:
    return [node.alias] if node.alias else []


def _query(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    if any(node.args.get(name) for name in ("joins", "sample")):
        raise unsupported("A query with TABLESAMPLE or joins of its own has no faithful translation", node)
    inner = node.this if isinstance(node, exp.Subquery) and not node.args.get("with_") else node
    beside = scope.beside()
    beside.wanted = _wanted(node, inner, scope)
    return _added(translate(inner, beside), node, scope, names=isinstance(node, exp.Subquery))


def _wanted(node: exp.Expression, body: exp.Expression, scope: Scope) -> frozenset[str] | None:
    """Return which columns of a query within another are asked for; of others than a SELECT, all."""
    acceleration = scope.world.acceleration
    return acceleration.wanted(node, scope) if acceleration and isinstance(body, exp.Select) else None


def _added(query: Query, node: exp.Expression, scope: Scope, path: Sequence[str] = (), *, names: bool = True) -> str:
    """Add a query to the scope under its alias, with the names of columns that stand with it."""
    alias = node.args.get("alias")
    columns = query.columns
    listed = [each.name for each in alias.args.get("columns") or ()] if alias and names else []
    if listed:
        if len(listed) != len(columns):
            raise invalid(f"{len(listed)} names are given for {len(columns)} columns", node)
        columns = tuple(Column(name=name, type=each.type) for name, each in zip(listed, columns, strict=True))
    name = scope.world.name()
    called = alias.name if alias else (path[-1] if path else "")
    scope.relations.append(Relation(name=name, alias=called, path=() if alias else tuple(path), columns=columns))
    return f"({query.sql}) AS {name}({', '.join(quoted(each.name) for each in columns)})"


def path_of(node: exp.Expression) -> list[str]:
    """Return the names of a table's path, however many."""
    parts = [node.args[name].name for name in ("catalog", "db") if node.args.get(name)]
    inner = node.this
    tail: list[str] = []
    while isinstance(inner, exp.Dot):
        tail.insert(0, inner.expression.name)
        inner = inner.this
    return [*parts, inner.name, *tail]


def _table(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    if isinstance(node.this, exp.Anonymous):
        return _table_function(node, scope, translate)
    extra = [name for name, value in node.args.items() if value and name not in TABLE_PARTS and name != "joins"]
    if extra or (node.args.get("joins") and not isinstance(node.parent, exp.Subquery)):
        raise unsupported(f"A table with {', '.join(extra) or 'joins'} has no faithful translation", node)
    path = path_of(node)
    named = scope.named.get(path[0].lower()) if len(path) == 1 else None
    if named is not None:
        return _added(Query(sql=f"SELECT * FROM {named.name}", columns=named.columns), node, scope, path)
    found, acceleration = _found(node, path, scope, translate), scope.world.acceleration
    return _added(acceleration.relation(node, path, scope, found) if acceleration else found, node, scope, path)


def _found(node: exp.Expression, path: Sequence[str], scope: Scope, translate: Translate) -> Query:
    version = node.args.get("version")
    if version is not None:
        return _at_version(node, path, version, scope)
    found = scope.world.catalog.find(path, scope.context)
    if found is None:
        raise invalid(f"Object '{'.'.join(path)}' not found", node)
    return _view(found, node, scope, translate) if isinstance(found, View) else found


def _at_version(node: exp.Expression, path: Sequence[str], version: exp.Expression, scope: Scope) -> Query:
    """Return an Iceberg table at a snapshot, a moment, or a branch or tag of its own."""
    kind = "SNAPSHOT" if version.name.upper() == "VERSION" else version.name.upper()
    if kind == "COMMIT":
        raise unsupported(
            "Commits are of a Nessie or Arctic source, which runyard has not; AT SNAPSHOT names one", node
        )
    moment = version.expression
    text = moment.this.name if isinstance(moment, exp.Cast) else moment.name
    with _refused_at(node):
        return scope.world.catalog.at_version(path, scope.context, kind, text)


@contextmanager
def _refused_at(node: exp.Expression) -> Iterator[None]:
    """Say of what the catalog refuses where it is asked for."""
    try:
        yield
    except DremioError as error:
        if error.kind == "UNSUPPORTED_OPERATION" and not error.line:
            raise unsupported(error.message, node) from error
        raise


def _view(view: View, node: exp.Expression, scope: Scope, translate: Translate) -> Query:
    """Return a view as the query that it stands for, read where its own names mean something."""
    key = key_of(view.path)
    if key in scope.views or len(scope.views) > DEEPEST_VIEW:
        raise invalid(f"The view {'.'.join(view.path)} refers to itself", node)
    scope.world.seen[view.path] = None
    inner = Scope(world=scope.world, context=view.context, views=(*scope.views, key), calls=scope.calls)
    try:
        body = parsed(view.sql)
        inner.wanted = _wanted(node, body, scope)
        return translate(body, inner)
    except DremioError as error:
        error.line = error.column = 0  # a place in the view's text is none in this one
        error.context = f"In the view {'.'.join(view.path)}"
        raise


def _group_of_joins(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    words = relation_words(node.this, scope, translate)
    for join in node.this.args.get("joins") or ():
        words += join_words(join, scope, translate)
    if node.args.get("alias"):
        raise unsupported("An alias of joined tables has no faithful translation", node)
    return f"({words})"


def _lateral(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    if isinstance(node.this, exp.Unnest):
        return _unnest(node.this, scope, alias=node)
    if not isinstance(node.this, exp.Subquery):
        raise unsupported("LATERAL is translated before a query or UNNEST alone", node)
    return "LATERAL " + _added(translate(node.this.this, scope.within()), node, scope)


def _unnest(node: exp.Expression, scope: Scope, alias: exp.Expression | None = None) -> str:
    value = compiled(node.expressions[0], scope) if len(node.expressions) == 1 else None
    if value is None or value.type.name != "LIST" or node.args.get("offset"):
        raise unsupported("UNNEST takes one list", node)
    query = Query(
        sql=f'SELECT unnest({value.sql}) AS "EXPR$0"', columns=(Column(name="EXPR$0", type=value.type.element),)
    )
    return "LATERAL " + _added(query, alias or node, scope)


def _table_function(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    """Return TABLE(…): the rows of a function of one's own, or "path"(option => value, …), a file read so."""
    given = node.this.expressions
    asked = INSPECTIONS.get(str(given[0].name).lower()) if given and isinstance(given[0], exp.Anonymous) else None
    if asked and len(given[0].expressions) == 1 and isinstance(given[0].expressions[0], exp.Literal):
        table = Words.of(given[0].expressions[0].name).path()
        with _refused_at(node):
            return _added(scope.world.catalog.inspected(table, scope.context, asked), node, scope, table)
    path, call = path_of_call(given[0]) if len(given) == 1 and node.this.name.lower() == "table" else ([], node)
    if not isinstance(call, exp.Anonymous):
        raise unsupported(f"{node.sql(dialect='dremio')[:80]} has no faithful translation", node)
    found = tabular(path, call.expressions, node, scope, translate, compiled)
    has_options = bool(call.expressions) and all(isinstance(each, exp.Kwarg) for each in call.expressions)
    if found is None and not has_options:
        raise no_match(".".join(path), call.expressions, node, scope, compiled)
    if found is None:
        options = {each.this.name.lower(): _option(each.expression) for each in call.expressions}
        with _refused_at(node):
            found = scope.world.catalog.of_options(path, scope.context, options)
    return _added(found, node, scope, path)


def _option(node: exp.Expression) -> str:
    """Return the value of an option as a text."""
    return str(node.this).lower() if isinstance(node, exp.Boolean) else node.name


def join_words(node: exp.Expression, scope: Scope, translate: Translate) -> str:
    """Return a join in DuckDB's words."""
    side, kind = str(node.args.get("side") or "").upper(), str(node.args.get("kind") or "").upper()
    natural = str(node.args.get("method") or "").upper() == "NATURAL"
    if kind not in {"", "INNER", "OUTER", "CROSS"} or (node.args.get("method") and not natural):
        raise unsupported(f"A {kind or node.args['method']} JOIN has no faithful translation", node)
    left = list(scope.relations)
    words = relation_words(node.this, scope, translate)
    right = scope.relations[len(left) :]
    if node.args.get("on"):
        test = condition(compiled(node.args["on"], scope), node)
        return f" {SIDES[side]} {words} ON {test}"
    names = [each.name for each in node.args.get("using") or ()]
    if natural:
        names = _shared_names(left, right)
    if names:
        return f" {SIDES[side]} {words} ON {_using(names, side, (left, right), scope, node)}"
    if side:
        raise invalid(f"A {side} JOIN needs ON or USING", node)
    return f" CROSS JOIN {words}"


def _shared_names(left: Sequence[Relation], right: Sequence[Relation]) -> list[str]:
    others = {column.name.lower() for each in right for column in each.columns}
    return [column.name for each in left for column in each.columns if column.name.lower() in others]


def _using(
    names: Sequence[str], side: str, sides: tuple[Sequence[Relation], Sequence[Relation]], scope: Scope,
    node: exp.Expression,
) -> str:  # fmt: skip
    tests = []
    for name in names:
        left = scope.merged[name.lower()][1] if name.lower() in scope.merged else _one(name, sides[0], node)
        first, second = comparable(left, _one(name, sides[1], node), node)
        tests.append(f"{first.sql} = {second.sql}")
        shown = {"RIGHT": second.sql, "FULL": f"coalesce({first.sql}, {second.sql})"}.get(side, first.sql)
        scope.merged[name.lower()] = (name, Typed(sql=shown, type=first.type))
    return Typed(sql=" AND ".join(tests), type=BOOLEAN).sql


def _one(name: str, relations: Sequence[Relation], node: exp.Expression) -> Typed:
    found = [column for column in (each.column(name) for each in relations) if column]
    if len(found) != 1:
        raise invalid(f"Column '{name}' of USING is {'ambiguous' if found else 'not found'} on one side", node)
    return found[0]
