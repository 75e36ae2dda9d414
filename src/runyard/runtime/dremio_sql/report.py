"""What a query tells: with its end all of it, and before, if it takes long, in `output.json` of the attempt's folder.

That file is replaced by each change, so that it is always whole.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .results import fill
from .routing import LONGEST_S, RAN_TOO_LONG, Place, chosen, engine_of, free_place, wait_for_place

PASSING = frozenset({"EXECUTION_PLANNING", "STARTING"})
TELLING = "output.json.new"
QUEUES = "queues"  # in the workspace's folder
WITHDRAWN = "withdrawn"  # the category of an end that is no failure of the query
MS = 1000
SHORT_S = 0.2  # what takes no longer is told as a whole; each telling takes half a millisecond
COUNT_AGAIN_S = 0.2  # between two tellings of how many rows there are


@dataclass
class Report:
    """The steps of one query, its queue and its rows so far."""

    folder: Path
    context: Mapping[str, Any]
    told: dict[str, Any] = field(default_factory=lambda: {"steps": []})
    tell_launcher: Callable[[str], None] = lambda kind: None  # noqa: ARG005 nobody listens
    place: Place | None = None  # in the queue
    engine: tuple[str, str] | None = None  # name and address of what carries the query out, if not this machine
    _limit: threading.Timer | None = None  # of the queue's time for a query
    _farewell: Callable[[], None] = lambda: None  # tells the engine that nobody wants the rows any more
    _is_nice: bool = False  # this process lets others go first, for ever
    _begun_at: float = field(default_factory=time.monotonic)
    _counted_at: float = 0.0
    _writing: threading.Lock = field(default_factory=threading.Lock)  # rows are counted in a thread of their own

    def step(self, word: str) -> None:
        """Tell that the query has come to a step; those that last no time are told with the next one.

        Those of its first moments are told by who counts the rows, if they do not end before.
        """
        self.told["steps"] = [*self.told["steps"], [word, _now()]]
        if word not in PASSING and time.monotonic() - self._begun_at > SHORT_S:
            self._tell()

    def queue(self, cost: float) -> str:
        """Return once a place of the queue for a plan of this cost is ours, with its memory limit if it has one."""
        lane = chosen(self.context["workload"], self.context, cost)
        self.engine = self._elsewhere(engine_of(self.context["workload"], self.context, cost) or lane.engine)
        if self.engine is not None:
            from .remote import Endpoint, reach  # noqa: PLC0415 of queries that go elsewhere alone

            self.step("ENGINE_START")
            reach(Endpoint(name=self.engine[0], url=self.engine[1]))
        now = _now()
        folder = Path(self.context["home"]) / QUEUES / quote(lane.name, safe=" ").replace(".", "%2E")
        self.told |= {
            "cost": cost,
            "queue": lane.name,
            "queue_id": lane.id,
            "engine": self.engine[0] if self.engine is not None else "",
            "queued_at": now,
            "steps": [*self.told["steps"], ["QUEUED", now]],
        }
        self.place = free_place(lane, folder)
        if self.place is None:
            self._tell()
            self.tell_launcher("waits")
            self.place = wait_for_place(lane, folder)
            self.tell_launcher("goes_on")
        self.told["granted_at"] = _now()
        self._is_nice = os.nice(0) != os.nice(lane.niceness)
        if lane.run_ms is not None:
            self._end_after(lane.run_ms / MS, RAN_TOO_LONG.format(seconds=lane.run_ms / MS, queue=lane.name.lower()))
        return f"{lane.memory}B" if lane.memory else ""

    def _elsewhere(self, by_rule: str) -> tuple[str, str] | None:
        """Return the engine that the query itself, or else a rule, names, unless it is the one of this machine."""
        known = self.context["workload"].get("engines", {})
        named = self.context.get("engine") or by_rule
        return (named, known[named]) if named in known else None

    def rows(self, count: int) -> None:
        """Tell how many rows there are so far, now and then."""
        if time.monotonic() - self._counted_at > COUNT_AGAIN_S:
            self._counted_at = time.monotonic()
            self._tell(row_count=count)

    def finish(self, **facts: Any) -> dict[str, Any]:
        """Return all that there is to tell, with `row_count`, `schema`, `changes` of the catalog, `datasets` read.

        From now on this process will not be ended for having run too long.
        """
        if self._limit is not None:
            self._limit.cancel()
            self._limit.join()  # if its time came just now it ends this process, and not during another query
        return {**self.told, **facts}

    def _end_after(self, seconds: float, message: str) -> None:
        """End this process at a moment, whatever it is doing then: the database computes where no signal is heard."""

        def end() -> None:
            self.end(message, WITHDRAWN)
            self._farewell()
            os._exit(1)

        timer = threading.Timer(min(seconds, LONGEST_S), end)
        timer.daemon = True
        timer.start()
        self._limit = timer

    def leave_with(self, farewell: Callable[[], None]) -> None:
        """Remember what an engine elsewhere is told before this process ends itself."""
        self._farewell = farewell

    def leave(self) -> bool:
        """Give the place in the queue back; return whether this process is to others what it was before."""
        if self.place is not None:
            self.place.give_back()
        return not self._is_nice

    def end(self, message: str, category: str) -> None:
        """Tell why it came to no good end."""
        self._tell()
        result = {"message": message, "category": category}
        (self.folder / "result.json").write_text(json.dumps(result), encoding="utf-8")

    def _tell(self, **facts: Any) -> None:
        with self._writing:
            self.told |= facts
            fill(self.folder / TELLING, json.dumps(self.told))
            (self.folder / TELLING).replace(self.folder / "output.json")


def _now() -> int:
    return time.time_ns() // 1_000_000
