"""What a query is expected to cost, and the queue that follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

LARGE_FROM = 30_000_000  # exec.queue.threshold: a cost above it goes to the queue of the large
ESTIMATE = "Estimated Cardinality"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The estimated rows of all operators together, and the queue of the kind of work."""

    cost: int
    accelerates: bool = False  # the work of reflections has queues of its own

    @property
    def queue(self) -> str:
        """The name of the queue, which is its id too."""
        size = "LARGE" if self.cost > LARGE_FROM else "SMALL"
        return f"REFLECTION_{size}" if self.accelerates else size


def cost_of(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the sum of the rows that the plan's operators are estimated to bring."""
    plan = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()[-1][1]
    return sum(_estimates(json.loads(plan)))


def cost_of_prepared(connection: duckdb.DuckDBPyConnection, name: str, *, counter: str) -> int:
    """Return the cost of the query in a prepared statement that keeps its rows: of what is beneath their counter."""
    plan = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {name}").fetchall()[-1][1]
    return sum(_estimates(_beneath(json.loads(plan), counter)))


def _beneath(nodes: list[Mapping[str, Any]], counter: str) -> list[Mapping[str, Any]]:
    """Return the operators beneath the one that counts rows; where there is none, nothing comes to be counted."""
    for node in nodes:
        if counter in str(node.get("extra_info", {}).get("Expression", "")):
            return list(node.get("children", []))
        if found := _beneath(node.get("children", []), counter):
            return found
    return []


def scanned_by(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """Return the sum of the rows that the plan is estimated to read."""
    plan = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchall()[-1][1]
    return sum(_leaves(json.loads(plan)))


def _leaves(nodes: list[Mapping[str, Any]]) -> Iterator[int]:
    for node in nodes:
        children = node.get("children") or []
        yield from _leaves(children) if children else _estimates([node])


def _estimates(nodes: list[Mapping[str, Any]]) -> Iterator[int]:
    for node in nodes:
        yield int(float(node.get("extra_info", {}).get(ESTIMATE, 0) or 0))
        yield from _estimates(node.get("children", []))
