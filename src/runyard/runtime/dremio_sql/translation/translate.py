# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""From the text of a query to DuckDB's: the one way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ..column_types import Column, quoted, spelling
from ..errors import DremioError
from .parsing import parsed
from .queries import translated
from .scope import Acceleration, Catalog, Query, Scope, World


@dataclass(frozen=True, kw_only=True)
class Session:
    """Who asks, when, and where short names are looked up."""

    user: str
    now_ms: int
    context: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Translation:
    """A query in DuckDB's words, its columns, and the views that it went through."""

    sql: str
    columns: tuple[Column, ...]
    views: tuple[tuple[str, ...], ...]
    is_of_its_moment: bool = False  # it holds the time at which it was translated


def scope_of(catalog: Catalog, session: Session, acceleration: Acceleration | None = None) -> Scope:
    """Return the scope in which a statement is read."""
    world = World(catalog=catalog, user=session.user, now_ms=session.now_ms, acceleration=acceleration)
    return Scope(world=world, context=session.context)


def translate(sql: str, catalog: Catalog, session: Session) -> Translation:
    """Return a query in DuckDB's words, whose columns have Dremio's names and exact types."""
    return translate_tree(parsed(sql), catalog, session)


def translate_tree(
    tree: exp.Expression, catalog: Catalog, session: Session, acceleration: Acceleration | None = None
) -> Translation:
    """Return a query that is read already."""
    scope = scope_of(catalog, session, acceleration)
    try:
        query = translated(tree, scope)
    except RecursionError as error:
        raise DremioError("PLAN", "The query is nested too deeply.") from error
    return Translation(
        sql=exact(query),
        columns=query.columns,
        views=tuple(scope.world.seen),
        is_of_its_moment=bool(scope.world.moments),
    )


def exact(query: Query, columns: Sequence[Column] = ()) -> str:
    """Return a query whose columns are cast to exactly their types, or to other columns' names and types."""
    wanted = columns or query.columns
    values = ", ".join(
        f"CAST(answer.{quoted(own.name)} AS {spelling(column.type)}) AS {quoted(column.name)}"
        for own, column in zip(query.columns, wanted, strict=True)
    )
    return f"SELECT {values} FROM ({query.sql}) AS answer"
