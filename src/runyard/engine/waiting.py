"""What those ask who look at one run until it is as they want it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.core.job import Workspace
from runyard.core.run import Run, State
from runyard.engine.jobs import found
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.works import Works


@dataclass(frozen=True, kw_only=True)
class AtEnd:
    """What is done by who waits while the end of an attempt is on its way to the disk."""

    attempt_id: int
    do: Callable[[], None]


class Waiting:
    """The verbs of those who wait for a run."""

    _store: Store
    _works: Works

    def run(self, workspace: Workspace, run_id: int) -> Run:
        """Return a run."""
        return found(self._store.read(lambda ledger: ledger.run(workspace.id, run_id)), "run", run_id)

    def wait_run(self, workspace: Workspace, run_id: int, *, timeout_s: float, at_end: AtEnd | None = None) -> Run:
        """Return the run once it has ended, or as it is when the time is up."""
        return self.wait_for(workspace, run_id, timeout_s=timeout_s, until=_has_ended, at_end=at_end)

    def wait_for(
        self, workspace: Workspace, run_id: int, *, timeout_s: float, until: Callable[[Run], bool],
        at_end: AtEnd | None = None,
    ) -> Run:  # fmt: skip
        """Return the run once `until` holds, or as it is when the time is up or the server stops."""
        deadline = time.monotonic() + timeout_s
        watched = (run_id,) if at_end is None else (run_id, at_end.attempt_id)
        with self._works.changes.watch(*watched) as changed:
            while True:
                run = self.run(workspace, run_id)
                left = deadline - time.monotonic()
                if until(run) or left <= 0 or self._works.is_leaving:
                    return run
                changed.wait(left)
                changed.clear()
                if at_end is not None and changed.is_ending:
                    changed.is_ending = False
                    at_end.do()


def _has_ended(run: Run) -> bool:
    return run.state is State.ENDED
