"""SQL over services alone: a database in memory with their tables, and statements that change something."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import apsw
import pytest
from sql_resources import CATALOG
from sqlglot import exp
from upstream import Asked, Told, Upstream, answering

from runyard.client.connections import Connections
from runyard.client.retrying import Patience
from runyard.sql.callables.functions import register
from runyard.sql.catalog import Catalog
from runyard.sql.errors import SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.planning.lists import never_empty
from runyard.sql.results import Heading, Result, Row, Value
from runyard.sql.services.asking import SERVICES, Asking
from runyard.sql.services.changes import Means, carry_out
from runyard.sql.services.remote import Surroundings, forget, remote_source
from runyard.sql.statements import Change, Delete, Exec, Insert, Select

QUICK = Patience(try_s=2, total_s=4, tries=3, first_pause_s=0.001, longest_pause_s=0.01)


def connections_to(url: str, **more: Any) -> Connections:
    """Return connections by name to one address: `prod` is of Databricks, `lake` of Glue."""
    databricks = {"service": "databricks", "url": url, "token": "secret-token", **more}
    glue = {
        "service": "glue",
        "url": url,
        "access_key": "AK",
        "secret_key": "secret-key",
        "region": "eu-west-1",
        **more,
    }
    return Connections({"prod": databricks, "lake": glue}, environment={}, patience=QUICK)


@dataclass
class Desk:
    """Runs statements one after the other; each has an Asking of its own."""

    connections: Connections
    catalog: Catalog = CATALOG
    database: apsw.Connection = field(default_factory=lambda: apsw.Connection(":memory:"))
    asking: Asking | None = None  # of the statement that runs or ran

    def __post_init__(self) -> None:
        register(self.database)

    def rows(self, text: str, arguments: Sequence[Value] = ()) -> list[Row]:
        """Run a query to its end."""
        statement = parse(text)
        assert isinstance(statement, Select)
        with self._tables():
            return self._run(statement.tree, arguments).fetchall()

    def plan(self, text: str) -> list[str]:
        """Return what SQLite says of how a query is answered."""
        statement = parse(text)
        assert isinstance(statement, Select)
        with self._tables():
            sql = LANGUAGE.generate(self._put(statement.tree))
            return [str(row[3]) for row in self.database.execute(f"EXPLAIN QUERY PLAN {sql}")]

    @contextmanager
    def reading(self, text: str) -> Iterator[apsw.Cursor]:
        """Run a query, row by row."""
        statement = parse(text)
        assert isinstance(statement, Select)
        with self._tables():
            yield self._run(statement.tree, ())

    def change(self, text: str, binds: Mapping[str, Value] | None = None) -> tuple[list[Row], Result]:
        """Carry a statement out; return its rows and what else it gives."""
        statement = parse(text)
        assert isinstance(statement, Exec | Insert | Change | Delete)
        with self._tables():
            means = Means(catalog=self.catalog, asking=self._asking, query=self._query, binds=binds or {})
            result = carry_out(statement, means)
            return list(result.rows), result

    @property
    def _asking(self) -> Asking:
        assert self.asking is not None
        return self.asking

    @contextmanager
    def _tables(self) -> Iterator[None]:
        self.asking = Asking(connections=self.connections)
        around = Surroundings(catalog=self.catalog, asking=self.asking)
        for one in self.catalog.resources:
            service = SERVICES[one.methods[0].wire.protocol]
            to = self.connections.find(service, None)
            remote_source(self.database, one.path, resource=one, connection=to, shown=to.name, surroundings=around)
        try:
            yield
        finally:
            for one in self.catalog.resources:
                forget(self.database, one.path)
            self.asking.close()

    def _put(self, tree: exp.Expr) -> exp.Expr:
        """Return a tree with the names that the tables have here."""
        mine = tree.copy()
        for node in mine.find_all(exp.Table):
            if node.args.get("db"):
                path = ".".join(part.name for part in node.parts)
                node.set("alias", node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name)))
                node.set("this", exp.to_identifier(path, quoted=True))
                node.set("db", None)
                node.set("catalog", None)
        never_empty(mine)
        return mine

    def _run(self, tree: exp.Expr, arguments: Sequence[Value]) -> apsw.Cursor:
        return self.database.execute(LANGUAGE.generate(self._put(tree)), tuple(arguments), can_cache=False)

    def _query(self, tree: exp.Expr) -> Result:
        cursor = self._run(tree, ())
        rows = cursor.fetchall()
        names = [one.alias_or_name for one in tree.selects] if isinstance(tree, exp.Select) else []
        return Result(headings=[Heading(name=name) for name in names], rows=iter(rows), tag=lambda _: "")


RUNS = "databricks_workspace.workflows.job_runs"
JOBS = "databricks_workspace.workflows.jobs"
ENDED = {
    "run_id": 7,
    "job_id": 3,
    "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""},
}


@contextmanager
def desk(answer: Callable[[Asked], Told] = lambda _: Told()) -> Iterator[tuple[Desk, Upstream]]:
    with answering(answer) as cloud:
        connections = connections_to(cloud.url)
        yield Desk(connections), cloud
        connections.close()


def refused(text: str, code: str) -> tuple[str, list[Asked]]:
    """Return what a statement is refused with, and what was asked before."""
    with desk() as (one, cloud):
        with pytest.raises(SqlError) as error:
            one.change(text)
        assert error.value.code == code
        return str(error.value), cloud.asked
