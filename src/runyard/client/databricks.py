"""Jobs and runs of a Databricks workspace, or of a runyard server in its language."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from runyard.client.channel import Call
from runyard.client.connection import DATABRICKS
from runyard.client.runs import Run
from runyard.client.service import Record, Service, given
from runyard.client.whole import whole

TOKEN = ("page_token", "next_page_token")


class Databricks(Service):
    """A workspace. A run may be named by its id wherever a Run is asked for."""

    SERVICE = DATABRICKS

    def start(self, job_id: int, *, job_parameters: Mapping[str, str] | None = None, **more: Any) -> Run:
        """Start a run of a job; it starts once, however often the network makes us ask."""
        members = given(job_id=job_id, job_parameters=job_parameters, **more)
        return self.get(self._started("runJobNow", "jobs/run-now", members))

    def submit(self, tasks: Sequence[Mapping[str, Any]], *, run_name: str | None = None, **more: Any) -> Run:
        """Run tasks without a job, once."""
        members = given(tasks=list(tasks), run_name=run_name, **more)
        return self.get(self._started("submitRun", "jobs/runs/submit", members))

    def get(self, run: Run | int, **options: Any) -> Run:
        """Return a run or a task run, with all its tasks (include_history, include_resolved_values)."""
        members = given(run_id=_id(run), **options)
        return self._read(whole(self._asking("getJobRun", "jobs/runs/get"), members, place="getJobRun"))

    def refresh(self, run: Run | int) -> Run:
        """Return a run as it stands now."""
        return self.get(run)

    def list(self, **where: Any) -> Iterator[Run]:
        """Yield runs, the newest first (job_id, active_only, start_time_from, start_time_to, expand_tasks …)."""
        call = Call(operation="listJobRuns", method="GET", path=_path("jobs/runs/list"), members=given(**where))
        return (self._read(one) for one in self._listed(call, rows="runs", token=TOKEN))

    def cancel(self, run: Run | int) -> None:
        """Ask a run or a task run to stop; `wait` tells when it has."""
        self._post("cancelJobRun", "jobs/runs/cancel", {"run_id": _id(run)}, repeatable=True)

    def repair(self, run: Run | int, *, rerun_tasks: Sequence[str] | None = None, **more: Any) -> Run:
        """Run tasks of an ended run again: those named, else all that failed. Earlier repairs are looked up."""
        known = self.get(run, include_history=True).record.get("repair_history") or ()
        latest = next((one["id"] for one in reversed(known) if one.get("id")), None)
        members = given(
            run_id=_id(run),
            rerun_tasks=None if rerun_tasks is None else [*rerun_tasks],
            rerun_all_failed_tasks=True if rerun_tasks is None else None,
            latest_repair_id=latest,
        )
        self._post("repairJobRun", "jobs/runs/repair", {**members, **more}, repeatable=False)
        return self.get(run)

    def output(self, run: Run | int) -> Record:
        """Return what a task run left behind."""
        return self._asking("getJobRunOutput", "jobs/runs/get-output")({"run_id": _id(run)})

    def delete(self, run: Run | int) -> None:
        """Forget a run that has ended."""
        self._post("deleteJobRun", "jobs/runs/delete", {"run_id": _id(run)}, repeatable=False)

    def jobs(self, **where: Any) -> Iterator[Record]:
        """Yield the records of jobs (name, expand_tasks)."""
        call = Call(operation="listJobs", method="GET", path=_path("jobs/list"), members=given(**where))
        return self._listed(call, rows="jobs", token=TOKEN)

    def create_job(self, **settings: Any) -> int:
        """Make a job and return its id."""
        return int(self._post("createJob", "jobs/create", settings, repeatable=False)["job_id"])

    def _started(self, operation: str, path: str, members: Mapping[str, Any]) -> int:
        token = {"idempotency_token": uuid.uuid4().hex, **members}
        return int(self._post(operation, path, token, repeatable=True)["run_id"])

    def _post(self, operation: str, path: str, members: Mapping[str, Any], *, repeatable: bool) -> Record:
        return self._call(Call(operation=operation, path=_path(path), members=members, repeatable=repeatable))

    def _asking(self, operation: str, path: str) -> Callable[[Mapping[str, Any]], Record]:
        return lambda members: self._call(Call(operation=operation, method="GET", path=_path(path), members=members))


def _path(path: str) -> str:
    return f"/api/2.2/{path}"


def _id(run: Run | int) -> int:
    return int(run.id) if isinstance(run, Run) else run
