"""What a session's statements share: whom it belongs to, what it has set, what waits, and how a query is run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from runyard.client.connection import Connection
from runyard.client.connections import LOCAL, Connections
from runyard.core.access import Role
from runyard.sql.catalog import Catalog
from runyard.sql.errors import DENIED, GONE, SqlError
from runyard.sql.planning.binds import OURS, bound
from runyard.sql.planning.called import Called
from runyard.sql.planning.planning import Plan
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.services.asking import Asking
from runyard.sql.statements import Statement
from runyard.sql.talking.keeping import Keeping
from runyard.sql.talking.pending import Pending
from runyard.sql.talking.preferences import Preferences
from runyard.sql.talking.running import Runner

Work = Callable[[Sequence[Value]], Result]


class Planning(Protocol):
    """What plans the queries of a session."""

    def __call__(self, tree: exp.Expr, text: str, called: Sequence[Called] = ()) -> Plan:
        """Return the plan of a tree, by the text that it is known by; empty: it is not kept."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A statement that is understood, and what runs it."""

    statement: Statement
    work: Work
    parameters: tuple[str, ...] = ()
    headings: tuple[Heading, ...] | None = None
    guard: Callable[[Callable[[], Result]], Result] = lambda work: work()

    def run(self, arguments: Sequence[Value] = ()) -> Result:
        """Run it."""
        return self.guard(lambda: self.work(arguments))


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a session stands on; the yard gives it."""

    runner: Runner
    parse: Callable[[str], Statement]
    plan: Planning
    catalog: Catalog
    connections: Connections
    keeping: Keeping
    workspace: Callable[[], int]
    told: Mapping[str, str]  # what local tables are told of it: url and region
    sees_everything: bool
    role: Callable[[], Role | None]  # of whoever speaks, at this moment


@dataclass(kw_only=True)
class Talk:
    """The state of a session."""

    means: Means
    pending: Pending = field(default_factory=Pending)
    preferences: Preferences = field(default_factory=Preferences)
    ended: threading.Event = field(default_factory=threading.Event)  # set to end what waits

    def plan(self, tree: exp.Expr, text: str = "", called: Sequence[Called] = ()) -> Plan:
        """Return how a query is answered."""
        return self.means.plan(tree, text, called)

    def query(self, tree: exp.Expr, plan: Plan, arguments: Sequence[Value], *, text: str = "") -> Result:
        """Run a query; where binds name its connections, it is planned for them."""
        if plan.naming:
            plan, arguments = self._for_connections(tree, plan, arguments)
        asking = Asking(connections=self.means.connections, allow=self.allow_call) if plan.remotes else None
        values = {**bound(plan.names, arguments), "workspace": self.means.workspace(), **self.means.told}
        rows = self.means.runner.rows(plan, values, text=text, asking=asking, timeout_ms=self.preferences.timeout_ms)
        notices = asking.notices if asking is not None else []
        return Result(headings=plan.headings, rows=rows, tag=lambda count: f"SELECT {count}", notices=notices)

    def shown(self, result: Result) -> Result:
        """Give a result in the form that the session wants."""
        if self.preferences.are_strings:
            result.headings = self.headings(tuple(result.headings))
            result.rows = map(_as_strings, result.rows)
        return result

    def headings(self, headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
        """Return the columns in the form that the session wants."""
        return tuple(Heading(name=one.name) for one in headings) if self.preferences.are_strings else headings

    def require(self, need: Role, action: str) -> None:
        """Refuse what whoever speaks may not do, or may no longer."""
        role = self.means.role()
        if role is None:
            raise SqlError(GONE, "The credential of this session is no longer good: it was revoked, or has ended.")
        if not role.covers(need):
            raise SqlError(DENIED, f"{action} needs the role {need}; this session's is {role}.")

    def allow_call(self, connection: Connection) -> None:
        """Refuse calls of other services, made with the keys of the server's owner; this server judges for itself."""
        if connection.name != LOCAL:
            self.require(Role.OPERATOR, f"A call of {connection.name}, with the keys of the server's owner,")

    def guarded(self, work: Callable[[], Result]) -> Result:
        """Do work unless the transaction has failed, and note if it fails."""
        self.require(Role.VIEWER, "A statement")
        self.pending.refuse_if_broken()
        if self.ended.is_set():
            self.ended.clear()
        try:
            result = work()
        except SqlError:
            self.pending.broke()
            raise
        if self.pending.is_open:
            result.rows = self._watched(result.rows)
        return result

    def _watched(self, rows: Iterator[Row]) -> Iterator[Row]:
        try:
            yield from rows
        except SqlError:
            self.pending.broke()
            raise

    def _for_connections(self, tree: exp.Expr, plan: Plan, arguments: Sequence[Value]) -> tuple[Plan, Sequence[Value]]:
        given = bound(plan.names, arguments)
        named = tree.copy()
        for node in list(named.find_all(exp.Placeholder)):
            if OURS + node.name in plan.naming:
                value = given[OURS + node.name]
                node.replace(exp.Null() if value is None else exp.Literal.string(str(value)))
        fresh = self.means.plan(named, "", plan.called)
        rest = dict(zip(plan.names, arguments, strict=True))
        return fresh, [rest[name] for name in fresh.names]


def _as_strings(row: Row) -> Row:
    return tuple("null" if value is None else value if isinstance(value, str) else str(value) for value in row)
