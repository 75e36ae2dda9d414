"""Kinds of warm children: bare ones, ones that have imported what many jobs import, and ones with what few do."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from runyard.executors.launcher.nursery import Child, Nursery, Settings

if TYPE_CHECKING:
    import selectors
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from runyard.executors.launcher.order import Order


QUICK_ONES = 2  # children that have made something ready which is no matter of seconds
USED_UP = frozenset({"cpu"})  # limits of a process's whole life: what one order has used, the next would lack


class Nurseries:
    """Gives each order the cheapest child that serves it.

    To fork an interpreter with pandas in it costs eight times what a bare one costs (9.6 ms against 1.2 ms, measured),
    which only a job that imports pandas should pay. What few jobs want and takes seconds to import, as Spark, is
    imported when the first of them comes; until it is ready they are served without.
    """

    def __init__(self, selector: selectors.BaseSelector, *, cradles: Path, on_ready: Callable[[], None]) -> None:
        self._bare, self._loaded, self._rare, self._drivers, self._quick = self._all = tuple(
            Nursery(selector, cradles=cradles, on_ready=on_ready) for _ in range(5)
        )
        self._settings: Settings | None = None
        self._wanted_at: dict[Nursery, float] = {}  # of what only some jobs want: when one last did

    def use(self, settings: Settings) -> None:
        """Keep children of these kinds from now on."""
        self._settings = settings
        self._bare.use(replace(settings, preload=[], rare=[], driver=""))
        if settings.preload:
            self._loaded.use(replace(settings, rare=[], driver=""))
        else:
            self._loaded.empty()
        for each in (self._rare, self._drivers, self._quick):
            self._use_wanted(each)

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
        child = self._for(order).take(order.limits)
        if child and order.stays and self._is_quick(order) and USED_UP.isdisjoint(map(str.lower, order.limits)):
            self._quick.lend(child, order.limits)
        return child

    def take_back(self, child: Child) -> None:
        """Let a child rest whose order has ended and which stays for another."""
        self._quick.take_back(child)

    def welcome_back(self, child: Child) -> None:
        """Take note that such a child is ready."""
        self._quick.welcome_back(child)

    def is_hopeless(self, order: Order) -> bool:
        """Tell whether again and again no child of the kind came to life."""
        return self._for(order).is_hopeless

    def refill(self, waiting: Iterable[Order]) -> None:
        """Have as many children made as are missing."""
        wants = [self._for(order) for order in waiting]
        self._release_idle()
        for each in self._all:
            if each is not self._loaded or (self._settings and self._settings.preload):
                each.refill(waiting=wants.count(each))

    def bury(self, pid: int) -> None:
        """Take note that a process is dead that was not a job."""
        for each in self._all:
            each.bury(pid)

    def _for(self, order: Order) -> Nursery:
        settings = self._settings
        if settings and order.driver and order.driver == settings.driver and self._has_ready(self._drivers):
            return self._drivers
        if self._is_quick(order) and self._has_ready(self._quick):
            return self._quick
        if settings and order.rare and settings.rare and self._has_ready(self._rare):
            return self._rare
        return self._loaded if order.preloaded and settings and settings.preload else self._bare

    def _is_quick(self, order: Order) -> bool:
        return bool(self._settings and order.driver and order.driver == self._settings.quick)

    def _has_ready(self, kind: Nursery) -> bool:
        """Tell whether a kind that only some jobs want may be waited for; to be asked is to be wanted."""
        is_new = kind not in self._wanted_at
        self._wanted_at[kind] = time.monotonic()
        if is_new:
            self._use_wanted(kind)
        # A driver may take seconds to come: who finds none ready begins without.
        return kind.has_borne if kind is self._rare else kind.has_idle

    def _use_wanted(self, kind: Nursery) -> None:
        settings = self._settings
        if settings is None or kind not in self._wanted_at:
            kind.release()
        elif kind is self._drivers and settings.driver:
            kind.use(replace(settings, rare=[], warm=settings.drivers))
        elif kind is self._quick and settings.quick:
            kind.use(replace(settings, rare=[], driver=settings.quick, warm=QUICK_ONES))
        elif kind is self._rare and settings.rare:
            kind.use(replace(settings, preload=[*settings.preload, *settings.rare], rare=[], driver=""))
        else:
            kind.release()

    def _release_idle(self) -> None:
        """Let go of what nobody has wanted for long; the next who does begins without, and has it made again."""
        idle_s = self._settings.idle_s if self._settings else 0.0
        if not idle_s or not self._wanted_at:
            return
        before = time.monotonic() - idle_s
        for kind in [each for each, at in self._wanted_at.items() if at < before]:
            del self._wanted_at[kind]
            kind.release()
