"""A ledger in memory whose moves and clock a test makes by hand; no process is ever started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from runyard.core.ids import Ids
from runyard.core.job import Job, Task, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Attempt, Outcome, Run
from runyard.engine.memory import Memory
from runyard.engine.moves import Moves, first_run_record
from runyard.engine.transaction import Claim
from runyard.store.store import Store

T = TypeVar("T")
START = 1_800_000_000_000
SCRIPT = Task(key="main", kind="python_script", spec={"script": "a.py"})
CHOICE = Task(key="choice", kind="condition", spec={"left": "1", "op": "==", "right": "1"})
LOOP = Task(key="loop", kind="for_each", spec={"inputs": "[1, 2, 3]"})


@dataclass
class Yard:
    """A ledger in memory with a clock that the test sets."""

    store: Store
    places: int = 2
    now: int = START
    last: Moves | None = None
    ids: Ids = field(init=False)
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.ids = Ids(lambda: self.now)
        self.store.write(lambda ledger: ledger.add_workspace(Workspace(id=1, name="default", created_at=START)))

    def change(self, work: Callable[[Moves], T]) -> T:
        def body(ledger: Any) -> T:
            self.last = Moves(
                ledger=ledger, ids=self.ids, clock=lambda: self.now, owner="here", places=self.places,
                memory=self.memory,
            )  # fmt: skip
            result = work(self.last)
            self.last.claim()
            return result

        result = self.store.write(body)
        assert self.last is not None
        self.memory.learn(self.last)
        return result

    def job(self, *, limit: int | None = None) -> Job:
        number = self.ids.next()
        job = Job(
            id=number, workspace_id=1, name=f"job {number}", language="glue", settings={}, tasks=(SCRIPT,),
            max_concurrent_runs=limit, created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        self.store.write(lambda ledger: ledger.add_job(job))
        return job

    def start(self, *tasks: Task, job: Job | None = None, overflow: Overflow = Overflow.REFUSE, **facts: Any) -> Run:
        run = first_run_record(
            tasks or (SCRIPT,),
            **{
                "id": self.ids.next(), "workspace_id": 1, "job_id": job.id if job else None,
                "job_name": job.name if job else "one-off", "language": "glue", "created_at": self.now,
                "updated_at": self.now, "attempt_at": self.now, **facts,
            },
        )  # fmt: skip
        limit = job.max_concurrent_runs if job else None
        self.change(lambda moves: moves.start(run, limit=limit, overflow=overflow))
        return self.run(run)

    def run(self, run: Run) -> Run:
        found = self.store.read(lambda ledger: ledger.run(1, run.id))
        assert found is not None
        return found

    def attempts(self, run: Run) -> list[Attempt]:
        return self.store.read(lambda ledger: ledger.attempts(run.id))

    def attempt(self, run: Run, key: str = "main") -> Attempt:
        return [one for one in self.attempts(run) if one.task_key == key][-1]

    def end(self, run: Run, outcome: Outcome = Outcome.SUCCEEDED, *, key: str = "main", **facts: Any) -> Run:
        attempt = self.attempt(run, key)
        self.change(lambda moves: moves.finished(attempt.id, outcome, at=self.now, facts=facts))
        return self.run(run)

    def begin(self, run: Run, key: str = "main") -> Run:
        attempt = self.attempt(run, key)
        self.change(lambda moves: moves.started(attempt.id, at=self.now))
        return self.run(run)

    def stop(self, run: Run) -> Run:
        self.change(lambda moves: moves.stop(self.known(moves, run)))
        return self.run(run)

    def known(self, moves: Moves, run: Run) -> Run:
        found = moves.ledger.run_anywhere(run.id)
        assert found is not None
        return found

    def kinds(self, run: Run) -> list[str]:
        return [event.kind for event in self.store.read(lambda ledger: ledger.events(run.id))]

    @property
    def claimed(self) -> list[Claim]:
        assert self.last is not None
        return self.last.claimed


def script(key: str, *upstream: str, **more: Any) -> Task:
    return Task(key=key, kind="python_script", spec={"script": "a.py"}, depends_on=upstream, **more)


def phases(yard: Yard, run: Run) -> dict[str, str]:
    return {attempt.task_key: attempt.phase for attempt in yard.attempts(run)}


def child_of(yard: Yard, run: Run, key: str, *tasks: Task, at_once: int | None = None, **facts: Any) -> Run:
    parent = yard.attempt(run, key)
    child = first_run_record(
        tasks, id=yard.ids.next(), workspace_id=1, job_name="part", language="glue", parent_attempt_id=parent.id,
        is_listed=False, tasks_at_once=at_once, created_at=yard.now, updated_at=yard.now, attempt_at=yard.now,
        **facts,
    )  # fmt: skip
    return yard.run(yard.change(lambda moves: moves.start_child(child, limit=None, overflow=Overflow.QUEUE)))
