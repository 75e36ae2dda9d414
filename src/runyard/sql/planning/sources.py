"""Where a query's rows come from: every table of its tree with the columns that are asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from runyard.sql.catalog import Resource
from runyard.sql.errors import SYNTAX_ERROR, UNDEFINED_TABLE, SqlError
from runyard.sql.local import glue
from runyard.sql.local.row_functions import ROW_FUNCTIONS
from runyard.sql.local.tables import LocalColumn, LocalTable, quoted

TABLE_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "json_each": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "json_tree": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    **{one.name: one.columns for one in ROW_FUNCTIONS},
}
"""The functions that may stand for a table, with the columns they give."""


@dataclass(eq=False, kw_only=True)
class Occurrence:
    """One place where a query reads a resource."""

    node: exp.Table
    alias: str
    scope: Scope
    resource: Resource
    local: LocalTable | None  # what it is here; None: only a service tells
    table: LocalTable | None  # the same, unless rows of other connections are asked for too
    used: set[str] = field(default_factory=set)  # names of columns, in lower case
    is_plain: bool = False  # it may have no hidden columns: a NATURAL JOIN would join by them
    equals: set[str] = field(default_factory=set)  # the columns that must equal given values, in lower case
    is_summed: bool = False  # equal rows come once, with their count
    connections: tuple[str, ...] = ()  # those that are named; none: the default one

    @property
    def columns(self) -> Mapping[str, LocalColumn]:
        """What may be asked of it, by name in lower case."""
        return self.table.by_name if self.table is not None else _remote_columns(self.resource)

    @property
    def aliases(self) -> Mapping[str, str]:
        """What else a table of a service may be asked for, as SQL: AWS's names in the way of SQL among them."""
        if self.resource.provider != glue.PROVIDER:
            return {}
        names = {glue.snake(one.name): one.name for one in self.resource.columns}
        return {**{alias: quoted(name) for alias, name in names.items() if alias != name.lower()}, **glue.ELSEWHERE}

    def column(self, name: str) -> exp.Column:
        """Return a reference to one of its columns."""
        return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(self.alias, quoted=True))


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A query in the place of a table: a CTE, or one in FROM."""

    scope: Scope
    names: tuple[str, ...] = ()  # of its columns, where the query around it gives them others

    @property
    def shown(self) -> tuple[str, ...] | None:
        """The names of its columns as they were written; None where a `*` hides them."""
        return self.names or outputs(self.scope.expression)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The same in lower case."""
        shown = self.shown
        return None if shown is None else tuple(name.lower() for name in shown)


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function that gives rows."""

    columns: tuple[str, ...]
    call: exp.Func


Source = Occurrence | Inner | Function


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a column comes from."""

    source: Source
    name: str  # in lower case

    @property
    def resource(self) -> tuple[Occurrence, LocalColumn] | None:
        """The resource and its column, if it is one."""
        if isinstance(self.source, Occurrence) and self.name in self.source.columns:
            return self.source, self.source.columns[self.name]
        return None


class Sources:
    """The scopes of a query, and what is read in each."""

    def __init__(self, tree: exp.Expr) -> None:
        try:
            self.scopes: Sequence[Scope] = traverse_scope(tree)
        except SqlglotError as error:
            raise SqlError(SYNTAX_ERROR, str(error).strip()) from error
        self.occurrences: list[Occurrence] = []
        self._by_scope: dict[int, dict[str, Source]] = {}

    def add(self, scope: Scope, alias: str, source: Source) -> None:
        """Note a source of a scope."""
        self._by_scope.setdefault(id(scope), {})[alias.lower()] = source
        if isinstance(source, Occurrence):
            self.occurrences.append(source)

    def of(self, scope: Scope) -> Mapping[str, Source]:
        """Return the sources of a scope, by alias in lower case."""
        return self._by_scope.get(id(scope), {})

    def find(self, scope: Scope, column: exp.Column) -> Found | None:
        """Return where a column comes from, if there is only one place."""
        at: Scope | None = scope
        name, qualifier = column.name.lower(), column.table.lower()
        while at is not None:
            candidates = list(self._candidates(at, name, qualifier))
            if candidates:
                return Found(source=candidates[0], name=name) if len(candidates) == 1 else None
            at = at.parent
        return None

    def use(self, scope: Scope, column: exp.Column) -> None:
        """Note that a column is asked for, of whichever source may have it."""
        name, qualifier = column.name.lower(), column.table.lower()
        at: Scope | None = scope
        while at is not None:
            for source in self._candidates(at, name, qualifier):
                if isinstance(source, Occurrence) and name in source.columns:
                    source.used.add(name)
            at = at.parent

    def _candidates(self, scope: Scope, name: str, qualifier: str) -> Iterator[Source]:
        for alias, source in self.of(scope).items():
            if qualifier and alias != qualifier:
                continue
            known = source.columns
            if qualifier or known is None or name in known:
                yield source


def first_of(scope: Scope) -> Scope | None:
    """Return the scope whose columns name those of a set operation."""
    while isinstance(scope.expression, exp.SetOperation):
        if not scope.set_operation_scopes:
            return None
        scope = scope.set_operation_scopes[0]
    return scope


def columns_in(scope: Scope) -> list[exp.Column]:
    """Return the columns that a scope itself names, without those of the queries inside it."""
    return [one for one in scope.walk() if isinstance(one, exp.Column)]


def outputs(query: exp.Expr) -> tuple[str, ...] | None:
    """Return the names of a query's columns; None where a `*` hides them."""
    if isinstance(query, exp.Values):
        return tuple(f"column{number}" for number, _ in enumerate(query.expressions[0].expressions, start=1))
    if not isinstance(query, exp.Query) or any(one.is_star for one in query.selects):
        return None
    return tuple(one.alias_or_name for one in query.selects)


def function_name(node: exp.Func) -> str:
    """Return the name of a function in lower case."""
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


def function_columns(node: exp.Table) -> tuple[str, ...] | None:
    """Return the columns of a function in the place of a table; None if it is a table."""
    if not isinstance(node.this, exp.Func):
        return None
    name = function_name(node.this)
    if name not in TABLE_FUNCTIONS:
        known = ", ".join(TABLE_FUNCTIONS)
        raise SqlError(UNDEFINED_TABLE, f"{name}(…) gives no rows; the functions that do are {known}.")
    return TABLE_FUNCTIONS[name]


@lru_cache(256)
def _remote_columns(resource: Resource) -> Mapping[str, LocalColumn]:
    own = {one.name.lower(): LocalColumn(name=one.name, type=one.type) for one in resource.columns}
    if resource.provider != glue.PROVIDER:
        return own
    spelled = {glue.snake(one.name): one.type for one in resource.columns}
    spelled |= dict.fromkeys(glue.ELSEWHERE, "text")
    return {**{name: LocalColumn(name=name, type=its, is_hidden=True) for name, its in spelled.items()}, **own}
