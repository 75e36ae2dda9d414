"""INSERT, UPDATE, REPLACE and DELETE."""

from __future__ import annotations

from sqlglot import exp

from runyard.sql.errors import NOT_SUPPORTED
from runyard.sql.grammar.cursor import Cursor
from runyard.sql.grammar.queries import condition, expression, projections, query
from runyard.sql.statements import Change, Delete, Insert

HINTS = ("AWAIT", "SHOWRESULTS")


def insert(cursor: Cursor) -> Insert:
    """INSERT [/*+ hint */] [IGNORE] INTO r [(column, …)] VALUES … | query [RETURNING …]."""
    cursor.needs("INSERT")
    hints = cursor.hints(HINTS)
    cursor.takes("IGNORE")
    cursor.needs("INTO")
    resource = cursor.name("The resource")
    columns = _columns(cursor)
    if cursor.sees("DEFAULT", "VALUES") or cursor.sees("SET"):
        raise cursor.wrong("VALUES or a query is expected")
    source = query(cursor, cursor.rest("RETURNING", "ON"))
    if cursor.sees("ON"):
        raise cursor.wrong("ON CONFLICT is not supported; the statement should end", code=NOT_SUPPORTED)
    while isinstance(source, exp.Subquery):
        source = source.this
    returning = _returning(cursor)
    return Insert(resource=resource, columns=columns, source=source, returning=returning, hints=hints)


def update(cursor: Cursor) -> Change:
    """UPDATE r SET column = expression, … [WHERE …] [RETURNING …]."""
    return _change(cursor, "update")


def replace(cursor: Cursor) -> Change:
    """REPLACE r SET column = expression, … [WHERE …] [RETURNING …]: the whole record is put."""
    if cursor.sees("REPLACE", "INTO"):
        cursor.at += 1
        raise cursor.wrong(
            "REPLACE is followed by the resource; the name is expected",
            hint="Its form is REPLACE r SET … WHERE …; to make something new, INSERT INTO r.",
        )
    return _change(cursor, "replace")


def delete(cursor: Cursor) -> Delete:
    """DELETE FROM r [WHERE …] [RETURNING …]."""
    cursor.needs("DELETE")
    hints = cursor.hints(HINTS)
    cursor.needs("FROM")
    resource = cursor.name("The resource")
    where = _where(cursor)
    return Delete(resource=resource, where=where, returning=_returning(cursor), hints=hints)


def _change(cursor: Cursor, verb: str) -> Change:
    cursor.needs(verb.upper())
    hints = cursor.hints(HINTS)
    resource = cursor.name("The resource")
    cursor.needs("SET")
    values: dict[str, exp.Expression] = {}
    cursor.listed(lambda: _assign(cursor, values))
    if cursor.sees("FROM"):
        raise cursor.wrong("An UPDATE takes its values from expressions; WHERE is expected", code=NOT_SUPPORTED)
    where = _where(cursor)
    returning = _returning(cursor)
    return Change(verb=verb, resource=resource, values=values, where=where, returning=returning, hints=hints)


def _assign(cursor: Cursor, values: dict[str, exp.Expression]) -> None:
    token = cursor.token
    column = cursor.part("A column")
    if column in values and token is not None:
        raise cursor.wrong_at(token, f"{column} is set twice")
    cursor.needs("=")
    values[column] = expression(cursor, cursor.rest(",", "WHERE", "FROM", "RETURNING"))


def _columns(cursor: Cursor) -> tuple[str, ...]:
    if not cursor.sees("(") or (
        len(cursor.tokens) > cursor.at + 1 and cursor.tokens[cursor.at + 1].upper in {"SELECT", "WITH", "VALUES", "("}
    ):
        return ()
    cursor.needs("(")
    columns = cursor.listed(lambda: cursor.part("A column"))
    cursor.needs(")")
    return tuple(columns)


def _where(cursor: Cursor) -> exp.Expression | None:
    return condition(cursor, cursor.rest("RETURNING")) if cursor.takes("WHERE") else None


def _returning(cursor: Cursor) -> tuple[exp.Expression, ...]:
    return projections(cursor, cursor.rest()) if cursor.takes("RETURNING") else ()
