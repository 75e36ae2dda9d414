"""A ledger whose answer to a commit never comes: what was recorded is carried out, though nobody heard that it was."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from live import end_launcher
from psycopg.conninfo import conninfo_to_dict
from waiting import held_by

from runyard.core.errors import LedgerUnavailable
from runyard.core.job import Task, Workspace
from runyard.core.run import Run, State
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.store.ledger import Page
from runyard.store.store import Store, open_store

SOCKET = ".s.PGSQL.5432"
COMMIT = b"COMMIT\0"
CHUNK = 65536
END_S = 180  # a machine under load


class Line:
    """What lies between a server and its PostgreSQL, and may break behind a commit."""

    def __init__(self, url: str, folder: Path) -> None:
        self._target = f"{conninfo_to_dict(url)['host']}/{SOCKET}"
        self.url = url.replace(str(conninfo_to_dict(url)["host"]), str(folder))
        self.breaks = threading.Event()
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / SOCKET))
        self._door.listen()
        threading.Thread(target=self._admit, daemon=True).start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _admit(self) -> None:
        with suppress(OSError):  # it is closed
            while True:
                client, _ = self._door.accept()
                database = socket.socket(socket.AF_UNIX)
                database.connect(self._target)
                for step, ends in ((self._ask, (client, database)), (self._answer, (database, client))):
                    threading.Thread(target=step, args=ends, daemon=True).start()

    def _ask(self, client: socket.socket, database: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                if data.endswith(COMMIT) and self.breaks.is_set():
                    self.breaks.clear()
                    client.shutdown(socket.SHUT_RDWR)  # before the answer can come
                database.sendall(data)
        with suppress(OSError):
            database.shutdown(socket.SHUT_WR)

    def _answer(self, database: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := database.recv(CHUNK):
                client.sendall(data)
        for each in (client, database):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Yard:
    """An engine of this process whose ledger is behind such a line."""

    def __init__(self, home: Path, line: Line) -> None:
        self.home, self.line = Home(home).make(), line
        self.store: Store = open_store(line.url)
        settings = Settings(places=1, preload=(), warm_children=1, grace_s=0.2)
        self.engine = Engine(self.store, self.home, settings)
        self.engine.start()
        self.workspace: Workspace = self.engine.workspace("default")

    def start(self, source: str) -> Run:
        task = Task(key="main", kind="python_script", spec={"source": source})
        return self.engine.start_run(self.workspace, Request(language="native", job_name="one", tasks=[task]))

    def newest(self) -> Run:
        page = Page(limit=1, where={}, newest_first=True)
        return self.store.read(lambda ledger: ledger.runs(self.workspace.id, page))[0]

    def ended(self, run: Run) -> Run:
        return self.engine.wait_run(self.workspace, run.id, timeout_s=END_S)


@pytest.fixture
def yard(tmp_path: Path, postgres_url: str) -> Iterator[Yard]:
    with tempfile.TemporaryDirectory(prefix="runyard-line-") as folder:  # short, for a socket
        line = Line(postgres_url, Path(folder))
        one = Yard(tmp_path / "home", line)
        yield one
        one.engine.close()
        end_launcher(one.home.path)
        line.close()


def test_a_run_begins_though_nobody_heard_that_it_was_recorded(yard: Yard) -> None:
    yard.line.breaks.set()
    with pytest.raises(LedgerUnavailable, match="not known whether"):
        yard.start("print('once')")
    run = yard.ended(yard.newest())

    assert run.phase == "succeeded"
    assert yard.engine.log(yard.engine.attempts(run)[-1], "stdout").read(0, 100) == b"once\n"


def test_a_run_stops_though_nobody_heard_that_it_was_recorded(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(held_by(tmp_path / "gate"))
    yard.engine.wait_for(yard.workspace, run.id, timeout_s=END_S, until=lambda seen: seen.state is State.RUNNING)
    yard.line.breaks.set()
    with pytest.raises(LedgerUnavailable, match="not known whether"):
        yard.engine.stop_run(yard.workspace, run.id)

    assert yard.ended(run).phase == "cancelled"


def test_the_next_run_begins_though_nobody_heard_that_the_end_before_it_was_recorded(
    yard: Yard, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = yard.start(held_by(gate))
    yard.engine.wait_for(yard.workspace, first.id, timeout_s=END_S, until=lambda seen: seen.state is State.RUNNING)
    second = yard.start("print('once')")
    yard.line.breaks.set()
    gate.touch()

    assert yard.ended(second).phase == "succeeded"
    assert yard.ended(first).phase == "succeeded"
    assert not yard.line.breaks.is_set()
