"""Pages of a job's result: of the Parquet file that its process left, only what a page needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
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
    folder = _folder(call, job)
    with _reader().cursor() as cursor:
        text = page_text(folder, offset=offset, limit=limit, numbers_as_text=as_text, connection=cursor)
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

    folder = call.engine.attempt_folder(job.attempt_id)
    if not (folder / SCHEMA).exists():
        raise wrong(f"The result of job {call.text('id')} is no longer kept; run its SQL text again.")
    return folder


class Reader:
    """The one database of the server that reads results; it holds no data."""

    def __init__(self) -> None:
        from runyard.runtime.dremio_sql.results import page_connection  # noqa: PLC0415 - as above

        self._connection = page_connection()
        self._asking = Lock()

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a connection of one's own; a connection that is asked for two at once refuses one."""
        with self._asking:
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            with self._asking:
                cursor.close()


_reader = lru_cache(1)(Reader)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getResults",
        method="GET",
        path="job/{id}/results",
        handle=get_results,
        summary="Give a page of a job's result",
        takes={"offset": "int", "limit": "int", "wait_s": "int"},
        gives={"rowCount": "int!", "schema": "array!", "rows": "array!"},
    ),
)
