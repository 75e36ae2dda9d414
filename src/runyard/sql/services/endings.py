"""AWAIT: how the end of what a method starts or stops is waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runyard.client.connection import DATABRICKS, GLUE, RUNYARD, Connection
from runyard.client.runs import Run, read_run
from runyard.client.waiting import Waiting, wait
from runyard.core.run import Outcome
from runyard.sql.catalog import Method, Wire
from runyard.sql.errors import NOT_SUPPORTED, SqlError
from runyard.sql.services.asking import Asking, Record

Members = Mapping[str, Any]

GET_JOB_RUN = Wire(protocol="aws", operation="GetJobRun", rows="JobRun")
SHOW_RUN = Wire(protocol="runyard", operation="show_run", method="GET", path="/runyard/v1/runs/{run}")
GET_RUN = Wire(protocol="databricks", operation="getJobRun", method="GET", path="/api/2.2/jobs/runs/get")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What to ask until it tells of an end."""

    service: str
    wire: Wire
    runs: Callable[[Members], list[Members]]  # what was told and answered -> what is asked, of each run

    def wait(self, asking: Asking, connection: Connection, known: Members) -> list[Record]:
        """Return the records of the runs once they have ended."""
        return [self._end(asking, connection, one) for one in self.runs(known)]

    def _end(self, asking: Asking, connection: Connection, members: Members) -> Record:
        def read() -> Run:
            answer = asking.call(connection, self.wire, members, repeatable=True)
            return read_run(self.service, answer.get(self.wire.rows, {}) if self.wire.rows else answer)

        run = wait(read, connection, Waiting(stop=asking.stop))
        if run.phase != Outcome.SUCCEEDED:
            asking.notice(f"Run {run.id} ended {run.state}{f': {run.message}' if run.message else '.'}")
        return dict(run.record)


def _started(known: Members) -> list[Members]:
    return [{"JobName": known["JobName"], "RunId": known["JobRunId"]}]


def _stopped(known: Members) -> list[Members]:
    """Return the runs that were stopped: one that could not be has ended already, or never was."""
    return [{"JobName": one["JobName"], "RunId": one["JobRunId"]} for one in known.get("SuccessfulSubmissions", ())]


_RUN = Ending(service=DATABRICKS, wire=GET_RUN, runs=lambda known: [{"run_id": known["run_id"]}])
_OURS = Ending(service=RUNYARD, wire=SHOW_RUN, runs=lambda known: [{"run": known.get("id", known.get("run"))}])

ENDINGS: Mapping[str, Ending] = {
    "StartJobRun": Ending(service=GLUE, wire=GET_JOB_RUN, runs=_started),
    "BatchStopJobRun": Ending(service=GLUE, wire=GET_JOB_RUN, runs=_stopped),
    "runJobNow": _RUN,
    "submitRun": _RUN,
    "repairJobRun": _RUN,
    "cancelJobRun": _RUN,
    "start_job": _OURS,
    "submit": _OURS,
    "stop_run": _OURS,
}
"""Operation to what tells of its end."""


def ending_of(method: Method) -> Ending:
    """Return how the end of what a method does is waited for; refuse one that does all before it answers."""
    ending = ENDINGS.get(method.wire.operation)
    if ending is None:
        known = ", ".join(ENDINGS)
        raise SqlError(NOT_SUPPORTED, f"AWAIT means nothing for {method.name}; it waits for the runs of {known}.")
    return ending
