"""Looks after transactions that broke at their very end, which may have been recorded though nobody heard of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from runyard.core.errors import LedgerUnavailable
from runyard.engine.watcher import Watcher

LOOKS = 10  # a commit may still be on its way when its connection breaks
AGAIN_MS = 1000


class Doubts(Watcher):
    """A thread that has what must follow from such transactions done."""

    def __init__(self, settle: Callable[[], None], *, clock: Callable[[], int]) -> None:
        super().__init__("doubts", clock=clock)
        self._settle = settle
        self._looks = 0  # that are left

    def arise(self) -> None:
        """Look soon what was recorded, and again a little later."""
        is_known, self._looks = self._looks > 0, LOOKS
        if not is_known:
            self.wake()

    def do_what_is_due(self) -> None:
        """Look, until that was possible often enough."""
        if self._looks:
            with suppress(LedgerUnavailable):
                self._settle()
                self._looks -= 1

    def due_at(self) -> int | None:
        """Return when it looks again."""
        return self._clock() + AGAIN_MS if self._looks else None
