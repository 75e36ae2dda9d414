"""Tasks of every kind, ordered by their executors and run by a launcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launching import ENVIRONMENT, Yard, running_yard
from records import a_run, an_attempt

from runyard.executors.kinds import executor_of
from runyard.executors.launcher.events import Ended
from runyard.executors.mounts import default_mounts
from runyard.executors.work import Place, Work


@dataclass(frozen=True)
class Workshop:
    """A launcher, and the place that executors order their processes for."""

    yard: Yard
    environments: Path

    @property
    def home(self) -> Path:
        """Everything of this workshop lies in it."""
        return self.yard.home

    @property
    def place(self) -> Place:
        """The machine as the executors see it."""
        return Place(
            attempt_folder=self.yard.folder,
            environments=self.environments,
            databases=self.home / "sql",
            mounts=default_mounts(self.home, {}),
            grace_ms=200,
            limits={},
        )

    def start(self, attempt_id: int, kind: str, **spec: Any) -> None:
        """Order a task."""
        work = Work(
            run=a_run(1),
            attempt=an_attempt(attempt_id),
            spec=spec,
            timeout_ms=None,
            environment=ENVIRONMENT | {"HOME": str(self.home)},
        )
        self.yard.launcher.start(executor_of(kind)(work, self.place))

    def run(self, attempt_id: int, kind: str, **spec: Any) -> Ended:
        """Order a task and wait for its end."""
        self.start(attempt_id, kind, **spec)
        return self.yard.end(attempt_id)

    def told(self, attempt_id: int, name: str) -> Any:
        """What a JSON file of the attempt holds."""
        return json.loads(self.yard.read(attempt_id, name))

    def write(self, uri: str, text: str | bytes) -> Path:
        """Put a file where a URI names it."""
        path = self.place.mounts.resolve(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path


@contextmanager
def running_workshop(home: Path, *, environments: Path | None = None) -> Iterator[Workshop]:
    """A workshop, and its end; environments that take long to make may outlive it."""
    with running_yard(home) as yard:
        yield Workshop(yard, environments or home / "environments")
