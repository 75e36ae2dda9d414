"""How long jobs and their rows are kept, and tables that no job has brought to its end."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import NotFound, WrongState
from runyard.core.ids import first_of
from runyard.core.job import Workspace
from runyard.core.run import Run, State
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.changes import GONE
from runyard.dialects.dremio.places import TABLES, home_of
from runyard.dialects.dremio.views import LANGUAGE
from runyard.engine.documents import Shelves
from runyard.engine.engine import Engine
from runyard.engine.settings import DAY_MS
from runyard.store.ledger import Page, Value

SWEEPS, NAME = "dremio_sweep", "results"
SWEEP_MS = 3_600_000  # from one sweep to the next
AT_ONCE = 500  # jobs of one sweep; the rest waits for the next
ROWS = ("result.parquet", "result.schema.json")
LEFT_MS = 7 * DAY_MS  # how long a table may lie there that the catalog does not know: a job may yet bring it in


def last_sweep(shelves: Shelves) -> Document | None:
    """Return when a workspace was swept for the last time, and how far."""
    return shelves.named(SWEEPS, NAME)


def sweep(engine: Engine, workspace: Workspace, last: Document | None) -> None:
    """Remove the rows of jobs that have ended long enough ago, now and then, each job once."""
    if last is not None and engine.now() < last.updated_at + SWEEP_MS:
        return
    after = last.content["after"] if last is not None else 0
    for run in _old(engine, workspace, after):
        if run.state is not State.ENDED:
            break  # it is looked at again when it has
        for attempt in engine.attempts(run):
            for name in ROWS:
                (engine.attempt_folder(attempt.id) / name).unlink(missing_ok=True)
        after = run.id
    _remove_left_over(engine, workspace)
    _forget_old(engine, workspace)
    engine.documents.change(workspace, lambda shelves: _note(shelves, {"after": after}))


def _forget_old(engine: Engine, workspace: Workspace) -> None:
    """Forget jobs that are older than Dremio knows them, some at a time."""
    before = first_of(engine.now() - int(engine.settings.dremio.job_days * DAY_MS))
    where: dict[str, Value] = {"language": LANGUAGE, "before": before}
    old = engine.runs(workspace, Page(limit=AT_ONCE, where=where, newest_first=False))
    for run in old:
        if run.state is State.ENDED:
            with suppress(NotFound, WrongState):  # somebody else was quicker
                engine.delete_run(workspace, run.id)


def _remove_left_over(engine: Engine, workspace: Workspace) -> None:
    """Remove tables of jobs that were killed, or whose name somebody else had taken when they were done."""
    folder = home_of(engine, workspace) / TABLES
    known = engine.documents.read(workspace, lambda shelves: [*catalog.every(shelves), *shelves.every(GONE)])
    # By their own names, which are given once: a home may have been moved.
    wanted = {Path(one.content.get("folder", one.name)).name for one in known}
    for table in folder.iterdir() if folder.is_dir() else ():
        if table.name not in wanted and table.stat().st_mtime * 1000 < engine.now() - LEFT_MS:
            shutil.rmtree(table, ignore_errors=True)


def _old(engine: Engine, workspace: Workspace, after: int) -> list[Run]:
    before = first_of(engine.now() - int(engine.settings.dremio.result_days * DAY_MS))
    where: dict[str, Value] = {"language": LANGUAGE, "after": after, "before": before}
    return engine.runs(workspace, Page(limit=AT_ONCE, where=where, newest_first=False))


def _note(shelves: Shelves, content: dict[str, Any]) -> Document:
    last = shelves.named(SWEEPS, NAME)
    return shelves.save(last, content) if last is not None else shelves.add(SWEEPS, "sweep", NAME, content=content)
