"""What a language is given to complete a task just before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runyard.core.job import Task, Workspace
    from runyard.core.run import Attempt, Run
    from runyard.engine.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Finishing:
    """An attempt that is about to start, and where what came before it can be read."""

    engine: Engine
    run: Run
    attempt: Attempt
    task: Task

    @property
    def workspace(self) -> Workspace:
        """Return the workspace of the run."""
        return self.engine.workspace_of(self.run)

    def attempts(self) -> Sequence[Attempt]:
        """Return every attempt of the run so far, oldest first."""
        return self.engine.attempts(self.run)


Finish = Callable[[Finishing], Mapping[str, Any]]
"""Gives a task's spec its last facts (ids, resolved values), in the language of the run."""
