"""Jobs and job runs of AWS Glue, or of a runyard server in its language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runyard.client.channel import Call
from runyard.client.connection import GLUE
from runyard.client.errors import CallFailed
from runyard.client.runs import Run
from runyard.client.service import Record, Service, given

TOKEN = ("NextToken", "NextToken")


class Glue(Service):
    """An account in a region."""

    SERVICE = GLUE

    def start(self, job_name: str, *, arguments: Mapping[str, str] | None = None, **more: Any) -> Run:
        """Start a run of a job. Glue cannot tell a repetition: a call that got no answer is never made again."""
        members = given(JobName=job_name, Arguments=arguments, **more)
        return self.get(job_name, self.call("StartJobRun", **members)["JobRunId"])

    def get(self, job_name: str, run_id: str) -> Run:
        """Return a run of a job."""
        return self._read(self.call("GetJobRun", JobName=job_name, RunId=run_id)["JobRun"])

    def refresh(self, run: Run) -> Run:
        """Return a run as it stands now."""
        return self.get(str(run.job), str(run.id))

    def list(self, job_name: str) -> Iterator[Run]:
        """Yield the runs of a job, the newest first."""
        call = Call(operation="GetJobRuns", members={"JobName": job_name, "MaxResults": 200})
        return (self._read(one) for one in self._listed(call, rows="JobRuns", token=TOKEN))

    def cancel(self, run: Run) -> None:
        """Ask a run to stop; `wait` tells when it has."""
        answer = self.call("BatchStopJobRun", repeatable=True, JobName=run.job, JobRunIds=[run.id])
        for error in answer.get("Errors") or ():
            detail = error.get("ErrorDetail") or {}
            message, code = detail.get("ErrorMessage", "it says no more"), detail.get("ErrorCode", "")
            raise CallFailed(f"Run {run.id} was not stopped: {code}: {message}", status=200, code=code)

    def repair(self, run: Run, *, arguments: Mapping[str, str] | None = None) -> Run:
        """Run a job again after a run of it, whose bookmark it goes on from; the new run names the old one."""
        members = given(JobName=run.job, JobRunId=run.id, Arguments=arguments)
        return self.get(str(run.job), self.call("StartJobRun", **members)["JobRunId"])

    def jobs(self) -> Iterator[Record]:
        """Yield the records of jobs."""
        call = Call(operation="GetJobs", members={"MaxResults": 1000})
        return self._listed(call, rows="Jobs", token=TOKEN)

    def call(self, operation: str, *, repeatable: bool = False, **members: Any) -> Record:
        """Carry out any operation of Glue's by its name; what only reads may be repeated anyhow."""
        return self._call(Call(operation=operation, members=members, repeatable=repeatable))
