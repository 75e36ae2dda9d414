"""(o) A job's rows by Arrow Flight, against pyarrow.flight alone serving the same Parquet file.

The job has ended: its ticket brings the rows that it has kept. The other server reads the file that our job has
written, once from the disk and once out of memory. The client reads batch by batch and keeps none.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
from live import Live
from pyarrow import flight

from bench.dremio_queries import Api
from bench.figures import Row, at_most
from bench.servers import running_server
from bench.size import Size

FIGURE = "o"
TABLE = """
SELECT i, i * 0.5E0 AS half, CONCAT('word ', CAST(MOD(i, 1000) AS VARCHAR)) AS word, DATE '2024-01-01' AS day
FROM (SELECT ROW_NUMBER() OVER () AS i FROM {tables}) AS numbered WHERE i <= {rows}
"""
DIGITS = ", ".join(f"({digit})" for digit in range(10))
PLAIN = Path(__file__).parent / "plain_flight.py"


def measure(size: Size) -> Iterator[Row]:
    with running_server() as live:
        job = Api.of(live).finished(_table(size.flight_rows))
        file = _kept(live, size.flight_rows)
        ours = _Side(_address(live), job.encode(), token=live.credentials["token"])
        with _plain_server(file) as address:
            for what, ticket, goal in (("the file", b"file", at_most(1.3)), ("memory", b"memory", None)):
                yield _compared(ours, _Side(address, ticket), what=what, goal=goal, size=size)


def _compared(ours: _Side, theirs: _Side, *, what: str, goal: Any, size: Size) -> Row:
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(size.rounds + 1):
        for side, kept in zip((ours, theirs), samples, strict=True):
            kept.append(side.timed(size.flight_rows))
    text = f"{size.flight_rows:,} rows by Flight"
    return Row(
        figure=FIGURE, what=text, unit="s", against=f"pyarrow.flight, of {what}", ours=samples[0][1:],
        peer=samples[1][1:], goal=goal,
    )  # fmt: skip


class _Side:
    def __init__(self, address: str, ticket: bytes, *, token: str = "") -> None:
        self.client = flight.connect(address)
        self.options = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])
        self.ticket = flight.Ticket(ticket)
        list(self.client.do_get(self.ticket, self.options))  # who knocks first is handed on
        self.client.close()
        self.client = flight.connect(address)

    def timed(self, rows: int) -> float:
        began = time.perf_counter()
        count = sum(chunk.data.num_rows for chunk in self.client.do_get(self.ticket, self.options))
        took = time.perf_counter() - began
        assert count == rows
        return took


def _table(rows: int) -> str:
    places = len(str(rows - 1))
    tables = " CROSS JOIN ".join(f"(VALUES {DIGITS}) AS t{place}(n)" for place in range(places))
    return TABLE.format(tables=tables, rows=rows)


def _kept(live: Live, rows: int) -> Path:
    """Return the file that the job has written: the largest there is."""
    files = sorted(live.home.rglob("result.parquet"), key=lambda file: file.stat().st_size)
    assert ds.dataset(files[-1]).count_rows() == rows
    return files[-1]


def _address(live: Live) -> str:
    return str(json.loads((live.home / "server.json").read_text())["flight"])


@contextmanager
def _plain_server(file: Path) -> Iterator[str]:
    with subprocess.Popen([sys.executable, PLAIN, file], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"grpc+tcp://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()
