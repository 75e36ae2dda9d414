"""What is known of runs of Arazzo documents: in the ledger, of those that were recorded, else in a task's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from runyard.arazzo.told.kept_steps import ABOUT, STEPS
from runyard.core.run import Attempt, Run
from runyard.engine.engine import Engine

KIND = "arazzo"  # of a task that runs a document
RECORDED = "arazzo"  # the setting by which a recorded run names its document

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """One run of a document."""

    title: str = ""
    document: str = ""
    workflow: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    drawing: list[Record] = field(default_factory=list)
    executions: list[Record] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)


def is_recorded(run: Run) -> bool:
    """Tell whether a client recorded a document's run as this one."""
    return run.is_told and RECORDED in run.settings


def documents_of(run: Run) -> list[str]:
    """Return the keys of the tasks that run documents."""
    return [task.key for task in run.tasks if task.kind == KIND]


def recorded(run: Run, attempts: Iterable[Attempt]) -> Workflow:
    """Return what a recording client told."""
    settings, verdict = run.settings, run.tasks[-1].key
    found = list(attempts)
    ends = [one.output.get("values", {}) for one in found if one.task_key == verdict]
    return Workflow(
        title=settings.get("title", ""),
        document=settings[RECORDED],
        workflow=settings.get("workflow", run.job_name),
        inputs=settings.get("inputs", {}),
        drawing=settings.get("drawing", []),
        executions=_ordered(step for one in found for step in one.output.get("executions", ())),
        outputs=ends[-1] if ends else {},
    )


def of_task(engine: Engine, run: Run, attempt: Attempt) -> Workflow:
    """Return what a task left in its folder."""
    folder = engine.attempt_folder(attempt.id)
    about = _read(folder / ABOUT)
    spec = next((task.spec for task in run.tasks if task.key == attempt.task_key), {})
    return Workflow(
        title=about.get("title", ""),
        document=spec.get("document", ""),
        workflow=about.get("workflow") or spec.get("workflow_id") or attempt.task_key,
        inputs=about.get("inputs", {}),
        drawing=about.get("drawing", []),
        executions=_ordered(_lines(folder / STEPS)),
        outputs=attempt.output.get("values", {}),
    )


def _ordered(executions: Iterable[Record]) -> list[Record]:
    return sorted(executions, key=lambda one: (one.get("began_at", 0), one.get("execution", 0)))


def _read(file: Path) -> Record:
    try:
        found: Record = msgspec.json.decode(file.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return found


def _lines(file: Path) -> list[Record]:
    """Return the whole lines of a file: the last one may still be written."""
    try:
        lines = file.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    return [msgspec.json.decode(line) for line in lines if line]
