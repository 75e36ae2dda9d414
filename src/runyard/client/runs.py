"""A run in the core's words, whichever service told of it: the same for Glue, Databricks and Dremio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runyard.client.connection import DATABRICKS, DREMIO, GLUE, RUNYARD
from runyard.core.run import Outcome, State
from runyard.dialects.databricks import states as databricks_states
from runyard.dialects.glue.views import JOB_RUN

Record = Mapping[str, Any]

ENDS = frozenset(Outcome)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as a service told of it; `record` is all it told, in its own words."""

    service: str
    id: str | int
    job: str | int | None  # what starts it again: a name for Glue, an id for Databricks
    phase: str  # a State or, once it has ended, an Outcome
    state: str  # the same in the service's word
    message: str = ""
    started_at: int | None = None  # milliseconds since 1970
    ended_at: int | None = None
    record: Record = field(default_factory=dict, repr=False)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.phase in ENDS

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.phase == Outcome.SUCCEEDED


def read_run(service: str, record: Record) -> Run:
    """Return a run from the record that its service has of it."""
    return _READERS[service](record)


def _of_glue(record: Record) -> Run:
    words = JOB_RUN.read(record)
    return Run(
        service=GLUE,
        id=words.get("id", ""),
        job=words.get("job_name"),
        phase=words.get("phase") or State.RUNNING,  # a word of a newer Glue: it is asked again
        state=record.get("JobRunState", ""),
        message=words.get("message") or words.get("reason") or "",
        started_at=words.get("started_at"),
        ended_at=words.get("ended_at"),
        record=record,
    )


_ENDED_LIFE_CYCLES: Mapping[str, str] = {
    "TERMINATED": Outcome.FAILED,
    "INTERNAL_ERROR": Outcome.FAILED,
    "SKIPPED": Outcome.SKIPPED,
}
"""Ends whose result is a word of a newer Databricks."""


def _of_databricks(record: Record) -> Run:
    state = record.get("state") or {}
    life_cycle, result = state.get("life_cycle_state", ""), state.get("result_state")
    phase = databricks_states.PHASES.get((life_cycle, result)) or _ENDED_LIFE_CYCLES.get(life_cycle, State.RUNNING)
    return Run(
        service=DATABRICKS,
        id=record.get("run_id", 0),
        job=record.get("job_id"),
        phase=phase,
        state=result or life_cycle,
        message=state.get("state_message", ""),
        started_at=record.get("start_time"),
        ended_at=record.get("end_time") or None,  # 0 as long as it runs
        record=record,
    )


DREMIO_PHASES: Mapping[str, str] = {
    "NOT_SUBMITTED": State.BLOCKED,
    "PENDING": State.BLOCKED,
    "QUEUED": State.QUEUED,
    "METADATA_RETRIEVAL": State.STARTING,
    "PLANNING": State.STARTING,
    "EXECUTION_PLANNING": State.STARTING,
    "ENGINE_START": State.STARTING,
    "STARTING": State.STARTING,
    "RUNNING": State.RUNNING,
    "CANCELLATION_REQUESTED": State.STOPPING,
    "COMPLETED": Outcome.SUCCEEDED,
    "CANCELED": Outcome.CANCELLED,
    "FAILED": Outcome.FAILED,
    "INVALID_STATE": Outcome.FAILED,
}
"""jobState to the phase that says the same; "COMPLETED, CANCELED, and FAILED are final"."""


def _of_dremio(record: Record) -> Run:
    state = record.get("jobState", "")
    return Run(
        service=DREMIO,
        id=record.get("id", ""),
        job=None,
        phase=DREMIO_PHASES.get(state, State.RUNNING),
        state=state,
        message=record.get("errorMessage") or record.get("cancellationReason") or "",
        started_at=_moment(record.get("startedAt")),
        ended_at=_moment(record.get("endedAt")),
        record=record,
    )


def _of_runyard(record: Record) -> Run:
    return Run(
        service=RUNYARD,
        id=record.get("id", 0),
        job=record.get("job_name"),
        phase=record.get("phase", State.RUNNING),
        state=record.get("phase", ""),
        message=record.get("message") or record.get("reason") or "",
        started_at=record.get("created_at"),
        ended_at=record.get("ended_at"),
        record=record,
    )


def _moment(text: str | None) -> int | None:
    if not text:
        return None
    read = datetime.fromisoformat(text)
    return round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)


_READERS: Mapping[str, Callable[[Record], Run]] = {
    GLUE: _of_glue,
    DATABRICKS: _of_databricks,
    DREMIO: _of_dremio,
    RUNYARD: _of_runyard,
}
