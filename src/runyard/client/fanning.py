"""Several calls at once, but not too many: answers in the order of what was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from runyard.client.stop import Stop

AT_ONCE = 8
LOOK_S = 0.1  # a connection that is being made cannot be woken up: whoever waits for it looks up by itself

A = TypeVar("A")
B = TypeVar("B")


def fan_out(work: Callable[[A], B], items: Iterable[A], *, stop: Stop, at_once: int = AT_ONCE) -> Iterator[B]:
    """Yield what each item's work gives, in their order, working on at most so many ahead of whoever reads."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="runyard-call")
    waiting: deque[Future[B]] = deque()
    rest = iter(items)
    try:
        for item in rest:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= at_once:
                yield awaited(waiting.popleft(), stop)
        while waiting:
            yield awaited(waiting.popleft(), stop)
    finally:
        for one in waiting:
            one.cancel()
        pool.shutdown(wait=False, cancel_futures=True)


def awaited(future: Future[B], stop: Stop) -> B:
    """Return what a future gives, unless somebody gives up."""
    while True:
        try:
            return future.result(LOOK_S)
        except NotYet:
            if future.done():
                return future.result()  # it was the work that took too long
            stop.check()
