"""What a language looks after by itself, as copies of its data that grow old: a thread that comes by when it is time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from runyard.core.run import State

if TYPE_CHECKING:
    from runyard.engine.engine import Engine
    from runyard.engine.language import Language
    from runyard.engine.moves import Moves

log = logging.getLogger(__name__)

IDLE_S = 60.0  # how long to sleep at most
TROUBLE_S = 10.0  # until it looks again after it could not

Attend = Callable[["Engine"], int | None]
"""Does what is due in every workspace, and returns when to come by again; None: when a run has ended, or is told to."""


class Attendant:
    """Comes by in time, when a run of such a language has ended, and when somebody wakes it."""

    def __init__(self, engine: Engine, languages: Mapping[str, Language], *, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock
        self._attended = {name: one.attend for name, one in languages.items() if one.attend is not None}
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, name="attendant", daemon=True)

    def start(self) -> None:
        """Begin to come by."""
        if self._attended:
            self._thread.start()

    def wake(self) -> None:
        """Come by now."""
        self._wake.set()

    def close(self) -> None:
        """Finish what is being done."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, moves: Moves) -> None:
        """Come by if a run has ended whose language looks after something."""
        if any(run.state is State.ENDED and run.language in self._attended for run in moves.changed.values()):
            self.wake()

    def _watch(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self._look())

    def _look(self) -> float:
        pauses = [self._looked_after(name, attend) for name, attend in self._attended.items()]
        return min(pauses, default=IDLE_S)

    def _looked_after(self, name: str, attend: Attend) -> float:
        try:
            at = attend(self._engine)
        except Exception:  # outermost loop of the thread: what is due later must come in any case
            log.exception("what %s looks after could not be seen to; it is again in %g seconds", name, TROUBLE_S)
            return TROUBLE_S
        return IDLE_S if at is None else min(max((at - self._clock()) / 1000, 0), IDLE_S)
