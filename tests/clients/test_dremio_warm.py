"""Queries one after another in processes that stay: who gets which, and what one leaves to the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from dremio_live import FINAL, LONG, Http
from live import Live
from waiting import until


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("warm") / "home").start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live) -> Http:
    http = Http(live)
    until_one_stays(http)
    return http


def newest_process(http: Http) -> int:
    """Return the process that the launcher has given the newest job to."""
    (journal,) = http.live.home.rglob("journal")
    told = map(json.loads, journal.read_text(encoding="utf-8").splitlines())
    return [int(each["pid"]) for each in told if each["kind"] == "given"][-1]


def ran(http: Http, sql: str) -> tuple[str, int]:
    """Run a statement; return how it ended, and the process that it had."""
    job = http.submit(sql)
    state: str = http.when(job, *FINAL)["jobState"]
    return state, newest_process(http)


def until_one_stays(http: Http) -> None:
    """Run queries until one had the process of an earlier one."""
    seen: set[int] = set()

    def one_stays() -> bool:
        _, process = ran(http, "SELECT 1")
        has_stayed = process in seen
        seen.add(process)
        return has_stayed

    assert until(one_stays, seconds=60)


def test_one_process_carries_out_query_after_query_and_each_has_its_own_rows(http: Http) -> None:
    seen = {}
    for number in range(8):
        job = http.submit(f"SELECT {number} AS n")
        http.when(job, "COMPLETED")
        assert http("GET", f"job/{job}/results")["rows"] == [{"n": number}]
        seen[number] = newest_process(http)

    assert len(set(seen.values())) < len(seen)


def test_a_query_that_fails_or_is_cancelled_takes_its_process_along(http: Http) -> None:
    state, failed = ran(http, "SELECT 1 / 0 AS n")
    assert state == "FAILED"
    job = http.submit(LONG)
    http.when(job, "RUNNING")
    cancelled = newest_process(http)
    http("POST", f"job/{job}/cancel")
    http.when(job, "CANCELED")

    after = {ran(http, "SELECT 2 AS n") for _ in range(4)}
    assert {state for state, _ in after} == {"COMPLETED"}
    assert not {failed, cancelled} & {process for _, process in after}


def test_a_query_of_a_queue_that_lets_others_go_first_leaves_nobody_slow(http: Http) -> None:
    queue = http("GET", "/api/v3/wlm/queue/SMALL")
    changed = http("PUT", "/api/v3/wlm/queue/SMALL", {**queue, "cpuTier": "BACKGROUND"})
    _, behind = ran(http, "SELECT 3 AS n")
    http("PUT", "/api/v3/wlm/queue/SMALL", {**changed, "cpuTier": queue["cpuTier"]})

    assert behind not in {ran(http, "SELECT 4 AS n")[1] for _ in range(4)}


def test_what_has_changed_between_two_queries_is_seen_by_the_second(http: Http) -> None:
    http("POST", "catalog", {"entityType": "space", "name": "warm"})
    ran(http, "CREATE TABLE warm.t AS SELECT 1 AS i")
    for number in range(1, 7):
        job = http.submit("SELECT count(*) AS n FROM warm.t")
        http.when(job, "COMPLETED")
        assert http("GET", f"job/{job}/results")["rows"] == [{"n": number}]
        assert ran(http, "INSERT INTO warm.t VALUES (2)")[0] == "COMPLETED"


# waiting, which Dremio has not


def test_a_job_is_waited_for_in_one_call(http: Http) -> None:
    job = http.submit("SELECT 1 AS one")

    assert http("GET", f"job/{job}/results?wait_s=60")["rows"] == [{"one": 1}]
    assert http("GET", f"job/{job}?wait_s=60")["jobState"] == "COMPLETED"
    assert http("GET", f"job/{http.submit('SELECT 2 AS two')}?wait_s=60")["jobState"] == "COMPLETED"


def test_rows_that_are_waited_for_are_those_of_the_page(http: Http) -> None:
    job = http.submit("SELECT 1 AS one UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY 1")
    page = http("GET", f"job/{job}/results?wait_s=60&offset=1&limit=1")

    assert page == http("GET", f"job/{job}/results?offset=1&limit=1")
    assert page["rows"] == [{"one": 2}]
    status, told = http.send("GET", f"job/{http.submit('SELECT 1')}/results?wait_s=60&limit=501")
    assert (status, told["errorMessage"]) == (400, "limit can not exceed 500 rows")
    status, told = http.send("GET", f"job/{http.submit('SELECT 1/0')}/results?wait_s=60")
    assert status == 400
    assert "[FAILED]" in told["errorMessage"]


def test_a_job_that_goes_on_is_told_when_the_time_is_over_and_when_it_is_cancelled(http: Http) -> None:
    job = http.submit(LONG)
    http.when(job, "RUNNING")
    assert http("GET", f"job/{job}?wait_s=1")["jobState"] == "RUNNING"
    status, told = http.send("GET", f"job/{job}/results?wait_s=1")
    assert status == 400
    assert "[RUNNING]" in told["errorMessage"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(http, "GET", f"job/{job}?wait_s=60")
        http("POST", f"job/{job}/cancel")

        assert waiting.result(40)["jobState"] == "CANCELED"


@pytest.mark.parametrize("seconds", ["61", "-1", "soon"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(http: Http, seconds: str) -> None:
    job = http.submit("SELECT 1 AS one")
    status, told = http.send("GET", f"job/{job}?wait_s={seconds}")

    assert status == 400
    assert "wait_s" in told["errorMessage"]
    assert seconds in told["errorMessage"]
