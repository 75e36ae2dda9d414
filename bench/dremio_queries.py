"""(n) Dremio's SQL by its API, against DuckDB alone: the 22 queries of TPC-H, and the smallest query there is.

All read the same Parquet files. DuckDB answers in this process, in one connection; ours are jobs: submitted, waited
for, their rows fetched as JSON. Our process keeps blocks of the files in memory, as DuckDB does with local files only
if it is asked to. So there are two of it here: one set as it comes, of which the goal speaks, and one that keeps them
too, which shows what being a job costs. The call that fetches a query's rows of TPC-H waits for them (`wait_s`): to
look at a job every two milliseconds takes two processors more than the job does. `SELECT 1` is looked at so. Its floor
is four calls that do nothing, and a database that is opened, asked and closed: no query in its own comes for less.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from live import Live

from bench.figures import Row, at_most
from bench.servers import CACHE, running_server
from bench.size import Size

FIGURE = "n"
QUERIES = Path(__file__).parents[1] / "tests/unit/tpch_queries.sql"
PROGRAM = Path(sys.executable).parent / "tpchgen-cli"
PAUSE_S = 0.002
WAIT_S = 60
MS = 1000
SMALLEST = "SELECT 1"
MOST_ROWS = 500  # of one page
KEEPING = {"cache_local_files": "true", "external_file_cache_local_max_block_size": 1 << 21}
WARM_S = 3.0  # until the launcher has what it keeps for queries


def measure(size: Size) -> Iterator[Row]:
    data = tpch(size.tpch_scale)
    with running_server() as live:
        api = Api.of(live)
        api.know(data)
        yield from _tpch(api, data, size)
        yield _smallest(api, size)


@dataclass(frozen=True, kw_only=True)
class Api:
    """One kept connection to a server, without a client library: what is measured is the server."""

    connection: socket.socket
    headers: str

    @classmethod
    def of(cls, live: Live) -> Api:
        address = urlsplit(live.url)
        connection = socket.create_connection((address.hostname, address.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        token = live.credentials["token"]
        headers = f"host: {address.netloc}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        return cls(connection=connection, headers=headers)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\n{self.headers}content-length: {len(content)}\r\n\r\n"
        self.connection.sendall(head.encode() + content)
        status, answer = self._answer()
        assert status in (200, 204), answer
        return json.loads(answer) if answer else None

    def _answer(self) -> tuple[int, bytes]:
        """Return the status and the body of an answer, whose length is told."""
        heard = b""
        while (end := heard.find(b"\r\n\r\n")) < 0:
            heard += self._more()
        head, body = heard[:end].lower(), heard[end + 4 :]
        told = re.search(rb"\ncontent-length: *(\d+)", head)
        length = int(told[1]) if told else 0
        while len(body) < length:
            body += self._more()
        return int(head.split(b" ", 2)[1]), body

    def _more(self) -> bytes:
        heard = self.connection.recv(65536)
        assert heard, "the server hung up"
        return heard

    def know(self, data: Path) -> None:
        """Let the server know the files as a source, and each as a view."""
        source = {"entityType": "source", "name": "files", "type": "NAS", "config": {"path": str(data)}}
        self.call("POST", "/api/v3/catalog", source)
        self.call("POST", "/api/v3/catalog", {"entityType": "space", "name": "tpch"})
        for file in data.glob("*.parquet"):
            self.run(f'CREATE VIEW tpch.{file.stem} AS SELECT * FROM files."{file.name}"')

    def run(self, sql: str) -> Any:
        """Run a statement, look until it has ended, and return its first rows."""
        return self.rows(self.finished(sql))

    def rows(self, job: str, wait_s: int = 0) -> Any:
        """Return the first rows of a job, once it has ended."""
        return self.call("GET", f"/api/v3/job/{job}/results?limit=500&wait_s={wait_s}")["rows"]

    def submitted(self, sql: str) -> str:
        """Submit a statement and return the id of its job."""
        job: str = self.call("POST", "/api/v3/sql", {"sql": sql, "context": ["tpch"]})["id"]
        return job

    def finished(self, sql: str) -> str:
        """Run a statement, look until it has ended, and return the id of its job."""
        job = self.submitted(sql)
        while (state := self.call("GET", f"/api/v3/job/{job}")["jobState"]) != "COMPLETED":
            assert state not in ("FAILED", "CANCELED"), sql
            time.sleep(PAUSE_S)
        return job


def _tpch(api: Api, data: Path, size: Size) -> Iterator[Row]:
    plain, keeping = _database(data), _database(data)
    for name, value in KEEPING.items():
        keeping.execute(f"SET GLOBAL {name} = {value}")
    ways: list[Callable[[str], list[Any]]] = [
        lambda query: plain.execute(query).fetchall(),
        lambda query: keeping.execute(query).fetchall(),
        lambda query: list(api.rows(api.submitted(query), WAIT_S)),
    ]
    rounds = [_round(ways) for _ in range(size.tpch_rounds + 1)]
    # The first round found neither files in memory nor databases that wait.
    alone, kept, ours = map(list, zip(*rounds[1:], strict=True))
    what = f"22 queries of TPC-H, SF{size.tpch_scale:g}"
    facts: dict[str, Any] = {"figure": FIGURE, "what": what, "unit": "s", "ours": ours}
    yield Row(**facts, against="DuckDB alone", peer=alone, goal=at_most(1.1))
    yield Row(**facts, against="with blocks kept", peer=kept)


def _database(data: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    for file in data.glob("*.parquet"):
        database.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM '{file}'")
    return database


def _round(ways: Sequence[Callable[[str], list[Any]]]) -> list[float]:
    """Ask every query in each way, one after the other, and return the seconds that each way took."""
    taken = [0.0] * len(ways)
    for query in queries():
        counts = set()
        for place, ask in enumerate(ways):
            began = time.perf_counter()
            rows = ask(query)
            taken[place] += time.perf_counter() - began
            counts.add(min(len(rows), MOST_ROWS))
        assert len(counts) == 1, query
    return taken


def _smallest(api: Api, size: Size) -> Row:
    time.sleep(WARM_S)
    ours, theirs = [], []
    for _ in range(size.starts):
        began = time.perf_counter()
        for _ in range(4):
            api.call("GET", "/apiv2/login")
        with duckdb.connect() as database:
            database.execute(SMALLEST).fetchall()
        between = time.perf_counter()
        api.run(SMALLEST)
        ours.append((time.perf_counter() - between) * MS)
        theirs.append((between - began) * MS)
        time.sleep(0.1)  # who waits between two queries finds a database that waits too
    return Row(
        figure=FIGURE, what="SELECT 1 as a job", unit="ms", against="4 calls, a database", ours=ours, peer=theirs
    )


def queries() -> list[str]:
    pieces = re.split(r"^-- \d+ --$", QUERIES.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [piece.strip() for piece in pieces]


def tpch(scale: float) -> Path:
    """Return a folder of TPC-H's tables, made once."""
    folder = CACHE / f"tpch-{scale:g}"
    if not (folder / "lineitem.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(PROGRAM), "parquet", "-s", f"{scale:g}", "--output-dir", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    return folder
