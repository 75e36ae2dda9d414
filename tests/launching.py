"""A launcher with a home of its own, for tests that run real processes."""

from __future__ import annotations

import os
import queue
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.executors.launcher import tree
from runyard.executors.launcher.client import Launcher
from runyard.executors.launcher.events import Ended, Event, Started
from runyard.executors.launcher.order import Order

END_S = 180  # a machine under load

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@dataclass
class Yard:
    """A launcher's client and everything it has heard."""

    home: Path
    launcher: Launcher
    heard: queue.Queue[Event]
    ends: dict[int, Ended] = field(default_factory=dict)
    starts: dict[int, Started] = field(default_factory=dict)
    others: list[Event] = field(default_factory=list)

    def order(self, attempt_id: int, script: str, **fields: Any) -> Order:
        """Write a script and return an order for it."""
        path = self.home / f"script{attempt_id}.py"
        path.write_text(textwrap.dedent(script))
        folder = str(self.folder(attempt_id))
        defaults: dict[str, Any] = {"environment": ENVIRONMENT, "grace_ms": 200}
        return Order(attempt_id=attempt_id, folder=folder, script=str(path), **(defaults | fields))

    def start(self, attempt_id: int, script: str, **fields: Any) -> None:
        """Order a script."""
        self.launcher.start(self.order(attempt_id, script, **fields))

    def run(self, attempt_id: int, script: str, **fields: Any) -> Ended:
        """Order a script and wait for its end."""
        self.start(attempt_id, script, **fields)
        return self.end(attempt_id)

    def end(self, attempt_id: int) -> Ended:
        """Wait for the end of an attempt."""
        while attempt_id not in self.ends:
            self.hear()
        return self.ends[attempt_id]

    def started(self, attempt_id: int) -> Started:
        """Wait for the start of an attempt."""
        while attempt_id not in self.starts:
            self.hear()
        return self.starts[attempt_id]

    def hear(self) -> Event:
        """Wait for the next event, whatever it is."""
        event = self.heard.get(timeout=END_S)
        if isinstance(event, Started):
            self.starts[event.attempt_id] = event
        elif isinstance(event, Ended):
            self.ends[event.attempt_id] = event
        else:
            self.others.append(event)
        return event

    def folder(self, attempt_id: int) -> Path:
        """The attempt's folder."""
        return self.home / f"attempt{attempt_id}"

    def read(self, attempt_id: int, name: str = "stdout") -> str:
        """What a file of the attempt holds by now."""
        path = self.folder(attempt_id) / name
        return path.read_text() if path.exists() else ""


def new_yard(home: Path, **settings: Any) -> Yard:
    """A client for this home, not connected yet."""
    heard: queue.Queue[Event] = queue.Queue()
    return Yard(home, Launcher(home, on_event=heard.put, **({"warm": 2} | settings)), heard)


@contextmanager
def running_yard(home: Path, **settings: Any) -> Iterator[Yard]:
    """A connected launcher, and its end."""
    yard = new_yard(home, **settings)
    yard.launcher.connect()
    try:
        yield yard
    finally:
        yard.launcher.shut_down()


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    process = tree.look_up(pid)
    return process is not None and not process.is_zombie
