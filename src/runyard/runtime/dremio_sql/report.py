"""What a query tells while it goes on: `output.json` in the attempt's folder, whole after each change."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .routing import chosen, wait_for_place

QUEUES = "queues"  # in the workspace's folder
COUNT_AGAIN_S = 0.2  # between two tellings of how many rows there are


@dataclass
class Report:
    """The steps of one query, its queue and its rows so far."""

    folder: Path
    context: Mapping[str, Any]
    told: dict[str, Any] = field(default_factory=lambda: {"steps": []})
    place: int | None = None  # a descriptor that holds the place in the queue until the process ends
    _counted_at: float = 0.0

    def step(self, word: str) -> None:
        """Tell that the query has come to a step."""
        self.told["steps"].append([word, _now()])
        self._write()

    def queue(self, cost: float) -> None:
        """Choose the queue for a plan of this cost, and return once a place of it is ours."""
        lane = chosen(self.context["workload"], self.context, cost)
        self.told |= {"cost": cost, "queue": lane.name, "queued_at": _now()}
        self.step("QUEUED")
        self.place = wait_for_place(lane, Path(self.context["home"]) / QUEUES / lane.name)
        self.told["granted_at"] = _now()

    def rows(self, count: int) -> None:
        """Tell how many rows there are so far, now and then."""
        self.told["row_count"] = count
        if time.monotonic() - self._counted_at > COUNT_AGAIN_S:
            self._counted_at = time.monotonic()
            self._write()

    def finish(self, **facts: Any) -> None:
        """Tell what came of it: `row_count`, `schema`, `changes` of the catalog, `datasets` that were read."""
        self.told |= facts
        self._write()

    def end(self, message: str, category: str) -> None:
        """Tell why it came to no good end."""
        result = {"message": message, "category": category}
        (self.folder / "result.json").write_text(json.dumps(result), encoding="utf-8")

    def _write(self) -> None:
        new = self.folder / "output.json.new"
        new.write_text(json.dumps(self.told), encoding="utf-8")
        new.replace(self.folder / "output.json")


def _now() -> int:
    return time.time_ns() // 1_000_000
