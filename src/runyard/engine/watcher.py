"""Threads that sleep until something is due, and do it."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

log = logging.getLogger(__name__)

IDLE_S = 60.0  # how long to sleep at most
TROUBLE_S = 1.0  # until it tries again what it could not do


class Watcher(ABC):
    """A thread of one name; what it does must be found in the ledger, so that whoever comes later can do it too."""

    def __init__(self, name: str, *, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, name=name, daemon=True)

    @abstractmethod
    def do_what_is_due(self) -> None:
        """Do everything whose moment has come."""

    @abstractmethod
    def due_at(self) -> int | None:
        """Return the next moment at which something is due, if one is known."""

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def wake(self) -> None:
        """Look again: something may be due sooner."""
        self._wake.set()

    def close(self) -> None:
        """Finish what is being done; the next server does the rest."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(self._pause())

    def _pause(self) -> float:
        try:
            self.do_what_is_due()
            at = self.due_at()
        except Exception:  # outermost loop of the thread: what is due later must come in any case
            log.exception("the %s could not do what is due; it tries again in a second", self._thread.name)
            return TROUBLE_S
        return IDLE_S if at is None else min(max((at - self._clock()) / 1000, 0), IDLE_S)
