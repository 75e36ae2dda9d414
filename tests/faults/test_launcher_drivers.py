"""Processes that keep something ready for one job each: who gets them, what ends with them, when they are let go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import Yard, is_alive, running_yard
from waiting import until

KEEPER = """\
import os, subprocess, sys
KEPT = []
def wait(what, streams):
    print("silent", flush=True)
    os.write(streams[1], f"kept {what}\\n".encode())
    KEPT.append(subprocess.Popen(["sleep", "3600"], start_new_session=True))
    with open(what, "a") as told:
        told.write(f"{os.getpid()} {KEPT[0].pid}\\n")
"""
ASK = """\
import os, sys
kept = sys.modules.get("keeper")
print(os.getpid(), kept.KEPT[0].pid if kept and kept.KEPT else "none")
"""
SECONDS = 60


@pytest.fixture
def told(tmp_path: Path) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "keeper.py").write_text(KEEPER)
    return tmp_path / "told"


@pytest.fixture
def yard(tmp_path: Path, told: Path) -> Iterator[Yard]:
    driver = (f"keeper:wait:{told}", 1)
    home = tmp_path / "home"
    home.mkdir()
    with running_yard(home, driver=driver, programs=(str(tmp_path / "runtime"), ()), idle_s=3600.0) as yard:
        yield yard


def kept(told: Path) -> list[tuple[int, int]]:
    lines = told.read_text().splitlines() if told.exists() else []
    return [(int(one), int(other)) for one, other in (line.split() for line in lines)]


def test_what_is_kept_is_one_job_s_which_prints_first_what_it_printed_and_ends_with_it(yard: Yard, told: Path) -> None:
    hook = f"keeper:wait:{told}"
    yard.run(1, ASK, driver=hook)
    until(lambda: len(kept(told)) == 1, seconds=SECONDS)
    attempt = 2
    while yard.run(attempt, ASK, driver=hook) and not yard.read(attempt).startswith("kept"):
        attempt += 1
    yard.run(attempt + 1, ASK)
    yard.run(attempt + 2, ASK, driver="keeper:wait:another")
    child, below = kept(told)[0]

    assert yard.read(1).endswith(" none\n")
    assert yard.read(attempt) == f"kept {told}\n{child} {below}\n"
    until(lambda: not is_alive(child) and not is_alive(below), seconds=SECONDS)
    assert yard.read(attempt + 1).endswith(" none\n")
    assert yard.read(attempt + 2).endswith(" none\n")
    until(lambda: len(kept(told)) == 2, seconds=SECONDS)


def test_a_job_killed_without_a_word_takes_what_was_kept_along(yard: Yard, told: Path) -> None:
    hook = f"keeper:wait:{told}"
    yard.run(1, ASK, driver=hook)
    until(lambda: kept(told), seconds=SECONDS)
    attempt = 2
    while yard.run(attempt, ASK, driver=hook) and not yard.read(attempt).startswith("kept"):
        attempt += 1
    until(lambda: len(kept(told)) == 2, seconds=SECONDS)
    held = attempt + 1
    while True:
        yard.start(held, ASK + "\nimport os, signal\nsys.stdout.flush()\nsignal.pause()\n", driver=hook)
        yard.started(held)
        yard.launcher.stop(held, grace_ms=0, cause="cancelled")
        yard.end(held)
        if yard.read(held).startswith("kept"):
            break
        held += 1
    child, below = kept(told)[1]

    until(lambda: not is_alive(child) and not is_alive(below), seconds=SECONDS)


def test_what_nobody_wants_for_long_is_let_go(tmp_path: Path, told: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    driver = (f"keeper:wait:{told}", 1)
    with running_yard(home, driver=driver, programs=(str(tmp_path / "runtime"), ()), idle_s=1.0) as yard:
        yard.run(1, ASK, driver=driver[0])
        child, below = until(lambda: kept(told), seconds=SECONDS)[0]
        until(lambda: not is_alive(child) and not is_alive(below), seconds=SECONDS)
        yard.run(2, ASK, driver=driver[0])

        assert yard.read(2).endswith(" none\n")
        until(lambda: len(kept(told)) == 2, seconds=SECONDS)
