"""What the views of a run are made of: its rows, put together as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from runyard.core import graph, retry
from runyard.core.job import Task
from runyard.core.run import Attempt, Repair, Run, State
from runyard.dialects.databricks import standing
from runyard.dialects.databricks.states import Standing

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The run that is a task run's work, with its attempts."""

    run: Run
    attempts: Sequence[Attempt]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRun:
    """One attempt of one task, with what is shown beside its own row."""

    run: Run
    attempt: Attempt
    task: Task | None
    settings: Mapping[str, Any]  # the task as it was written
    standing: Standing
    original_id: int  # of the first attempt in its series of retries
    began_at: int
    whole: Run  # the run in the list that it belongs to
    url: str  # of this server
    part: Part | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRun:
    """A run as a whole, with its task runs in the order of its tasks."""

    run: Run
    settings: Mapping[str, Any]
    standing: Standing
    task_runs: Sequence[TaskRun]
    rounds: Sequence[Repair]  # the original first; none if it was never repaired
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the ledger tells of a run."""

    run: Run
    url: str
    attempts: Sequence[Attempt] = ()
    rounds: Sequence[Repair] = ()
    parts: Mapping[int, Part] = field(default_factory=dict)  # by the attempt whose work they are
    whole: Run | None = None  # the run in the list, if this one is a part of it
    definition: Mapping[str, Any] | None = None  # of every task, if this run is a loop's work


def job_run(facts: Facts) -> JobRun:
    """Return a run to show."""
    latest = graph.newest(facts.attempts)
    return JobRun(
        run=facts.run,
        settings=facts.run.settings,
        standing=standing.of_run(facts.run, latest),
        task_runs=TaskRuns(facts),
        rounds=facts.rounds,
        url=facts.url,
    )


class TaskRuns(Sequence[TaskRun]):
    """Every attempt of a run's tasks, in the order of the tasks and then of the attempts.

    Each is put together when it is asked for: a page of a run with a thousand tasks shows a hundred of them.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._by_task: dict[str, list[Attempt]] = {task.key: [] for task in facts.run.tasks}
        for attempt in facts.attempts:
            self._by_task.setdefault(attempt.task_key, []).append(attempt)
        self._attempts = [attempt for attempts in self._by_task.values() for attempt in attempts]
        self._tasks = {task.key: task for task in facts.run.tasks}
        self._written = {one.get("task_key"): one for one in facts.run.settings.get("tasks", ())}

    def __len__(self) -> int:
        return len(self._attempts)

    @overload
    def __getitem__(self, place: int) -> TaskRun: ...
    @overload
    def __getitem__(self, place: slice) -> list[TaskRun]: ...
    def __getitem__(self, place: int | slice) -> TaskRun | list[TaskRun]:
        if isinstance(place, slice):
            return [self._task_run(attempt) for attempt in self._attempts[place]]
        return self._task_run(self._attempts[place])

    def of(self, attempt_id: int) -> TaskRun:
        """Return the task run of an attempt."""
        return self._task_run(next(one for one in self._attempts if one.id == attempt_id))

    def _task_run(self, attempt: Attempt) -> TaskRun:
        facts, key = self._facts, attempt.task_key
        task = self._tasks.get(key)
        series = next((one for one in self._by_task[key] if one.number == attempt.series), attempt)
        upstream = [one for before in (task.depends_on if task else ()) for one in self._by_task.get(before, ())]
        waited_for = [*(one.ended_at for one in upstream), _due_at(task, attempt, self._by_task[key])]
        return TaskRun(
            run=facts.run,
            attempt=attempt,
            task=task,
            settings=self._written.get(key, NOTHING) if facts.definition is None else facts.definition,
            standing=standing.of_task_run(facts.run, task, attempt),
            original_id=series.id,
            began_at=_began_at(facts.run, attempt, waited_for),
            whole=facts.whole or facts.run,
            url=facts.url,
            part=facts.parts.get(attempt.id),
        )


def _due_at(task: Task | None, attempt: Attempt, attempts: Sequence[Attempt]) -> int | None:
    """Return when the wait before a retry was over; None if there was none, or if it goes on."""
    failed = next((one for one in attempts if (one.number, one.series) == (attempt.number - 1, attempt.series)), None)
    if task is None or failed is None or failed.ended_at is None or attempt.state is State.RETRYING:
        return None
    return retry.retry_at(task, failed, now=failed.ended_at)


def _began_at(run: Run, attempt: Attempt, waited_for: Sequence[int | None]) -> int:
    """Return when nothing but a place of this server was wanting any more, as far as the rows tell."""
    if run.is_told and attempt.taken_at is not None:
        return attempt.taken_at  # what it waited for before is not known here
    known = [attempt.taken_at, attempt.running_at, attempt.ended_at]
    latest = next((moment for moment in known if moment is not None), None)
    moments = [run.admitted_at, *waited_for]
    past = [one for one in moments if one is not None and (latest is None or one <= latest)]
    return max([attempt.created_at, *past])
