"""The moves of the ledger: each changes attempts, lets the run follow, and appends events, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from runyard.core import graph, queue, retry
from runyard.core.errors import LimitReached, WrongState
from runyard.core.ids import Ids
from runyard.core.job import Task
from runyard.core.queue import Admission, Overflow
from runyard.core.run import ON_A_PROCESS, Attempt, Event, Outcome, Run, State, check_move
from runyard.store.ledger import Ledger

STOPPED = "The run was stopped by a request."
LOST = "The launcher that ran this attempt is gone and left no record of its end."


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An attempt that this server has taken and must now start."""

    run: Run
    attempt: Attempt
    task: Task


@dataclass(kw_only=True)
class Moves:
    """One transaction's worth of moves, and what must follow once it is durable."""

    ledger: Ledger
    ids: Ids
    clock: Callable[[], int]
    owner: str
    places: int
    claimed: list[Claim] = field(default_factory=list)
    stopping: list[Attempt] = field(default_factory=list)
    ended: list[Attempt] = field(default_factory=list)
    changed: dict[int, Run] = field(default_factory=dict)
    _latest: dict[int, dict[str, Attempt]] = field(default_factory=dict)  # where the task runs of a run stand
    _seen: dict[int, Run] = field(default_factory=dict)
    _may_claim: bool = False  # somebody waits or a place is free that was not

    # beginning

    def start(self, run: Run, *, limit: int | None, overflow: Overflow) -> Run:
        """Record a new run: admitted, held back by its job's limit, skipped, or refused."""
        active = 0
        if limit is not None and run.job_id is not None:
            self.ledger.hold_job(run.job_id)
            active = self.ledger.count_admitted(run.job_id)
        decision = queue.admission(limit=limit, active=active, overflow=overflow)
        text = queue.limit_text(run.job_name, limit or 0)
        if decision is Admission.REFUSE:
            raise LimitReached(text, job_name=run.job_name)
        if decision is Admission.SKIP:
            return self._add_skipped(run, text)
        if decision is Admission.HOLD:
            return self._add(replace(run, reason=text), roots=State.BLOCKED)
        admitted = replace(run, admitted_at=run.created_at, wait_until=None, reason=self._no_place())
        return self._add(admitted, roots=State.QUEUED)

    def _add(self, run: Run, *, roots: State) -> Run:
        self.ledger.add_run(run)
        self._latest[run.id] = {}
        for task in run.tasks:
            state = State.BLOCKED if task.depends_on else roots
            self._add_attempt(run, task, number=0, state=state)
        self.changed[run.id] = self._seen[run.id] = run
        return run

    def _add_attempt(self, run: Run, task: Task, *, number: int, state: State, retry_at: int | None = None) -> Attempt:
        now = self.clock()
        attempt = Attempt(
            id=self.ids.next(),
            run_id=run.id,
            task_key=task.key,
            number=number,
            state=state,
            created_at=now,
            updated_at=now,
            retry_at=retry_at,
        )
        self.ledger.add_attempt(attempt)
        self._note(attempt)
        self._event(run, state.value, attempt=attempt, detail={"number": number} if number else {})
        return attempt

    def _add_skipped(self, run: Run, text: str) -> Run:
        skipped = replace(
            run,
            state=State.ENDED,
            outcome=Outcome.SKIPPED,
            reason=text,
            message=text,
            ended_at=run.created_at,
            wait_until=None,
            notify_at=None,
        )
        self.ledger.add_run(skipped)
        self._event(skipped, Outcome.SKIPPED.value, detail={"reason": text})
        self.changed[run.id] = skipped
        return skipped

    # taking work

    def look_for_work(self) -> None:
        """Take waiting attempts even if this transaction added none."""
        self._may_claim = True

    def claim(self) -> None:
        """Take as many waiting attempts as this server has free places, the oldest first."""
        if not (self._may_claim and self.places):
            return
        free = self.places - self.ledger.count_on_process(self.owner)
        for attempt in self.ledger.queued_attempts(free) if free > 0 else ():
            run = self._run(attempt)
            taken = self._move(run, attempt, State.STARTING, owner=self.owner)
            run = self._settle(run)
            self.claimed.append(Claim(run=run, attempt=taken, task=_task(run, attempt)))

    def admit_held(self, job_id: int, *, limit: int | None) -> None:
        """Let the runs that wait for their job's limit begin, the oldest first."""
        while held := self.ledger.first_held(job_id):
            if limit is not None and self.ledger.count_admitted(job_id) >= limit:
                return
            admitted = replace(held, admitted_at=self.clock(), wait_until=None, reason=self._no_place())
            self._save(admitted, seen=held)
            for attempt in self.ledger.attempts(held.id):
                if not _task(held, attempt).depends_on:
                    self._move(admitted, attempt, State.QUEUED)
            self._settle(self._run_again(held.id))

    # what the launcher tells

    def started(self, attempt_id: int, *, at: int) -> None:
        """Record that an attempt's own code has begun."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state is not State.STARTING:
            return  # stopped meanwhile, or told twice
        run = self._run(attempt)
        self._move(run, attempt, State.RUNNING, running_at=at)
        self._settle(replace(run, running_at=at))

    def finished(
        self, attempt_id: int, outcome: Outcome, *, at: int, facts: Mapping[str, Any], started_at: int | None = None
    ) -> None:
        """Record how an attempt ended, and what follows from it: a retry, other tasks, the end of the run."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state is State.ENDED:
            return  # told twice
        run = self._run(attempt)
        if started_at is not None and attempt.running_at is None:  # its beginning is told with its end
            self._event(run, State.RUNNING.value, attempt=attempt, detail={}, at=started_at)
            facts = {**facts, "running_at": started_at}
            run = replace(run, running_at=started_at)
        ended = self._move(run, attempt, State.ENDED, outcome=outcome, ended_at=at, **facts)
        again = None
        if attempt.state is not State.STOPPING:
            again = retry.retry_at(_task(run, attempt), ended, now=at)
        if again is not None:
            run = self._try_again(run, ended, at=again)
        self._settle(run)

    def _try_again(self, run: Run, ended: Attempt, *, at: int) -> Run:
        waits = at > self.clock()
        number = ended.number + 1
        state = State.RETRYING if waits else State.QUEUED
        attempt = self._add_attempt(run, _task(run, ended), number=number, state=state, retry_at=at if waits else None)
        reason = f"Attempt {number} follows because attempt {ended.number} {ended.phase}."
        return replace(
            run,
            attempt=max(run.attempt, number),
            attempt_at=attempt.created_at,
            running_at=None,
            reason=reason,
        )

    def take_up(self, attempts: Sequence[Attempt]) -> None:
        """Go on with attempts that the ledger has on a process but no launcher has ever heard of."""
        for seen in attempts:
            attempt = self.ledger.attempt(seen.id)
            if attempt is None or attempt.state is not seen.state:
                continue  # its end was told meanwhile
            if attempt.state is State.STARTING:  # the server died between recording it and ordering it
                run = self._run(attempt)
                self.claimed.append(Claim(run=run, attempt=attempt, task=_task(run, attempt)))
                continue
            stopped = attempt.state is State.STOPPING
            outcome = Outcome.CANCELLED if stopped else Outcome.CRASHED
            facts = {"category": "launcher_lost", "message": STOPPED if stopped else LOST}
            self.finished(attempt.id, outcome, at=self.clock(), facts=facts)

    # what time brings

    def retry_now(self, attempt: Attempt) -> None:
        """Queue an attempt whose time to be tried again has come."""
        run = self._run(attempt)
        self._move(run, attempt, State.QUEUED, retry_at=None)
        self._settle(replace(run, reason=self._no_place()))

    def give_up_waiting(self, run: Run) -> None:
        """End a run that waited for its job's limit as long as it may."""
        waited_s = (self.clock() - run.created_at) // 1000
        text = f"{run.reason} The run waited {waited_s} s, as long as it may, and was given up."
        self._end_all(run, Outcome.FAILED, message=text, category="queue_wait")

    def notify(self, run: Run) -> None:
        """Record that a run takes longer than somebody wished to wait in silence."""
        self._event(run, "delayed", detail={"phase": run.phase, "after_ms": self.clock() - run.created_at})
        self._save(replace(run, notify_at=None), seen=run)

    # stopping

    def stop(self, run: Run) -> None:
        """Ask a run to stop: what waits ends at once, what runs is told to."""
        if run.state is State.ENDED:
            raise WrongState(f"Run {run.id} has ended ({run.phase}); there is nothing to stop.")
        self._end_all(run, Outcome.CANCELLED, message=STOPPED, category="cancelled")

    def _end_all(self, run: Run, outcome: Outcome, *, message: str, category: str) -> None:
        now = self.clock()
        for attempt in tuple(self._newest(run).values()):
            if attempt.state in {State.STARTING, State.RUNNING}:
                self.stopping.append(self._move(run, attempt, State.STOPPING))
            elif attempt.state not in {State.STOPPING, State.ENDED}:
                self._move(
                    run,
                    attempt,
                    State.ENDED,
                    outcome=outcome,
                    ended_at=now,
                    message=message,
                    category=category,
                )
        self._settle(run)

    # keeping the run true to its attempts

    def _settle(self, run: Run) -> Run:
        """Queue or end the tasks whose upstream ended, then write how the run stands."""
        latest = self._newest(run)
        if run.admitted_at is not None:
            self._follow_graph(run, latest)
        state, outcome = graph.run_state(run.tasks, latest)
        if run.admitted_at is None and state is not State.ENDED:
            state = State.QUEUED  # held back as a whole
        return self._save(self._as_it_stands(run, state, outcome, latest), seen=self._run_again(run.id))

    def _follow_graph(self, run: Run, latest: dict[str, Attempt]) -> None:
        while decisions := graph.unblocked(run.tasks, latest):
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
            self._latest[run.id] = graph.newest(self.ledger.attempts(run.id))
        return self._latest[run.id]

    def _know(self, run: Run, attempt: Attempt) -> None:
        """Spare a query: of a run with one task, the attempt at hand is the newest if the run says so."""
        if len(run.tasks) == 1 and attempt.number == run.attempt:
            self._latest.setdefault(run.id, {attempt.task_key: attempt})

    def _note(self, attempt: Attempt) -> None:
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
        )

    def _save(self, run: Run, *, seen: Run) -> Run:
        saved = replace(run, updated_at=max(self.clock(), seen.updated_at + 1))
        if not self.ledger.save_run(saved, seen=seen):
            raise WrongState(f"Run {run.id} was changed by somebody else meanwhile; try again.")
        self.changed[run.id] = self._seen[run.id] = saved
        if saved.state is State.ENDED and seen.state is not State.ENDED and saved.job_id is not None:
            self._make_room(saved, saved.job_id)
        return saved

    def _make_room(self, run: Run, job_id: int) -> None:
        if self.ledger.first_held(job_id) is not None:
            job = self.ledger.job(run.workspace_id, job_id)
            self.admit_held(job_id, limit=job.max_concurrent_runs if job else None)

    def _move(self, run: Run, attempt: Attempt, to: State, **facts: Any) -> Attempt:
        check_move(attempt, to)
        moved = replace(attempt, state=to, updated_at=self.clock(), **facts)
        if not self.ledger.save_attempt(moved, seen=attempt.state):
            raise WrongState(f"Attempt {attempt.id} was changed by somebody else meanwhile; try again.")
        self._note(moved)
        if attempt.state in ON_A_PROCESS and to is State.ENDED:
            self.ended.append(moved)
        at = facts.get("ended_at") or facts.get("running_at")
        self._event(run, moved.phase, attempt=moved, detail=_detail(moved), at=at)
        return moved

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


def _task(run: Run, attempt: Attempt) -> Task:
    return next(task for task in run.tasks if task.key == attempt.task_key)


def _detail(attempt: Attempt) -> dict[str, Any]:
    told = {
        "message": attempt.message,
        "exit_code": attempt.exit_code,
        "signal": attempt.signal,
        "owner": attempt.owner,
    }
    return {name: value for name, value in told.items() if value is not None}


def first_run_record(tasks: Sequence[Task], **facts: Any) -> Run:
    """Return a run as it stands when it is asked for."""
    graph.check_tasks(tasks)
    return Run(tasks=tuple(tasks), state=State.QUEUED, **facts)
