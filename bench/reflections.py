"""(r) A query like TPC-H's first over an aggregation reflection, against the same query over its table, at SF1.

The rows are the same, which is asserted each time. Once the engine alone: from its last step to the rows in their
file, planning left out on both sides. Once as a client sees it: submitted, polled, and its rows fetched.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dremio_live import FINAL, Http
from dremio_reflections import Mirrors

from bench.figures import Row, at_most
from bench.servers import CACHE, running_server, working_folder
from bench.size import Size
from runyard.runtime.dremio_sql.execution import Listener

FIGURE = "r"
MS = 1000
GOAL = 1 / 20
POLL_S = 0.005
PROGRAM = Path(sys.executable).parent / "tpchgen-cli"
DIMENSIONS = ("l_returnflag", "l_linestatus", "l_shipdate")
MEASURES = {
    "l_quantity": ("SUM", "COUNT"), "l_extendedprice": ("SUM", "COUNT"), "l_discount": ("SUM", "COUNT"),
    "disc_price": ("SUM",), "charge": ("SUM",),
}  # fmt: skip
VIEW = """SELECT *, l_extendedprice * (1 - l_discount) AS disc_price,
l_extendedprice * (1 - l_discount) * (1 + l_tax) AS charge FROM tpch.lineitem"""
QUERY = """SELECT {hint} l_returnflag, l_linestatus, SUM(l_quantity) AS sum_qty, SUM(l_extendedprice) AS sum_base_price,
SUM(disc_price) AS sum_disc_price, SUM(charge) AS sum_charge, AVG(l_quantity) AS avg_qty,
AVG(l_extendedprice) AS avg_price, AVG(l_discount) AS avg_disc, COUNT(*) AS count_order
FROM lake.lines WHERE l_shipdate <= DATE '1998-09-02'
GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus"""
WITH, WITHOUT = QUERY.format(hint=""), QUERY.format(hint="/*+ no_reflections */")


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    data = _data(size.tpch_scale)
    ours, peer = _in_the_engine(data, size.reflected_queries)
    what = f"a query like TPC-H's first, SF{size.tpch_scale:g}"
    goal = at_most(GOAL)
    against = "the same over its table"
    yield Row(figure=FIGURE, what=f"{what}: the engine", unit="ms", against=against, ours=ours, peer=peer, goal=goal)
    ours, peer = _by_the_api(data, size.reflected_queries)
    yield Row(figure=FIGURE, what=f"{what}: a client", unit="ms", against=against, ours=ours, peer=peer)


def _data(scale: float) -> Path:
    """Return a folder with the table, which is written once."""
    folder = CACHE / f"tpch-{scale:g}"
    if not (folder / "lineitem" / "lineitem.parquet").exists():
        options = ["-s", f"{scale:g}", "--tables", "lineitem", "--output-dir", str(folder / "lineitem")]
        subprocess.run([str(PROGRAM), "parquet", *options], check=True, capture_output=True)
    return folder


def _in_the_engine(data: Path, rounds: int) -> tuple[list[float], list[float]]:
    yard = Mirrors(working_folder())
    yard.told["sources"] = [{"name": "tpch", "root": str(data)}]
    yard.told["views"] = [{"path": ["lake", "lines"], "sql": VIEW, "context": []}]
    measures = [(name, *kinds) for name, kinds in MEASURES.items()]
    yard.reflect("lake.lines", name="sums", dimension=DIMENSIONS, measure=measures)
    ours, peer = [], []
    for _ in range(rounds + 1):
        ours.append(_ran(yard, WITH, chosen=True))
        peer.append(_ran(yard, WITHOUT, chosen=False))
    assert yard.ask(WITH).page == yard.ask(WITHOUT).page
    return ours[1:], peer[1:]  # the first ones read what the others find in memory


def _ran(yard: Mirrors, sql: str, *, chosen: bool) -> float:
    begun: dict[str, float] = {}
    listener = Listener(step=lambda name, _: begun.update({name: time.perf_counter()}))
    told = list(yard.reflections.values())
    outcome = yard.execution(sql, listener, reflections=told).run()
    taken = (time.perf_counter() - begun["RUNNING"]) * MS
    assert [each["relationship"] for each in outcome.acceleration] == (["CHOSEN"] if chosen else [])
    return taken


def _by_the_api(data: Path, rounds: int) -> tuple[list[float], list[float]]:
    with running_server() as live:
        http = Http(live)
        _prepare(http, data)
        samples: list[tuple[float, float]] = []
        for _ in range(rounds + 1):
            (mine, rows), (theirs, others) = _asked(http, WITH), _asked(http, WITHOUT)
            assert rows == others
            samples.append((mine, theirs))
    ours, peer = zip(*samples[1:], strict=True)
    return list(ours), list(peer)


def _prepare(http: Http, data: Path) -> None:
    http("POST", "catalog", {"entityType": "space", "name": "lake"})
    config = {"path": str(data)}
    http("POST", "catalog", {"entityType": "source", "name": "tpch", "type": "NAS", "config": config})
    for sql in (f"CREATE VIEW lake.lines AS {VIEW}", _create()):
        ended = http.run(sql)
        assert ended["jobState"] == "COMPLETED", ended
    for _ in itertools.count():
        (reflection,) = http("GET", "reflection")["data"]
        if reflection["status"]["combinedStatus"] == "CAN_ACCELERATE":
            return
        time.sleep(POLL_S)


def _create() -> str:
    measures = ", ".join(f"{name} ({', '.join(kinds)})" for name, kinds in MEASURES.items())
    dimensions = ", ".join(DIMENSIONS)
    return (
        f"ALTER VIEW lake.lines CREATE AGGREGATE REFLECTION sums USING DIMENSIONS ({dimensions}) MEASURES ({measures})"
    )


def _asked(http: Http, sql: str) -> tuple[float, Any]:
    begun = time.perf_counter()
    job = http.submit(sql)
    while (state := http.job(job)["jobState"]) not in FINAL:
        time.sleep(POLL_S)
    assert state == "COMPLETED", http.job(job)
    rows = http("GET", f"job/{job}/results")["rows"]
    return (time.perf_counter() - begun) * MS, rows
