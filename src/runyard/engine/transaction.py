"""One transaction on runs and attempts: every change is compared, noted as an event, and followed by the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runyard.core import graph, queue
from runyard.core.errors import WrongState
from runyard.core.ids import Ids
from runyard.core.job import TOLD, Task
from runyard.core.run import ON_A_PROCESS, Attempt, Event, Outcome, Run, State, check_move
from runyard.engine import notices
from runyard.engine.documents import Keep
from runyard.engine.memory import Memory
from runyard.engine.notices import Herald
from runyard.store.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An attempt that this server has taken and must now start."""

    run: Run
    attempt: Attempt
    task: Task


@dataclass(kw_only=True)
class Transaction:
    """What a transaction has seen and changed so far, and what must follow once it is durable."""

    ledger: Ledger
    ids: Ids
    clock: Callable[[], int]
    owner: str
    places: int
    claimed: list[Claim] = field(default_factory=list)
    conducted: list[Claim] = field(default_factory=list)  # what the engine carries out without a process
    stopping: list[Attempt] = field(default_factory=list)
    ended: list[Attempt] = field(default_factory=list)
    changed: dict[int, Run] = field(default_factory=dict)
    heralds: Mapping[str, Herald] = field(default_factory=dict)  # by language: who tells of its runs
    keepers: Mapping[str, Keep] = field(default_factory=dict)  # by language: who keeps what its tasks made
    armed: bool = False  # a trigger may be due
    noticed: bool = False  # there is something to tell
    memory: Memory = field(default_factory=Memory)
    _latest: dict[int, dict[str, Attempt]] = field(default_factory=dict)  # where the task runs of a run stand
    _moved: dict[int, dict[str, Attempt]] = field(default_factory=dict)  # what this transaction has changed of it
    _seen: dict[int, Run] = field(default_factory=dict)
    _may_claim: bool = False  # somebody waits or a place is free that was not

    # keeping the run true to its attempts

    def _settle(self, run: Run) -> Run:
        """Queue or end the tasks whose upstream ended, then write how the run stands."""
        latest = self._newest(run)
        if run.admitted_at is not None and not run.is_told:
            self._follow_graph(run, latest)
        state, outcome = graph.run_state(run.tasks, latest)
        if run.admitted_at is None and state is not State.ENDED:
            state = State.QUEUED  # held back as a whole
        return self._save(self._as_it_stands(run, state, outcome, latest), seen=self._run_again(run.id))

    def _follow_graph(self, run: Run, latest: dict[str, Attempt]) -> None:
        while decisions := graph.unblocked(run.tasks, latest, at_once=run.tasks_at_once):
            for decision in decisions:
                self._unblock(run, decision)

    def _unblock(self, run: Run, decision: graph.Decision) -> None:
        if decision.outcome is None:
            self._move(run, decision.attempt, State.QUEUED)
            return
        self._move(
            run,
            decision.attempt,
            State.ENDED,
            outcome=decision.outcome,
            ended_at=self.clock(),
            category=decision.category,
            message=decision.message,
        )

    def _newest(self, run: Run) -> dict[str, Attempt]:
        """Return where the task runs of a run stand; kept true by every move of this transaction."""
        if run.id not in self._latest:
            known = self.memory.latest(self._run_again(run.id))
            before = graph.newest(self.ledger.attempts(run.id)) if known is None else known
            self._latest[run.id] = {**before, **self._moved.get(run.id, {})}
        return self._latest[run.id]

    def standings(self) -> Iterator[tuple[Run, Mapping[str, Attempt]]]:
        """Return the runs that were changed, with their newest attempts as far as they were looked at."""
        return ((run, self._latest[run.id]) for run in self.changed.values() if run.id in self._latest)

    def _know(self, run: Run, attempt: Attempt) -> None:
        """Spare a query: of a run with one task, the attempt at hand is the newest if the run says so."""
        if len(run.tasks) == 1 and attempt.number == run.attempt:
            self._latest.setdefault(run.id, {attempt.task_key: attempt})

    def _note(self, attempt: Attempt) -> None:
        self._moved.setdefault(attempt.run_id, {})[attempt.task_key] = attempt
        if attempt.run_id in self._latest:
            self._latest[attempt.run_id][attempt.task_key] = attempt
        self._may_claim |= attempt.state in {State.QUEUED, State.ENDED}

    def _as_it_stands(self, run: Run, state: State, outcome: Outcome | None, latest: Mapping[str, Attempt]) -> Run:
        if state is not State.ENDED:
            waits = state in {State.QUEUED, State.RETRYING, State.BLOCKED}
            return replace(run, state=state, reason=run.reason if waits else None)
        culprit = next((one for one in graph.culprits(run.tasks, latest) if one.message), None)
        return replace(
            run,
            state=state,
            outcome=outcome,
            message=culprit.message if culprit else run.message,
            reason=None,
            ended_at=max(one.ended_at or 0 for one in latest.values()),
            wait_until=None,
            notify_at=None,
            timeout_at=None,
        )

    def _save(self, run: Run, *, seen: Run) -> Run:
        saved = replace(run, updated_at=max(self.clock(), seen.updated_at + 1))
        if not self.ledger.save_run(saved, seen=seen):
            raise WrongState(f"Run {run.id} was changed by somebody else meanwhile; try again.")
        self.changed[run.id] = self._seen[run.id] = saved
        notices.run_changed(self, saved, seen=seen)
        if saved.state is State.ENDED and seen.state is not State.ENDED:
            self.run_ended(saved)
        return saved

    def run_ended(self, run: Run) -> None:
        """Do what follows from the end of a run; the moves know what."""

    def _add_attempt(
        self, run: Run, task: Task, *, number: int = 0, series: int = 0, state: State, retry_at: int | None = None
    ) -> Attempt:
        now = self.clock()
        attempt = Attempt(
            id=self.ids.next(),
            run_id=run.id,
            task_key=task.key,
            number=number,
            series=series,
            state=state,
            created_at=now,
            updated_at=now,
            retry_at=retry_at,
        )
        self.ledger.add_attempt(attempt)
        self._note(attempt)
        self._event(run, state.value, attempt=attempt, detail={"number": number} if number else {})
        return self._begin_without_process(run, attempt)

    def _move(self, run: Run, attempt: Attempt, to: State, **facts: Any) -> Attempt:
        check_move(attempt, to)
        waits_since = attempt.waits_since if to in ON_A_PROCESS else None
        moved = replace(attempt, state=to, updated_at=self.clock(), waits_since=waits_since, **facts)
        self._write(moved, seen=attempt)
        if attempt.state in ON_A_PROCESS and to is State.ENDED:
            self.ended.append(moved)
        at = facts.get("ended_at") or facts.get("running_at")
        self._event(run, moved.phase, attempt=moved, detail=_detail(moved), at=at)
        notices.attempt_changed(self, run, moved, seen=attempt.state)
        return self._begin_without_process(run, moved)

    def _write(self, attempt: Attempt, *, seen: Attempt) -> None:
        if not self.ledger.save_attempt(attempt, seen=seen.state):
            raise WrongState(f"Attempt {attempt.id} was changed by somebody else meanwhile; try again.")
        self._note(attempt)

    def _begin_without_process(self, run: Run, attempt: Attempt) -> Attempt:
        """Take a queued attempt at once that needs no place, because no process comes of it."""
        if attempt.state is not State.QUEUED or (task := task_of(run, attempt)).has_process or task.kind == TOLD:
            return attempt
        taken = self._move(run, attempt, State.STARTING, taken_at=self.clock())
        self.conducted.append(Claim(run=run, attempt=taken, task=task))
        return taken

    def _event(
        self,
        run: Run,
        kind: str,
        *,
        attempt: Attempt | None = None,
        detail: Mapping[str, Any],
        at: int | None = None,
    ) -> None:
        self.ledger.add_event(
            Event(
                id=self.ids.next(),
                run_id=run.id,
                attempt_id=attempt.id if attempt else None,
                at=at or self.clock(),
                kind=kind,
                detail=detail,
            )
        )

    def _run(self, attempt: Attempt) -> Run:
        run = self._run_again(attempt.run_id)
        self._know(run, attempt)
        return run

    def _run_again(self, run_id: int) -> Run:
        """Return a run as the ledger has it now; kept true by every save of this transaction."""
        run = self._seen.get(run_id) or self.ledger.run_anywhere(run_id)
        if run is None:
            raise WrongState(f"Run {run_id} is gone from the ledger.")
        self._seen[run_id] = run
        return run

    def _no_place(self) -> str:
        return queue.NO_PLACE.format(limit=self.places)


def task_of(run: Run, attempt: Attempt) -> Task:
    """Return the task that an attempt tries."""
    return next(task for task in run.tasks if task.key == attempt.task_key)


def to_conduct(ledger: Ledger) -> list[Claim]:
    """Return what a server before this one has taken and not carried out."""
    return _claims(ledger, ledger.attempts_to_conduct())


def begun_by(ledger: Ledger, owner: str) -> list[Claim]:
    """Return what a server has taken and has a process for, or should have."""
    return _claims(ledger, ledger.attempts_on_process(owner))


def _claims(ledger: Ledger, attempts: Iterable[Attempt]) -> list[Claim]:
    found = [(ledger.run_anywhere(attempt.run_id), attempt) for attempt in attempts]
    return [Claim(run=run, attempt=attempt, task=task_of(run, attempt)) for run, attempt in found if run]


def _detail(attempt: Attempt) -> dict[str, Any]:
    told = {
        "message": attempt.message,
        "exit_code": attempt.exit_code,
        "signal": attempt.signal,
        "owner": attempt.owner,
    }
    return {name: value for name, value in told.items() if value is not None}
