"""Records of the ledger with every field filled in that a test does not care about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runyard.core.job import Job, Task, Workspace
from runyard.core.run import Attempt, Event, Outcome, Run, State

if TYPE_CHECKING:
    from runyard.store.ledger import Ledger
    from runyard.store.store import Store

Record = Workspace | Job | Run | Attempt | Event

WORKSPACE_ID = 1
MAIN = Task(key="main", kind="python script")


def a_workspace(id_: int = WORKSPACE_ID, name: str = "default") -> Workspace:
    return Workspace(id=id_, name=name, created_at=1)


def a_task(key: str, *depends_on: str) -> Task:
    return Task(key=key, kind="python script", depends_on=depends_on)


def a_job(id_: int, **fields: Any) -> Job:
    known = {"workspace_id": WORKSPACE_ID, "name": f"job {id_}", "language": "glue", "settings": {}}
    times = {"created_at": 1, "updated_at": 1}
    return Job(**{"id": id_, "tasks": (MAIN,), **known, **times, **fields})


def a_run(id_: int, **fields: Any) -> Run:
    known = {"workspace_id": WORKSPACE_ID, "job_name": "job", "language": "glue", "state": State.QUEUED}
    times = {"created_at": 1, "updated_at": 1, "attempt_at": 1}
    return Run(**{"id": id_, "tasks": (MAIN,), **known, **times, **fields})


def an_ended_run(id_: int, **fields: Any) -> Run:
    return a_run(id_, **{"state": State.ENDED, "outcome": Outcome.SUCCEEDED, "ended_at": 2, **fields})


def an_attempt(id_: int, **fields: Any) -> Attempt:
    known = {"run_id": 1, "task_key": "main", "state": State.QUEUED, "created_at": 1, "updated_at": 1}
    return Attempt(**{"id": id_, **known, **fields})


def an_ended_attempt(id_: int, **fields: Any) -> Attempt:
    return an_attempt(id_, **{"state": State.ENDED, "outcome": Outcome.SUCCEEDED, "ended_at": 2, **fields})


def an_event(id_: int, **fields: Any) -> Event:
    return Event(**{"id": id_, "run_id": 1, "attempt_id": None, "at": 1, "kind": "queued", "detail": {}, **fields})


def record(store: Store, *records: Record) -> None:
    """Add records of any kind to a ledger, in one transaction."""

    def work(ledger: Ledger) -> None:
        for one in records:
            getattr(ledger, f"add_{type(one).__name__.lower()}")(one)

    store.write(work)
