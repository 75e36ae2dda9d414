"""What the server tells its Flight process beyond what any client of Dremio's may ask: jobs of Flight clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from runyard.core.access import Role
from runyard.core.run import State
from runyard.dialects.dremio import catalog, system_tables
from runyard.dialects.dremio.database_sources import is_database, tables_of
from runyard.dialects.dremio.errors import Refusal
from runyard.dialects.dremio.places import home_of
from runyard.dialects.dremio.protocol import check_project
from runyard.dialects.dremio.snapshot import snapshot
from runyard.dialects.dremio.sql_jobs import CANCELLED_BY, run_of, start
from runyard.dialects.dremio.told import job_of
from runyard.dialects.dremio.views import error_of, reason_of, row_count
from runyard.dialects.dremio_ids import job_id
from runyard.dialects.exchange import Reply
from runyard.dialects.native.calls import Call
from runyard.dialects.native.operations import Operation
from runyard.dialects.native.parameters import Id, Wait


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text whose columns are wanted, and the project that its session is for."""

    sql: str
    project: str = ""


class Submit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to run, as a session's properties say."""

    sql: str
    type: str
    path: list[str] = []
    queue: str = ""
    tag: str = ""
    project: str = ""


class OneRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job, and how long to wait for its end."""

    run: Id
    wait_s: Wait = 0


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job by the id that clients of REST know."""

    run: str


def plan(call: Call, asked: Plan) -> dict[str, Any] | Reply:
    """Tell what the names of a text can mean; the process that asks works out its columns."""
    if refusal := _foreign(asked.project, call):
        return refusal
    documents = catalog.opened(call.engine, call.workspace)
    home = home_of(call.engine, call.workspace)
    known = documents.read(call.workspace, catalog.every)
    told = snapshot(known, call.engine.mounts, home)
    named = [{**one, "uri": ""} for one in told["databases"]]  # whoever asks has a token, and no key to a database
    # No text is asked about where a client looks at the catalog itself; what databases hold, is asked of them then.
    tables = [] if asked.sql else [one.told() for one in tables_of([one for one in known if is_database(one)])]
    return {"catalog": {**told, "databases": tables or named, "system": system_tables.empty()}, "user": call.user}


def submit(call: Call, asked: Submit) -> dict[str, Any] | Reply:
    """Start a job; durable when answered."""
    if refusal := _foreign(asked.project, call):
        return refusal
    settings = {"user": call.user, "sql": asked.sql, "context": asked.path, "queryType": asked.type}
    routed = {"routingQueue": asked.queue, "routingTag": asked.tag}
    run = start(call.engine, call.workspace, settings | {name: word for name, word in routed.items() if word})
    return {"run": run.id, "id": job_id(run.id)}


def show(call: Call, asked: OneRun) -> dict[str, Any]:
    """Tell how far a job is, and of one that has ended where its rows are."""
    run = call.engine.wait_run(call.workspace, asked.run, timeout_s=asked.wait_s)
    job = job_of(call.engine, run)
    folder = call.engine.attempt_folder(call.engine.attempts(run)[-1].id)
    return {
        "id": job_id(run.id),
        "state": job.true_state,
        "ended": run.state is State.ENDED,
        "error": error_of(job) or reason_of(job),
        "rows": row_count(job),
        "folder": str(folder),
    }


def cancel(call: Call, asked: OneRun) -> dict[str, Any]:
    """Cancel a job for the client who has hung up."""
    call.engine.stop_run(call.workspace, asked.run, message=CANCELLED_BY.format(user=call.user))
    return {}


def find(call: Call, asked: Named) -> dict[str, Any] | Reply:
    """Tell the number of the job that a ticket names."""
    try:
        return {"run": run_of(call.engine, call.workspace, asked.run).id}
    except Refusal as error:
        return _refused(error)


def _foreign(project: str, call: Call) -> Reply | None:
    """Return the refusal of a session for another project than its token's."""
    try:
        check_project(project, call.workspace)
    except Refusal as error:
        return _refused(error)
    return None


def _refused(error: Refusal) -> Reply:
    return Reply(status=error.status, body=msgspec.json.encode({"message": str(error)}))


_TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Any], type[Struct]]] = (
    ("POST", "/plan", plan, Plan),
    ("POST", "/jobs", submit, Submit),
    ("GET", "/jobs/{run}", show, OneRun),
    ("POST", "/jobs/{run}/cancel", cancel, OneRun),
    ("GET", "/ids/{run}", find, Named),
)
OPERATIONS: Sequence[Operation] = tuple(
    Operation(method=method, path=path, handle=handle, asks=asks, said=Role.VIEWER if handle is plan else None)
    for method, path, handle, asks in _TABLE
)
