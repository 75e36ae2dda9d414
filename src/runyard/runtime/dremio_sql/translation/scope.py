# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What a name means at a place of a query: relations, their columns, and the queries around it."""

from __future__ import annotations

import itertools
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from sqlglot import exp

from ..column_types import Column, ColumnType, quoted
from ..errors import invalid, unsupported
from .parsing import parsed

DEEPEST_VIEW = 60
# What an expression is made of, beside values of one row.
QUERY, GROUP, FLATTENED = "query", "group", "flattened"
RANDOM = "random()"
LOOKED_AT_AGAIN = "A random value, looked at more than once, has no faithful translation"
ELSEWHERE = "put what looks at it into a query around the one that gives the value a name"
QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
Path_ = tuple[str, ...]


def key_of(path: Sequence[str]) -> Path_:
    """Return a path as it is compared: names differ by more than the case of their letters."""
    return tuple(part.lower() for part in path)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """An expression in DuckDB's words, and what it brings in Dremio's types."""

    sql: str
    type: ColumnType
    text: str | None = None  # of a literal text, what it holds

    @property
    def is_random(self) -> bool:
        """Tell whether each look at it brings another value."""
        return RANDOM in self.sql and RANDOM in QUOTED.sub("", self.sql)

    def steady(self, node: exp.Expression) -> Typed:
        """Return it where it is looked at more than once."""
        if self.is_random:
            raise unsupported(f"{LOOKED_AT_AGAIN}; {ELSEWHERE}", node)
        return self


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query in DuckDB's words whose columns carry exactly these names and types."""

    sql: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    """A query under a name, with the path that its own names are looked up in."""

    path: tuple[str, ...]
    sql: str
    context: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of one's own: what it takes and returns, and its body with the path that names are looked up in."""

    path: tuple[str, ...]
    parameters: tuple[Column, ...]
    returns: tuple[Column, ...]  # of a scalar function one, whose name is no matter
    is_scalar: bool
    body: str  # a query
    context: tuple[str, ...] = ()
    created_at: int | None = None  # in milliseconds
    modified_at: int | None = None

    @cached_property
    def tree(self) -> exp.Expression:
        """Return its body, read once."""
        return parsed(self.body)


class Catalog(Protocol):
    """What the translation asks about tables and functions."""

    def find(self, path: Sequence[str], context: Sequence[str]) -> Query | View | None:
        """Return the table or view at a path, looked up in the context first, or None."""
        ...

    def function(self, path: Sequence[str], context: Sequence[str]) -> Function | None:
        """Return the function of one's own at a path, looked up in the context first, or None."""
        ...

    def of_options(self, path: Sequence[str], context: Sequence[str], options: Mapping[str, str]) -> Query:
        """Return a file read as the options of TABLE(...) say."""
        ...

    def inspected(self, path: Sequence[str], context: Sequence[str], what: str) -> Query:
        """Return what an Iceberg table tells of itself: its `snapshot`s or its `history`."""
        ...

    def at_version(self, path: Sequence[str], context: Sequence[str], kind: str, version: str) -> Query:
        """Return a table as it was at a snapshot or a moment."""
        ...


class Acceleration(Protocol):
    """Who may answer a part of a query from what is held of its dataset."""

    def relation(self, node: exp.Expression, path: Sequence[str], scope: Scope, query: Query) -> Query:
        """Return a table or view of a FROM, or what is held of it if that has every column that is asked for."""
        ...

    def block(self, node: exp.Expression, scope: Scope, query: Query) -> Query:
        """Return one SELECT as it stands, or the same from what is held."""
        ...

    def wanted(self, node: exp.Expression, scope: Scope) -> frozenset[str] | None:
        """Return the columns of a relation that the query around it can name; None: all."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """What does not change within a statement."""

    catalog: Catalog
    user: str
    now_ms: int
    numbers: Iterator[int] = field(default_factory=itertools.count)
    seen: dict[tuple[str, ...], None] = field(default_factory=dict)  # views that the statement went through
    called: dict[tuple[str, ...], None] = field(default_factory=dict)  # functions of one's own, likewise
    acceleration: Acceleration | None = None
    moments: list[int] = field(default_factory=list)  # those that the translated text holds
    secret: str = field(default_factory=lambda: secrets.token_hex(8))  # no text of anybody's holds it

    def moment(self) -> int:
        """Return when the statement began, in milliseconds of the epoch, to be written into its text."""
        self.moments.append(self.now_ms)
        return self.now_ms

    def name(self) -> str:
        """Return a name for a relation that no other has."""
        return f"r{next(self.numbers)}"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table of a FROM, by its own name in the translated text."""

    name: str
    alias: str
    path: tuple[str, ...]
    columns: tuple[Column, ...]

    def answers_to(self, qualifier: Sequence[str]) -> bool:
        """Tell whether a qualifier names this relation: its alias, or its path from the end."""
        wanted = [part.lower() for part in qualifier]
        if wanted == [self.alias.lower()]:
            return True
        return bool(self.path) and wanted == [part.lower() for part in self.path][-len(wanted) :]

    def column(self, name: str) -> Typed | None:
        """Return a column by its name in any case."""
        found = [column for column in self.columns if column.name.lower() == name.lower()]
        return self.shown(found[0]) if found else None

    def shown(self, column: Column) -> Typed:
        """Return one of its columns as an expression."""
        return Typed(sql=f"{self.name}.{quoted(column.name)}", type=column.type)


