"""EXPLAIN: what would be asked of the ledger and of which service, one line each."""

from __future__ import annotations

from collections.abc import Iterator

from runyard.sql.planning.planning import Plan
from runyard.sql.results import Heading, Result
from runyard.sql.statements import Change, Delete, Exec, Insert, Statement

HEADINGS = (Heading(name="QUERY PLAN"),)


def of_plan(plan: Plan) -> Iterator[str]:
    """Yield what a query reads, and the SQL that is run."""
    for called in plan.called:
        yield f"call {called.method} once, before the query"
    for path, scan in plan.scans:
        yield f"read {path or 'a view'}: {scan}"
    for remote in plan.remotes:
        methods = ", ".join(f"{one.name} ({one.wire.operation})" for one in remote.resource.of_verb("select"))
        where = remote.connection or "the default connection"
        yield f"ask {where} for {remote.resource.path}, by {methods}, as {remote.name}"
    if not plan.remotes and not plan.called:
        yield "no service is asked"
    yield f"run: {plan.sql}"


def of_change(statement: Statement) -> Iterator[str]:
    """Yield what a statement would change."""
    if isinstance(statement, Exec):
        yield f"call {'.'.join(statement.method)} once"
    elif isinstance(statement, Insert | Change | Delete):
        verb = type(statement).__name__.lower()
        yield f"call the method for {verb} of {'.'.join(statement.resource)}, once for each row that is meant"
    else:
        yield f"{type(statement).__name__} asks no service"


def explained(lines: Iterator[str]) -> Result:
    """Return lines as rows."""
    return Result(headings=HEADINGS, rows=((line,) for line in lines), tag=lambda _: "EXPLAIN")
