"""Our own operations: each reads what was asked, calls the engine, and shows the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

from msgspec import Struct

from runyard.core.access import Role, need_of_method
from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome, Run, State
from runyard.dialects.native import access_operations as access
from runyard.dialects.native import log_pieces
from runyard.dialects.native.bookmark_operations import TABLE as BOOKMARKS
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import (
    Events,
    ListJobs,
    ListRuns,
    Logs,
    Nothing,
    OneJob,
    OneRun,
    Record,
    ShowRun,
    StartJob,
    Submit,
    Tell,
    check_phase,
)
from runyard.dialects.native.recordings import executed, recorded
from runyard.dialects.native.session_operations import TABLE as SESSIONS
from runyard.dialects.native.submission import submission
from runyard.dialects.native.views import ATTEMPT, EVENT, JOB, JOB_LINE, RUN, RUN_LINE
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.engine import now_ms
from runyard.engine.starting import Starting
from runyard.store.ledger import Page, Value

Answer = dict[str, Any]
R = TypeVar("R")

# jobs


def list_jobs(call: Call, asked: ListJobs) -> Answer:
    """Lists jobs, the newest first."""
    scope = f"native jobs {call.workspace.id}"
    where = _before(scope, asked.page_token)
    jobs = call.engine.jobs(call.workspace, Page(limit=asked.limit + 1, where=where))
    return _page("jobs", [JOB_LINE.show(job) for job in jobs], limit=asked.limit, scope=scope)


def show_job(call: Call, asked: OneJob) -> Answer:
    """Shows a job."""
    return JOB.show(call.job(asked.job))


def delete_job(call: Call, asked: OneJob) -> Answer:
    """Deletes a job; its runs stay."""
    call.engine.delete_job(call.job(asked.job))
    return {}


def start_job(call: Call, asked: StartJob) -> Answer:
    """Starts a run of a job, just as the language that made the job would."""
    job = call.job(asked.job)
    starting = Starting(engine=call.engine, workspace=call.workspace, job=job, parameters=asked.arguments)
    return RUN.show(call.engine.start_job(starting))


# runs


def submit(call: Call, asked: Submit) -> Answer:
    """Runs a script once."""
    return RUN.show(call.engine.start_run(call.workspace, submission(asked)))


def list_runs(call: Call, asked: ListRuns) -> Answer:
    """Lists runs, the newest first."""
    check_phase(asked.phase)
    scope = f"native runs {call.workspace.id} {asked.job!r} {asked.phase} {asked.active}"
    where = {**_filters(call, asked), **_before(scope, asked.page_token)}
    runs = call.engine.runs(call.workspace, Page(limit=asked.limit + 1, where=where))
    return _page("runs", [RUN_LINE.show(run) for run in runs], limit=asked.limit, scope=scope)


def show_run(call: Call, asked: ShowRun) -> Answer:
    """Shows a run, if asked so once it has ended or changed."""
    run = call.engine.run(call.workspace, asked.run)
    if asked.wait_s:
        run = call.engine.wait_for(call.workspace, asked.run, timeout_s=asked.wait_s, until=_until(asked, run))
    return RUN.show(run)


def stop_run(call: Call, asked: OneRun) -> Answer:
    """Asks a run to stop."""
    return RUN.show(call.engine.stop_run(call.workspace, asked.run))


def record(call: Call, asked: Record) -> Answer:
    """Begins a run whose work the caller does itself, and tells of."""
    return RUN.show(call.engine.start_run(call.workspace, recorded(asked)))


def tell(call: Call, asked: Tell) -> Answer:
    """Takes word of what was done of such a run, or only that it goes on."""
    told, lease_ms = [executed(one) for one in asked.told], int(asked.lease_s * 1000)
    return RUN_LINE.show(call.engine.tell_run(call.workspace, asked.run, told, lease_ms=lease_ms))


def delete_run(call: Call, asked: OneRun) -> Answer:
    """Forgets a run that has ended, with its attempts, events and logs."""
    call.engine.delete_run(call.workspace, asked.run)
    return {}


def list_attempts(call: Call, asked: OneRun) -> Answer:
    """Lists the attempts of a run, the oldest first."""
    run = call.engine.run(call.workspace, asked.run)
    return {"attempts": [ATTEMPT.show(attempt) for attempt in call.engine.attempts(run)]}


def list_events(call: Call, asked: Events) -> Answer:
    """Lists what happened to a run, the oldest first."""
    run = call.engine.run(call.workspace, asked.run)
    return {"events": [EVENT.show(event) for event in call.engine.events(run, after=asked.after)]}


def read_logs(call: Call, asked: Logs) -> Answer:
    """Gives a piece of what an attempt printed, if asked so once there is something new."""
    found = log_pieces.follow(call.engine, call.workspace, asked)
    pieces = [
        {"stream": one.stream, "offset": one.offset, "next_offset": one.next_offset, "text": one.text}
        for one in found.pieces
    ]
    return {
        "attempt": ATTEMPT.show(found.attempt),
        "pieces": pieces,
        "next_offset": found.next_offset,
        "complete": found.complete,
    }


# the server


def show_server(call: Call, _: Nothing) -> Answer:
    """Tells which server this is and how busy it is."""
    return {
        "version": version("runyard"),
        "now": now_ms(),
        "workspace": call.workspace.name,
        "places": call.engine.places,
        "load": call.engine.load(),
        "home": str(call.engine.home.path),
    }


# how handlers make pages and conditions


def _before(scope: str, token: str | None) -> dict[str, Value]:
    return {"before": read_token(scope, token, size=1)[0]} if token else {}


def _page(member: str, shown: Sequence[Answer], *, limit: int, scope: str) -> Answer:
    if len(shown) <= limit:
        return {member: shown}
    return {member: shown[:limit], "next_page_token": write_token(scope, [shown[limit - 1]["id"]])}


def _filters(call: Call, asked: ListRuns) -> dict[str, Value]:
    if asked.phase is not None and asked.active is not None:
        raise InvalidRequest(f"Parameter active: {asked.active} says too much beside phase {asked.phase}; give one.")
    filters: dict[str, Value] = {}
    if asked.job is not None:
        filters |= call.runs_of(asked.job)
    if asked.phase is not None:
        filters["outcome" if asked.phase in set(Outcome) else "state"] = asked.phase
    if asked.active is not None:
        filters |= {"active": True} if asked.active else {"state": State.ENDED}
    return filters


def _until(asked: ShowRun, seen: Run) -> Callable[[Run], bool]:
    since = seen.updated_at if asked.since is None else asked.since
    if asked.awaited == "change":
        return lambda run: run.updated_at > since or run.state is State.ENDED
    return lambda run: run.state is State.ENDED


# the table of operations


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation: where it is, what it may be asked, who answers."""

    method: str
    path: str  # a part in braces is a member; a job's name may hold slashes
    handle: Callable[[Call, Any], Any]  # returns a JSON object, or a Reply for what is none
    asks: type[Struct]
    status: int = 200
    said: Role | None = None  # the role it needs, where its method does not say it

    @property
    def need(self) -> Role:
        """Return the role that a caller must have."""
        return self.said or need_of_method(self.method)


_TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Answer], type[Struct]]] = (
    ("GET", "/server", show_server, Nothing),
    ("GET", "/jobs", list_jobs, ListJobs),
    ("POST", "/jobs/{job}/runs", start_job, StartJob),
    ("GET", "/jobs/{job}", show_job, OneJob),
    ("DELETE", "/jobs/{job}", delete_job, OneJob),
    ("GET", "/runs", list_runs, ListRuns),
    ("POST", "/runs", submit, Submit),
    ("GET", "/runs/{run}", show_run, ShowRun),
    ("DELETE", "/runs/{run}", delete_run, OneRun),
    ("POST", "/runs/{run}/stop", stop_run, OneRun),
    ("POST", "/recordings", record, Record),
    ("POST", "/recordings/{run}/told", tell, Tell),
    ("GET", "/runs/{run}/attempts", list_attempts, OneRun),
    ("GET", "/runs/{run}/events", list_events, Events),
    ("GET", "/runs/{run}/logs", read_logs, Logs),
    *BOOKMARKS,
    *SESSIONS,
    *access.TABLE,
)
_MAKES = (start_job, submit, record, *access.MAKES)

OPERATIONS: Sequence[Operation] = tuple(
    Operation(
        method=method,
        path=path,
        handle=handle,
        asks=asks,
        status=201 if handle in _MAKES else 200,
        said=access.NEEDS.get(handle),
    )
    for method, path, handle, asks in _TABLE
)
"""Every operation, by method and path below /runyard/v1; the first that fits is meant."""
