"""What a process that carries out query after query leaves of each: no clock, and no descriptor."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from runyard.runtime.dremio_sql.routing import BELL, Lane, free_place

LANE = Lane(name="LARGE", slots=1, wait_ms=None)
OVERDUE = """
import os, sys
from pathlib import Path
from runyard.runtime.dremio_sql.report import Report

report = Report(folder=Path(sys.argv[1]), context={})
report._end_after(0.0, "over " + "x" * 1_000_000)
open(sys.argv[2])  # its writer is there: the time is over, and the reason is being written
print("finishes", flush=True)
report.finish()
print("takes another", flush=True)
os._exit(0)
"""


def test_a_query_whose_time_is_just_over_takes_no_other_query_along(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    os.mkfifo(result)
    reading = os.open(result, os.O_RDONLY | os.O_NONBLOCK)  # there is no waiting for a writer that has gone
    command = [sys.executable, "-c", OVERDUE, str(tmp_path), str(result)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "finishes\n"
        os.set_blocking(reading, True)
        with os.fdopen(reading, encoding="utf-8") as written:
            reason = written.read()

        assert process.stdout.read() == ""
    assert process.returncode == 1
    assert reason.startswith('{"message": "over')


def test_who_gives_a_place_back_keeps_nothing_open_though_the_bell_cannot_be_rung(tmp_path: Path) -> None:
    place = free_place(LANE, tmp_path)
    assert place is not None
    os.mkfifo(tmp_path / BELL)
    bell = os.open(tmp_path / BELL, os.O_RDWR | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while os.write(bell, b"." * 4096):
            """It is full at some time."""
    before = _descriptors()
    place.give_back()

    assert _descriptors() == before - 1
    os.close(bell)


def _descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])
