"""What the process of a job has told: with its end in the ledger, before that in the folder of its attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from runyard.core.run import Attempt, Run, State
from runyard.dialects.dremio.views import Job, Told
from runyard.engine.engine import Engine

OUTPUT = "output.json"
READ: Mapping[str, str] = {
    "steps": "steps",
    "queue": "queue",
    "queue_id": "queue_id",
    "engine": "engine",
    "cost": "cost",
    "queued_at": "scheduling_started_at",
    "granted_at": "scheduling_ended_at",
    "row_count": "row_count",
    "datasets": "datasets",
    "acceleration": "acceleration",
}
"""A member of the output to the word that we have for it."""


def jobs_of(engine: Engine, runs: Iterable[Run]) -> list[Job]:
    """Return jobs with what was told of each, in one query."""
    runs = list(runs)
    attempts = engine.attempts_of(runs) if runs else {}
    spares_dbt = engine.settings.dremio.spares_dbt
    newest = ((run, attempts[run.id][-1] if attempts[run.id] else None) for run in runs)
    return [
        Job(run=run, told=_told(engine, one), attempt_id=one.id if one else 0, spares_dbt=spares_dbt)
        for run, one in newest
    ]


def job_of(engine: Engine, run: Run) -> Job:
    """Return a job with what was told of it."""
    return jobs_of(engine, [run])[0]


def _told(engine: Engine, newest: Attempt | None) -> Told:
    if newest is None:
        return Told()
    output = newest.output if newest.state is State.ENDED else _in_folder(engine, newest)
    return Told(**{word: output[name] for name, word in READ.items() if output.get(name) is not None})


def _in_folder(engine: Engine, attempt: Attempt) -> Mapping[str, Any]:
    """Return what is told of an attempt that goes on; each change replaces the file, so it is always whole.

    Only a machine that went down may leave an empty one, which tells nothing.
    """
    try:
        output: dict[str, Any] = msgspec.json.decode((engine.attempt_folder(attempt.id) / OUTPUT).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
    return output
