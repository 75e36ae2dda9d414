"""Tells those who wait that a run has changed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager


class Watch(threading.Event):
    """Is set by each change of what is watched."""

    is_ending = False  # what is watched has ended, as the ledger will know in a moment


class Changes:
    """Wakes the threads that watch a run; costs nothing for runs that nobody watches."""

    def __init__(self) -> None:
        self._watchers: defaultdict[int, list[Watch]] = defaultdict(list)
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[[Collection[int]], None], ...] = ()

    def listen(self, hear: Callable[[Collection[int]], None]) -> None:
        """Call `hear`, which must be quick, with the ids of all runs that change, and with none at the end."""
        self._listeners = (*self._listeners, hear)

    @contextmanager
    def watch(self, *ids: int) -> Iterator[Watch]:
        """Give an event that is set at every change of these runs, and at the ends of these attempts, from now on."""
        event = Watch()
        with self._lock:
            for each in ids:
                self._watchers[each].append(event)
        try:
            yield event
        finally:
            with self._lock:
                for each in ids:
                    self._watchers[each].remove(event)
                    if not self._watchers[each]:
                        del self._watchers[each]

    def publish(self, run_ids: Collection[int]) -> None:
        """Wake whoever watches one of these runs."""
        for hear in self._listeners if run_ids else ():
            hear(run_ids)
        with self._lock:
            for run_id in run_ids:
                for event in self._watchers.get(run_id, ()):
                    event.set()

    def announce(self, attempt_ids: Iterable[int]) -> None:
        """Wake whoever watches one of these attempts: they have ended, which is on its way to the disk."""
        with self._lock:
            for attempt_id in attempt_ids:
                for event in self._watchers.get(attempt_id, ()):
                    event.is_ending = True
                    event.set()

    def wake_all(self) -> None:
        """Wake everybody: the server is stopping."""
        for hear in self._listeners:
            hear(())
        with self._lock:
            for watchers in self._watchers.values():
                for event in watchers:
                    event.set()
