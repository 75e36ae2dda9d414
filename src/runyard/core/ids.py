"""One number for every row of the ledger: below 2^53, ordered by time, unique within the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable

EPOCH = 1_704_067_200_000  # 2024-01-01T00:00:00Z in ms: 41 bits from here reach the year 2093
FAR_AHEAD = 86_400_000  # ms; who asks for what was made since a moment finds it by its id
SEQUENCE_BITS = 12  # 4,096 ids a millisecond before the clock is borrowed from
LARGEST = 2**53 - 1  # the largest integer every JSON reader keeps exactly


class Ids:
    """Gives out ids; never one twice, never a smaller one, even when the clock steps back.

    `slot` (0..4095) sets where in a millisecond this giver begins, so that servers that share a ledger rarely meet.
    `last` is the largest that an earlier giver gave out; of a clock that was days ahead nothing is taken over.
    """

    def __init__(self, clock: Callable[[], int], *, slot: int = 0, last: int = 0) -> None:
        self._clock = clock
        self._slot = slot
        self._last = last if 0 < last < first_of(clock() + FAR_AHEAD) else 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Return the next id."""
        with self._lock:
            self._last = max(self._last + 1, first_of(self._clock()) + self._slot)
            return self._last


def first_of(moment: int) -> int:
    """Return the smallest id of a moment (ms since 1970); moments before 2024 give 0."""
    return max(moment - EPOCH, 0) << SEQUENCE_BITS


def moment_of(number: int) -> int:
    """Return when an id was given out (ms since 1970)."""
    return (number >> SEQUENCE_BITS) + EPOCH
