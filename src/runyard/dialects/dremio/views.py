"""A job as Dremio's clients read it: a run, and what its process has told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from runyard.core.run import Outcome, Run
from runyard.dialects.dremio.states import job_state
from runyard.dialects.view import View, shown

LANGUAGE = "dremio"
REST = "REST"
CANCELLED = "Query was cancelled"
"""What is said where nobody has given a reason."""
ABANDONED = (
    "Query failed due to kvstore or network errors. "
    "Details and profile information for this job may be partial or missing."
)
"""What is said of a job whose process was lost with its launcher."""
BY_DBT = '"app": "dbt"'
"""What dbt writes into each of its statements. It waits for ever for a job that was CANCELED."""
RELATION = ("datasetId", "reflectionId", "relationship")
"""What clients are told of a reflection; what it saved is the console's."""
WITH_ROWS = frozenset({"RUNNING", "COMPLETED"})


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a job's own process has told so far."""

    steps: Sequence[tuple[str, int]] = ()  # word and moment, the newest last
    queue: str = ""
    queue_id: str = ""  # if it is not the name
    engine: str = ""  # that carries it out, if it is not this machine
    cost: float | None = None
    scheduling_started_at: int | None = None
    scheduling_ended_at: int | None = None
    row_count: int = 0
    datasets: Sequence[Sequence[str]] = ()  # paths of what was read
    acceleration: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run with what was told of it."""

    run: Run
    told: Told
    attempt_id: int = 0  # of the newest
    spares_dbt: bool = False  # tell dbt of a cancelled job that it failed
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Return the jobState."""
        told = self.true_state
        return "FAILED" if self.spares_dbt and told == "CANCELED" and BY_DBT in self.run.settings["sql"] else told

    @property
    def true_state(self) -> str:
        """Return the jobState as it is."""
        step = self.told.steps[-1][0] if self.told.steps else None
        return job_state(self.run.phase, step)


def moment(at: int | None) -> str | None:
    """Spell a moment: ISO 8601 in UTC, to the millisecond."""
    if at is None:
        return None
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def error_of(job: Job) -> str:
    """Return why a job failed; of any other, nothing."""
    if job.state != "FAILED":
        return ""
    if job.true_state == "CANCELED":
        return job.run.message or CANCELLED
    return ABANDONED if job.run.outcome is Outcome.CRASHED else job.run.message or ""


def reason_of(job: Job) -> str:
    """Return why a job was cancelled; of any other, nothing."""
    return (job.run.message or CANCELLED) if job.state == "CANCELED" else ""


def query_type(run: Run) -> str:
    """Return who asked, in the words of jobs."""
    return str(run.settings.get("queryType") or REST)


def row_count(job: Job) -> int:
    """Return how many rows there are so far; of what came to no good end, none."""
    return job.told.row_count if job.state in WITH_ROWS else 0


def _acceleration(job: Job) -> dict[str, Any] | None:
    relations = [{name: one[name] for name in RELATION if name in one} for one in job.told.acceleration]
    return {"reflectionRelationships": relations} if relations and job.state == "COMPLETED" else None


JOB = View(
    [
        shown("jobState", lambda job: job.state),
        shown("rowCount", row_count),
        shown("errorMessage", error_of),
        shown("startedAt", lambda job: moment(job.run.created_at)),
        shown("endedAt", lambda job: moment(job.run.ended_at)),
        shown("acceleration", _acceleration),
        shown("queryType", lambda job: query_type(job.run)),
        shown("queueName", lambda job: job.told.queue or None),
        shown("queueId", lambda job: job.told.queue_id or job.told.queue or None),
        shown("resourceSchedulingStartedAt", lambda job: moment(job.told.scheduling_started_at)),
        shown("resourceSchedulingEndedAt", lambda job: moment(job.told.scheduling_ended_at)),
        shown("cancellationReason", reason_of),
    ],
    not_shown={},
)
"""The documented job object; what is None is left out, texts are empty instead."""
