"""(i) SQL on one connection, against PostgreSQL by the same client over TCP in the same minutes.

Both hold the same runs: ours in a server's ledger, PostgreSQL's in a table with a primary key. The client is psycopg,
as programs use it; once more it is libpq alone, below which there is nothing but the server and the kernel. Queries go
by the simple protocol, so each is understood anew on both sides. A round measures the one and then the other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from live import Live
from ports import free_port
from postgres_server import PostgresServer
from postgres_server import running_server as running_postgres

from bench.figures import Goal, Row, at_least
from bench.large_ledger import large_ledger
from bench.servers import running_server
from bench.size import Size

FIGURE = "i"
COLUMNS = "id, job_name, phase"
FILL = """
CREATE TABLE run (id bigint PRIMARY KEY, job_name text NOT NULL, phase text NOT NULL);
INSERT INTO run SELECT n, 'listed-' || n % 20, 'succeeded' FROM generate_series(1, {runs}) AS n;
ANALYZE run;
"""
ROWS_GOAL = 500_000  # a second


@dataclass(frozen=True, kw_only=True)
class Side:
    """A connection, and how its runs are called."""

    connection: psycopg.Connection
    table: str

    def rate(self, query: str, times: int) -> float:
        """How many queries a program gets answered a second."""
        cursor, text = self.connection.cursor(), query.encode()
        began = time.perf_counter()
        for _ in range(times):
            found = cursor.execute(text, prepare=False).fetchone()
        took = time.perf_counter() - began
        assert found is not None
        return times / took

    def bare_rate(self, query: str, times: int) -> float:
        """How many queries are answered a second to a client that does nothing with the answers."""
        ask, text = self.connection.pgconn.exec_, query.encode()
        began = time.perf_counter()
        for _ in range(times):
            answer = ask(text)
        took = time.perf_counter() - began
        assert answer.status == psycopg.pq.ExecStatus.TUPLES_OK, answer.error_message
        assert answer.ntuples == 1
        return times / took

    def rows(self, count: int) -> float:
        """How many rows of a large result are taken a second."""
        text = f"SELECT {COLUMNS} FROM {self.table} LIMIT {count}"
        began = time.perf_counter()
        answer = self.connection.pgconn.exec_(text.encode())
        took = time.perf_counter() - began
        assert answer.ntuples == count, answer.error_message
        return count / took

    def lookup(self) -> str:
        """A query for one run by its id."""
        found = self.connection.execute(f"SELECT max(id) FROM {self.table}".encode()).fetchone()
        assert found is not None
        return f"SELECT {COLUMNS} FROM {self.table} WHERE id = {found[0]}"


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    with (
        running_server(ledger=large_ledger(size.ledger_runs)) as live,
        running_postgres(port=free_port()) as postgres,
        _ours(live) as ours,
        _theirs(postgres, size) as theirs,
    ):
        sides, one, lookups = (ours, theirs), ("SELECT 1", "SELECT 1"), (ours.lookup(), theirs.lookup())
        yield _queries("queries a second: select 1", one, sides, size)
        yield _queries("queries a second: a run by its id", lookups, sides, size)
        yield _queries("the same by libpq alone: select 1", one, sides, size, rate=Side.bare_rate)
        yield _queries("the same by libpq alone: a run by its id", lookups, sides, size, rate=Side.bare_rate)
        yield _large(ours, theirs, size)


@contextmanager
def _ours(live: Live) -> Iterator[Side]:
    place = json.loads((live.home / "server.json").read_text())
    password = live.credentials["password"]
    with psycopg.connect(place["pg"], password=password, sslmode="disable", autocommit=True) as connection:
        yield Side(connection=connection, table="runyard.ledger.runs")


@contextmanager
def _theirs(postgres: PostgresServer, size: Size) -> Iterator[Side]:
    with psycopg.connect(postgres.tcp_url("postgres"), sslmode="disable", autocommit=True) as connection:
        connection.execute(FILL.format(runs=size.ledger_runs).encode())
        yield Side(connection=connection, table="run")


Rate = Callable[[Side, str, int], float]


def _queries(what: str, texts: tuple[str, str], sides: tuple[Side, Side], size: Size, *, rate: Rate = Side.rate) -> Row:
    pairs = list(zip(sides, texts, strict=True))
    for side, text in pairs:
        rate(side, text, size.warm_up * 20)
    rounds = [[rate(side, text, size.wire_queries) for side, text in pairs] for _ in range(size.rounds)]
    ours, theirs = zip(*rounds, strict=True)
    goal = at_least(0.6) if rate is Side.rate else None
    return Row(figure=FIGURE, what=what, unit="/s", against="PostgreSQL", ours=ours, peer=theirs, goal=goal)


def _large(ours: Side, theirs: Side, size: Size) -> Row:
    rounds = [[side.rows(size.wire_rows) for side in (ours, theirs)] for _ in range(size.rounds + 1)]
    mine, others = zip(*rounds[1:], strict=True)
    return Row(
        figure=FIGURE,
        what=f"rows a second of {size.wire_rows:,}",
        unit="/s",
        against="PostgreSQL",
        ours=mine,
        peer=others,
        goal=Goal(word="at least", limit=ROWS_GOAL, of_ratio=False),
    )
