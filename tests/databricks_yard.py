"""The Databricks handlers over an engine that records but starts nothing; a test plays the launcher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from runyard.core.access import Role
from runyard.core.ids import Ids
from runyard.core.job import Task, Workspace
from runyard.core.run import Attempt, Outcome, Run
from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.jobs.settings import LANGUAGE
from runyard.dialects.databricks.operations import OPERATIONS
from runyard.dialects.databricks.runs.finishing import finish
from runyard.dialects.databricks.runs.starting import start
from runyard.dialects.exchange import Request
from runyard.engine.conductor import Conductor
from runyard.engine.engine import Engine
from runyard.engine.finishing import Finishing
from runyard.engine.home import Home
from runyard.engine.language import Language
from runyard.engine.moves import Moves
from runyard.engine.requests import Request as Wish
from runyard.engine.settings import Settings
from runyard.engine.transaction import Claim, task_of
from runyard.store.ledger import Ledger
from runyard.store.store import Store, open_store

SERVER = "the server under test"
HANDLERS = {one.id: one.handle for one in OPERATIONS}


@dataclass
class Yard:
    """The handlers, and a clock that a test may push on."""

    engine: Engine
    store: Store
    workspace: Workspace
    time: list[int]
    user: str = "ada@example.com"

    def __call__(self, operation: str, /, version: str = "2.2", **members: Any) -> dict[str, Any]:
        """Call an operation, its members and its answer as they go over the wire."""
        request = Request(
            method="POST",
            path="/",
            query={},
            headers={},
            body=b"",
            workspace=self.workspace,
            user=self.user,
            role=Role.ADMIN,
            url="http://127.0.0.1:0",
        )
        known = msgspec.json.decode(msgspec.json.encode(members))
        answer = HANDLERS[operation](Call(engine=self.engine, request=request, version=version, members=known))
        decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(answer))
        return decoded

    def create(self, *tasks: dict[str, Any], version: str = "2.2", **settings: Any) -> int:
        """Create a job of tasks, and return its id."""
        job_id: int = self("createJob", version, tasks=list(tasks), **settings)["job_id"]
        return job_id

    def settings(self, job_id: int, version: str = "2.2") -> dict[str, Any]:
        """Return the settings of a job as they are shown."""
        shown: dict[str, Any] = self("getJob", version, job_id=job_id)["settings"]
        return shown

    def run_now(self, job_id: int, **members: Any) -> Run:
        """Start a run of a job, and return its record."""
        return self.run(self("runJobNow", job_id=job_id, **members)["run_id"])

    def submit(self, **members: Any) -> Run:
        """Start a run without a job, and return its record."""
        return self.run(self("submitRun", **members)["run_id"])

    def run(self, run_id: int) -> Run:
        return self.engine.run(self.workspace, run_id)

    def attempt(self, run: Run, key: str) -> Attempt:
        """Return the newest attempt of a task of a run."""
        return [one for one in self.engine.attempts(run) if one.task_key == key][-1]

    def finished(self, run: Run, key: str) -> Any:
        """Return the spec of a task as it would start now."""
        attempt = self.attempt(run, key)
        return finish(Finishing(engine=self.engine, run=run, attempt=attempt, task=task_of(run, attempt)))

    def move(self, work: Callable[[Moves], None]) -> None:
        """Play the launcher's part."""
        ids, clock = Ids(self.clock, slot=7), self.clock
        self.store.write(lambda ledger: work(Moves(ledger=ledger, ids=ids, clock=clock, owner=SERVER, places=100)))

    def end(self, run: Run, key: str, outcome: Outcome = Outcome.SUCCEEDED, **facts: Any) -> None:
        """Let a task of a run begin and end."""
        self.move(claim_all)
        attempt = self.attempt(run, key)
        self.move(partial(Moves.started, attempt_id=attempt.id, at=self.clock()))
        self.move(partial(Moves.finished, attempt_id=attempt.id, outcome=outcome, at=self.clock(), facts=facts))

    def conduct(self) -> None:
        """Carry out the tasks that need no process, and those that become due by that."""
        self.move(claim_all)
        while claims := self.store.read(_to_conduct):
            conductor = Conductor(self.engine)
            conductor.start(claims)
            conductor.close()

    def clock(self) -> int:
        self.time[0] += 1  # the engine's own
        return self.time[0]


def _to_conduct(ledger: Ledger) -> list[Claim]:
    found = [(ledger.run_anywhere(attempt.run_id), attempt) for attempt in ledger.attempts_to_conduct()]
    return [Claim(run=run, attempt=attempt, task=task_of(run, attempt)) for run, attempt in found if run]


def claim_all(moves: Moves) -> None:
    moves.look_for_work()
    moves.claim()


@contextmanager
def databricks_yard(home: Path, store_url: str = "sqlite://") -> Iterator[Yard]:
    """Open a yard of its own, with an empty ledger, in memory unless a URL says otherwise."""
    store = open_store(store_url)
    time = [1_800_000_000_000]

    def clock() -> int:
        time[0] += 1
        return time[0]

    # No places: the engine records and leaves the launcher's part to the test.
    languages = {LANGUAGE: Language(start=start, finish=finish)}
    engine = Engine(store, Home(home).make(), Settings(places=0), clock=clock, languages=languages)
    yield Yard(engine=engine, store=store, workspace=engine.workspace("default"), time=time)
    store.close()


def script(key: str, *depends_on: str, **more: Any) -> dict[str, Any]:
    """Return a task that runs a script."""
    before = {"depends_on": [{"task_key": one} for one in depends_on]} if depends_on else {}
    return {"task_key": key, "spark_python_task": {"python_file": "dbfs:/main.py"}, **before, **more}


def get(yard: Yard, run_id: int, version: str = "2.2", **more: Any) -> dict[str, Any]:
    """Return a run or a task run as it is shown."""
    return yard("getJobRun", version, run_id=run_id, **more)


def submitted(yard: Yard, *tasks: dict[str, Any]) -> Run:
    """Return a run of these tasks, or of one script."""
    return yard.submit(tasks=list(tasks or (script("main"),)), run_name="once")


def of_glue(yard: Yard) -> Run:
    """Return a run that another language asked for."""
    task = Task(key="main", kind="python_script", spec={"script": "/x.py"})
    return yard.engine.start_run(yard.workspace, Wish(language="glue", job_name="nightly", tasks=(task,)))


def notebook(key: str, **more: Any) -> dict[str, Any]:
    """Return a task that runs a notebook."""
    return {"task_key": key, "notebook_task": {"notebook_path": "/Users/ada/nb", **more}}
