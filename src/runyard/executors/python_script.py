"""Runs a Python script in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from runyard.executors import spark_engine, spark_extra
from runyard.executors.imports import uses_more_than_the_standard_library
from runyard.executors.launcher.order import Order
from runyard.executors.laying import lay
from runyard.executors.process import existing, process_order
from runyard.executors.work import Place, Work

CLEANLY = {"PYTHONDONTWRITEBYTECODE": "1"}
"""What keeps a process from leaving compiled modules among its users' own files, where they may also go stale."""


def order(work: Work, place: Place) -> Order:
    """Return the order for a script.

    The spec holds `script` (URI or path) or `source` (its text, with `name`), `arguments` (argv), and optionally
    `in_place` (it runs in the folder where it lies, and imports what lies there) and what process.py reads.
    """
    script = script_of(work, place)
    text = script.read_bytes()
    planned = process_order(
        work,
        place,
        script=script,
        preloaded=uses_more_than_the_standard_library(text),
        argv=work.spec.get("arguments", ()),
    )
    if work.spec.get("in_place"):
        folder = str(script.parent)
        planned = replace(
            planned,
            cwd=folder,
            python_path=[folder, *planned.python_path],
            environment={**CLEANLY, **planned.environment},
        )
    engine = spark_engine.engine_of(work.spec, place)
    return spark_engine.equipped(planned, engine, work.spec, place, wanted=spark_extra.is_wanted(text))


def script_of(work: Work, place: Place) -> Path:
    """Return the file of the script that a spec names or holds."""
    if "source" not in work.spec:
        return existing(place.mounts, work.spec["script"], "script")
    file = place.attempt_folder(work.attempt.id) / "submitted" / Path(work.spec.get("name", "script.py")).name
    return lay(file, work.spec["source"].encode())
