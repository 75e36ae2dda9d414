"""Where the DuckDB databases of tasks lie."""

from __future__ import annotations

from pathlib import Path

from runyard.executors.work import Place, Work


def database_of(work: Work, place: Place) -> Path:
    """Return the file that a task's `database` names: a URI, a plain name in the home, or its workspace's own."""
    named = work.spec.get("database") or f"workspace_{work.run.workspace_id}"
    if "/" in named:
        return place.mounts.resolve(named)
    return place.databases / f"{named.removesuffix('.duckdb')}.duckdb"
