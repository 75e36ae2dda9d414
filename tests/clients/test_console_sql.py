"""The console's SQL against a live server: what is run, given a page at a time, ended, explained, kept and refused."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from access_live import People
from console_yard import OWN, Visitor
from live import Live
from waiting import until

SQL = "/console/v1/sql"
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t"
MANY = 50_000
NUMBERS = f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT {MANY}) "
ROWS = NUMBERS + "SELECT n, 'row ' || n AS name, n % 2 = 0 AS even, TIMESTAMP '2026-01-31 10:00:00' AS at FROM t"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("console-sql") / "home", settings="preload = []\n").start()
    yield server
    server.close()


@pytest.fixture
def visitor(live: Live) -> Visitor:
    return Visitor(live).enter()


def begun(visitor: Visitor, text: str, **how: Any) -> dict[str, Any]:
    run: dict[str, Any] = visitor.told("POST", f"{SQL}/runs", {"text": text, **how})
    return run


def ended(visitor: Visitor, text: str, **how: Any) -> dict[str, Any]:
    """Run a text, and return how it stands when it has ended."""
    run = begun(visitor, text, **how)
    while run["state"] == "running":
        run = visitor.told("GET", f"{SQL}/runs/{run['id']}?wait_s=20&seen={run['version']}")
    return run


def rows(visitor: Visitor, run: dict[str, Any], start: int = 0, limit: int = 200, **more: Any) -> list[list[Any]]:
    words = "".join(f"&{name}={value}" for name, value in more.items())
    told = visitor.told("GET", f"{SQL}/runs/{run['id']}/rows?start={start}&limit={limit}{words}")
    found: list[list[Any]] = told["rows"]
    return found


def file(visitor: Visitor, run: dict[str, Any], form: str) -> bytes:
    reply = visitor.ask("GET", f"{SQL}/runs/{run['id']}/file?form={form}")
    assert reply.status == 200
    assert f'filename="result.{form}"' in (reply.headers["content-disposition"] or "")
    return reply.read()


def sql_process(live: Live) -> int:
    """Return the process that speaks SQL for a server."""
    assert live.process is not None
    children = " ".join(file.read_text() for file in Path(f"/proc/{live.process.pid}/task").glob("*/children"))
    names = {int(number): Path(f"/proc/{number}/comm").read_text().strip() for number in children.split()}
    return next(number for number, name in names.items() if name == "runyard-sql")


# running


def test_statements_run_in_turn_up_to_the_first_that_fails(visitor: Visitor) -> None:
    run = ended(visitor, "SELECT 1 AS one;\nSELECT * FROM nowhere;\nSELECT 3;")

    assert run["state"] == "failed"
    assert [one["state"] for one in run["statements"]] == ["done", "failed", "skipped"]
    assert run["statements"][0]["headings"] == [{"name": "one", "type": "bigint"}]
    assert rows(visitor, run) == [[1]]


def test_an_error_names_its_place_as_a_browser_counts_it(visitor: Visitor) -> None:
    text = "SELECT '😀😀' AS smile;\n\n  SELECT nope FROM runyard.ledger.runs"
    run = ended(visitor, text)

    error = run["statements"][1]["error"]
    in_units = text.encode("utf-16-le")[: 2 * error["position"]].decode("utf-16-le")
    assert text[len(in_units) :].startswith("nope")
    assert (error["code"], "nope" in error["message"]) == ("42703", True)


def test_a_text_that_is_none_says_where(visitor: Visitor) -> None:
    run = ended(visitor, "SELECT 'without an end")

    assert (run["state"], run["statements"], run["error"]["position"]) == ("failed", [], 7)


def test_values_keep_their_types_and_numbers_that_javascript_would_spoil_are_texts(visitor: Visitor) -> None:
    text = "SELECT 9007199254740993 AS big, 1.5 AS half, 1 = 1 AS yes, NULL AS empty, x'00ff' AS raw, 'ä' AS letter"
    run = ended(visitor, text)

    assert rows(visitor, run) == [["9007199254740993", 1.5, True, None, "\\x00ff", "ä"]]


def test_a_large_result_is_read_from_its_cursor_only_as_far_as_somebody_looks(visitor: Visitor) -> None:
    run = ended(visitor, ROWS)
    first = run["statements"][0]
    far = rows(visitor, run, start=20_000, limit=2)
    then = visitor.told("GET", f"{SQL}/runs/{run['id']}")["statements"][0]
    last = visitor.told("GET", f"{SQL}/runs/{run['id']}/rows?start={MANY - 1}&limit=10")

    assert (first["is_through"], first["count"] < 5_000) == (False, True)
    assert [row[:3] for row in far] == [[20_001, "row 20001", False], [20_002, "row 20002", True]]
    assert 20_002 <= then["count"] < MANY
    assert ([row[0] for row in last["rows"]], last["is_through"], last["count"]) == ([MANY], True, MANY)
    assert rows(visitor, run, start=5, limit=1)[0][0] == 6


def test_a_long_value_is_cut_in_a_list_and_whole_when_it_is_asked_for(visitor: Visitor) -> None:
    run = ended(visitor, "SELECT hex(zeroblob(5000)) AS long")

    ((cut,),) = rows(visitor, run)
    assert (cut["length"], len(cut["cut"])) == (10_000, 400)
    assert rows(visitor, run, whole="true") == [["0" * 10_000]]


def test_a_statement_that_takes_too_long_is_ended(visitor: Visitor) -> None:
    (statement,) = ended(visitor, ENDLESS, limit_s=0.5)["statements"]

    assert statement["state"] == "cancelled"
    assert statement["error"]["message"].startswith("The statement took longer than the 0.5 s")


def test_a_statement_is_ended_when_somebody_says_so(visitor: Visitor) -> None:
    run = begun(visitor, f"{ENDLESS}; SELECT 2")
    until(lambda: visitor.told("GET", f"{SQL}/runs/{run['id']}")["statements"][0]["state"] == "running")
    told = visitor.told("POST", f"{SQL}/runs/{run['id']}/cancel", {})

    assert [one["state"] for one in told["statements"]] == ["cancelled", "skipped"]
    assert told["statements"][0]["error"]["message"] == "The statement was cancelled."


def test_what_is_explained_is_what_the_command_explains_and_nothing_is_done(visitor: Visitor) -> None:
    text = "SELECT count(*) FROM databricks_workspace.jobs.job_runs"
    run = ended(visitor, text, explain=True)
    command = [sys.executable, "-m", "runyard.cli.main", "sql", text, "--explain", "-o", "jsonl"]
    home = ["--home", str(visitor.live.home)]
    told = subprocess.run([*command, *home], capture_output=True, text=True, check=True, timeout=60).stdout

    plan = [row for (row,) in rows(visitor, run, whole="true")]
    assert plan == [json.loads(line)["QUERY PLAN"] for line in told.splitlines()]
    assert plan[0].startswith("read databricks_workspace.jobs.job_runs")


def test_what_waits_for_commit_at_the_end_of_a_text_is_not_sent_and_that_is_said(visitor: Visitor) -> None:
    before = len(visitor.told("GET", "/console/v1/jobs")["jobs"])
    insert = "INSERT INTO databricks_workspace.jobs.jobs (name) VALUES ('never')"
    run = ended(visitor, f"BEGIN; {insert}")

    assert run["notices"] == ["The text ended in a transaction: what waits for COMMIT was not sent."]
    assert len(visitor.told("GET", "/console/v1/jobs")["jobs"]) == before


def test_words_name_resources_columns_and_functions_and_views_of_the_workspace(visitor: Visitor) -> None:
    ended(visitor, "CREATE OR REPLACE VIEW mine AS SELECT id FROM runyard.ledger.runs")
    words = visitor.told("GET", f"{SQL}/words")

    (runs,) = [one for one in words["resources"] if one["path"] == "runyard.ledger.runs"]
    assert ["created_at", "timestamp"] in runs["columns"]
    assert {"split_part", "count", "json_extract"} <= set(words["functions"])
    assert "SELECT" in words["keywords"]
    assert [one["path"] for one in words["views"]] == ["mine"]


# files


def test_a_result_is_kept_as_csv_json_and_parquet_with_every_row(visitor: Visitor, tmp_path: Path) -> None:
    run = ended(visitor, ROWS)
    table = list(csv.reader(io.StringIO(file(visitor, run, "csv").decode())))
    objects = json.loads(file(visitor, run, "json"))
    (tmp_path / "rows.parquet").write_bytes(file(visitor, run, "parquet"))
    counts = f"SELECT count(*), sum(n), count(*) FILTER (even) FROM '{tmp_path}/rows.parquet'"
    with duckdb.connect() as database:
        kept = database.execute(counts).fetchall()

    assert table[0] == ["n", "name", "even", "at"]
    assert table[-1] == [str(MANY), f"row {MANY}", "true", "2026-01-31T10:00:00.000Z"]
    assert (len(table), len(objects), objects[1]["even"]) == (MANY + 1, MANY, True)
    assert kept == [(MANY, MANY * (MANY + 1) // 2, MANY // 2)]


def test_a_file_whose_reader_goes_is_read_no_further(visitor: Visitor) -> None:
    run = ended(visitor, ROWS.replace(str(MANY), "5000000"))
    reply = visitor.ask("GET", f"{SQL}/runs/{run['id']}/file?form=csv")
    reply.read(1_000)
    reply.close()
    seen: list[tuple[float, int]] = []

    def rests() -> bool:
        """Tell whether no row has come for two seconds."""
        count = visitor.told("GET", f"{SQL}/runs/{run['id']}")["statements"][0]["count"]
        if not seen or seen[-1][1] != count:
            seen.append((time.monotonic(), count))
        return time.monotonic() - seen[-1][0] > 2

    assert until(rests, seconds=60)
    assert seen[-1][1] < 1_000_000


def test_a_text_that_is_too_long_is_refused(visitor: Visitor) -> None:
    assert visitor.ask("POST", f"{SQL}/runs", {"text": "x" * (17 << 20)}).status == 413
    assert visitor.ask("POST", f"{SQL}/runs", {"text": "x" * (2 << 20)}).status == 400


def test_no_file_is_made_of_what_has_no_rows(visitor: Visitor) -> None:
    run = ended(visitor, "SELECT * FROM nowhere")

    assert visitor.ask("GET", f"{SQL}/runs/{run['id']}/file?form=csv").status == 400


# who asks


def test_without_a_session_nothing_is_told_and_a_page_from_elsewhere_is_refused(visitor: Visitor) -> None:
    run = ended(visitor, "SELECT 1")
    stranger = Visitor(visitor.live)
    elsewhere = Visitor(visitor.live, visitor.cookie, headers={**OWN, "origin": "http://evil.example"})
    form = Visitor(visitor.live, visitor.cookie, headers={"sec-fetch-site": "same-origin"})

    assert stranger.ask("GET", f"{SQL}/words").status == 401
    assert elsewhere.ask("GET", f"{SQL}/runs/{run['id']}").status == 401
    assert elsewhere.ask("POST", f"{SQL}/runs", {"text": "SELECT 1"}).status == 401
    assert form.ask("POST", f"{SQL}/runs", {"text": "SELECT 1"}).status == 401


def test_a_change_is_made_as_whoever_is_signed_in_and_a_viewer_makes_none(live: Live, visitor: Visitor) -> None:
    insert = "INSERT INTO databricks_workspace.jobs.jobs (name) VALUES ('by sql') RETURNING job_id"
    made = ended(visitor, insert)
    viewer = entered(live, "vera", "viewer")
    refused = ended(viewer, insert.replace("by sql", "by a viewer"))
    seen = ended(viewer, "SELECT count(*) FROM runyard.ledger.jobs WHERE name LIKE 'by %'")

    assert made["state"] == "done", made
    assert refused["state"] == "failed"
    assert "operator" in refused["statements"][0]["error"]["message"]
    assert rows(viewer, seen) == [[1]]
    kept = viewer.ask("POST", "/console/v1/queries", {"name": "no", "text": "SELECT 1"})
    assert kept.status == 403


def test_a_result_is_nobody_elses(live: Live, visitor: Visitor) -> None:
    run = ended(visitor, "SELECT 'secret' AS text")
    other = entered(live, "olga", "operator")

    assert other.ask("GET", f"{SQL}/runs/{run['id']}").status == 404
    assert other.ask("GET", f"{SQL}/runs/{run['id']}/rows").status == 404
    assert other.ask("POST", f"{SQL}/runs/{run['id']}/cancel", {}).status == 404


def entered(live: Live, user: str, role: str) -> Visitor:
    """Add a user, and sign in as them."""
    password = People(live).add(user, role)
    visitor = Visitor(live)
    reply = visitor.ask("POST", "/console/v1/session", {"user": user, "password": password})
    assert reply.status == 200, reply.read()
    visitor.cookie = (reply.headers["set-cookie"] or "").partition(";")[0]
    return visitor


# what is kept


def test_queries_are_kept_for_the_workspace_replaced_and_forgotten(visitor: Visitor) -> None:
    query = {"name": "How many", "text": "SELECT count(*) FROM runyard.ledger.runs", "chart": {"kind": "bars"}}
    visitor.told("POST", "/console/v1/queries", query)
    visitor.told("POST", "/console/v1/queries", {**query, "text": "SELECT 2"})
    (kept,) = visitor.told("GET", "/console/v1/queries")["queries"]
    visitor.told("DELETE", "/console/v1/queries", {"name": "How many"})

    assert (kept["text"], kept["chart"], kept["by"]) == ("SELECT 2", {"kind": "bars"}, "admin")
    assert visitor.told("GET", "/console/v1/queries")["queries"] == []
    assert visitor.ask("DELETE", "/console/v1/queries", {"name": "How many"}).status == 404


# the process behind it


def test_the_server_never_loads_the_sql_and_a_process_that_dies_is_begun_again(live: Live, visitor: Visitor) -> None:
    run = ended(visitor, "SELECT 1")
    assert live.process is not None
    maps = Path(f"/proc/{live.process.pid}/maps").read_text()
    os.kill(sql_process(live), signal.SIGKILL)
    again = until(lambda: _answered(visitor), seconds=60)

    assert again is not None
    assert "apsw" not in maps
    assert again["state"] in ("running", "done")
    assert visitor.ask("GET", f"{SQL}/runs/{run['id']}").status == 404


def test_a_server_that_leaves_keeps_nobody_waiting_for_a_statement(tmp_path: Path) -> None:
    own = Live(tmp_path / "home", settings="preload = []\n").start()
    try:
        visitor = Visitor(own).enter()
        run = begun(visitor, ENDLESS)
        until(lambda: visitor.told("GET", f"{SQL}/runs/{run['id']}")["statements"][0]["state"] == "running")
        seen = visitor.told("GET", f"{SQL}/runs/{run['id']}")["version"]
        waiting = visitor.asked("GET", f"{SQL}/runs/{run['id']}?seen={seen}&wait_s=60")
        assert visitor.ask("GET", f"{SQL}/words").status == 200  # asked behind it
        status = own.stop()

        assert (status, waiting.getresponse().status) == (0, 503)
    finally:
        own.close()


def _answered(visitor: Visitor) -> dict[str, Any] | None:
    reply = visitor.ask("POST", f"{SQL}/runs", {"text": "SELECT 1"})
    found = json.loads(reply.read())
    if reply.status == 503:
        assert "does not answer" in found["message"]
        return None
    assert reply.status == 201
    return dict(found)
