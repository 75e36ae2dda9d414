"""What is left when a process is killed: of the server, of the launcher, of a job."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live, is_alive, launcher_pid
from waiting import until

from runyard.core.job import Task
from runyard.core.run import State
from runyard.engine.engine import now_ms
from runyard.engine.home import Home
from runyard.engine.moves import Moves, first_run_record
from runyard.store.store import open_store

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"}
WAITS = """
import pathlib, sys, time
here = pathlib.Path(sys.argv[sys.argv.index("--flag") + 1])
here.with_suffix(".pid").write_text(str(__import__("os").getpid()))
while not here.exists():
    time.sleep(0.01)
print("went on")
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    server = Live(tmp_path / "home", settings="grace_s = 1.0\npreload = []\n").start()
    yield server
    server.close()


def run_of(live: Live, job: str, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = live.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]
    return run


def ended(live: Live, job: str, run_id: str) -> dict[str, Any]:
    until(lambda: run_of(live, job, run_id)["JobRunState"] in ENDED, seconds=60)
    return run_of(live, job, run_id)


def begun(live: Live, job: str, flag: Path) -> tuple[str, int]:
    """Start a run that waits for a file to appear, and return its id and its process."""
    run_id = live.client("glue").start_job_run(JobName=job, Arguments={"--flag": str(flag)})["JobRunId"]
    until(lambda: run_of(live, job, run_id)["JobRunState"] == "RUNNING", seconds=60)
    until(lambda: flag.with_suffix(".pid").exists() and flag.with_suffix(".pid").read_text() != "", seconds=60)
    return run_id, int(flag.with_suffix(".pid").read_text())


def test_jobs_go_on_when_the_server_is_killed_and_the_next_one_reports_them_truly(live: Live, tmp_path: Path) -> None:
    live.make_job("waits", WAITS, ExecutionProperty={"MaxConcurrentRuns": 5})
    still, still_pid = begun(live, "waits", tmp_path / "still")
    missed, _ = begun(live, "waits", tmp_path / "missed")
    live.kill()
    (tmp_path / "missed").touch()
    until(lambda: not is_alive(int((tmp_path / "missed.pid").read_text())), seconds=60)
    assert is_alive(still_pid)
    live.start()

    assert ended(live, "waits", missed)["JobRunState"] == "SUCCEEDED"
    assert run_of(live, "waits", still)["JobRunState"] == "RUNNING"
    (tmp_path / "still").touch()
    assert ended(live, "waits", still)["JobRunState"] == "SUCCEEDED"


def test_a_run_that_went_on_without_a_server_can_be_stopped_by_the_next(live: Live, tmp_path: Path) -> None:
    live.make_job("waits", WAITS)
    run_id, pid = begun(live, "waits", tmp_path / "never")
    live.kill()
    live.start()
    live.client("glue").batch_stop_job_run(JobName="waits", JobRunIds=[run_id])

    assert ended(live, "waits", run_id)["JobRunState"] == "STOPPED"
    assert not is_alive(pid)


def test_a_run_recorded_but_never_ordered_starts_exactly_once(live: Live, tmp_path: Path) -> None:
    counted = tmp_path / "counted"
    live.client("glue").get_jobs()  # makes the workspace
    script = live.put_script("count.py", f"open({str(counted)!r}, 'a').write('once ')")
    live.kill()
    run_id = record_claimed_run(live.home, script)
    live.start()
    until(lambda: run_in_ledger(live.home, run_id).state is State.ENDED, seconds=60)
    live.kill()
    live.start()

    assert run_in_ledger(live.home, run_id).phase == "succeeded"
    assert counted.read_text() == "once "


def record_claimed_run(home: Path, script: str) -> int:
    """Leave the ledger as a server does that dies between its commit and its order."""
    place = Home(home)
    store = open_store(place.ledger_url)
    now = now_ms()
    ids = iter(range(now, now + 1000))
    workspace = store.read(lambda ledger: ledger.workspace("default"))
    assert workspace is not None
    task = Task(key="main", kind="python_script", spec={"script": script})
    facts = {"id": next(ids), "workspace_id": workspace.id, "job_name": "count", "language": "native"}
    run = first_run_record([task], **facts, created_at=now, updated_at=now, attempt_at=now)

    def begin(ledger: Any) -> None:
        given = type("Given", (), {"next": staticmethod(lambda: next(ids))})()
        moves = Moves(ledger=ledger, ids=given, clock=lambda: now, owner=place.server_name(), places=9)
        moves.start(run, limit=None, overflow=None)  # type: ignore[arg-type] # no limit, no overflow
        moves.claim()

    store.write(begin)
    store.close()
    return run.id


def run_in_ledger(home: Path, run_id: int) -> Any:
    store = open_store(Home(home).ledger_url)
    try:
        return store.read(lambda ledger: ledger.run_anywhere(run_id))
    finally:
        store.close()


def test_every_accepted_run_runs_exactly_once_through_server_crashes(live: Live, tmp_path: Path) -> None:
    live.make_job("append", APPEND, ExecutionProperty={"MaxConcurrentRuns": 1000})
    accepted: list[str] = []
    for _ in range(3):
        glue = live.client("glue")
        for _ in range(8):
            arguments = {"--file": str(tmp_path / "ran")}
            accepted.append(glue.start_job_run(JobName="append", Arguments=arguments)["JobRunId"])
        live.kill()
        live.start()

    assert {ended(live, "append", run_id)["JobRunState"] for run_id in accepted} == {"SUCCEEDED"}
    assert sorted((tmp_path / "ran").read_text().split()) == sorted(accepted)


