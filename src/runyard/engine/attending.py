"""What a language looks after by itself, as copies of its data that grow old: a thread comes by when it is time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from runyard.core.run import State
from runyard.engine.watcher import Watcher

if TYPE_CHECKING:
    from runyard.engine.engine import Engine
    from runyard.engine.language import Language
    from runyard.engine.moves import Moves

log = logging.getLogger(__name__)

TROUBLE_MS = 10_000  # until it looks again after it could not
REST_S = 0.1  # from a run's end to the look that it wants, however many end meanwhile

Attend = Callable[["Engine"], int | None]
"""Does what is due in every workspace, and returns when to come by again; None: when a run has ended, or is told to."""


class Attendant(Watcher):
    """Comes by in time, when a run of such a language has ended, and when somebody wakes it."""

    def __init__(self, engine: Engine, languages: Mapping[str, Language], *, clock: Callable[[], int]) -> None:
        super().__init__("attendant", clock=clock)
        self._engine = engine
        self._attended = {name: one.attend for name, one in languages.items() if one.attend is not None}
        self._next: list[int] = []
        self._leaving = threading.Event()

    def start(self) -> None:
        """Begin to come by."""
        if self._attended:
            super().start()

    def follow(self, moves: Moves) -> None:
        """Come by if a run has ended whose language looks after something."""
        if any(run.state is State.ENDED and run.language in self._attended for run in moves.changed.values()):
            self.wake()

    def do_what_is_due(self) -> None:
        """Let each language look after its own, once those who wait for what has just ended have had their answer."""
        if self._leaving.wait(REST_S):
            return
        moments = [self._looked_after(name, attend) for name, attend in self._attended.items()]
        self._next = [at for at in moments if at is not None]

    def close(self) -> None:
        """Finish what is being done; the next server does the rest."""
        self._leaving.set()
        super().close()

    def due_at(self) -> int | None:
        """Return when the first of them wants to look again."""
        return min(self._next, default=None)

    def _looked_after(self, name: str, attend: Attend) -> int | None:
        try:
            return attend(self._engine)
        except Exception:  # outermost of one language: the others must not wait for its mending
            log.exception("what %s looks after could not be seen to; it is again in ten seconds", name)
            return self._clock() + TROUBLE_MS
