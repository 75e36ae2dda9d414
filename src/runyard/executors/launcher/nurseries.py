"""Kinds of warm children: bare ones, ones that have imported what many jobs import, and ones with what few do."""

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
    which only a job that imports pandas should pay. What few jobs want and takes seconds to import, as Spark, is
    imported when the first of them comes; until it is ready they are served without.
    """

    def __init__(self, selector: selectors.BaseSelector, *, cradles: Path, on_ready: Callable[[], None]) -> None:
        self._bare, self._loaded, self._rare = self._all = tuple(
            Nursery(selector, cradles=cradles, on_ready=on_ready) for _ in range(3)
        )
        self._settings: Settings | None = None
        self._is_rare_wanted = False

    def use(self, settings: Settings) -> None:
        """Keep children of these kinds from now on."""
        self._settings = settings
        self._bare.use(replace(settings, preload=[], rare=[]))
        if settings.preload:
            self._loaded.use(replace(settings, rare=[]))
        else:
            self._loaded.empty()
        self._use_rare()

    def has(self, pid: int) -> bool:
        """Tell whether this process is a zygote, or a child that idles."""
        return any(each.has(pid) for each in self._all)

    def listen(self) -> None:
        """Take the word of every child that has come to life by now."""
        for each in self._all:
            each.listen()

    def empty(self) -> None:
        """Let everybody go who has no order."""
        for each in self._all:
            each.empty()

    def take(self, order: Order) -> Child | None:
        """Hand out an idle child that serves this order."""
        return self._for(order).take()

    def is_hopeless(self, order: Order) -> bool:
        """Tell whether again and again no child of the kind came to life."""
        return self._for(order).is_hopeless

    def refill(self, waiting: Iterable[Order]) -> None:
        """Have as many children made as are missing."""
        wants = [self._for(order) for order in waiting]
        for each in self._all:
            if each is not self._loaded or (self._settings and self._settings.preload):
                each.refill(waiting=wants.count(each))

    def bury(self, pid: int) -> None:
        """Take note that a process is dead that was not a job."""
        for each in self._all:
            each.bury(pid)

    def _for(self, order: Order) -> Nursery:
        settings = self._settings
        if order.rare and settings and settings.rare:
            if not self._is_rare_wanted:
                self._is_rare_wanted = True
                self._use_rare()
            if self._rare.has_borne:
                return self._rare
        return self._loaded if order.preloaded and settings and settings.preload else self._bare

    def _use_rare(self) -> None:
        settings = self._settings
        if settings and settings.rare and self._is_rare_wanted:
            self._rare.use(replace(settings, preload=[*settings.preload, *settings.rare], rare=[]))
        else:
            self._rare.empty()
