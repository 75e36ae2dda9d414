"""Glue's operations on sessions and their statements, which run in a warm Python process each."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from runyard.core.errors import AlreadyExists, NotFound, NotSupported, WrongState
from runyard.core.job import MINUTE_MS, Job, Task, kept_name
from runyard.core.run import State
from runyard.dialects.glue import capacity, rules, spark_words
from runyard.dialects.glue.arguments import ATTEMPT_VARIABLE, TASK_KEY
from runyard.dialects.glue.calls import Call, Members, page
from runyard.dialects.glue.errors import IllegalSessionState
from runyard.dialects.glue.session_views import SESSION, STATEMENT, Code, Session, session_status
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.finishing import Finishing
from runyard.engine.requests import Request
from runyard.store.ledger import Page

SESSIONS = "glue_session"
KIND = "session"
APART = ("Id", "Tags", "RequestOrigin")
MOST = 1000
DEFAULT_MINUTES = 2880
SECONDS = 60
SCOPE = "sessions"


def create_session(call: Call) -> Members:
    """Starts a session: a process of its own that keeps what its statements define."""
    settings = {name: value for name, value in call.members.items() if name not in APART}
    _check(settings)
    tags, name = call.members.get("Tags", {}), call["Id"]
    rules.check_tags(tags)
    facts = {"name": name, "unique_name": kept_name(KIND, name), "language": SESSIONS, "tags": tags}
    try:
        job = call.engine.create_job(call.workspace, **facts, settings=settings, tasks=(_task(settings),))
    except AlreadyExists as error:
        raise AlreadyExists("session", name) from error
    call.engine.start_run(call.workspace, Request(language=SESSIONS, job_name=name, job=job, settings=settings))
    return {"Session": SESSION.show(_session(call, name))}


def get_session(call: Call) -> Members:
    """Shows a session."""
    return {"Session": SESSION.show(_session(call, call["Id"]))}


def list_sessions(call: Call) -> Members:
    """Lists sessions, of those with the given tags if tags are given, the oldest first."""
    limit, token = call.members.get("MaxResults", MOST), call.members.get("NextToken")
    after = read_token(SCOPE, token, size=1)[0] if token else 0
    behind = Page(limit=limit + 1, where={"language": SESSIONS, "after": after}, newest_first=False)
    jobs = call.engine.jobs(call.workspace, behind)
    tags = call.members.get("Tags", {}).items()
    found = [_of(call, job) for job in jobs[:limit] if tags <= job.tags.items()]
    more = write_token(SCOPE, (jobs[limit - 1].id,)) if len(jobs) > limit else None
    return {"Ids": [one.id for one in found], **page("Sessions", [SESSION.show(one) for one in found], more)}


def stop_session(call: Call) -> Members:
    """Stops a session with all that it runs."""
    session = _session(call, call["Id"])
    if session_status(session) not in ("PROVISIONING", "READY"):
        raise IllegalSessionState(f"Session {session.id} is {session_status(session)}; there is nothing to stop.")
    if session.run is not None:
        with suppress(WrongState):  # it ended meanwhile
            call.engine.stop_run(call.workspace, session.run.id)
    return {"Id": session.id}


def delete_session(call: Call) -> Members:
    """Deletes a session, and stops it if it goes on; its log stays with its run."""
    session = _session(call, call["Id"])
    if session.run is not None and session.run.state is not State.ENDED:
        with suppress(WrongState):  # it ended meanwhile
            call.engine.stop_run(call.workspace, session.run.id)
    call.engine.delete_job(session.job)
    return {"Id": session.id}


# statements


def run_statement(call: Call) -> Members:
    """Gives a session code to run after what it runs already."""
    session = _ready(call)
    assert session.run is not None  # noqa: S101 - a ready session has one
    try:
        return {"Id": call.engine.sessions.add(session.run, call["Code"]).number}
    except WrongState as error:
        raise IllegalSessionState(str(error)) from error


def get_statement(call: Call) -> Members:
    """Shows a statement and what came of it."""
    session = _session(call, call["SessionId"])
    return {"Statement": STATEMENT.show(_statement(call, session))}


def list_statements(call: Call) -> Members:
    """Lists the statements of a session, the oldest first."""
    session = _session(call, call["SessionId"])
    scope, token = f"statements of {session.job.id}", call.members.get("NextToken")
    after = read_token(scope, token, size=1)[0] if token else 0
    run = session.run
    found = call.engine.sessions.page(run, after=after, limit=MOST + 1) if run else []
    shown = [STATEMENT.show(Code(statement=one, is_alive=_is_alive(session))) for one in found[:MOST]]
    return page("Statements", shown, write_token(scope, (found[MOST - 1].number,)) if len(found) > MOST else None)


def cancel_statement(call: Call) -> Members:
    """Cancels a statement: it never runs, or its session interrupts it."""
    session = _ready(call, call["SessionId"])
    _statement(call, session)
    if session.run is not None:
        call.engine.sessions.cancel(session.run, call["Id"])
    return {}


# how handlers find and show things


def _check(settings: Members) -> None:
    """Refuse a session that no Python process can be."""
    if settings["Command"].get("Name") == capacity.RAY:
        raise NotSupported("Sessions of Ray cannot run here. Use Command.Name glueetl or pythonshell.")
    if settings.get("SessionType") == "SPARK_CONNECT":
        raise NotSupported("A session here is a Python process and serves no Spark Connect. Leave SessionType out.")


def _task(settings: Members) -> Task:
    idle = settings.get("IdleTimeout", DEFAULT_MINUTES) * SECONDS
    arguments = [word for pair in settings.get("DefaultArguments", {}).items() for word in pair]
    spec = {"idle_s": idle, "arguments": arguments, **_spark(settings)}
    timeout_ms = settings.get("Timeout", DEFAULT_MINUTES) * MINUTE_MS
    return Task(key=TASK_KEY, kind=KIND, spec=spec, timeout_ms=timeout_ms)


def _spark(settings: Members) -> dict[str, Any]:
    """Return what a session of Spark is told; its statements find Spark as a job's script does."""
    if settings["Command"].get("Name") != capacity.ETL:
        return {}
    return {"spark": spark_words.spark({**settings, "Arguments": settings.get("DefaultArguments", {})})}


def finish_session(finishing: Finishing) -> Mapping[str, Any]:
    """Tell a session's process which attempt it is, so that it can ask for its statements."""
    return {**finishing.task.spec, "environment": {ATTEMPT_VARIABLE: str(finishing.attempt.id)}}


def session_job(call: Call, name: str) -> Job:
    """Return the job that keeps what was said of a session."""
    return _session(call, name).job


def _session(call: Call, name: str) -> Session:
    try:
        return _of(call, call.engine.job_named(call.workspace, kept_name(KIND, name)))
    except NotFound as error:
        raise NotFound("session", name) from error


def _of(call: Call, job: Job) -> Session:
    runs = call.engine.runs(call.workspace, Page(limit=1, where={"job_id": job.id}))
    return Session(id=job.name, job=job, run=runs[0] if runs else None)


def _ready(call: Call, name: str = "") -> Session:
    session = _session(call, name or call["SessionId"])
    if session_status(session) != "READY":
        raise IllegalSessionState(f"Session {session.id} is {session_status(session)}, not READY.")
    return session


def _is_alive(session: Session) -> bool:
    return session.run is not None and session.run.state is not State.ENDED


def _statement(call: Call, session: Session) -> Any:
    if session.run is None:
        raise NotFound("statement", call["Id"])
    return Code(statement=call.engine.sessions.statement(session.run, call["Id"]), is_alive=_is_alive(session))
