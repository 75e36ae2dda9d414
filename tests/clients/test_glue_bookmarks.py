"""Bookmarks on a live server: Python shell jobs that read only what is new, seen with unmodified boto3 and aws cli."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from glue_service import EXTRAS
from live import Live
from waiting import until

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
PAUSE = {"--job-bookmark-option": "job-bookmark-pause"}
READ_FILES = """
import sys
import runyard_bookmarks as bookmarks
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
told = getResolvedOptions(sys.argv, ["JOB_NAME"])
job = Job()
job.init(told["JOB_NAME"], told)
for uri in bookmarks.new_files("s3://{bucket}/in/", transformation_ctx="files"):
    print(uri.rpartition("/")[2])
if "--fail" in sys.argv:
    sys.exit("on purpose")
job.commit()
"""
READ_ROWS = """
import sqlite3
import runyard_bookmarks as bookmarks
connection = sqlite3.connect({path!r})
for row in bookmarks.new_rows(connection, "orders", transformation_ctx="rows", {more}):
    print(*row)
bookmarks.commit()
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("bookmarks") / "home", settings="grace_s = 1.0\nplaces = 8\n").start()
    yield server
    server.close()


@pytest.fixture
def glue(live: Live) -> Any:
    return live.client("glue")


def put(live: Live, bucket: str, name: str, *, age_s: float = 0) -> Path:
    """Lay a file where the job reads, as old as it is said to be."""
    file = live.home / "s3" / bucket / "in" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("content")
    moment = time.time() - age_s
    os.utime(file, (moment, moment))
    return file


def begin(live: Live, job: str, arguments: dict[str, str]) -> str:
    run_id: str = live.client("glue").start_job_run(JobName=job, Arguments=arguments)["JobRunId"]
    return run_id


def run(live: Live, job: str, arguments: dict[str, str] = ENABLE) -> tuple[str, list[str]]:
    """Run the job once; return the run's id and the lines that it printed."""
    run_id = begin(live, job, arguments)
    shown = ended(live, job, run_id)
    assert shown["JobRunState"] == "SUCCEEDED", shown
    return run_id, lines(live, run_id)


def ended(live: Live, job: str, run_id: str) -> dict[str, Any]:
    def shown() -> dict[str, Any]:
        found: dict[str, Any] = live.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]
        return found

    until(lambda: shown()["JobRunState"] in ENDED, seconds=60)
    return shown()


def lines(live: Live, run_id: str) -> list[str]:
    logs = live.client("logs")
    events = logs.filter_log_events(logGroupName="/aws-glue/python-jobs/output", logStreamNames=[run_id])["events"]
    return [event["message"] for event in events]


def test_a_job_reads_each_file_once_a_modified_one_again_and_a_late_one_too(live: Live) -> None:
    live.make_job("files", READ_FILES.format(bucket="files"))
    put(live, "files", "old", age_s=7200)
    put(live, "files", "young", age_s=60)
    put(live, "files", "_SUCCESS")
    first = run(live, "files")[1]
    second = run(live, "files")[1]
    put(live, "files", "old")
    put(live, "files", "late", age_s=10 * 60)
    put(live, "files", "too-late", age_s=20 * 60)

    assert (first, second) == (["old", "young"], [])
    assert run(live, "files")[1] == ["late", "old"]
    assert run(live, "files")[1] == []
    assert run(live, "files", {})[1] == ["late", "old", "too-late", "young"]


def test_a_failed_run_keeps_nothing_and_its_retry_reads_the_same_again(live: Live, glue: Any) -> None:
    script = READ_FILES.format(bucket="retry").replace('"--fail" in sys.argv', '"_attempt_" not in told["JOB_RUN_ID"]')
    live.make_job("retry", script, MaxRetries=1)
    put(live, "retry", "a")
    run_id = begin(live, "retry", ENABLE)
    retry = f"{run_id}_attempt_1"
    until(lambda: ended(live, "retry", run_id) and len(glue.get_job_runs(JobName="retry")["JobRuns"]) == 2, seconds=60)

    assert ended(live, "retry", retry)["JobRunState"] == "SUCCEEDED"
    assert lines(live, run_id) == lines(live, retry) == ["a"]
    entry = glue.get_job_bookmark(JobName="retry")["JobBookmarkEntry"]
    assert (entry["RunId"], entry["PreviousRunId"], entry["Run"], entry["Attempt"]) == (retry, run_id, 2, 0)


