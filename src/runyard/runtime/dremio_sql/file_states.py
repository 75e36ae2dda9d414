"""What the system says of a file: by that is seen that it has become another."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

State = tuple[Any, ...]
SIZE, MODIFIED = 3, 4  # where a state has what DuckDB looks at, too


class Unseen(Exception):
    """A file has become another, and what a database keeps of it seems to it to hold."""


def state_of(file: str) -> State:
    """Return the state of a file; one that was written or replaced has another number, size or time."""
    stat = os.stat(file)  # noqa: PTH116 a quarter of the time
    return file, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


@dataclass
class FileStates:
    """The files that a database has read, which keeps blocks and footers of them for its next query.

    It looks again whether a file's size and time are as they were; of a copy that was given the old time it sees
    nothing, and would answer from what it keeps.
    """

    known: dict[str, State] = field(default_factory=dict)
    looked: set[str] = field(default_factory=set)  # since the statement began
    most: int = 100_000

    @property
    def are_too_many(self) -> bool:
        """Tell whether this is more than is worth to be remembered."""
        return len(self.known) > self.most

    def look_at(self, file: str) -> None:
        """Take note of a file that is about to be read; raise Unseen where what is kept of it is old.

        In one statement this happens once: what becomes another meanwhile, the next one sees.
        """
        if file not in self.looked:
            self.see(state_of(file))

    def see(self, state: State) -> None:
        """Take note of a file's state, likewise."""
        file = state[0]
        self.looked.add(file)
        before = self.known.get(file, state)
        self.known[file] = state
        if state != before and state[SIZE : MODIFIED + 1] == before[SIZE : MODIFIED + 1]:
            raise Unseen(file)
