"""How long jobs and their rows are kept, and tables that no job has brought to its end."""

from __future__ import annotations

import shutil
from contextlib import suppress
from itertools import takewhile
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
SWEEP_MS = 3_600_000  # from one sweep to the next, unless it has left something over
AT_ONCE = 50  # jobs of one sweep, which a job that begins pays for; the next job does the rest
ROWS = ("result.parquet", "result.schema.json")
LEFT_MS = 7 * DAY_MS  # how long a table may lie there that the catalog does not know: a job may yet bring it in


def last_sweep(shelves: Shelves) -> Document | None:
    """Return when a workspace was swept for the last time, and how far."""
    return shelves.named(SWEEPS, NAME)


def sweep(engine: Engine, workspace: Workspace, last: Document | None) -> None:
    """Remove the rows of jobs that have ended long enough ago, now and then, each job once."""
    seen = last.content if last is not None else {"after": 0}
    if last is not None and not seen.get("is_behind") and engine.now() < last.updated_at + SWEEP_MS:
        return
    swept = _remove_rows(engine, workspace, seen["after"])
    _remove_left_over(engine, workspace)
    forgotten = _forget_old(engine, workspace)
    after = swept[-1].id if swept else seen["after"]
    content = {"after": after, "is_behind": AT_ONCE in (len(swept), forgotten)}
    engine.documents.change(workspace, lambda shelves: _note(shelves, content))


def _remove_rows(engine: Engine, workspace: Workspace, after: int) -> list[Run]:
    """Remove the rows of old jobs behind one, some at a time; one that goes on is looked at again when it has ended."""
    old = [*takewhile(lambda run: run.state is State.ENDED, _old(engine, workspace, after))]
    for attempt in (each for run in old for each in engine.attempts(run)):
        for name in ROWS:
            (engine.attempt_folder(attempt.id) / name).unlink(missing_ok=True)
    return old


def _forget_old(engine: Engine, workspace: Workspace) -> int:
    """Forget jobs that are older than Dremio knows them, some at a time, and return how many."""
    before = first_of(engine.now() - int(engine.settings.dremio.job_days * DAY_MS))
    where: dict[str, Value] = {"language": LANGUAGE, "before": before}
    old = engine.runs(workspace, Page(limit=AT_ONCE, where=where, newest_first=False))
    ended = [run for run in old if run.state is State.ENDED]
    for run in ended:
        with suppress(NotFound, WrongState):  # somebody else was quicker
            engine.delete_run(workspace, run.id)
    return len(ended)


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
