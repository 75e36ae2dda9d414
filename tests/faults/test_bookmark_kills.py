"""Bookmarks when a job or its server is killed between what it writes and what it commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live
from ports import free_port
from waiting import until

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
SCRIPT = """
import os, pathlib, signal, sys, time
import runyard_bookmarks as bookmarks
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
with out.open("a") as written:
    for uri in bookmarks.new_files("s3://in/data/", transformation_ctx="files"):
        written.write(uri.rpartition("/")[2] + "\\n")
if "--die" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
if "--wait" in sys.argv:
    flag = pathlib.Path(sys.argv[sys.argv.index("--wait") + 1])
    flag.with_suffix(".waits").touch()
    while not flag.exists():
        time.sleep(0.01)
bookmarks.commit()
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    # The same port again after a kill, as a server of somebody's own has it.
    settings = "grace_s = 1.0\npreload = []\n"
    server = Live(tmp_path / "home", arguments=("--port", str(free_port())), settings=settings).start()
    folder = server.home / "s3/in/data"
    folder.mkdir(parents=True)
    (folder / "a").write_text("1")
    server.make_job("reads", SCRIPT, ExecutionProperty={"MaxConcurrentRuns": 2})
    yield server
    server.close()


def begin(live: Live, out: Path, **more: str) -> str:
    arguments = {**ENABLE, "--out": str(out), **{f"--{name}": value for name, value in more.items()}}
    run_id: str = live.client("glue").start_job_run(JobName="reads", Arguments=arguments)["JobRunId"]
    return run_id


def ended(live: Live, run_id: str) -> dict[str, Any]:
    def shown() -> dict[str, Any]:
        found: dict[str, Any] = live.client("glue").get_job_run(JobName="reads", RunId=run_id)["JobRun"]
        return found

    until(lambda: shown()["JobRunState"] in ENDED, seconds=60)
    return shown()


def test_a_job_killed_between_its_writing_and_its_commit_reads_the_same_again(live: Live, tmp_path: Path) -> None:
    out = tmp_path / "out"
    killed = ended(live, begin(live, out, die="1"))
    again = ended(live, begin(live, out))
    third = ended(live, begin(live, out))

    assert [killed["JobRunState"], again["JobRunState"], third["JobRunState"]] == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert out.read_text() == "a\na\n"
    entry = live.client("glue").get_job_bookmark(JobName="reads")["JobBookmarkEntry"]
    assert (entry["Run"], entry["Attempt"]) == (3, 0)


def test_a_commit_waits_for_a_server_that_was_killed_and_is_kept_once(live: Live, tmp_path: Path) -> None:
    out, flag = tmp_path / "out", tmp_path / "go"
    run_id = begin(live, out, wait=str(flag))
    until(flag.with_suffix(".waits").exists)
    live.kill()
    flag.touch()
    live.start()

    assert ended(live, run_id)["JobRunState"] == "SUCCEEDED"
    entry = live.client("glue").get_job_bookmark(JobName="reads")["JobBookmarkEntry"]
    assert (entry["RunId"], entry["Version"], entry["Run"]) == (run_id, 2, 2)
    assert ended(live, begin(live, out))["JobRunState"] == "SUCCEEDED"
    assert out.read_text() == "a\n"


def test_a_run_that_was_stopped_before_its_commit_keeps_nothing(live: Live, tmp_path: Path) -> None:
    out, flag = tmp_path / "out", tmp_path / "never"
    run_id = begin(live, out, wait=str(flag))
    until(flag.with_suffix(".waits").exists)
    live.client("glue").batch_stop_job_run(JobName="reads", JobRunIds=[run_id])

    assert ended(live, run_id)["JobRunState"] == "STOPPED"
    assert ended(live, begin(live, out))["JobRunState"] == "SUCCEEDED"
    assert out.read_text() == "a\na\n"
