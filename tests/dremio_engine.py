"""Dremio's SQL on the embedded engine, with a catalog in a temporary folder that keeps what statements change."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from runyard.runtime.dremio_sql.catalog import Snapshot
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Execution, Listener, Order, Outcome
from runyard.runtime.dremio_sql.plan_cache import Usable
from runyard.runtime.dremio_sql.plans import Plan
from runyard.runtime.dremio_sql.results import page_text
from runyard.runtime.dremio_sql.translation.translate import Session

KINDS = {"view": "views", "table": "tables", "function": "functions"}
NOW_MS = 1_764_412_200_123  # 2025-11-29T10:30:00.123Z


@dataclass
class Ran:
    """A statement that ended well, with its steps and its rows."""

    outcome: Outcome
    steps: list[str]
    plans: list[Plan]
    page: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self.page["rows"])


@dataclass
class Yard:
    """A catalog and where its files lie."""

    folder: Path
    told: dict[str, Any] = field(
        default_factory=lambda: {"spaces": ["lake"], "folders": [], "views": [], "tables": [], "sources": []}
    )
    count: int = 0
    threads: int = 1

    def execution(self, sql: str, listener: Listener | None = None, **settings: Any) -> Execution:
        """Return a statement that has not begun."""
        self.count += 1
        usable = Usable(reflections=settings.pop("reflections", ()), floats=settings.pop("floats", False))
        order = Order(
            sql=sql,
            snapshot=self.snapshot(),
            session=Session(user="ada", now_ms=NOW_MS, context=tuple(settings.pop("context", ()))),
            results=self.folder / f"job-{self.count}",
            tables=self.folder / "tables",
            threads=self.threads,
            usable=usable,
            **settings,
        )
        return Execution(order=order, listener=listener or Listener())

    def snapshot(self) -> Snapshot:
        """Return the catalog as a statement is told it."""
        return Snapshot.of(self.told)

    def run(self, sql: str, **settings: Any) -> Ran:
        """Carry a statement out and keep what it changes."""
        steps: list[str] = []
        plans: list[Plan] = []

        def wait(plan: Plan) -> None:
            plans.append(plan)

        listener = Listener(step=lambda name, _: steps.append(name), wait=wait)
        execution = self.execution(sql, listener, **settings)
        outcome = execution.run()
        for change in outcome.changes:
            self._keep(dict(change))
        text = page_text(execution.order.results, offset=0, limit=500)
        return Ran(outcome, steps, plans, json.loads(text, parse_float=Decimal))

    def rows(self, sql: str, **settings: Any) -> list[list[Any]]:
        """Return the values of a statement's rows."""
        return [list(row.values()) for row in self.run(sql, **settings).rows]

    def error(self, sql: str, **settings: Any) -> DremioError:
        """Return the error of a statement that must fail."""
        try:
            self.run(sql, **settings)
        except DremioError as error:
            return error
        raise AssertionError(f"did not fail: {sql}")

    def _keep(self, change: dict[str, Any]) -> None:
        kind = (
            KINDS.get(change["change"].partition("_")[2]) if change["change"].startswith(("create", "drop")) else None
        )
        if kind:
            self.told[kind] = [each for each in self.told.get(kind, ()) if each["path"] != change["path"]]
            if change["change"].startswith("create"):
                self.told[kind].append(change)