def test_a_run_that_fails_before_its_commit_leaves_its_files_to_the_next(live: Live, glue: Any) -> None:
    live.make_job("failing", READ_FILES.format(bucket="failing"))
    put(live, "failing", "a")
    failed = ended(live, "failing", begin(live, "failing", {**ENABLE, "--fail": "1"}))
    entry = glue.get_job_bookmark(JobName="failing")["JobBookmarkEntry"]

    assert failed["JobRunState"] == "FAILED"
    assert (entry["Version"], entry["Run"], entry["Attempt"], entry["JobBookmark"]) == (1, 1, 0, "{}")
    assert run(live, "failing")[1] == ["a"]
    assert glue.get_job_bookmark(JobName="failing")["JobBookmarkEntry"]["Version"] == 3


def test_entries_look_as_those_of_aws_do(live: Live, glue: Any) -> None:
    live.make_job("entries", READ_FILES.format(bucket="entries"))
    put(live, "entries", "a")
    first, _ = run(live, "entries")
    second, _ = run(live, "entries")

    entry = glue.get_job_bookmark(JobName="entries")["JobBookmarkEntry"]
    state = json.loads(entry.pop("JobBookmark"))["files"]

    assert entry == {
        "JobName": "entries",
        "Version": 4,
        "Run": 3,
        "Attempt": 0,
        "PreviousRunId": first,
        "RunId": second,
    }
    assert state["jsonClass"] == "HadoopDataSourceJobBookmarkState"
    assert state["timestamps"]["HIGH_BAND"] == "900000"
    assert state["timestamps"]["RUN"] == "2"
    assert len(state["timestamps"]["INCLUDE_LIST"].split(",")) == 1
    assert glue.get_job_bookmark(JobName="entries", RunId=first)["JobBookmarkEntry"]["Version"] == 2


def test_a_bookmark_is_turned_back_to_a_run_or_to_the_beginning(live: Live, glue: Any) -> None:
    live.make_job("reset", READ_FILES.format(bucket="reset"))
    runs = {}
    for name in ("a", "b", "c"):
        put(live, "reset", name)
        runs[name], found = run(live, "reset")
        assert found == [name]

    entry = glue.reset_job_bookmark(JobName="reset", RunId=runs["a"])["JobBookmarkEntry"]
    assert (entry["RunId"], entry["Version"]) == (runs["a"], 7)
    assert run(live, "reset")[1] == ["b", "c"]
    glue.reset_job_bookmark(JobName="reset")
    assert run(live, "reset")[1] == ["a", "b", "c"]


def test_a_paused_bookmark_is_read_and_left_and_a_window_gives_what_lay_between_two_runs(live: Live, glue: Any) -> None:
    live.make_job("pause", READ_FILES.format(bucket="pause"))
    runs = {}
    for name in ("a", "b", "c"):
        put(live, "pause", name)
        runs[name], _ = run(live, "pause")
    put(live, "pause", "d")
    before = glue.get_job_bookmark(JobName="pause")["JobBookmarkEntry"]
    window = {"--job-bookmark-from": runs["a"], "--job-bookmark-to": runs["b"]}

    assert run(live, "pause", {**PAUSE, **window})[1] == ["b"]
    assert run(live, "pause", {**PAUSE, **window, "--job-bookmark-to": runs["c"]})[1] == ["b", "c"]
    assert run(live, "pause", PAUSE)[1] == ["d"]
    assert run(live, "pause", PAUSE)[1] == ["d"]
    assert glue.get_job_bookmark(JobName="pause")["JobBookmarkEntry"] == before
    half = ended(live, "pause", begin(live, "pause", {**PAUSE, "--job-bookmark-from": runs["a"]}))
    assert half["JobRunState"] == "FAILED"
    assert "Missing option or value for --job-bookmark-to" in half["ErrorMessage"]


