"""Reflections on the embedded engine: made, kept and asked as a server would have it done, in one process."""

from __future__ import annotations

import copy
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dremio_engine import Ran, Yard

from runyard.runtime.dremio_sql.catalog import Snapshot
from runyard.runtime.dremio_sql.plan_cache import PLANS

SALES = """CREATE TABLE lake.sales AS SELECT * FROM (VALUES
 (1, 'north', CAST('1.50' AS DECIMAL(10,2)), TIMESTAMP '2024-01-01 10:00:00', DATE '2024-01-01', 1.5e0),
 (2, 'north', CAST('2.50' AS DECIMAL(10,2)), TIMESTAMP '2024-01-01 11:00:00', DATE '2024-01-02', 2.5e0),
 (2, 'north', CAST('2.50' AS DECIMAL(10,2)), TIMESTAMP '2024-01-01 11:00:00', DATE '2024-01-02', 2.5e0),
 (3, 'South', NULL, TIMESTAMP '2024-01-02 00:00:00', DATE '2024-01-02', NULL),
 (NULL, NULL, CAST('4.25' AS DECIMAL(10,2)), NULL, NULL, 3e0),
 (5, 'south', CAST('4.25' AS DECIMAL(10,2)), TIMESTAMP '2024-03-02 05:00:00', DATE '2024-02-02', 3e0)
) AS x(i, place, price, ts, d, f)"""
DIMENSIONS = ["place", "ts", {"name": "d", "granularity": "NORMAL"}]
MEASURES = [("price", "SUM", "COUNT", "MIN", "MAX"), ("i", "SUM", "COUNT"), ("f", "SUM", "COUNT", "MAX")]


@dataclass
class Mirrors(Yard):
    """A yard whose datasets may have reflections."""

    reflections: dict[str, dict[str, Any]] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """Return the catalog as a process that has kept plans is told it anew."""
        return PLANS.snapshot_of(copy.deepcopy(self.told))

    def reflect(
        self, path: str, told: Mapping[str, Sequence[Any]] | None = None, *, name: str = "", previous: str = "",
        method: str = "FULL", **more: Sequence[Any],
    ) -> dict[str, Any]:  # fmt: skip
        """Make what a reflection of a dataset holds, and let queries use it; return what was told of it."""
        fields = {**(told or {}), **more}
        wanted = {f"{word}Fields": [_field(each) for each in listed] for word, listed in fields.items()}
        identifier, made = name or f"r{len(self.reflections)}", uuid.uuid4().hex
        order = {
            "reflection": identifier,
            "materialization": made,
            "kind": "RAW" if "display" in fields else "AGGREGATION",
            "path": path.split("."),
            "fields": wanted,
            "folder": str(self.folder / "accelerator" / made),
            "previous": self.reflections[previous]["folder"] if previous else None,
            "method": method,
        }
        sql = f"REFRESH REFLECTION '{identifier}' AS '{made}'"
        execution = self.execution(sql, refresh=order, reflections=self._others(identifier), accelerates=True)
        outcome = execution.run()
        assert outcome.materialization is not None
        known = dict(outcome.materialization)
        self.reflections[identifier] = {
            "reflection": identifier, "dataset": f"dataset of {path}", "materialization": made,
            "path": path.split("."), "folder": order["folder"], "shares": known["shares"],
            "fetched_at": known["fetched_at"], "expires_at": None, "strict": False,
        }  # fmt: skip
        return {**known, "acceleration": list(outcome.acceleration), "plan": outcome.plan}

    def _others(self, identifier: str) -> list[dict[str, Any]]:
        # As a server does: what is made anew is made of what has the data of now.
        return [{**each, "strict": True} for name, each in self.reflections.items() if name != identifier]

    def ask(self, sql: str, **settings: Any) -> Ran:
        """Run a query with what reflections there are, as its process is told of them anew."""
        return self.run(sql, reflections=copy.deepcopy(list(self.reflections.values())), **settings)

    def states(self, sql: str, **settings: Any) -> dict[str, str]:
        """Return what each reflection had to do with a query, whose answer must be that of the tables."""
        ran, again, plain = self.ask(sql, **settings), self.ask(sql, **settings), self.run(sql, **settings)
        assert ran.outcome.columns == plain.outcome.columns
        assert bag(ran) == bag(plain) == bag(again), sql
        assert ran.outcome == again.outcome
        return {each["reflectionId"]: each["relationship"] for each in ran.outcome.acceleration}

    def stale(self, name: str, **facts: Any) -> None:
        """Change what is told of a reflection."""
        self.reflections[name] |= facts


def bag(ran: Ran) -> Counter[tuple[Any, ...]]:
    """Return rows without their order."""
    return Counter(tuple(map(repr, row.values())) for row in ran.rows)


def _field(told: Any) -> Mapping[str, Any]:
    if isinstance(told, str):
        return {"name": told}
    if isinstance(told, Mapping):
        return told
    name, *measures = told
    return {"name": name, "measureTypeList": list(measures)}
