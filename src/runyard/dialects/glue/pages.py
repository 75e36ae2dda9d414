"""Glue's lists: a page of jobs or of job runs, and the token of the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from runyard.core.job import Job, Workspace
from runyard.core.run import Run
from runyard.dialects.glue.views import LANGUAGE, JobRun, is_retried, newest, tries
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.engine import Engine
from runyard.store.ledger import Page, Value

MOST_RUNS = 200  # on a page, even for older clients that ask for up to 1000
MOST_JOBS = 1000
JOBS_SCOPE = "jobs"


def job_runs(
    engine: Engine, workspace: Workspace, *, of: Mapping[str, Value], members: Mapping[str, Any]
) -> tuple[list[JobRun], str | None]:
    """Return a page of runs that fit, each with its earlier tries, the newest first, and the next page's token."""
    limit = min(members.get("MaxResults", MOST_RUNS), MOST_RUNS)
    scope, token = f"runs of {of}", members.get("NextToken")
    run_id, number = read_token(scope, token, size=2) if token else (None, 0)
    where = of if run_id is None else {**of, "before": run_id + 1}
    runs = engine.runs(workspace, Page(limit=limit + 1, where=where))
    found = [one for run in runs for one in all_tries(engine, run) if run.id != run_id or one.number <= number]
    after = found[limit] if len(found) > limit else None
    return found[:limit], write_token(scope, (after.run.id, after.number)) if after else None


def all_tries(engine: Engine, run: Run) -> list[JobRun]:
    """Return what Glue lists for a run: one job run a try, the newest first."""
    return tries(run, engine.attempts(run)) if is_retried(run) else [newest(run)]


def jobs(engine: Engine, workspace: Workspace, *, members: Mapping[str, Any]) -> tuple[list[Job], str | None]:
    """Return a page of the jobs that carry the tags asked for, the oldest first, and the next page's token."""
    limit, token = members.get("MaxResults", MOST_JOBS), members.get("NextToken")
    after = read_token(JOBS_SCOPE, token, size=1)[0] if token else 0
    tags = members.get("Tags", {}).items()
    fitting = (job for job in _jobs_after(engine, workspace, job_id=after) if tags <= job.tags.items())
    found = list(islice(fitting, limit + 1))
    more = len(found) > limit
    return found[:limit], write_token(JOBS_SCOPE, (found[limit - 1].id,)) if more else None


def _jobs_after(engine: Engine, workspace: Workspace, *, job_id: int) -> Iterator[Job]:
    """Yield the jobs of this language behind an id, reading only as far as somebody asks."""
    while page := engine.jobs(
        workspace, Page(limit=MOST_JOBS + 1, where={"language": LANGUAGE, "after": job_id}, newest_first=False)
    ):
        yield from page
        job_id = page[-1].id
