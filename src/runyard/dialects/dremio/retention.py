"""How long the rows of jobs are kept; the jobs themselves are kept as all runs are."""

from __future__ import annotations

from typing import Any

from runyard.core.document import Document
from runyard.core.ids import first_of
from runyard.core.job import Workspace
from runyard.core.run import Run, State
from runyard.dialects.dremio.views import LANGUAGE
from runyard.engine.documents import Shelves
from runyard.engine.engine import Engine
from runyard.engine.settings import DAY_MS
from runyard.store.ledger import Page, Value

SWEEPS, NAME = "dremio_sweep", "results"
SWEEP_MS = 3_600_000  # from one sweep to the next
AT_ONCE = 500  # jobs of one sweep; the rest waits for the next
ROWS = ("result.parquet", "result.schema.json")


def sweep(engine: Engine, workspace: Workspace) -> None:
    """Remove the rows of jobs that have ended long enough ago, now and then, each job once."""
    last = engine.documents.read(workspace, lambda shelves: shelves.named(SWEEPS, NAME))
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
    engine.documents.change(workspace, lambda shelves: _note(shelves, {"after": after}))


def _old(engine: Engine, workspace: Workspace, after: int) -> list[Run]:
    before = first_of(engine.now() - int(engine.settings.dremio.result_days * DAY_MS))
    where: dict[str, Value] = {"language": LANGUAGE, "after": after, "before": before}
    return engine.runs(workspace, Page(limit=AT_ONCE, where=where, newest_first=False))


def _note(shelves: Shelves, content: dict[str, Any]) -> Document:
    last = shelves.named(SWEEPS, NAME)
    return shelves.save(last, content) if last is not None else shelves.add(SWEEPS, "sweep", NAME, content=content)
