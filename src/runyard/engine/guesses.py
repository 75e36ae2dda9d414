"""How often somebody may guess at a password before a pause."""

from __future__ import annotations

from collections.abc import Callable

MOST = 10  # wrong passwords of one user in a while
WHILE_MS = 60_000
MOST_NAMES = 10_000  # that are remembered; who asks for more of them guesses at none for long


class Guesses:
    """Wrong passwords by user, known or not; tokens are too long to be guessed, and are not counted."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, int]] = {}  # since when, and how many

    def are_too_many(self, user: str) -> bool:
        """Tell whether no password of this user is looked at now, right or wrong."""
        since, count = self._wrong.get(user, (0, 0))
        return count >= MOST and self._clock() - since < WHILE_MS

    def note(self, user: str) -> None:
        """Note a wrong one."""
        now = self._clock()
        since, count = self._wrong.get(user, (now, 0))
        if len(self._wrong) >= MOST_NAMES:
            self._wrong.clear()
        self._wrong[user] = (since, count + 1) if now - since < WHILE_MS else (now, 1)
