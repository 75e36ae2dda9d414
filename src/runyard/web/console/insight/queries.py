"""A query in Dremio's language, and what its own process has told of its way."""

from __future__ import annotations

from typing import Any

from runyard.core.run import Run
from runyard.dialects import dremio_ids
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.dremio.views import Job, query_type, row_count
from runyard.dialects.native.calls import Call
from runyard.dialects.native.views import RUN_LINE

Answer = dict[str, Any]

LONGEST_TEXT = 2_000  # characters of a query in a list
CHOSEN = "CHOSEN"


def query_line(job: Job) -> Answer:
    """Show a query in a line of a list."""
    text = str(job.run.settings.get("sql", ""))
    return {
        **RUN_LINE.show(job.run),
        "dremio_id": dremio_ids.job_id(job.run.id),
        "sql": text[:LONGEST_TEXT],
        "jobState": job.state,
        "query_type": query_type(job.run),
        "user": job.run.settings.get("user"),
        "queue": job.told.queue,
        "cost": job.told.cost,
        "rows": row_count(job),
        "queued_at": job.told.scheduling_started_at,
        "granted_at": job.told.scheduling_ended_at,
        "is_accelerated": any(one.get("relationship") == CHOSEN for one in job.told.acceleration),
    }


def query_of(call: Call, run: Run) -> Answer | None:
    """Show what a query's own process has told of its way; None of what is no query."""
    if run.language != DREMIO:
        return None
    job = job_of(call.engine, run)
    return {
        **{name: value for name, value in query_line(job).items() if name not in RUN_LINE.plain},
        "steps": [{"word": word, "at": at} for word, at in job.told.steps],
        "datasets": [".".join(path) for path in job.told.datasets],
        "acceleration": list(job.told.acceleration),
    }
