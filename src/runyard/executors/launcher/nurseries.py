"""Two kinds of warm children: bare ones, and ones that have imported what many jobs import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runyard.executors.launcher.nursery import Child, Nursery, Settings

if TYPE_CHECKING:
    import selectors
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from runyard.executors.launcher.order import Order


class Nurseries:
    """Gives each order the cheapest child that serves it.

    To fork an interpreter with pandas in it costs eight times what a bare one costs (9.6 ms against 1.2 ms, measured),
    which only a job that imports pandas should pay.
    """

    def __init__(self, selector: selectors.BaseSelector, *, cradles: Path, on_ready: Callable[[], None]) -> None:
        self._bare = Nursery(selector, cradles=cradles, on_ready=on_ready)
        self._loaded = Nursery(selector, cradles=cradles, on_ready=on_ready)
        self._has_loaded = False

    def use(self, settings: Settings) -> None:
        """Keep children of these kinds from now on."""
        self._has_loaded = bool(settings.preload)
        self._bare.use(replace(settings, preload=[]))
        if self._has_loaded:
            self._loaded.use(settings)
        else:
            self._loaded.empty()

    def has(self, pid: int) -> bool:
        """Tell whether this process is a zygote, or a child that idles."""
        return self._bare.has(pid) or self._loaded.has(pid)

    def listen(self) -> None:
        """Take the word of every child that has come to life by now."""
        self._bare.listen()
        self._loaded.listen()

    def empty(self) -> None:
        """Let everybody go who has no order."""
        self._bare.empty()
        self._loaded.empty()

    def take(self, order: Order) -> Child | None:
        """Hand out an idle child that serves this order."""
        return self._for(order).take()

    def is_hopeless(self, order: Order) -> bool:
        """Tell whether again and again no child of the kind came to life."""
        return self._for(order).is_hopeless

    def refill(self, waiting: Iterable[Order]) -> None:
        """Have as many children made as are missing."""
        wants = [order.preloaded and self._has_loaded for order in waiting]
        self._bare.refill(waiting=wants.count(False))
        if self._has_loaded:
            self._loaded.refill(waiting=wants.count(True))

    def bury(self, pid: int) -> None:
        """Take note that a process is dead that was not a job."""
        self._bare.bury(pid)
        self._loaded.bury(pid)

    def _for(self, order: Order) -> Nursery:
        return self._loaded if order.preloaded and self._has_loaded else self._bare
