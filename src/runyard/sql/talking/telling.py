"""What is told of the session and of what there is: SHOW, DESCRIBE, REGISTRY, EXPLAIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from runyard.client.connection import DATABRICKS, DREMIO, GLUE
from runyard.sql.results import Heading, Result, Row
from runyard.sql.statements import Copy, Describe, Explain, Registry, Select, Show, Statement
from runyard.sql.talking import calling, explaining
from runyard.sql.talking.describing import described
from runyard.sql.talking.talk import Ready, Talk

Table = tuple[tuple[Heading, ...], list[Row]]


def describe(talk: Talk, statement: Show | Describe | Registry, _: str) -> Ready:
    """Understand a question about what there is."""
    if isinstance(statement, Show) and statement.what in SHOWN:
        return _told(statement, SHOWN[statement.what](talk))
    if isinstance(statement, Show) and statement.what in talk.preferences:
        return _told(statement, ((Heading(name=statement.what),), [(talk.preferences[statement.what],)]))
    result = described(statement, talk.means.catalog)
    return _told(statement, (tuple(result.headings), list(result.rows)), notices=result.notices)


def explain(talk: Talk, statement: Explain, _: str) -> Ready:
    """Understand EXPLAIN: nothing is asked, only told."""
    inner = statement.statement
    called = calling.shapes(talk, inner) if isinstance(inner, Select) else ()
    is_query = isinstance(inner, Select | Copy)
    lines = explaining.of_plan(talk.plan(inner.tree, "", called)) if is_query else explaining.of_change(inner)  # type: ignore[union-attr]  # is_query has looked
    return _told(statement, (explaining.HEADINGS, [(line,) for line in lines]), tag="EXPLAIN")


def _told(statement: Statement, table: Table, *, notices: Sequence[str] = (), tag: str = "SHOW") -> Ready:
    headings, rows = table

    def work(_: object) -> Result:
        return Result(headings=headings, rows=iter(rows), tag=lambda _: tag, notices=list(notices))

    return Ready(statement=statement, work=work, headings=headings)


def _connections(talk: Talk) -> Table:
    names = talk.means.connections.names
    rows: list[Row] = [(service, name) for service in (DATABRICKS, GLUE, DREMIO) for name in names(service)]
    return (Heading(name="service"), Heading(name="connection")), rows


def _views(talk: Talk) -> Table:
    headings = (Heading(name="name"), Heading(name="is_materialized", type="boolean"), Heading(name="definition"))
    return headings, [(one.name, one.is_materialized, one.text) for one in talk.means.keeping.all().values()]


SHOWN: Mapping[str, Callable[[Talk], Table]] = {"connections": _connections, "views": _views}
"""What only the session knows."""
