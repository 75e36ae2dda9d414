"""What people of the PostgreSQL wire see of services that fail: an error with their words, never a part of the rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from databricks_upstream import RUNS, Workspace
from live import Live
from upstream import Asked, Told, Upstream, answering
from waiting import until

from runyard.client.home import read_place

COUNT = f"SELECT count(*) FROM {RUNS} WHERE deployment_name = 'prod'"
LIST = f"SELECT run_id FROM {RUNS} WHERE deployment_name = 'prod'"
HANGS_S = 240
PATIENCE_S = 60  # of a machine under load; far less than a service hangs


class Cloud:
    """The service above, whose behaviour a test sets."""

    def __init__(self) -> None:
        self.upstream = Upstream(url="")
        self.answer: Callable[[Asked], Told] = Workspace()
        self.release = threading.Event()

    def decide(self, asked: Asked) -> Told:
        return self.answer(asked)

    def reset(self) -> None:
        self.answer = Workspace()
        self.release = threading.Event()
        self.upstream.asked.clear()

    def hangs_on_page_two(self) -> None:
        """Answer the first page, and hold the others until `release` is set."""
        release, workspace = self.release, Workspace()

        def answer(asked: Asked) -> Told:
            if "page_token" in asked.query:
                release.wait(HANGS_S)
            return workspace(asked)

        self.answer = answer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Cloud]]:
    cloud = Cloud()
    with answering(cloud.decide) as upstream:
        cloud.upstream = upstream
        settings = f'[connections.prod]\nservice = "databricks"\nurl = "{upstream.url}"\ntoken = "secret-token"\n'
        live = Live(tmp_path_factory.mktemp("here") / "home", settings=settings).start()
        yield live, cloud
        live.close()


@pytest.fixture
def cloud(running: tuple[Live, Cloud]) -> Iterator[Cloud]:
    running[1].reset()
    yield running[1]
    running[1].release.set()


@pytest.fixture
def connection(running: tuple[Live, Cloud]) -> Iterator[psycopg.Connection[Any]]:
    made = connect(running[0].home, running[0].credentials["password"])
    yield made
    made.close()


def connect(home: Path, password: str) -> psycopg.Connection[Any]:
    place = urlsplit(read_place(home).pg or "")
    return psycopg.connect(
        host=place.hostname, port=place.port, user="admin", password=password, dbname="default", autocommit=True
    )


def failing_first(answer: Told, times: int) -> Callable[[Asked], Told]:
    """Return what fails so often, and then works."""
    left, workspace, lock = [times], Workspace(), threading.Lock()

    def decide(asked: Asked) -> Told:
        with lock:
            left[0] -= 1
            if left[0] >= 0:
                return answer
        return workspace(asked)

    return decide


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_service_that_is_busy_for_a_moment_is_asked_again(
    connection: psycopg.Connection[Any], cloud: Cloud, status: int
) -> None:
    cloud.answer = failing_first(Told(status=status), times=2)

    assert connection.execute(COUNT).fetchall() == [(60,)]
    assert len(cloud.upstream.asked) == 5


def test_the_pause_that_a_busy_service_asks_for_is_kept(connection: psycopg.Connection[Any], cloud: Cloud) -> None:
    cloud.answer = failing_first(Told(status=429, headers={"retry-after": "1"}), times=1)

    before = time.monotonic()
    assert connection.execute(COUNT).fetchall() == [(60,)]
    assert 1 <= time.monotonic() - before < PATIENCE_S


def test_a_service_that_stays_busy_for_an_hour_is_an_error_at_once(
    connection: psycopg.Connection[Any], cloud: Cloud
) -> None:
    cloud.answer = lambda _: Told(status=429, body={"message": "Come back later."}, headers={"retry-after": "3600"})

    with pytest.raises(psycopg.Error, match="429: Come back later"):
        connection.execute(COUNT)


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        (
            Told(status=403, body={"error_code": "PERMISSION_DENIED", "message": "No."}),
            "42501",
            "403 PERMISSION_DENIED: No",
        ),
        (Told(status=400, body={"error_code": "BAD_REQUEST", "message": "Bad."}), "HV000", "400 BAD_REQUEST: Bad"),
        (Told(status=404, body=b"<html>nginx</html>"), "HV000", "404: nginx"),
        (Told(body=b'{"runs": [{"run_id": 1}'), "08006", "is no JSON"),
        (Told(body=b"<html>Please log in</html>"), "08006", "is no JSON"),
        (Told(body={"runs": "none"}), "08006", "runs is str, not a list"),
        (Told(body={"runs": [1]}), "08006", "a row is int, not an object"),
        (Told(body={"runs": [], "next_page_token": "again"}), "08006", "'again' came twice"),
    ],
)
def test_a_service_that_refuses_or_lies_is_an_error_with_its_words(
    connection: psycopg.Connection[Any], cloud: Cloud, answer: Told, state: str, text: str
) -> None:
    cloud.answer = lambda _: answer

    with pytest.raises(psycopg.Error, match=text) as error:
        connection.execute(COUNT)

    assert error.value.sqlstate == state
    assert "secret-token" not in str(error.value)
    assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_page_that_breaks_off_each_time_is_an_error(connection: psycopg.Connection[Any], cloud: Cloud) -> None:
    cloud.answer = lambda _: Told(body=b'{"runs": [', headers={"content-length": "5000", "connection": "close"})

    with pytest.raises(psycopg.Error, match="broke off") as error:
        connection.execute("SET statement_timeout = 0; " + COUNT)

    assert error.value.sqlstate == "08006"


def test_an_error_on_a_later_page_ends_the_rows_with_an_error(
    connection: psycopg.Connection[Any], cloud: Cloud
) -> None:
    workspace = Workspace()
    cloud.answer = lambda asked: (
        Told(status=403, body={"message": "Gone."}) if "page_token" in asked.query else workspace(asked)
    )

    with pytest.raises(psycopg.Error, match="403: Gone"):
        connection.execute(LIST).fetchall()


def test_a_service_that_hangs_is_given_up_when_the_time_of_the_statement_is_over(
    connection: psycopg.Connection[Any], cloud: Cloud
) -> None:
    cloud.hangs_on_page_two()
    connection.execute("SET statement_timeout = 400")

    before = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
        connection.execute(COUNT)

    assert time.monotonic() - before < PATIENCE_S


def test_a_scan_that_is_cancelled_ends_and_the_session_goes_on(
    connection: psycopg.Connection[Any], cloud: Cloud
) -> None:
    cloud.hangs_on_page_two()

    def cancel() -> None:
        until(lambda: any("page_token" in asked.query for asked in cloud.upstream.asked))
        connection.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    before = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(COUNT)
    thread.join()

    assert time.monotonic() - before < PATIENCE_S
    cloud.release.set()
    assert connection.execute(COUNT).fetchall() == [(60,)]


def test_a_client_that_vanishes_leaves_no_call_behind(running: tuple[Live, Cloud], cloud: Cloud) -> None:
    cloud.hangs_on_page_two()
    leaving = connect(running[0].home, running[0].credentials["password"])
    with leaving.cursor(name="rows") as cursor:
        leaving.autocommit = True
        cursor.itersize = 5
        with leaving.transaction():
            cursor.execute(LIST)
            assert cursor.fetchmany(5) == [(60,), (59,), (58,), (57,), (56,)]
            asked = len(cloud.upstream.asked)
            leaving.close()
    cloud.release.set()

    other = connect(running[0].home, running[0].credentials["password"])
    assert other.execute("SELECT 1").fetchall() == [(1,)]
    other.close()
    assert asked == len(cloud.upstream.asked) == 1


def test_a_start_that_got_no_answer_is_sent_again_with_its_name_and_starts_once(
    connection: psycopg.Connection[Any], cloud: Cloud
) -> None:
    started: dict[str, int] = {}

    def answer(asked: Asked) -> Told:
        token = asked.members["idempotency_token"]
        is_first = token not in started
        started.setdefault(token, 7)
        return Told(status=503) if is_first else Told(body={"run_id": started[token]})

    cloud.answer = answer
    rows = connection.execute(
        "EXEC /*+ SHOWRESULTS */ databricks_workspace.workflows.jobs.runnow @deployment_name='prod', @job_id=3"
    ).fetchall()

    assert (rows, len(started), len(cloud.upstream.asked)) == ([(7,)], 1, 2)
