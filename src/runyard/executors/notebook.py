"""Runs a notebook, cell by cell, in a process of its own."""

from __future__ import annotations

from pathlib import Path

from runyard.core.errors import Missing
from runyard.executors import spark_engine, spark_extra
from runyard.executors.databases import database_of
from runyard.executors.imports import uses_more_than_the_standard_library
from runyard.executors.launcher.order import Order
from runyard.executors.mounts import Mounts
from runyard.executors.process import RUNTIME, process_order
from runyard.executors.work import Place, Work

ENDINGS = ("", ".py", ".sql", ".ipynb", ".scala", ".r", ".R")
"""What a notebook's file may end with; its path is told without."""


def order(work: Work, place: Place) -> Order:
    """Return the order for a notebook.

    The spec holds `path` (URI or path, without an ending), and optionally `parameters`, `database` (see
    databases.py) and what process.py reads.
    """
    path = str(work.spec["path"])
    file = _file(place.mounts, path)
    parameters = {**work.spec.get("context", {}).get("parameters", {}), **work.spec.get("parameters", {})}
    planned = process_order(
        work,
        place,
        script=RUNTIME / "notebook_task.py",
        preloaded=_wants_packages(file),
        parameters=parameters,
        notebook={"file": str(file), "path": path, "endings": ENDINGS, "database": str(database_of(work, place))},
    )
    wanted = spark_extra.is_wanted(file.read_bytes())
    return spark_engine.equipped(planned, spark_engine.engine_of(work.spec, place), work.spec, place, wanted=wanted)


def _file(mounts: Mounts, path: str) -> Path:
    for ending in ENDINGS:
        file = mounts.resolve(path + ending)  # each by itself: one of them may be a link that leads out
        if file.is_file():
            return file
    raise Missing(
        f"Unable to access the notebook {path!r}: there is no file {mounts.resolve(path)}, with or without one "
        f"of the endings {', '.join(ENDINGS[1:])}. Import it into the workspace and start the run again."
    )


def _wants_packages(file: Path) -> bool:
    """Tell whether its cells are likely to import packages."""
    source = file.read_bytes()
    if source.lstrip().startswith(b"{"):  # Jupyter's cells are texts in JSON: each line in quotes
        source = source.replace(b'"', b"\n").replace(b"\\n", b"\n")
    return uses_more_than_the_standard_library(source)
