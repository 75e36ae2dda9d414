"""Calls that stand for tables, `FROM (EXEC …)`: their shape before, and their answers when the query runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from runyard.sql.errors import SYNTAX_ERROR, SqlError
from runyard.sql.local.tables import LocalColumn
from runyard.sql.planning.called import WHOLE, Called, columns_of, named_of
from runyard.sql.planning.planning import Plan
from runyard.sql.results import Row, Value
from runyard.sql.services import changes
from runyard.sql.services.asking import Asking, Record
from runyard.sql.services.converting import cell, document, kind_of
from runyard.sql.statements import Exec, Select
from runyard.sql.talking.talk import Talk

IN_TRANSACTION = "25001"


def calls_of(statement: Select) -> Mapping[str, Exec]:
    """Return the calls of a query by their tables' names; what the query awaits is their end."""
    hints = frozenset({changes.AWAIT}) if statement.await_end else frozenset[str]()
    return {name: replace(one, hints=one.hints | hints) for name, one in statement.calls.items()}


def shapes(talk: Talk, statement: Select) -> tuple[Called, ...]:
    """Return the tables that the calls of a query will be; nothing is called."""
    tables = {one.name for one in statement.tree.find_all(exp.Table)}
    for name in statement.calls:
        if name not in tables:
            raise SqlError(SYNTAX_ERROR, "EXEC in parentheses stands for a table: write it behind FROM or JOIN.")
    return tuple(_shape(talk, statement, name, call) for name, call in calls_of(statement).items())


def refuse_in_transaction(talk: Talk) -> None:
    """Refuse what would be sent before COMMIT."""
    if talk.pending.is_open:
        told = (
            "EXEC in FROM is refused in a transaction: it would be sent before COMMIT, and no ROLLBACK takes it back."
        )
        raise SqlError(IN_TRANSACTION, told, hint="Run the statement outside of a transaction, with autocommit.")


def answered(talk: Talk, statement: Select, plan: Plan, given: Mapping[str, Value]) -> tuple[Plan, list[str]]:
    """Make the calls of a query, in their order; return its plan with their answers, and what is said of them."""
    asking = Asking(connections=talk.means.connections, allow=talk.allow_call)
    means = changes.Means(catalog=talk.means.catalog, asking=asking, query=_no_query, binds=given)
    calls = calls_of(statement)
    done: list[Called] = []
    with talk.means.runner.asked(asking, talk.preferences.timeout_ms):
        for one in plan.called:
            try:
                records = changes.records(calls[one.name], means)
            except SqlError as error:
                raise SqlError(error.code, f"{error}{after(done)}", hint=error.hint) from error
            done.append(replace(one, rows=tuple(_row(one.columns, told, answer) for told, answer in records)))
    return replace(plan, called=tuple(done)), asking.notices


def after(done: Sequence[Called]) -> str:
    """Say which calls were made before something failed: no service takes one back."""
    if not done:
        return ""
    were = "was" if len(done) == 1 else "were"
    return f" {', '.join(one.method for one in done)} {were} carried out before."


def told(rows: Iterator[Row], plan: Plan) -> Iterator[Row]:
    """Yield the rows of a query over calls; say of its failure that they were made."""
    try:
        yield from rows
    except SqlError as error:
        raise SqlError(error.code, f"{error}{after(plan.called)}", hint=error.hint) from error


def _shape(talk: Talk, statement: Select, name: str, call: Exec) -> Called:
    resource = changes.resource_of(call, talk.means.catalog)
    columns = columns_of(resource, named_of(statement.tree, name))
    return Called(name=name, method=".".join(call.method), columns=columns)


def _row(columns: Sequence[LocalColumn], told: Record, answer: Record) -> Row:
    """Return an answer as a row; what it was asked by, a service often leaves out."""
    known: dict[str, Any] = {name.lower(): value for name, value in {**told, **answer}.items()}

    def value(column: LocalColumn) -> Value:
        if column.is_hidden and column.name == WHOLE:
            return document(answer)
        one = known.get(column.name.lower())
        return cell(kind_of(one) if column.is_hidden else column.type, one)

    return tuple(map(value, columns))


def _no_query(tree: exp.Expression) -> Any:
    raise AssertionError(f"a call reads no table: {tree}")
