"""The same tables twice: over the ledger, and as plain SQLite holds what the dialects' own operations answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import apsw
import msgspec
from databricks_yard import Yard

from runyard.dialects.glue.calls import Call
from runyard.dialects.glue.operations import OPERATIONS
from runyard.dialects.native.views import ATTEMPT, RUN
from runyard.sql.callables import functions
from runyard.sql.local.reading import guard
from runyard.sql.local.registry import TABLES
from runyard.sql.local.tables import AFFINITIES
from runyard.store.ledger import Page

Record = Mapping[str, Any]
PLAIN: Mapping[str, str] = {
    "databricks_workspace.jobs.job_runs": "databricks_job_runs",
    "databricks_workspace.jobs.jobs": "databricks_jobs",
    "aws.glue.job_runs": "glue_job_runs",
    "runyard.ledger.runs": "ledger_runs",
    "runyard.ledger.attempts": "ledger_attempts",
}
"""What our tables are called where they are plain."""
MOMENTS = {"StartedOn", "LastModifiedOn", "CompletedOn"}


def plain_tables(yard: Yard) -> apsw.Connection:
    """Return a database with everything that the operations answer."""
    database = apsw.Connection(":memory:")
    guard(database)
    functions.register(database)
    for path, records in _answers(yard).items():
        columns = [one for one in TABLES[path].columns if not one.is_hidden]
        declared = ", ".join(f'"{one.name}" {AFFINITIES[one.type]}' for one in columns)
        database.execute(f"CREATE TABLE {PLAIN[path]} ({declared})")
        places = ", ".join("?" for _ in columns)
        rows = [[_cell(record.get(one.name)) for one in columns] for record in records]
        database.executemany(f"INSERT INTO {PLAIN[path]} VALUES ({places})", rows)
    return database


def in_plain(text: str) -> str:
    """Return a query of ours as one of the plain tables."""
    for path, name in PLAIN.items():
        text = text.replace(path, name)
    return text


def _answers(yard: Yard) -> dict[str, list[Record]]:
    runs = yard.engine.runs(yard.workspace, Page(limit=1000, where={}))
    jobs = [job.id for job in yard.engine.jobs(yard.workspace, Page(limit=1000, where={}))]
    here = {"deployment_name": "local"}
    attempts = [attempt for run in runs for attempt in yard.engine.attempts(run)]
    return {
        "databricks_workspace.jobs.job_runs": [
            {**yard("getJobRun", run_id=run.id, include_history=True), **here} for run in runs
        ],
        "databricks_workspace.jobs.jobs": [{**yard("getJob", job_id=job_id), **here} for job_id in jobs],
        "aws.glue.job_runs": [
            {**_in_ms(one), "region": "us-east-1"}
            for name in {run.job_name for run in runs}
            for one in _glue(yard, "GetJobRuns", JobName=name)["JobRuns"]
        ],
        "runyard.ledger.runs": [RUN.show(run) for run in runs],
        "runyard.ledger.attempts": [ATTEMPT.show(attempt) for attempt in attempts],
    }


def _glue(yard: Yard, operation: str, **members: Any) -> dict[str, Any]:
    return OPERATIONS[operation].handle(Call(engine=yard.engine, workspace=yard.workspace, members=members))


def _in_ms(told: Record) -> Record:
    return {
        name: round(value * 1000) if name in MOMENTS and value is not None else value for name, value in told.items()
    }


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list | tuple) or hasattr(value, "items"):
        return json.dumps(msgspec.json.decode(msgspec.json.encode(value)), separators=(",", ":"), ensure_ascii=False)
    return value if value is None or isinstance(value, str | int | float) else str(value)
