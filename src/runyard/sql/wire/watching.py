"""Looks at the clock for all clients: ends statements that take too long, and those that nobody waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from runyard.sql.wire.dialogue import LOOK_S, Dialogue


class Watch:
    """One thread that looks at all dialogues; none until a statement runs under a limit or there are clients."""

    def __init__(self, dialogues: Callable[[], Sequence[Dialogue]]) -> None:
        self._dialogues = dialogues
        self._condition = threading.Condition()
        self._soonest = 0.0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="wire-watch", daemon=True)
        self._thread.start()

    def hurry(self, moment: float) -> None:
        """Look at this moment at the latest."""
        if moment < self._soonest:
            with self._condition:
                self._soonest = min(moment, self._soonest)
                self._condition.notify()

    def close(self) -> None:
        """Look no more."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if self._is_closed:
                    return
                self._soonest = time.monotonic() + LOOK_S
            self._look(time.monotonic())
            with self._condition:
                while not self._is_closed and (left := self._soonest - time.monotonic()) > 0:
                    self._condition.wait(left)

    def _look(self, now: float) -> None:
        for dialogue in self._dialogues():
            dialogue.look(now)
