"""A clock that was set back while no server ran."""

from __future__ import annotations

from pathlib import Path

from runyard.core.ids import EPOCH
from runyard.core.job import Task
from runyard.core.run import Run
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.store.store import open_store

NOW, HOUR = EPOCH + 10_000_000, 3_600_000


def start_runs(home: Home, at: int, count: int) -> list[Run]:
    """Start runs with a server of its own, whose clock stands still."""
    store = open_store(home.ledger_url)
    engine = Engine(store, home, Settings(places=0, preload=()), clock=lambda: at)
    task = Task(key="main", kind="python_script", spec={"source": "pass"})
    workspace = engine.workspace("default")
    request = Request(language="native", job_name="one", tasks=[task])
    found = [engine.start_run(workspace, request) for _ in range(count)]
    store.close()
    return found


def test_no_id_is_given_out_twice_and_later_runs_come_later(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").make()
    runs = [run.id for at in (NOW, NOW, NOW - HOUR) for run in start_runs(home, at, 3)]

    assert runs == sorted(set(runs))
    assert len(runs) == 9
