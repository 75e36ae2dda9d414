"""Dremio's job API as its reference page shows it, by plain HTTP: completed, failed, cancelled, running, queued."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dremio_live import FINAL, LONG, Http
from live import Live
from waiting import until

from runyard.client.dremio import Dremio
from runyard.client.errors import CallFailed
from runyard.dialects.dremio_ids import project_id

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MANY = "SELECT row_number() OVER (ORDER BY a.n, b.n, c.n, d.n) AS i FROM " + " CROSS JOIN ".join(
    f"(VALUES (0), (1), (2), (3), (4), (5), (6)) AS {name}(n)" for name in "abcd"
)
"""2,401 rows, numbered."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    # A query that ended only when its grace is over would not end while a test waits for it.
    server = Live(tmp_path_factory.mktemp("dremio") / "home", settings="grace_s = 600.0\n").start()
    yield server
    server.close()


@pytest.fixture
def http(live: Live) -> Http:
    return Http(live)


# the examples of the reference page


def test_a_completed_job_is_told_as_documented(http: Http) -> None:
    job = http.submit("SELECT 1 AS one, 'é' AS two")

    told = http.when(job, *FINAL)

    moments = [
        told.pop(name) for name in ("startedAt", "resourceSchedulingStartedAt", "resourceSchedulingEndedAt", "endedAt")
    ]
    assert told == {
        "jobState": "COMPLETED",
        "rowCount": 1,
        "errorMessage": "",
        "queryType": "REST",
        "queueName": "SMALL",
        "queueId": "SMALL",
        "cancellationReason": "",
    }
    assert all(map(MOMENT.fullmatch, moments))
    assert moments == sorted(moments)
    assert http("GET", f"job/{job}/results") == {
        "rowCount": 1,
        "schema": [{"name": "one", "type": {"name": "INTEGER"}}, {"name": "two", "type": {"name": "VARCHAR"}}],
        "rows": [{"one": 1, "two": "é"}],
    }


def test_a_failed_job_is_told_as_documented(http: Http) -> None:
    told = http.run("SELECT nothing\nFROM nowhere")

    assert (told["jobState"], told["rowCount"], told["cancellationReason"]) == ("FAILED", 0, "")
    assert told["errorMessage"].startswith("VALIDATION ERROR: Object 'nowhere' not found")
    assert re.search(r"startLine 2\n.*\[Error Id: [0-9a-f-]{36} on \S+:\d+\]\n\n$", told["errorMessage"], re.DOTALL)


def test_a_running_job_is_told_as_documented_and_cancelled_for_real(http: Http, live: Live) -> None:
    job = http.submit(LONG)
    running = http.when(job, "RUNNING")
    assert (running["queueName"], running["errorMessage"], running["cancellationReason"]) == ("LARGE", "", "")
    assert "endedAt" not in running

    assert http.send("POST", f"job/{job}/cancel") == (204, None)
    cancelled = http.when(job, "CANCELED")

    assert (cancelled["rowCount"], cancelled["cancellationReason"]) == (0, "Query cancelled by user 'admin'")
    assert cancelled["endedAt"] >= cancelled["resourceSchedulingEndedAt"] >= cancelled["startedAt"]
    text = {"errorMessage": f"Could not find a job with id [{job}]", "moreInfo": ""}
    assert http.send("POST", f"job/{job}/cancel") == (404, text)
    assert "runyard-job" not in _processes_of(live.home)


