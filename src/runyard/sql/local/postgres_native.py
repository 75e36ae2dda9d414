"""Queries that PostgreSQL answers itself: those of a part of SQL in which it means the same as SQLite.

What is not certain is left to SQLite over PostgreSQL's tables: another order of texts, other roundings, functions,
NULLs that come elsewhere. Types are followed through the query; values of two kinds are never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from runyard.sql.local.postgres_tables import tables

NUMBER, TEXT, TRUTH, NOTHING = "number", "text", "truth", "nothing"
KINDS: Mapping[str, str] = {"bigint": NUMBER, "timestamp": NUMBER, "boolean": NUMBER, "text": TEXT, "json": TEXT}
"""What arguments are, by the types of binds."""
COMPARING = (exp.EQ, exp.NEQ)
ORDERING = (exp.LT, exp.LTE, exp.GT, exp.GTE)
STATEMENTS = frozenset(
    {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct"}
)
CASTS: Mapping[str, tuple[str, str]] = {
    "TEXT": (TEXT, "TEXT"),
    "INT": (NUMBER, "BIGINT"),
    "INTEGER": (NUMBER, "BIGINT"),
}


class _OtherwiseError(Exception):
    """PostgreSQL might mean something else by it."""


@lru_cache(512)
def native(sql: str, binds: tuple[tuple[str, str], ...]) -> str | None:
    """Return a query of SQLite in PostgreSQL's words; None if it may not mean the same. Binds have types."""
    try:
        tree = sqlglot.parse_one(sql, dialect="sqlite")
        scopes = traverse_scope(tree)
        if not scopes:
            return None
        kinds = {f"bind{name}": KINDS.get(type_, "") for name, type_ in binds}
        checker = _Checker({**kinds, "workspace": NUMBER, "url": TEXT, "region": TEXT})
        for scope in scopes:
            checker.check(scope)
    except (_OtherwiseError, SqlglotError, KeyError):
        return None
    for one in tree.find_all(exp.Identifier):
        one.set("this", one.name.lower())  # SQLite does not look at the case of names
        one.set("quoted", True)
    for part in tree.find_all(exp.Identifier, exp.Literal):
        part.set("this", part.name.replace("%", "%%"))  # a single one begins an argument of the driver's
    return tree.sql("postgres")


