"""A server of another version comes to a launcher that the last one has left: no warm process keeps its code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from launching import ENVIRONMENT, Yard, is_alive, new_yard
from live import end_launcher
from waiting import until

from runyard.core.job import Task
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.executors.launcher.pulse import pulse
from runyard.store.store import open_store

ZYGOTE, CHILD = "runyard-zygote", "runyard-child"
KINDS = 2  # of children: bare ones, and those that may stay
READY = "keeper:make:db"
STAYS = {"driver": READY, "stays": True, "environment": ENVIRONMENT}
ASK = "import os, keeper\nprint(os.getpid(), keeper.VERSION, flush=True)\ndef rest():\n    return True\n"
WAITS = f"{ASK}import pathlib, time\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.01)\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    new_yard(tmp_path).launcher.shut_down()


def server(home: Path, version: str) -> tuple[Yard, int]:
    """Install a version in place, and connect as a server of it; return also the launcher's process."""
    (home / "runtime").mkdir(exist_ok=True)
    (home / "runtime" / "keeper.py").write_text(f"VERSION = {version!r}\ndef make(what, streams):\n    pass\n")
    yard = new_yard(home, quick=READY, programs=(str(home / "runtime"), ("keeper",)), version=version)
    return yard, yard.launcher.connect().pid


def asked(yard: Yard, attempt_id: int) -> tuple[int, str]:
    """Run an order in a process that may stay; return that process, and the version that it has in its memory."""
    yard.run(attempt_id, ASK, **STAYS)
    pid, version = yard.read(attempt_id).split()
    return int(pid), version


def until_one_stays(yard: Yard) -> int:
    """Run orders until one was carried out by a process of an earlier one; return the last one's number."""
    seen: set[int] = set()
    for attempt_id in range(1, 100):
        pid, _ = asked(yard, attempt_id)
        if pid in seen:
            return attempt_id
        seen.add(pid)
    pytest.fail(f"Each of {len(seen)} orders had a process of its own.")


def children(launcher: int, *names: str) -> set[int]:
    """Return the living children of a launcher that are called so."""
    pids = map(int, Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split())
    return {pid for pid in pids if _name(pid) in names and is_alive(pid)}


def zygotes_of(launcher: int) -> set[int]:
    """Return the zygotes of the two kinds that are there; a child that has just been born is called so too."""
    return until(lambda: found if len(found := children(launcher, ZYGOTE)) == KINDS else set())


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""  # it has just gone


def test_a_server_of_another_version_finds_no_process_with_the_code_of_the_last(home: Path) -> None:
    first, launcher = server(home, "1.0")
    last = until_one_stays(first)
    old = until(lambda: children(launcher, ZYGOTE, CHILD))
    second, found = server(home, "1.10")

    assert found == launcher
    until(lambda: not any(map(is_alive, old)))
    assert asked(second, last + 1)[1] == "1.10"


def test_a_server_of_the_same_version_finds_the_warm_processes(home: Path) -> None:
    first, launcher = server(home, "1.0")
    last = until_one_stays(first)
    zygotes = zygotes_of(launcher)
    second, _ = server(home, "1.0")
    asked(second, last + 1)

    assert zygotes_of(launcher) == zygotes


def test_an_order_that_runs_while_another_version_comes_ends_well_and_its_process_with_it(home: Path) -> None:
    first, _ = server(home, "1.0")
    last = until_one_stays(first)
    first.start(last + 1, WAITS, **STAYS)
    pid = int(until(lambda: first.read(last + 1)).split()[0])
    second, _ = server(home, "1.10")
    assert asked(second, last + 2)[1] == "1.10"
    assert is_alive(pid)
    (first.folder(last + 1) / "work" / "go").touch()

    assert second.end(last + 1).exit_code == 0
    until(lambda: not is_alive(pid))


def test_the_engine_tells_its_launcher_of_which_version_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home").make()
    ran(home)
    launcher = pulse(home.path, timeout_s=60)
    assert launcher
    old = children(launcher.pid, ZYGOTE)
    assert old
    monkeypatch.setattr("runyard.engine.works.version", lambda package: f"another of {package}")
    ran(home)

    until(lambda: not any(map(is_alive, old)))
    end_launcher(home.path)


def ran(home: Home) -> None:
    """Run something by an engine that then leaves."""
    engine = Engine(open_store(home.ledger_url), home, Settings(preload=(), warm_children=1))
    engine.start()
    workspace = engine.workspace("default")
    task = Task(key="main", kind="python_script", spec={"source": "pass"})
    run = engine.start_run(workspace, Request(language="native", job_name="one", tasks=[task]))
    assert engine.wait_run(workspace, run.id, timeout_s=180).phase == "succeeded"
    engine.close()
