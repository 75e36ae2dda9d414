"""Queries: SELECT, COPY … TO STDOUT and NATIVEQUERY."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.core.access import Role
from runyard.sql.errors import CANCELLED, DENIED, SqlError
from runyard.sql.planning.binds import bound, ordered
from runyard.sql.planning.planning import Plan
from runyard.sql.results import Result, Value
from runyard.sql.statements import Copy, Native, Select
from runyard.sql.talking import awaiting, calling
from runyard.sql.talking.changing import binds_in
from runyard.sql.talking.talk import Ready, Talk
from runyard.sql.talking.troubles import TOLD

POLL_S = 0.1  # how often the ledger is looked at for a run that is waited for
POLL_REMOTE_S = 2.0  # and a service


def select(talk: Talk, statement: Select, text: str) -> Ready:
    """Understand a query."""
    if statement.calls:
        return _of_calls(talk, statement, text)
    plan = talk.plan(statement.tree, text)

    def work(arguments: Sequence[Value]) -> Result:
        if statement.await_end:
            _await(talk, statement, plan, arguments)
        return talk.shown(talk.query(statement.tree, plan, arguments, text=text))

    return Ready(statement=statement, work=work, parameters=plan.parameters, headings=talk.headings(plan.headings))


def _of_calls(talk: Talk, statement: Select, text: str) -> Ready:
    """Understand a query over calls: they are made each time it runs, before it."""
    plan = talk.plan(statement.tree, text, calling.shapes(talk, statement))
    names = ordered([*binds_in(statement.tree), *binds_in(statement.calls)])
    types = dict(plan.binds)

    def work(arguments: Sequence[Value]) -> Result:
        calling.refuse_in_transaction(talk)
        bound(names, arguments)  # too few are refused before anything is sent
        given = dict(zip(names, arguments, strict=True))
        full, notices = calling.answered(talk, statement, plan, given)
        result = talk.query(statement.tree, full, [given[name] for name in plan.names], text=text)
        result.notices[:0] = notices
        result.rows = calling.told(result.rows, full)
        return talk.shown(result)

    headings = talk.headings(plan.headings)
    parameters = tuple(types.get(name, "text") for name in names)
    return Ready(statement=statement, work=work, parameters=parameters, headings=headings)


def copy(talk: Talk, statement: Copy, text: str) -> Ready:
    """Understand COPY (query) TO STDOUT."""
    plan = talk.plan(statement.tree, text)

    def work(arguments: Sequence[Value]) -> Result:
        result = talk.shown(talk.query(statement.tree, plan, arguments, text=text))
        result.tag = lambda count: f"COPY {count}"
        return result

    return Ready(statement=statement, work=work, parameters=plan.parameters, headings=talk.headings(plan.headings))


def native(talk: Talk, statement: Native, _: str) -> Ready:
    """Understand a query in the ledger's own words, which is for administrators."""
    if not (talk.means.sees_everything and talk.means.role() is Role.ADMIN):
        raise SqlError(DENIED, "NATIVEQUERY reads the tables of all workspaces; only an administrator may.")
    runner = talk.means.runner
    headings = runner.native_headings(statement.text)

    def work(_: Sequence[Value]) -> Result:
        rows = runner.native(statement.text, timeout_ms=talk.preferences.timeout_ms)
        return talk.shown(Result(headings=headings, rows=rows, tag=lambda count: f"SELECT {count}"))

    return Ready(statement=statement, work=work, headings=talk.headings(headings))


def _await(talk: Talk, statement: Select, plan: Plan, arguments: Sequence[Value]) -> None:
    """Wait until nothing that a query is about has still to end."""
    tree = awaiting.unended(statement)
    asked = talk.plan(tree)
    given = dict(zip(plan.names, arguments, strict=True))
    values = [given.get(name) for name in asked.names]
    while list(talk.query(tree, asked, values).rows):
        if talk.ended.wait(POLL_REMOTE_S if asked.remotes else POLL_S):
            raise SqlError(CANCELLED, TOLD)
