"""Runs whose work is done elsewhere: a client tells of it as it goes on, and the ledger has it like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runyard.core.errors import InvalidRequest, WrongState
from runyard.core.job import TOLD, RunIf, Task
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.engine.transaction import Transaction

NOT_REACHED = "The task did not run: the work ended without it."
UNFINISHED = "The work ended before this task did."
LOST = "Whoever did the work of this run has not been heard of for {silence:g} s, and is taken for dead."
LOST_CATEGORY = "recorder_lost"


@dataclass(frozen=True, kw_only=True)
class Told:
    """One execution of a task, as far as it has come."""

    task_key: str
    number: int = 0
    began_at: int
    ended_at: int | None = None
    outcome: Outcome | None = None
    message: str | None = None
    output: Mapping[str, Any] = field(default_factory=dict)


def told_tasks(keys: Sequence[str], *, verdict: str) -> tuple[Task, ...]:
    """Return the tasks of such a run; the last one stands for the work as a whole, and its end is the run's."""
    steps = tuple(Task(key=key, kind=TOLD) for key in keys)
    return (*steps, Task(key=verdict, kind=TOLD, depends_on=tuple(keys), run_if=RunIf.ALL_ENDED))


class Recording(Transaction):
    """The moves of runs that are told. Telling the same again changes nothing."""

    def begin_told(self, run: Run) -> Run:
        """Record a run of which nothing has been told yet; `wait_until` is when it is given up if nothing is."""
        admitted = replace(run, admitted_at=run.created_at)
        self.ledger.add_run(admitted)
        self._latest[run.id] = {}
        self.changed[run.id] = self._seen[run.id] = admitted
        for task in run.tasks:
            self._add_attempt(admitted, task, state=State.BLOCKED)
        return self._settle(admitted)

    def tell(self, run_id: int, told: Sequence[Told], *, lease_ms: int) -> Run:
        """Record what has been done; the run is given up if nothing more is heard within the lease."""
        run = self._run_again(run_id)
        if not run.is_told:
            raise WrongState(f"Run {run_id} does its own work; nothing can be told of it.")
        if run.state is State.ENDED:
            raise WrongState(f"Run {run_id} has ended ({run.phase}); nothing more can be told of it.")
        for one in told:
            run = self._tell(run, one)
        verdict = self._newest(run)[run.tasks[-1].key]
        if verdict.state is State.ENDED:
            self._close(run, Outcome.CANCELLED, message=UNFINISHED)
        return self._settle(replace(run, wait_until=self.clock() + lease_ms))

    def lose(self, run: Run) -> None:
        """End a run of which nobody tells any more."""
        silence = (self.clock() - run.updated_at) / 1000
        text = LOST.format(silence=round(silence))
        self._close(run, Outcome.CRASHED, message=text, category=LOST_CATEGORY)
        self._settle(run)

    def _tell(self, run: Run, told: Told) -> Run:
        attempt = self._attempt_told(run, told)
        if attempt.number > told.number or attempt.state is State.ENDED:
            return run  # told before
        if attempt.state is State.BLOCKED:
            began_at = self._within(run, told.began_at)
            for state in (State.QUEUED, State.STARTING):
                attempt = self._move(run, attempt, state, **({"taken_at": began_at} if state is State.STARTING else {}))
            attempt = self._move(run, attempt, State.RUNNING, running_at=began_at)
            run = replace(run, running_at=run.running_at or began_at)
        if told.outcome is not None:
            ended_at = max(self._within(run, told.ended_at or self.clock()), attempt.running_at or 0)
            facts = {"message": told.message, "output": told.output}
            self._move(run, attempt, State.ENDED, outcome=told.outcome, ended_at=ended_at, **facts)
        return replace(
            run, attempt=max(run.attempt, attempt.number), attempt_at=max(run.attempt_at, attempt.created_at)
        )

    def _attempt_told(self, run: Run, told: Told) -> Attempt:
        """Return the attempt that is told of, a new one if the task is executed once more."""
        newest = self._newest(run).get(told.task_key)
        if newest is None:
            raise InvalidRequest(f"Run {run.id} has no task {told.task_key!r}.")
        if told.number <= newest.number:
            return newest
        if told.number > newest.number + 1 or newest.state is not State.ENDED:
            raise WrongState(
                f"Execution {told.number} of task {told.task_key!r} cannot be told: execution {newest.number} is "
                f"{newest.phase}."
            )
        task = next(task for task in run.tasks if task.key == told.task_key)
        return self._add_attempt(run, task, number=told.number, state=State.BLOCKED)

    def _within(self, run: Run, at: int) -> int:
        """Keep a moment of another machine's clock within the run's own time."""
        return min(max(at, run.created_at), self.clock())

    def _close(self, run: Run, outcome: Outcome, **why: str) -> None:
        """End what has not: what never began was not needed, what goes on ends so."""
        now = self.clock()
        for attempt in list(self._newest(run).values()):
            if attempt.state is State.BLOCKED and attempt.task_key != run.tasks[-1].key:
                facts = {"outcome": Outcome.EXCLUDED, "message": NOT_REACHED}
                self._move(run, attempt, State.ENDED, ended_at=now, **facts)
            elif attempt.state is not State.ENDED:
                self._move(run, attempt, State.ENDED, outcome=outcome, ended_at=now, **why)
