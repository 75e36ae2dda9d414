"""Where the task runs of large runs stood, so that the end of one task does not read all the others again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.core.run import Attempt, Run, State

if TYPE_CHECKING:
    from runyard.engine.transaction import Transaction

LARGE = 8  # tasks; the attempts of a smaller run are read as fast as they are looked up here
RUNS = 64  # remembered at once


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The newest attempts of a run, as they were with this version of its row."""

    updated_at: int
    latest: Mapping[str, Attempt]


class Memory:
    """Remembers what was committed last; every change of a run makes a later `updated_at`, whoever made it."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, Standing] = OrderedDict()
        self._lock = threading.Lock()

    def latest(self, run: Run) -> dict[str, Attempt] | None:
        """Return the newest attempts of a run if they are known as of this very version of it."""
        known = self._known.get(run.id)
        return dict(known.latest) if known is not None and known.updated_at == run.updated_at else None

    def learn(self, committed: Transaction) -> None:
        """Remember how the large runs stand that a transaction has changed."""
        for run, latest in committed.standings():
            with self._lock:
                self._known.pop(run.id, None)
                if len(run.tasks) >= LARGE and run.state is not State.ENDED:
                    self._known[run.id] = Standing(updated_at=run.updated_at, latest=latest)
                while len(self._known) > RUNS:
                    self._known.popitem(last=False)