def test_of_two_runs_at_once_one_commits_and_the_other_fails_with_the_mismatch(live: Live, tmp_path: Path) -> None:
    script = READ_FILES.format(bucket="race").replace(
        "job.commit()",
        "import pathlib, time\n"
        "mine = pathlib.Path(sys.argv[sys.argv.index('--mine') + 1])\n"
        "mine.touch()\n"
        "while not mine.with_suffix('.go').exists(): time.sleep(0.01)\n"
        "job.commit()",
    )
    live.make_job("race", script, ExecutionProperty={"MaxConcurrentRuns": 2})
    put(live, "race", "a")
    ids = []
    for name in ("one", "two"):
        ids.append(begin(live, "race", {**ENABLE, "--mine": str(tmp_path / name)}))
        until((tmp_path / name).exists)
    for name in ("one", "two"):
        (tmp_path / f"{name}.go").touch()
        ended(live, "race", ids[0 if name == "one" else 1])

    first, second = (ended(live, "race", run_id) for run_id in ids)

    assert first["JobRunState"] == "FAILED"
    assert "GLUE_JOB_BOOKMARK_VERSION_MISMATCH_ERROR" in first["ErrorMessage"]
    assert second["JobRunState"] == "SUCCEEDED"


def test_rows_are_read_behind_the_last_key_single_or_compound_rising_or_falling(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT, n INTEGER, left_over INTEGER)")
    live.make_job("by-id", READ_ROWS.format(path=str(path), more="columns=['id']"))
    live.make_job("by-day", READ_ROWS.format(path=str(path), more="keys=['day', 'n'], columns=['id']"))
    falling = "keys=['left_over'], sort_order='desc', columns=['id']"
    live.make_job("falling", READ_ROWS.format(path=str(path), more=falling))
    jobs = ("by-id", "by-day", "falling")

    database.executemany(
        "INSERT INTO orders VALUES (?, ?, ?, ?)", [(2, "d1", 1, 90), (1, "d1", 2, 80), (5, "d2", 1, 70)]
    )
    database.commit()
    first = [run(live, job)[1] for job in jobs]
    database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", [(9, "d2", 2, 60), (7, "d3", 0, 50)])
    database.commit()
    second = [run(live, job)[1] for job in jobs]
    third = [run(live, job)[1] for job in jobs]
    database.close()

    assert first == [["1", "2", "5"], ["2", "1", "5"], ["2", "1", "5"]]
    assert second == [["7", "9"], ["9", "7"], ["9", "7"]]
    assert third == [[], [], []]