class _Checker:
    """Follows the kinds of values through a query, from the inside out, and writes what must be said otherwise."""

    def __init__(self, binds: Mapping[str, str]) -> None:
        self._binds = binds
        self._tables = {one.name: one for one in tables()}
        self._columns: dict[int, dict[str, str]] = {}  # of each scope: names in lower case to kinds

    def check(self, scope: Scope) -> None:
        """Refuse a scope in which the two might differ, and note what its columns are."""
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            self._check_union(query, scope)
            return
        if not isinstance(query, exp.Select) or {name for name, value in query.args.items() if value} - STATEMENTS:
            raise _OtherwiseError
        for join in query.args.get("joins") or ():
            if join.side not in ("", "LEFT") or join.args.get("using") or join.method:
                raise _OtherwiseError
            self._needs(join.args.get("on"), TRUTH, scope)
        for name in ("where", "having"):
            if query.args.get(name):
                self._needs(query.args[name].this, TRUTH, scope)
        self._columns[id(scope)] = {one.alias_or_name.lower(): self._shown(one, scope) for one in query.expressions}
        self._check_order(query, scope)

    def _check_union(self, query: exp.SetOperation, scope: Scope) -> None:
        if not isinstance(query, exp.Union) or query.args.get("distinct") or query.args.get("order"):
            raise _OtherwiseError
        left, right = (self._columns[id(one)] for one in scope.set_operation_scopes)
        if list(left.values()) != list(right.values()):
            raise _OtherwiseError
        self._columns[id(scope)] = left

    def _shown(self, node: exp.Expr, scope: Scope) -> str:
        """Return the kind of a column that is given; a truth is given as SQLite gives it, by 1 and 0."""
        kind = self._kind(node.unalias(), scope)
        if kind == TRUTH:
            inner = node.unalias()
            inner.replace(exp.cast(exp.cast(exp.Paren(this=inner.copy()), "INT"), "BIGINT"))
            return NUMBER
        return kind

    def _check_order(self, query: exp.Select, scope: Scope) -> None:
        for one in query.args["group"].expressions if query.args.get("group") else ():
            if not isinstance(one, exp.Literal):
                self._kind(one, scope)
        for name in ("limit", "offset"):
            part = query.args.get(name)
            if part is not None and not (isinstance(part.expression, exp.Literal) and part.expression.is_int):
                raise _OtherwiseError
        for one in query.args["order"].expressions if query.args.get("order") else ():
            # Columns only: names and places of what is shown mean other things in the two.
            if not isinstance(one.this, exp.Column) or self._kind(one.this, scope) != NUMBER:
                raise _OtherwiseError
            one.set("nulls_first", not one.args.get("desc"))

    # kinds

    def _kind(self, node: exp.Expr | None, scope: Scope) -> str:
        if node is None:
            raise _OtherwiseError
        judge = _JUDGES.get(type(node))
        if judge is None:
            raise _OtherwiseError
        return judge(self, node, scope)

    def _needs(self, node: exp.Expr | None, kind: str, scope: Scope) -> None:
        if self._kind(node, scope) not in (kind, NOTHING):
            raise _OtherwiseError

    def _same(self, nodes: Sequence[exp.Expr], scope: Scope) -> str:
        kinds = {self._kind(one, scope) for one in nodes} - {NOTHING}
        if len(kinds) > 1:
            raise _OtherwiseError
        return kinds.pop() if kinds else NOTHING

    def column(self, node: exp.Expr, scope: Scope) -> str:
        """Return what a column holds, of whichever table in the scope has it alone."""
        found = []
        for alias, (_, source) in scope.selected_sources.items():
            if getattr(node, "table", "") and alias.lower() != node.table.lower():  # type: ignore[attr-defined]  # a column
                continue
            if isinstance(source, Scope):
                found += (
                    [self._columns[id(source)][node.name.lower()]]
                    if node.name.lower() in self._columns[id(source)]
                    else []
                )
            else:
                table = self._tables[source.name]
                if node.name in table.columns:
                    found.append(NUMBER if node.name in table.numbers else TEXT)
        if len(found) != 1:
            raise _OtherwiseError
        return found[0]

    def literal(self, node: exp.Expr, _: Scope) -> str:
        """Return what is written: a text or a whole number."""
        if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
            raise _OtherwiseError
        return TEXT if isinstance(node, exp.Literal) and node.is_string else NUMBER

    def bind(self, node: exp.Expr, _: Scope) -> str:
        """Return what an argument is."""
        kind = self._binds.get(node.name, "")
        if not kind:
            raise _OtherwiseError
        return kind

    def comparison(self, node: exp.Expr, scope: Scope) -> str:
        """Compare two values of one kind; texts only for being equal, as their order differs."""
        kind = self._same([node.this, node.args["expression"]], scope)
        if kind == TRUTH or (kind != NUMBER and isinstance(node, ORDERING)):
            raise _OtherwiseError
        return TRUTH

    def connection(self, node: exp.Expr, scope: Scope) -> str:
        """Join truths."""
        for one in node.iter_expressions():
            self._needs(one, TRUTH, scope)
        return TRUTH

    def listed(self, node: exp.Expr, scope: Scope) -> str:
        """Compare a value with some of its kind."""
        if not node.expressions or self._same([node.this, *node.expressions], scope) == TRUTH:
            raise _OtherwiseError
        return TRUTH

    def is_null(self, node: exp.Expr, scope: Scope) -> str:
        """Ask whether there is a value."""
        if not isinstance(node.args["expression"], exp.Null):
            raise _OtherwiseError
        self._kind(node.this, scope)
        return TRUTH

    def case(self, node: exp.Expr, scope: Scope) -> str:
        """Choose among values of one kind."""
        of = node.args.get("this")
        for one in node.args["ifs"]:
            if of is None:
                self._needs(one.this, TRUTH, scope)
            elif self._same([of, one.this], scope) == TRUTH:
                raise _OtherwiseError
        last = node.args.get("default")
        return self._values(
            [*(one.args["true"] for one in node.args["ifs"]), *([last] if last is not None else [])], scope
        )

    def coalesce(self, node: exp.Expr, scope: Scope) -> str:
        """Take the first value there is."""
        return self._values([node.this, *node.expressions], scope)

    def _values(self, nodes: Sequence[exp.Expr], scope: Scope) -> str:
        kind = self._same(nodes, scope)
        if kind == TRUTH:
            raise _OtherwiseError
        return kind

    def cast(self, node: exp.Expr, scope: Scope) -> str:
        """Leave a value what it is already."""
        kind, name = CASTS.get(node.to.this.name, ("", ""))  # type: ignore[attr-defined]  # a cast
        self._needs(node.this, kind or "?", scope)
        node.set("to", exp.DataType.build(name))
        return kind

    def count(self, node: exp.Expr, scope: Scope) -> str:
        """Count rows or values."""
        if isinstance(node.this, exp.Distinct):
            self._same(node.this.expressions, scope)
        elif not isinstance(node.this, exp.Star):
            self._kind(node.this, scope)
        return NUMBER

    def sum(self, node: exp.Expr, scope: Scope) -> str:
        """Add whole numbers; the sum of some is one again."""
        self._needs(node.this, NUMBER, scope)
        node.replace(exp.cast(node.copy(), "BIGINT"))
        return NUMBER

    def extreme(self, node: exp.Expr, scope: Scope) -> str:
        """Take the least or the greatest number."""
        if node.expressions:
            raise _OtherwiseError
        self._needs(node.this, NUMBER, scope)
        return NUMBER

    def arithmetic(self, node: exp.Expr, scope: Scope) -> str:
        """Work with whole numbers."""
        self._needs(node.this, NUMBER, scope)
        self._needs(node.args["expression"], NUMBER, scope)
        return NUMBER

    def inside(self, node: exp.Expr, scope: Scope) -> str:
        """Look inside."""
        return self._kind(node.this, scope)

    def nothing(self, _: exp.Expr, __: Scope) -> str:
        """NULL is of every kind."""
        return NOTHING

    def truth(self, _: exp.Expr, __: Scope) -> str:
        """TRUE or FALSE."""
        return TRUTH


_JUDGES: Mapping[type[exp.Expr], Callable[[_Checker, exp.Expr, Scope], str]] = {
    exp.Column: _Checker.column,
    exp.Literal: _Checker.literal,
    exp.Placeholder: _Checker.bind,
    **dict.fromkeys((*COMPARING, *ORDERING), _Checker.comparison),
    **dict.fromkeys((exp.And, exp.Or, exp.Not), _Checker.connection),
    exp.In: _Checker.listed,
    exp.Is: _Checker.is_null,
    exp.Case: _Checker.case,
    exp.Coalesce: _Checker.coalesce,
    exp.Cast: _Checker.cast,
    exp.Count: _Checker.count,
    exp.Sum: _Checker.sum,
    exp.Min: _Checker.extreme,
    exp.Max: _Checker.extreme,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _Checker.arithmetic),
    exp.Paren: _Checker.inside,
    exp.Null: _Checker.nothing,
    exp.Boolean: _Checker.truth,
}
"""What is understood, and who tells its kind."""
