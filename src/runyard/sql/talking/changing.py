"""Statements that change something: carried out at once, or at COMMIT."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlglot import exp

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.planning.binds import ordered
from runyard.sql.results import Heading, Result, Value
from runyard.sql.services import changes
from runyard.sql.services.asking import Asking
from runyard.sql.statements import Bind, Change, Delete, Exec, Insert
from runyard.sql.talking.talk import Ready, Talk

Changing = Exec | Insert | Change | Delete
TAGS: Mapping[type, str] = {Insert: "INSERT 0 0", Delete: "DELETE 0", Change: "UPDATE 0", Exec: "EXEC"}
"""What is answered while a statement only waits."""


def change(talk: Talk, statement: Changing, text: str) -> Ready:
    """Understand a statement that changes something."""
    names = ordered(binds_in(statement))

    def work(arguments: Sequence[Value]) -> Result:
        if len(arguments) != len(names):
            told = f"The statement has {len(names)} binds, and {len(arguments)} arguments came."
            raise SqlError(SYNTAX_ERROR, told)
        given = dict(zip(names, arguments, strict=True))
        if talk.pending.is_open:
            return talk.pending.add(lambda: _carried_out(talk, statement, given, text), TAGS[type(statement)])
        return _carried_out(talk, statement, given, text)

    headings = _returned(talk, statement)
    return Ready(statement=statement, work=work, parameters=("text",) * len(names), headings=headings)


def _carried_out(talk: Talk, statement: Changing, given: Mapping[str, Value], text: str) -> Result:
    def query(tree: exp.Expr) -> Result:
        plan = talk.plan(tree)
        return talk.query(tree, plan, [given.get(name) for name in plan.names], text=text)

    asking = Asking(connections=talk.means.connections, allow=talk.allow_call)
    means = changes.Means(catalog=talk.means.catalog, asking=asking, query=query, binds=given)
    with talk.means.runner.asked(asking, talk.preferences.timeout_ms):
        return talk.shown(changes.carry_out(statement, means))


def binds_in(part: Any) -> Iterator[str]:
    """Yield the binds of a statement or of a part of it, as often as they stand there."""
    if isinstance(part, Bind):
        yield part.name
    elif isinstance(part, exp.Expr):
        yield from (one.name for one in part.find_all(exp.Placeholder))
    elif isinstance(part, Mapping):
        yield from (name for one in part.values() for name in binds_in(one))
    elif isinstance(part, tuple | list):
        yield from (name for one in part for name in binds_in(one))
    elif isinstance(part, Changing):
        yield from (name for one in fields(part) for name in binds_in(getattr(part, one.name)))


def _returned(talk: Talk, statement: Changing) -> tuple[Heading, ...] | None:
    """Return what RETURNING gives, as far as that can be told before."""
    if isinstance(statement, Exec) or not statement.returning or any(one.is_star for one in statement.returning):
        return None
    resource = talk.means.catalog.resource(statement.resource)
    shown = []
    for one in statement.returning:
        column = resource.column(one.unalias().name)
        shown.append(Heading(name=one.alias_or_name or one.sql(), type=column.type if column else "text"))
    return talk.headings(tuple(shown))