def _processes_of(home: Path) -> list[str]:
    """Return the names of the processes that work in a home's runs."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(home / "runs"):
                found.append((entry / "comm").read_text().strip())
        except OSError:
            continue
    return found


def test_many_jobs_at_once_each_have_their_own_result(http: Http) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: http.rows(f"SELECT {number} AS n"), range(16)))

    assert found == [[{"n": number}] for number in range(16)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_of_the_page_runs_as_it_stands(live: Live) -> None:
    page = (Path(__file__).parents[2] / "docs" / "dremio.md").read_text()
    example = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert example is not None
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "RUNYARD_HOME": str(live.home)}

    done = subprocess.run(
        ["/bin/bash", "-euc", example[1]], env=environment, capture_output=True, text=True, check=True
    )

    assert re.search(r'"jobState":"(PENDING|METADATA_RETRIEVAL|PLANNING|RUNNING|COMPLETED)"', done.stdout), done


# queues


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Http]:
    """A server with one place in each queue, for which nobody waits long where it is SMALL."""
    queues = "[dremio.queues.SMALL]\nslots = 1\nwait_s = 0.3\n[dremio.queues.LARGE]\nslots = 1\n"
    settings = f"[dremio]\nlarge_cost = 1000\n{queues}"
    server = Live(tmp_path_factory.mktemp("narrow") / "home", settings=settings).start()
    yield Http(server)
    server.close()


def test_a_query_waits_in_its_queue_and_is_cancelled_there_at_once(narrow: Http) -> None:
    first = narrow.submit(LONG)
    narrow.when(first, "RUNNING")

    second = narrow.submit(LONG)
    queued = narrow.when(second, "QUEUED")

    assert queued["queueName"] == "LARGE"
    assert "resourceSchedulingStartedAt" in queued
    assert "resourceSchedulingEndedAt" not in queued
    narrow("POST", f"job/{second}/cancel")
    assert narrow.when(second, "CANCELED")["cancellationReason"] == "Query cancelled by user 'admin'"
    third = narrow.submit(LONG)
    narrow.when(third, "QUEUED")
    narrow("POST", f"job/{first}/cancel")
    assert "resourceSchedulingEndedAt" in narrow.when(third, "RUNNING")
    narrow("POST", f"job/{third}/cancel")
    narrow.when(third, "CANCELED")


def test_who_waits_too_long_is_cancelled_in_the_words_of_the_workload_manager(narrow: Http) -> None:
    rule = {"name": "all", "acceptName": "SMALL", "action": "PLACE"}
    seen = narrow("GET", "/api/v3/wlm/rule/")
    narrow("PUT", "/api/v3/wlm/rule/", {"tag": seen["tag"], "rules": [], "defaultRule": rule})
    first = narrow.submit(LONG)
    narrow.when(first, "RUNNING")

    second = narrow.when(narrow.submit("SELECT 1"), "CANCELED")

    assert second["cancellationReason"] == (
        "Query cancelled by Workload Manager. Query enqueued time of 0.30 seconds exceeded for 'small' queue."
    )
    assert second["errorMessage"] == ""
    narrow("POST", f"job/{first}/cancel")
    narrow.when(first, "CANCELED")
    narrow("DELETE", "/api/v3/wlm/rule")


def test_a_job_tells_the_id_of_its_queue(narrow: Http) -> None:
    queue = narrow("POST", "/api/v3/wlm/queue", {"name": "etl"})
    rules = narrow("GET", "/api/v3/wlm/rule")
    rule = {"name": "mine", "conditions": "user() = 'admin'", "acceptName": "etl"}
    narrow("PUT", "/api/v3/wlm/rule", {**rules, "rules": [rule]})

    job = narrow.run("SELECT 1 AS one")

    assert (job["queueName"], job["queueId"]) == ("etl", queue["id"])
    narrow("DELETE", "/api/v3/wlm/rule")
    narrow("DELETE", f"/api/v3/wlm/queue/{queue['id']}")


def test_a_query_that_runs_longer_than_its_queue_lets_is_cancelled(narrow: Http) -> None:
    seen = narrow("GET", "/api/v3/wlm/queue/LARGE")
    changed = narrow("PUT", "/api/v3/wlm/queue/LARGE", {**seen, "maxRunTimeoutMs": 200})

    ended = narrow.when(narrow.submit(LONG), "CANCELED")

    assert ended["cancellationReason"] == (
        "Query cancelled by Workload Manager. Query runtime of 0.20 seconds exceeded for 'large' queue."
    )
    kept = {name: value for name, value in changed.items() if name != "maxRunTimeoutMs"}
    narrow("PUT", f"/api/v3/wlm/queue/{changed['id']}", kept)


def test_a_job_is_cancelled_wherever_it_is(http: Http) -> None:
    for looks in range(0, 36, 3):
        job = http.submit(LONG)
        for _ in range(looks):
            http.job(job)

        http("POST", f"job/{job}/cancel")

        assert http.when(job, "CANCELED")["cancellationReason"] == "Query cancelled by user 'admin'"


# who is let in


@pytest.mark.parametrize("spelled", ["Bearer {}", "bearer {}", "_dremio{}", "_dremio {}", "{}"])
def test_a_token_is_taken_in_every_spelling(http: Http, spelled: str) -> None:
    token = spelled.format(http.live.credentials["token"])

    assert http.send("GET", "/api/v3/catalog", authorization=token)[0] == 200
    assert http.send("GET", "/api/v3/catalog", authorization=f"{token}x")[0] == 401


@pytest.mark.parametrize("place", ["/apiv2/login", "/api/v3/login", "/apiv3/login"])
def test_a_login_gives_a_token_and_takes_it_back(http: Http, place: str) -> None:
    body = {"userName": "admin", "password": http.live.credentials["password"]}
    _, told = http.send("POST", place, body, authorization="")
    mine = {"authorization": f"_dremio{told['token']}"}

    assert http.send("GET", place, **mine) == (200, True)
    assert http.send("POST", "/api/v3/sql/", {"sql": "SELECT 1"}, **mine)[0] == 200
    assert http.send("DELETE", place, **mine)[0] == 204
    assert http.send("GET", "/api/v3/catalog", **mine)[0] == 401
    assert http.send("POST", place, {**body, "password": "wrong"}, authorization="")[0] == 401
    assert http.send("POST", place, {}, authorization="")[0] == 401


def test_nobody_comes_in_without_a_token(http: Http) -> None:
    status, told = http.send("GET", "catalog", authorization="")

    assert (status, set(told)) == (401, {"errorMessage", "moreInfo"})


def test_each_project_has_its_own_jobs(tmp_path: Path) -> None:
    server = Live(tmp_path / "home", arguments=("--auth", "off")).start()
    try:
        sales, stock = Http(server, "ws.sales", "sales"), Http(server, "ws.stock", "stock")
        job = sales.submit("SELECT 1")

        assert sales.when(job, *FINAL)["jobState"] == "COMPLETED"
        assert stock.send("GET", f"job/{job}")[0] == 404
        assert stock.send("GET", f"{sales.project}/job/{job}")[0] == 403
        assert len(stock.rows("SELECT job_id FROM sys.project.jobs")) == 1
    finally:
        server.close()


# catalog and statements together


def test_what_statements_make_is_in_the_catalog_and_the_other_way_round(http: Http) -> None:
    http("POST", "catalog", {"entityType": "space", "name": "Sales"})
    http("POST", "catalog", {"entityType": "folder", "path": ["Sales", "a/b"]})
    http.rows('CREATE TABLE "$scratch".orders AS SELECT * FROM (VALUES (1, 2.50), (2, 3.25)) AS v(id, price)')

    made = http.rows('CREATE VIEW Sales."a/b".total AS SELECT sum(price) AS total FROM "$scratch".orders')

    assert made[0]["ok"]
    view = http("GET", "catalog/by-path/Sales/a%2Fb/total")
    assert view["fields"] == [{"name": "total", "type": {"name": "DECIMAL", "precision": 38, "scale": 2}}]
    assert http.rows("SELECT * FROM total", context=["Sales", "a/b"]) == [{"total": 5.75}]
    http("PUT", f"catalog/{view['id']}", {**view, "sql": 'SELECT max(id) AS newest FROM "$scratch".orders'})
    assert http.rows('SELECT * FROM Sales."a/b".total') == [{"newest": 2}]
    again = http.run('CREATE VIEW Sales."a/b".total AS SELECT 1 AS x')
    assert "already exists" in again["errorMessage"]
    http.rows('DROP TABLE "$scratch".orders')
    assert http.send("GET", "catalog/by-path/$scratch/orders")[0] == 404
    http("DELETE", f"catalog/{http('GET', 'catalog/by-path/sales')['id']}")
    assert http.run('SELECT * FROM Sales."a/b".total')["jobState"] == "FAILED"


def test_what_nobody_has_foreseen_is_said_in_dremios_shape(http: Http, live: Live) -> None:
    http.rows('CREATE TABLE "$scratch".broken AS SELECT 1 AS n')
    for manifest in (live.home / "dremio").rglob("manifest.json"):
        if '"n"' in manifest.read_text():
            manifest.write_text("{")

    told = http.run('SELECT * FROM "$scratch".broken')

    assert told["jobState"] == "FAILED"
    assert re.match(r"SYSTEM ERROR: .*\n\n\[Error Id: \S+ on \S+\]\n\n$", told["errorMessage"]), told
    http.rows('DROP TABLE "$scratch".broken')


def test_files_of_a_source_are_queried(http: Http, live: Live) -> None:
    folder = live.home / "s3" / "lake"
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text("name,age\nAda,36\nBob,41\n")
    http("POST", "catalog", {"entityType": "source", "name": "lake", "type": "S3", "config": {"rootPath": "/lake"}})
    body = {"entityType": "dataset", "type": "PHYSICAL_DATASET", "path": ["lake", "people.csv"]}
    form = {"type": "Text", "fieldDelimiter": ",", "extractHeader": True, "lineDelimiter": "\n"}

    http("POST", "catalog/dremio:%2Flake%2Fpeople.csv", {**body, "format": form})

    assert http.rows("SELECT name FROM lake.\"people.csv\" WHERE age > '40'") == [{"name": "Bob"}]


def test_jobs_are_listed_by_a_table(http: Http) -> None:
    job = http.submit("SELECT 42 AS listed")
    http.when(job, *FINAL)

    rows = http.rows(f"SELECT status, queue_name, rows_returned, query FROM sys.jobs_recent WHERE job_id = '{job}'")

    assert rows == [{"status": "COMPLETED", "queue_name": "SMALL", "rows_returned": 1, "query": "SELECT 42 AS listed"}]


def test_the_document_of_the_api_is_open_to_everybody(http: Http) -> None:
    document = http("GET", "/openapi/dremio.json", authorization="")

    assert document["info"]["title"] == "Dremio API of runyard"


# the life of the server


def test_a_job_goes_on_while_the_server_is_away(tmp_path: Path) -> None:
    server = Live(tmp_path / "home").start()
    try:
        http = Http(server)
        job = http.submit(LONG)
        http.when(job, "RUNNING")
        server.kill()
        server.start()

        assert http.job(job)["jobState"] == "RUNNING"
        http("POST", f"job/{job}/cancel")
        assert http.when(job, "CANCELED")["cancellationReason"] == "Query cancelled by user 'admin'"
    finally:
        server.close()


def test_what_a_statement_makes_while_the_server_is_away_is_there_when_it_is_back(tmp_path: Path) -> None:
    server = Live(tmp_path / "home").start()
    try:
        http = Http(server)
        assert http.rows("SELECT 1 AS one") == [{"one": 1}]
        job = http.submit(f'CREATE TABLE "$scratch".numbers AS {MANY}')
        server.kill()
        server.start()

        assert http.when(job, *FINAL)["jobState"] == "COMPLETED"
        assert http.rows('SELECT count(*) AS n FROM "$scratch".numbers') == [{"n": 2401}]
    finally:
        server.close()


# our own client half


@pytest.fixture(params=["cloud", "server"])
def client(request: pytest.FixtureRequest, live: Live) -> Iterator[Dremio]:
    project = project_id("default") if request.param == "cloud" else ""
    with Dremio.connect(url=live.url, token=live.credentials["token"], project_id=project) as client:
        yield client


def test_our_client_waits_for_a_run_and_reads_all_its_rows(client: Dremio) -> None:
    run = client.wait(client.start(MANY))

    assert run.succeeded
    assert [row["i"] for row in client.rows(run)] == list(range(1, 2402))


def test_our_client_lists_fails_and_cancels(client: Dremio) -> None:
    failed = client.wait(client.start("SELECT nonsense"))
    assert (failed.succeeded, failed.state) == (False, "FAILED")
    assert "nonsense" in (failed.message or "")
    running = client.start(LONG)
    until(lambda: client.refresh(running).state == "RUNNING")

    client.cancel(running)

    assert client.wait(running).state == "CANCELED"
    assert {run.id for run in client.list(limit=3)} >= {failed.id}
    with pytest.raises(CallFailed):
        client.get("6f6c34cf-9dbf-407a-9ab7-abea69a66d00")