APPEND = """
import sys
file, run = (sys.argv[sys.argv.index(name) + 1] for name in ("--file", "--JOB_RUN_ID"))
open(file, "a").write(run + "\\n")
"""


def test_when_the_launcher_is_killed_its_runs_end_and_say_so(live: Live, tmp_path: Path) -> None:
    live.make_job("waits", WAITS)
    run_id, pid = begun(live, "waits", tmp_path / "never")
    os.kill(launcher_pid(live), signal.SIGKILL)
    run = ended(live, "waits", run_id)
    live.make_job("quick", "print('fine')")
    after = live.client("glue").start_job_run(JobName="quick")["JobRunId"]

    assert (run["JobRunState"], "launcher" in run["ErrorMessage"]) == ("FAILED", True)
    assert not is_alive(pid)
    assert ended(live, "quick", after)["JobRunState"] == "SUCCEEDED"


def test_a_run_lost_with_its_launcher_is_retried_by_policy(live: Live, tmp_path: Path) -> None:
    live.make_job("waits", WAITS, MaxRetries=1)
    run_id, _ = begun(live, "waits", tmp_path / "go")
    os.kill(launcher_pid(live), signal.SIGKILL)
    (tmp_path / "go").touch()
    until(lambda: len(live.client("glue").get_job_runs(JobName="waits")["JobRuns"]) == 2, seconds=60)

    assert ended(live, "waits", f"{run_id}_attempt_1")["JobRunState"] == "SUCCEEDED"
    assert run_of(live, "waits", run_id)["JobRunState"] == "FAILED"


DEATHS = {
    "segfault": ("import ctypes; ctypes.string_at(0)", "The process was ended by signal 11 (SIGSEGV)."),
    "os_exit": ("import os; os._exit(3)", "Command failed with exit code 3"),
    "sys_exit": ("import sys; sys.exit(4)", "Command failed with exit code 4"),
    "signal": ("import os; os.kill(os.getpid(), 9)", "The process was ended by signal 9 (SIGKILL)."),
    "exception": ("raise ValueError('bad row 17')", "ValueError: bad row 17"),
}


@pytest.mark.parametrize("name", DEATHS)
def test_a_job_that_dies_ends_failed_with_what_happened(live: Live, name: str) -> None:
    script, message = DEATHS[name]
    live.make_job(name, script)
    run = ended(live, name, live.client("glue").start_job_run(JobName=name)["JobRunId"])

    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", message)


def test_a_gigabyte_of_output_is_kept_whole_and_can_be_read(live: Live) -> None:
    script = "import sys\nline = 'x' * 1023 + '\\n'\nfor _ in range(1024): sys.stdout.write(line * 1024)\nprint('last')"
    live.make_job("loud", script)
    run = ended(live, "loud", live.client("glue").start_job_run(JobName="loud")["JobRunId"])
    [stdout] = live.home.glob("runs/*/*/stdout")
    tail = live.client("logs").get_log_events(
        logGroupName="/aws-glue/python-jobs/output", logStreamName=run["Id"], startFromHead=False, limit=1
    )

    assert (run["JobRunState"], stdout.stat().st_size) == ("SUCCEEDED", 1024 * 1024 * 1024 + 5)
    assert [event["message"] for event in tail["events"]] == ["last"]


def test_a_crowd_of_children_goes_with_its_job(live: Live, tmp_path: Path) -> None:
    script = CROWD.format(file=str(tmp_path / "pids"))
    live.make_job("crowd", script)
    run_id = live.client("glue").start_job_run(JobName="crowd")["JobRunId"]
    until(lambda: run_of(live, "crowd", run_id)["JobRunState"] == "RUNNING", seconds=60)
    until(lambda: (tmp_path / "pids").exists() and len((tmp_path / "pids").read_text().split()) >= 60, seconds=60)
    live.client("glue").batch_stop_job_run(JobName="crowd", JobRunIds=[run_id])

    assert ended(live, "crowd", run_id)["JobRunState"] == "STOPPED"
    until(lambda: not any(is_alive(int(pid)) for pid in (tmp_path / "pids").read_text().split()))


CROWD = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for depth in range(6):
    os.fork()
os.setsid() if os.getpid() != os.getpgid(0) else None
with open({file!r}, "a") as file:
    file.write(f"{{os.getpid()}}\\n")
time.sleep(3600)
"""


def test_sigterm_drains_the_server_and_leaves_the_jobs(live: Live, tmp_path: Path) -> None:
    live.make_job("waits", WAITS)
    run_id, pid = begun(live, "waits", tmp_path / "go")
    status = live.stop()

    assert (status, is_alive(pid)) == (0, True)
    (tmp_path / "go").touch()
    until(lambda: not is_alive(pid))
    live.start()
    assert ended(live, "waits", run_id)["JobRunState"] == "SUCCEEDED"
    assert json.loads((live.home / "server.json").read_text())["url"] == live.url
