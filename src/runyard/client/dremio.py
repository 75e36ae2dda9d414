"""Queries of Dremio: a project of its cloud, or a server of one's own where no project is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runyard.client.channel import Call
from runyard.client.connection import DREMIO
from runyard.client.errors import BrokenAnswer, CallFailed
from runyard.client.fanning import fan_out
from runyard.client.runs import Run
from runyard.client.service import Record, Service, given

LARGEST_PAGE = 500
RECENT = (
    'SELECT job_id AS "id", status AS "jobState", submitted_ts AS "startedAt", final_state_ts AS "endedAt", '
    'error_msg AS "errorMessage" FROM sys.project.jobs ORDER BY submitted_ts DESC LIMIT {limit}'
)
"""No call lists jobs; a table does."""


class Dremio(Service):
    """A project. What Dremio calls a job is a run of a text here; there is nothing of it to repair."""

    SERVICE = DREMIO

    def start(self, sql: str, *, context: Sequence[str] | None = None, **more: Any) -> Run:
        """Submit a statement. Dremio cannot tell a repetition: a call that got no answer is never made again."""
        members = given(sql=sql, context=None if context is None else [*context], **more)
        return self.get(self._call(Call(operation="submitSql", path=self._path("sql"), members=members))["id"])

    def get(self, run: Run | str) -> Run:
        """Return a run."""
        path = self._path("job/{id}")
        record = self._call(Call(operation="getJob", method="GET", path=path, members={"id": _id(run)}))
        return self._read({"id": _id(run), **record})  # the answer does not tell what it is of

    def refresh(self, run: Run | str) -> Run:
        """Return a run as it stands now."""
        return self.get(run)

    def list(self, *, limit: int = 100) -> Iterator[Run]:
        """Yield the newest runs, by a query of its own."""
        run = self.wait(self.start(RECENT.format(limit=int(limit))))
        if not run.succeeded:
            raise CallFailed(f"Dremio's list of jobs cannot be read: {run.message}", status=200, code=run.state)
        return (self._read(one) for one in self.rows(run))

    def cancel(self, run: Run | str) -> None:
        """Ask a run to stop; `wait` tells when it has."""
        path = self._path("job/{id}/cancel")
        self._call(Call(operation="cancelJob", path=path, members={"id": _id(run)}, repeatable=True))

    def rows(self, run: Run | str) -> Iterator[Record]:
        """Yield the rows of a run that has succeeded: all of them, several pages at once."""
        first = self._page(run, 0)
        total, rows = int(first.get("rowCount", 0)), first.get("rows", [])
        yield from rows
        if len(rows) < LARGEST_PAGE:
            if 1 < len(rows) < total:
                raise _cut(run, len(rows), total)
            return  # what writes counts what it wrote, and answers one row
        got = len(rows)
        for page in fan_out(lambda at: self._page(run, at), range(LARGEST_PAGE, total, LARGEST_PAGE), stop=self._stop):
            yield from page.get("rows", [])
            got += len(page.get("rows", []))
        if got != total:
            raise _cut(run, got, total)

    def _page(self, run: Run | str, offset: int) -> Mapping[str, Any]:
        members = {"id": _id(run), "offset": offset, "limit": LARGEST_PAGE}
        path = self._path("job/{id}/results")
        return self._call(Call(operation="getResults", method="GET", path=path, members=members))

    def _path(self, path: str) -> str:
        return f"/v0/projects/{{project_id}}/{path}" if self.connection.project_id else f"/api/v3/{path}"


def _id(run: Run | str) -> str:
    return str(run.id) if isinstance(run, Run) else run


def _cut(run: Run | str, got: int, total: int) -> BrokenAnswer:
    return BrokenAnswer(f"The result of {_id(run)} should have {total} rows, and {got} came.")
