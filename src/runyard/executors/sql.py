"""Runs SQL statements in DuckDB, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from runyard.executors.databases import database_of
from runyard.executors.launcher.order import Order
from runyard.executors.laying import lay
from runyard.executors.process import RUNTIME, existing, process_order
from runyard.executors.work import Place, Work


def order(work: Work, place: Place) -> Order:
    """Return the order for the statements of a text.

    The spec holds `file` (URI) or `query` (its text, with `name`), and optionally `parameters`, `database` (see
    databases.py) and what process.py reads.
    """
    spec = work.spec
    return process_order(
        work,
        place,
        script=RUNTIME / "sql_task.py",
        preloaded=True,
        argv=[str(_text(work, place)), str(database_of(work, place))],
        parameters={**spec.get("context", {}).get("parameters", {}), **(spec.get("parameters") or {})},
    )


def _text(work: Work, place: Place) -> Path:
    """Return a copy of the text: what ran is what is kept."""
    spec = work.spec
    if "query" in spec:
        name, text = spec.get("name") or "query", spec["query"].encode()
    else:
        source = existing(place.mounts, spec["file"], "SQL file")
        name, text = source.name, source.read_bytes()
    file = place.attempt_folder(work.attempt.id) / "submitted" / f"{Path(name).stem or 'query'}.sql"
    return lay(file, text)
