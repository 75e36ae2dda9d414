"""Views that people make: CREATE VIEW, REFRESH and DROP."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from runyard.core.access import Role
from runyard.sql.catalog import unqualified
from runyard.sql.errors import NOT_SUPPORTED, UNDEFINED_TABLE, SqlError
from runyard.sql.results import Result, Value
from runyard.sql.statements import CreateView, OfView
from runyard.sql.talking.keeping import WRONG_OBJECT
from runyard.sql.talking.talk import Ready, Talk

DONE = "DDL Execution Completed"


def create(talk: Talk, statement: CreateView, text: str) -> Ready:
    """Understand CREATE VIEW; its query must be one that can be answered."""
    name = ".".join(unqualified(statement.name)).lower()
    if talk.plan(statement.tree).parameters:
        raise SqlError(NOT_SUPPORTED, "A view's query has no binds: it is kept as it is.")

    def work(_: Sequence[Value]) -> Result:
        talk.require(Role.OPERATOR, "CREATE VIEW")
        talk.means.keeping.refuse_taken(name, replaces=statement.replaces)
        if statement.is_materialized:
            return _materialize(talk, name, text, statement.tree)
        talk.means.keeping.create(name, text)
        return Result(tag=lambda _: "CREATE VIEW", notices=[DONE])

    return Ready(statement=statement, work=work)


def of_view(talk: Talk, statement: OfView, _: str) -> Ready:
    """Understand REFRESH MATERIALIZED VIEW and DROP VIEW."""
    name = ".".join(unqualified(statement.name)).lower()

    def work(_: Sequence[Value]) -> Result:
        talk.require(Role.OPERATOR, f"{statement.verb.upper()} VIEW")
        known = talk.means.keeping.find(name)
        if known is None and not statement.if_exists:
            raise SqlError(UNDEFINED_TABLE, f"There is no view {name}; SHOW VIEWS lists them.")
        if statement.verb == "drop":
            talk.means.keeping.drop(name)
            return Result(tag=lambda _: "DROP VIEW", notices=[DONE])
        if known is None or not known.is_materialized:
            raise SqlError(WRONG_OBJECT, f"{name} is no materialized view: it is always fresh.")
        _materialize(talk, name, known.text, known.tree)
        return Result(tag=lambda _: "REFRESH MATERIALIZED VIEW", notices=[DONE])

    return Ready(statement=statement, work=work)


def _materialize(talk: Talk, name: str, text: str, tree: exp.Expr) -> Result:
    plan = talk.plan(tree)
    rows = list(talk.query(tree, plan, ()).rows)  # whole before anything is written
    count = talk.means.keeping.materialize(name, text, plan.headings, rows)
    return Result(tag=lambda _: f"SELECT {count}", notices=[DONE])
