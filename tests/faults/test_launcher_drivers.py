"""Processes that keep something ready for one job each: who gets them, what ends with them, when they are let go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from launching import Yard, is_alive, running_yard
from waiting import until

KEEPER = """\
import os, subprocess, sys, time
FILES = ("filled.json",)
KEPT = []
def wait(what, streams):
    while not os.path.exists(f"{what}.gate"):
        time.sleep(0.01)
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
HELD = (
    ASK
    + """
import signal
print("ready", flush=True)
signal.pause()
"""
)
SECONDS = 180


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Where keepers tell of themselves; they get ready once there is a gate beside it."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "keeper.py").write_text(KEEPER)
    return tmp_path / "told"


@pytest.fixture
def yard(tmp_path: Path, told: Path) -> Iterator[Yard]:
    with keeping_yard(tmp_path, told, idle_s=3600.0) as yard:
        yield yard


@contextmanager
def keeping_yard(folder: Path, told: Path, *, idle_s: float) -> Iterator[Yard]:
    home = folder / "home"
    home.mkdir()
    programs = (str(folder / "runtime"), ())
    with running_yard(home, driver=(f"keeper:wait:{told}", 1), programs=programs, idle_s=idle_s) as yard:
        yield yard


def open_gate(told: Path) -> None:
    told.with_name(f"{told.name}.gate").touch()


def kept(told: Path) -> list[tuple[int, int]]:
    lines = told.read_text().splitlines() if told.exists() else []
    return [(int(one), int(other)) for one, other in (line.split() for line in lines)]


def is_held(yard: Yard, attempt: int) -> bool:
    return yard.read(attempt).endswith("ready\n")


def test_what_is_kept_is_one_job_s_which_prints_first_what_it_printed_and_ends_with_it(yard: Yard, told: Path) -> None:
    hook = f"keeper:wait:{told}"
    yard.run(1, ASK, driver=hook)
    open_gate(told)
    attempt = 2
    while yard.run(attempt, ASK, driver=hook) and not yard.read(attempt).startswith("kept"):
        attempt += 1
    yard.run(attempt + 1, ASK)
    yard.run(attempt + 2, ASK, driver="keeper:wait:another")
    child, below = kept(told)[0]

    assert yard.read(1).endswith(" none\n")  # nobody waits for what is not ready
    assert yard.read(attempt) == f"kept {told}\n{child} {below}\n"
    until(lambda: not is_alive(child) and not is_alive(below), seconds=SECONDS)
    assert yard.read(attempt + 1).endswith(" none\n")
    assert yard.read(attempt + 2).endswith(" none\n")
    until(lambda: len(kept(told)) == 2, seconds=SECONDS)
    assert (yard.folder(attempt) / "filled.json").read_text() == ""  # made beforehand, for the job to fill
    assert not (yard.folder(attempt + 1) / "filled.json").exists()


def test_a_job_killed_without_a_word_takes_what_was_kept_along(yard: Yard, told: Path) -> None:
    open_gate(told)
    held = 0
    while not yard.read(held).startswith("kept"):
        held += 1
        yard.start(held, HELD, driver=f"keeper:wait:{told}")
        until(partial(is_held, yard, held), seconds=SECONDS)
        yard.launcher.stop(held, grace_ms=0, cause="cancelled")
        yard.end(held)
    child, below = kept(told)[0]

    assert yard.read(held) == f"kept {told}\n{child} {below}\nready\n"
    until(lambda: not is_alive(child) and not is_alive(below), seconds=SECONDS)


def test_what_nobody_wants_for_long_is_let_go(tmp_path: Path, told: Path) -> None:
    open_gate(told)
    hook = f"keeper:wait:{told}"
    with keeping_yard(tmp_path, told, idle_s=1.0) as yard:
        attempt = taken = 0
        while len(kept(told)) <= taken:  # until there is one that no job has got
            attempt += 1
            yard.run(attempt, ASK, driver=hook)
            taken += yard.read(attempt).startswith("kept")
        until(lambda: not any(map(is_alive, chain.from_iterable(kept(told)))), seconds=SECONDS)
        before = len(kept(told))
        yard.run(attempt + 1, ASK, driver=hook)

        assert yard.read(attempt + 1).endswith(" none\n")
        until(lambda: len(kept(told)) > before, seconds=SECONDS)
