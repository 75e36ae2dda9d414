"""Pages of a job's result: of the Parquet file that its process left, only what a page needs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.sql_jobs import asked_job
from runyard.dialects.dremio.views import Job
from runyard.dialects.exchange import Reply

LIMIT, MOST = 100, 500
TOO_MANY = "limit can not exceed 500 rows"
NOT_COMPLETED = "Can not fetch details for a job that is in [{state}] state."
FORMAT = "x-dremio-job-data-number-format"
AS_STRING = "number-as-string"


def get_results(call: Call) -> Reply:
    """Give a page of a job's result, written as its process's own runtime knows its types."""
    from runyard.runtime.dremio_sql.results import page_text  # noqa: PLC0415 - 200 ms, of servers that give results

    job = asked_job(call)
    if job.state != "COMPLETED":
        raise wrong(NOT_COMPLETED.format(state=job.state))
    offset, limit = _span(call)
    as_text = call.request.headers.get(FORMAT, "").lower() == AS_STRING
    cursor = _reader().cursor()
    try:
        text = page_text(_folder(call, job), offset=offset, limit=limit, numbers_as_text=as_text, connection=cursor)
    finally:
        cursor.close()
    return Reply(headers={"content-type": "application/json"}, body=text.encode())


def _span(call: Call) -> tuple[int, int]:
    offset, limit = call.members.get("offset", 0), call.members.get("limit", LIMIT)
    if limit > MOST:
        raise wrong(TOO_MANY)
    for name, value in (("offset", offset), ("limit", limit)):
        if value < 0:
            raise wrong(f"Invalid value for {name}: {value} is less than zero.")
    return offset, limit


def _folder(call: Call, job: Job) -> Path:
    """Return where the rows are; refuse if they are no longer kept."""
    from runyard.runtime.dremio_sql.results import SCHEMA  # noqa: PLC0415 - as above

    folder = call.engine.attempt_folder(call.engine.attempts(job.run)[-1].id)
    if not (folder / SCHEMA).exists():
        raise wrong(f"The result of job {call.text('id')} is no longer kept; run its SQL text again.")
    return folder


@lru_cache(1)
def _reader() -> Any:
    """Return the one connection of the server that reads results; it holds no data."""
    from runyard.runtime.dremio_sql.database import new_connection  # noqa: PLC0415 - as above

    return new_connection(threads=1)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getResults",
        method="GET",
        path="job/{id}/results",
        handle=get_results,
        summary="Give a page of a job's result",
        takes={"offset": "int", "limit": "int"},
        gives={"rowCount": "int!", "schema": "array!", "rows": "array!"},
    ),
)