@dataclass(kw_only=True)
class Scope:
    """The names at a place of a query."""

    world: World
    context: tuple[str, ...] = ()
    outer: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    merged: dict[str, tuple[str, Typed]] = field(default_factory=dict)  # columns that USING made one
    named: dict[str, Relation] = field(default_factory=dict)  # the queries of WITH
    windows: dict[str, exp.Window] = field(default_factory=dict)
    views: tuple[tuple[str, ...], ...] = ()  # the views around this place
    calls: tuple[tuple[str, ...], ...] = ()  # the functions of one's own around this place
    parameters: Mapping[str, Typed] = field(default_factory=dict)  # what a function was called with, by small names
    wanted: frozenset[str] | None = None  # the columns that are asked for of what stands here; None: all
    met: Counter[str] = field(default_factory=Counter)  # what the expressions here are made of, queries in them apart
    listed: Mapping[str, Counter[str]] = field(default_factory=dict)  # what the items are made of that HAVING names

    def within(self) -> Scope:
        """Return the scope of a query inside this one that sees its columns."""
        return self._inside(self)

    def beside(self) -> Scope:
        """Return the scope of a query inside this one that sees the columns around it alone."""
        return self._inside(self.outer)

    def _inside(self, outer: Scope | None) -> Scope:
        return Scope(
            world=self.world, context=self.context, outer=outer, named=dict(self.named), views=self.views,
            calls=self.calls,
        )  # fmt: skip

    def column(self, parts: Sequence[str], node: exp.Expression) -> Typed:
        """Return a column by its written path; what follows the column are fields of its structure."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.own(parts, node)
            if found is not None:
                return found
            scope = scope.outer
        raise invalid(f"Column '{'.'.join(parts)}' not found in any table", node)

    def own(self, parts: Sequence[str], node: exp.Expression) -> Typed | None:
        """Return a column of this query alone, or None."""
        for length in range(len(parts) - 1, -1, -1):
            found = self._qualified(parts[:length], parts[length], node)
            if found is not None:
                return fields_of(found, parts[length + 1 :], node)
        return None

    def _qualified(self, qualifier: Sequence[str], name: str, node: exp.Expression) -> Typed | None:
        if not qualifier and name.lower() in self.merged:
            self.met.update(self.listed.get(name.lower(), {}))
            return self.merged[name.lower()][1].steady(node)  # the list of a SELECT holds it too
        if not qualifier and name.lower() in self.parameters:
            return self.parameters[name.lower()]
        relations = [each for each in self.relations if not qualifier or each.answers_to(qualifier)]
        found = [column for column in (each.column(name) for each in relations) if column]
        if len(found) > 1:
            raise invalid(f"Column '{name}' is ambiguous", node)
        return found[0] if found else None

    def star(self, qualifier: Sequence[str], node: exp.Expression) -> list[tuple[str, Typed]]:
        """Return all columns of a relation or of all, those of USING first and once."""
        relations = [each for each in self.relations if not qualifier or each.answers_to(qualifier)]
        if not relations:
            raise invalid(f"Table '{'.'.join(qualifier)}' not found" if qualifier else "SELECT * requires a FROM", node)
        merged = {} if qualifier else self.merged
        rest = [
            (column.name, relation.shown(column))
            for relation in relations
            for column in relation.columns
            if column.name.lower() not in merged
        ]
        return [*merged.values(), *rest]


def fields_of(value: Typed, names: Sequence[str], node: exp.Expression) -> Typed:
    """Return a field of a structure, however deep."""
    for name in names:
        known = [(field, kind) for field, kind in value.type.fields if field.lower() == name.lower()]
        if value.type.name != "STRUCT" or not known:
            raise invalid(f"Column '{name}' not found in a value of type {value.type.name}", node)
        value = Typed(
            sql=f"struct_extract({value.sql}, '{known[0][0].replace(chr(39), chr(39) * 2)}')", type=known[0][1]
        )
    return value
