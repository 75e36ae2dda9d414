"""Pages of a job's result: of the Parquet file that its process left, only what a page needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from runyard.core.run import Outcome
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.errors import wrong
from runyard.dialects.dremio.sql_jobs import waited_run
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import Job
from runyard.dialects.exchange import Reply

LIMIT, MOST = 100, 500
TOO_MANY = "limit can not exceed 500 rows"
NOT_COMPLETED = "Can not fetch details for a job that is in [{state}] state."
FORMAT = "x-dremio-job-data-number-format"
AS_STRING = "number-as-string"


def get_results(call: Call) -> Reply:
    """Give a page of a job's result; who waits for the job has it read while the job's end is recorded."""
    early: list[bytes] = []

    def read(attempt_id: int) -> None:
        with suppress(Exception):  # what is wrong with it is said where it is asked for
            early.append(_page(call, attempt_id))

    run = waited_run(call, at_end=read)
    is_read = bool(early) and run.outcome is Outcome.SUCCEEDED  # of its one attempt
    body = early[0] if is_read else _page_of(call, job_of(call.engine, run))
    return Reply(headers={"content-type": "application/json"}, body=body)


def _page_of(call: Call, job: Job) -> bytes:
    if job.state != "COMPLETED":
        raise wrong(NOT_COMPLETED.format(state=job.state))
    return _page(call, job.attempt_id)


def _page(call: Call, attempt_id: int) -> bytes:
    """Return the page that is asked for, written as the process's own runtime knows its types."""
    from runyard.runtime.dremio_sql.results import page_text  # noqa: PLC0415 - 200 ms, of servers that give results

    offset, limit = _span(call)
    as_text = call.request.headers.get(FORMAT, "").lower() == AS_STRING
    folder = _folder(call, attempt_id)
    with _reader().cursor() as cursor:
        text = page_text(folder, offset=offset, limit=limit, numbers_as_text=as_text, connection=cursor)
    return text.encode()


def _span(call: Call) -> tuple[int, int]:
    offset, limit = call.members.get("offset", 0), call.members.get("limit", LIMIT)
    if limit > MOST:
        raise wrong(TOO_MANY)
    for name, value in (("offset", offset), ("limit", limit)):
        if value < 0:
            raise wrong(f"Invalid value for {name}: {value} is less than zero.")
    return offset, limit


def _folder(call: Call, attempt_id: int) -> Path:
    """Return where the rows are; refuse if they are no longer kept."""
    from runyard.runtime.dremio_sql.results import SCHEMA  # noqa: PLC0415 - as above

    folder = call.engine.attempt_folder(attempt_id)
    if not (folder / SCHEMA).exists():
        raise wrong(f"The result of job {call.text('id')} is no longer kept; run its SQL text again.")
    return folder


class Reader:
    """The one database of the server that reads results; it holds no data."""

    def __init__(self) -> None:
        from runyard.runtime.dremio_sql.results import page_connection  # noqa: PLC0415 - as above

        self._connection = page_connection()
        self._idle: list[Any] = []  # a list's append and pop need no lock
        self._asking = Lock()

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Give a connection of one's own; a connection that is asked for two at once refuses one."""
        cursor = self._taken()
        try:
            yield cursor
        finally:
            self._idle.append(cursor)

    def _taken(self) -> Any:
        with suppress(IndexError):
            return self._idle.pop()
        with self._asking:
            return self._connection.cursor()


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
