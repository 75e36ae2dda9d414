"""Queues of SQL queries, as an administrator sets them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

CONNECT = "sc://"
MINUTES_5, HOURS_24 = 300.0, 86_400.0


class Lane(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A queue."""

    slots: int  # queries that run at once
    wait_s: float = MINUTES_5  # how long one waits for that before it is cancelled
    engine: str = ""  # which of the engines elsewhere carries them out; empty: this machine


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An engine that speaks Spark Connect: Sail, or Spark. It must see the same files by the same paths."""

    url: str  # sc://host:port


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
    job_days: float = 30.0  # how long a job is known, unless the server's own retention is shorter
    adds_floats: bool = False  # let reflections add up sums of FLOAT and DOUBLE, whose last digits depend on the order
    spares_dbt: bool = False  # tell dbt of a cancelled job that it failed: for the word CANCELED it waits for ever
    engines: Mapping[str, Elsewhere] = msgspec.field(default_factory=dict)
    queues: Mapping[str, Lane] = msgspec.field(default_factory=_lanes)

    def __post_init__(self) -> None:
        """Have every queue that the rules name, also where only some are set; refuse what lets nothing run or stay."""
        for name in ("result_days", "job_days"):
            if getattr(self, name) <= 0:
                raise ValueError(f"dremio.{name} is {getattr(self, name):g}; it must be more than 0.")
        for name, lane in self.queues.items():
            if lane.slots < 1 or lane.wait_s <= 0:
                raise ValueError(f"dremio.queues.{name} lets nothing run: slots and wait_s must be more than 0.")
            if lane.engine and lane.engine not in self.engines:
                known = ", ".join(self.engines) or "none"
                raise ValueError(
                    f"dremio.queues.{name}.engine is {lane.engine!r}; of dremio.engines there are {known}."
                )
        for name, engine in self.engines.items():
            if not engine.url.startswith(CONNECT):
                raise ValueError(f"dremio.engines.{name}.url is {engine.url!r}; it must be like {CONNECT}host:15002.")
        msgspec.structs.force_setattr(self, "queues", {**_lanes(), **self.queues})