def test_rows_of_postgresql_are_read_by_moments_and_exact_numbers_too(live: Live, postgres_url: str) -> None:
    def execute(text: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(text.encode())

    execute("CREATE TABLE sales (at TIMESTAMPTZ, price NUMERIC(9, 2), id INTEGER, PRIMARY KEY (at, price))")
    script = READ_ROWS.format(path="", more="columns=['id']").replace('"orders"', '"sales"')
    script = script.replace("import sqlite3", "import psycopg").replace(
        "sqlite3.connect('')", f"psycopg.connect({postgres_url!r})"
    )
    live.make_job("pg", script)
    execute("INSERT INTO sales VALUES ('2026-01-01T10:00Z', 1.10, 1), ('2026-01-01T10:00Z', 0.20, 2)")
    first = run(live, "pg")[1]
    execute(
        "INSERT INTO sales VALUES ('2026-01-01T10:00Z', 1.11, 3), ('2026-01-01T10:00Z', 1.09, 4), ('2026-01-02', 0, 5)"
    )

    assert first == ["2", "1"]
    assert run(live, "pg")[1] == ["3", "5"]
    assert run(live, "pg")[1] == []


def test_a_window_of_rows_is_read_again(live: Live, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    live.make_job("window", READ_ROWS.format(path=str(path), more=""))
    ids = []
    for number in (1, 2, 3):
        database.execute("INSERT INTO orders VALUES (?)", [number])
        database.commit()
        ids.append(run(live, "window")[0])
    database.close()
    window = {**PAUSE, "--job-bookmark-from": ids[0], "--job-bookmark-to": ids[1]}

    assert run(live, "window", window)[1] == ["2"]
    assert run(live, "window", {**window, "--job-bookmark-to": ids[0]})[1] == []


def test_what_has_no_bookmark_is_said_in_aws_words_and_a_deleted_jobs_is_gone(live: Live, glue: Any) -> None:
    live.make_job("none", READ_FILES.format(bucket="none"))
    run(live, "none", {})
    for call in (glue.get_job_bookmark, glue.reset_job_bookmark):
        with pytest.raises(glue.exceptions.EntityNotFoundException, match="Continuation for job none not found"):
            call(JobName="none")
    put(live, "none", "a")
    run(live, "none")
    glue.delete_job(JobName="none")
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="Continuation for job none not found"):
        glue.get_job_bookmark(JobName="none")
    live.make_job("none", READ_FILES.format(bucket="none"))

    assert run(live, "none")[1] == ["a"]


def test_the_example_of_the_documentation_reads_what_is_new(live: Live, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/glue-chains-and-bookmarks.md").read_text()
    example = page.partition("```python\n")[2].partition("```")[0]
    shop = tmp_path / "shop.db"
    with sqlite3.connect(shop) as database:
        database.execute("CREATE TABLE orders (day TEXT, number INTEGER)")
        database.execute("INSERT INTO orders VALUES ('d1', 1)")
    database.close()
    live.make_job("example", example.replace("/data/shop.db", str(shop)))
    file = live.home / "s3/raw/sales/a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("1")

    assert run(live, "example")[1] == ["s3://raw/sales/a.csv", "('d1', 1)"]
    assert run(live, "example")[1] == []


def test_a_job_can_list_its_own_bookmarks(live: Live) -> None:
    live.make_job("own", "import boto3\nprint(boto3.client('glue').get_job_bookmarks(JobName='own')['NextToken'])")
    script = READ_FILES.format(bucket="own")
    live.put_script("own.py", script)
    run(live, "own")
    live.put_script("own.py", "import boto3\nprint(boto3.client('glue').get_job_bookmarks(JobName='own')['NextToken'])")

    assert run(live, "own")[1] == ["1"]


def test_stock_boto3_and_aws_cli_list_bookmarks_with_the_file_that_we_ship(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.make_job("listed", READ_FILES.format(bucket="listed"))
    for _ in range(3):
        run(live, "listed")
    monkeypatch.setenv("AWS_DATA_PATH", str(EXTRAS))
    keys = live.credentials
    glue = boto3.session.Session().client(
        "glue",
        endpoint_url=live.url,
        region_name="us-east-1",
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
    )
    page = glue.get_job_bookmarks(JobName="listed", MaxResults=2)
    rest = glue.get_job_bookmarks(JobName="listed", MaxResults=2, NextToken=page["NextToken"])

    assert [one["Version"] for one in page["JobBookmarkEntries"]] == [6, 4]
    assert page["NextToken"] > 1
    assert [one["Version"] for one in rest["JobBookmarkEntries"]] == [2]
    assert rest["NextToken"] == 1
    command = [str(Path(sys.executable).with_name("aws")), "glue", "get-job-bookmarks", "--job-name", "listed"]
    environment = {**live.aws_environment, "AWS_DATA_PATH": str(EXTRAS)}
    done = subprocess.run([*command, "--output", "json"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["JobBookmarkEntries"]) == 3
