"""Runs as the console's lists show them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from runyard.core.run import Run
from runyard.dialects.native.views import RUN_LINE
from runyard.engine.engine import Engine


def run_lines(engine: Engine, runs: Collection[Run]) -> list[dict[str, Any]]:
    """Show runs; of one that has a process but waits for its turn, as a query in its queue does, also since when."""
    waits = engine.waits_of(runs)
    return [RUN_LINE.show(run) | ({"waits_since": waits[run.id]} if run.id in waits else {}) for run in runs]
