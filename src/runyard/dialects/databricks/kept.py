"""What the language remembers beside the ledger: JSON documents in the home, for its owner alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runyard.core.errors import RunyardError, WrongState
from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.trees import storage

T = TypeVar("T")
FOLDER = "databricks"  # in the home
PRIVATE = 0o600


@dataclass(frozen=True)
class Kept:
    """One document of one workspace."""

    file: Path

    def read(self) -> dict[str, Any]:
        """Return the document; an empty one before it is first changed."""
        try:
            document: dict[str, Any] = msgspec.json.decode(self.file.read_bytes())
        except FileNotFoundError:
            return {}
        return document

    def change(self, change: Callable[[dict[str, Any]], T]) -> T:
        """Change the document in place, one caller at a time; it stays as it was if `change` raises."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone():
            document = self.read()
            result = change(document)
            content = msgspec.json.encode(document)
            storage.write(self.file, content, overwrite=True, refuse=self._in_the_way, mode=PRIVATE)
            return result

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _in_the_way(self) -> RunyardError:
        return WrongState(f"The server cannot keep {self.file.name}: something else is at {self.file}.")


def kept(call: Call, name: str) -> Kept:
    """Return a document of the caller's workspace."""
    return Kept(call.engine.home.path / FOLDER / str(call.workspace.id) / f"{name}.json")
