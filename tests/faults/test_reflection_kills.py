"""Reflections when servers and refreshes are killed, and when what is read is replaced at that moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dremio_live import ENDLESS, FINAL, Http
from live import Live
from waiting import until

SECONDS = 180.0
SALES = "CREATE TABLE lake.sales AS SELECT a.n % 2 AS g, a.n AS n FROM (VALUES (1), (2), (3), (4)) AS a(n)"
SUMS = "SELECT g, SUM(n) AS s FROM lake.sales GROUP BY g ORDER BY g"
SUMMED = [{"g": 0, "s": 6}, {"g": 1, "s": 4}]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    server = Live(tmp_path / "home").start()
    try:
        Http(server)("POST", "catalog", {"entityType": "space", "name": "lake"})
        yield server
    finally:
        server.close()


def shown(http: Http) -> dict[str, Any]:
    (found,) = http("GET", "reflection")["data"]
    reflection: dict[str, Any] = found
    return reflection


def refresh_job(http: Http) -> str:
    """Return the refresh that is running, once it really is."""

    def look() -> str | None:
        rows = http.rows("SELECT init_refresh_job_id AS job FROM sys.materializations WHERE state = 'RUNNING'")
        return next((row["job"] for row in rows if row["job"]), None)

    job = until(look, seconds=SECONDS)
    assert job is not None
    http.when(job, "RUNNING")
    return job


def slow_reflection(http: Http) -> None:
    """Let a reflection be made that no machine finishes."""
    slow = f"CREATE VIEW lake.slow AS SELECT sum(t0.n * t1.n + t13.n) AS s FROM {ENDLESS}"
    assert http.run(slow)["jobState"] == "COMPLETED"
    assert http.run("ALTER VIEW lake.slow CREATE RAW REFLECTION slow USING DISPLAY (s)")["jobState"] == "COMPLETED"


def lying(live: Live) -> list[Path]:
    return [each for each in (live.home / "dremio").glob("*/accelerator/*/*") if each.is_dir()]


def test_a_cancelled_refresh_leaves_nothing_and_is_a_failure(live: Live) -> None:
    http = Http(live)
    slow_reflection(http)
    job = refresh_job(http)
    assert shown(http)["status"]["combinedStatus"] == "REFRESHING"

    http("POST", f"job/{job}/reflection/{shown(http)['id']}/cancel")

    assert http.when(job, "CANCELED")["cancellationReason"] == "Query cancelled by user 'admin'"
    until(lambda: shown(http)["status"]["failureCount"] == 1, seconds=SECONDS)
    assert shown(http)["status"]["lastFailureMessage"] == "Query cancelled by user 'admin'"
    assert shown(http)["status"]["availability"] == "NONE"
    until(lambda: lying(live) == [], seconds=SECONDS)


def test_a_refresh_outlives_the_server_that_ordered_it(live: Live) -> None:
    slow_reflection(Http(live))
    job = refresh_job(Http(live))

    live.kill()
    live.start()

    http = Http(live)
    assert http.when(job, "RUNNING")["queryType"] == "ACCELERATOR_CREATE"
    assert shown(http)["status"]["refresh"] == "RUNNING"
    http("POST", f"job/{job}/cancel")
    until(lambda: shown(http)["status"]["failureCount"] == 1, seconds=SECONDS)


def _is_newer(http: Http, before: str) -> bool:
    return bool(shown(http)["status"]["lastRefreshFinished"] != before)


def test_queries_go_on_with_the_right_rows_while_what_they_read_is_replaced(live: Live) -> None:
    http = Http(live)
    assert http.run(SALES)["jobState"] == "COMPLETED"
    http.run("ALTER TABLE lake.sales CREATE AGGREGATE REFLECTION sums USING DIMENSIONS (g) MEASURES (n (SUM))")
    until(lambda: shown(http)["status"]["combinedStatus"] == "CAN_ACCELERATE", seconds=SECONDS)
    identifier, done = shown(http)["id"], threading.Event()

    def replace() -> None:
        for _ in range(4):
            before = shown(http)["status"]["lastRefreshFinished"]
            http("POST", f"reflection/{identifier}/refresh")
            until(partial(_is_newer, http, before), seconds=SECONDS)
        done.set()

    thread = threading.Thread(target=replace)
    thread.start()
    chosen = 0
    while not done.is_set():
        job = http.submit(SUMS)
        ended = http.when(job, *FINAL)
        assert ended["jobState"] == "COMPLETED", ended
        assert http("GET", f"job/{job}/results")["rows"] == SUMMED
        chosen += "acceleration" in ended
    thread.join()

    assert chosen > 0
    until(lambda: len(lying(live)) == 1, seconds=SECONDS)
