"""The answers of calls as tables of a query: `FROM (EXEC …)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import apsw
from sqlglot import exp

from runyard.sql.catalog import Resource
from runyard.sql.local.tables import AFFINITIES, Branch, LocalColumn, LocalTable, quoted
from runyard.sql.results import Row

PROVIDER = "exec"
WHOLE = "answer"
"""The hidden column with all of an answer, as JSON."""


@dataclass(frozen=True, kw_only=True)
class Called:
    """The table that a call's answer is; its columns are known before the call is made."""

    name: str  # by which the query's tree reads it
    method: str  # dotted
    columns: tuple[LocalColumn, ...]
    rows: tuple[Row, ...] = field(default=(), compare=False)  # none as long as the call is not made

    @cached_property
    def table(self) -> LocalTable:
        """What the planner takes it for."""
        values = {one.name.lower(): f"c.{quoted(one.name)}" for one in self.columns}
        branch = Branch(source=f"FROM temp.{quoted(self.name)} AS c", values=values)
        return LocalTable(path=self.method, columns=self.columns, branches=(branch,))

    @property
    def resource(self) -> Resource:
        """What stands for a resource where a query reads it."""
        return Resource(provider=PROVIDER, service="answer", name=self.method, columns=(), methods=())


def columns_of(resource: Resource, named: Iterable[str]) -> tuple[LocalColumn, ...]:
    """Return the columns of an answer: the resource's, what else a query names, and the whole."""
    columns = {one.name.lower(): LocalColumn(name=one.name, type=one.type) for one in resource.columns}
    columns.setdefault(WHOLE, LocalColumn(name=WHOLE, type="json", is_hidden=True))
    for name in named:
        columns.setdefault(name.lower(), LocalColumn(name=name, is_hidden=True))
    return tuple(columns.values())


def named_of(tree: exp.Expr, name: str) -> Iterator[str]:
    """Yield the columns that a query asks of a table by its alias, or by nothing where it reads no other."""
    tables = list(tree.find_all(exp.Table))
    qualifiers = {one.alias_or_name.lower() for one in tables if one.name == name}
    made = {one.alias.lower() for one in tree.find_all(exp.Alias) if one.alias.lower() != one.this.name.lower()}
    for column in tree.find_all(exp.Column):
        is_star = isinstance(column.this, exp.Star)
        alone = len(tables) == 1 and not column.table and column.name.lower() not in made
        if not is_star and (alone or column.table.lower() in qualifiers):
            yield column.name


def put(database: apsw.Connection, called: Called) -> None:
    """Make the table in a connection that otherwise only reads."""
    columns = ", ".join(f"{quoted(one.name)} {_affinity(one)}" for one in called.columns)
    places = ", ".join("?" for _ in called.columns)
    database.execute("PRAGMA query_only = OFF")
    try:
        database.execute(f"CREATE TEMP TABLE {quoted(called.name)} ({columns})", can_cache=False)
        database.executemany(
            f"INSERT INTO temp.{quoted(called.name)} VALUES ({places})",  # noqa: S608 - names are quoted
            called.rows,
            can_cache=False,
        )
    finally:
        database.execute("PRAGMA query_only = ON")


def drop(database: apsw.Connection, called: Called) -> None:
    """Take the table away again."""
    database.execute("PRAGMA query_only = OFF")
    try:
        database.execute(f"DROP TABLE IF EXISTS temp.{quoted(called.name)}", can_cache=False)
    finally:
        database.execute("PRAGMA query_only = ON")


def _affinity(column: LocalColumn) -> str:
    """Return by what a column compares; of what the resource does not have, nobody knows the type."""
    return "" if column.is_hidden and column.type == "text" else AFFINITIES[column.type]


def by_name(called: Iterable[Called]) -> Mapping[str, Called]:
    """Return answers by the names that a tree has for them."""
    return {one.name: one for one in called}
