"""Tells those who wait that a run has changed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager


class Changes:
    """Wakes the threads that watch a run; costs nothing for runs that nobody watches."""

    def __init__(self) -> None:
        self._watchers: defaultdict[int, list[threading.Event]] = defaultdict(list)
        self._lock = threading.Lock()
        self._listeners: tuple[Callable[[Collection[int]], None], ...] = ()

    def listen(self, hear: Callable[[Collection[int]], None]) -> None:
        """Call `hear`, which must be quick, with the ids of all runs that change, and with none at the end."""
        self._listeners = (*self._listeners, hear)

    @contextmanager
    def watch(self, run_id: int) -> Iterator[threading.Event]:
        """Give an event that is set at every change of the run from now on."""
        event = threading.Event()
        with self._lock:
            self._watchers[run_id].append(event)
        try:
            yield event
        finally:
            with self._lock:
                self._watchers[run_id].remove(event)
                if not self._watchers[run_id]:
                    del self._watchers[run_id]

    def publish(self, run_ids: Collection[int]) -> None:
        """Wake whoever watches one of these runs."""
        for hear in self._listeners if run_ids else ():
            hear(run_ids)
        with self._lock:
            for run_id in run_ids:
                for event in self._watchers.get(run_id, ()):
                    event.set()

    def wake_all(self) -> None:
        """Wake everybody: the server is stopping."""
        for hear in self._listeners:
            hear(())
        with self._lock:
            for watchers in self._watchers.values():
                for event in watchers:
                    event.set()
