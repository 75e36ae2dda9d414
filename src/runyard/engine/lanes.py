"""Queues of SQL queries, as an administrator sets them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MINUTES_5, HOURS_24 = 300.0, 86_400.0


class Lane(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue."""

    slots: int  # queries that run at once
    wait_s: float = MINUTES_5  # how long one waits for that before it is cancelled


def _lanes() -> dict[str, Lane]:
    return {
        "SMALL": Lane(slots=100),
        "LARGE": Lane(slots=10),
        "REFLECTION_SMALL": Lane(slots=10, wait_s=HOURS_24),
        "REFLECTION_LARGE": Lane(slots=1, wait_s=HOURS_24),
    }


class Dremio(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How queries in Dremio's language are let in; the numbers are those of its own community edition."""

    large_cost: int = 30_000_000  # rows that a plan's steps are thought to give together; what costs more is LARGE
    result_days: float = 1.0  # how long the rows of a job are kept
    adds_floats: bool = False  # let reflections add up sums of FLOAT and DOUBLE, whose last digits depend on the order
    spares_dbt: bool = False  # tell dbt of a cancelled job that it failed: for the word CANCELED it waits for ever
    queues: Mapping[str, Lane] = msgspec.field(default_factory=_lanes)

    def __post_init__(self) -> None:
        """Have every queue that the rules name, also where only some are set; refuse what lets nothing run or stay."""
        if self.result_days <= 0:
            raise ValueError(f"dremio.result_days is {self.result_days:g}; it must be more than 0.")
        for name, lane in self.queues.items():
            if lane.slots < 1 or lane.wait_s <= 0:
                raise ValueError(f"dremio.queues.{name} lets nothing run: slots and wait_s must be more than 0.")
        msgspec.structs.force_setattr(self, "queues", {**_lanes(), **self.queues})
