"""The moves of the ledger: each changes attempts, lets the run follow, and appends events, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard.core import graph, queue, retry
from runyard.core.errors import InvalidRequest, LimitReached, RunyardError, WrongState
from runyard.core.job import WORKFLOW, Task
from runyard.core.queue import Admission, Overflow
from runyard.core.run import ON_A_PROCESS, Attempt, Outcome, Repair, Run, State
from runyard.engine import arming, flows, notices
from runyard.engine.documents import Shelves
from runyard.engine.places import Places
from runyard.engine.recording import Recording
from runyard.engine.transaction import Claim, task_of

STOPPED = "The run was stopped by a request."
ALONE = "The task whose code waited for this run has ended."
CANCELLED = "cancelled"
RUN_TIMEOUT = "run_timeout"
OF_PARENT: Mapping[Outcome | None, Outcome] = {
    one: one for one in (Outcome.SUCCEEDED, Outcome.CANCELLED, Outcome.TIMED_OUT, Outcome.CRASHED)
}
"""How an attempt ends whose work was a run, by the run's outcome; every other one is a failure."""
LOST = "The launcher that ran this attempt is gone and left no record of its end."


class Moves(Recording, Places):
    """The moves of one transaction."""

    # beginning

    def start(self, run: Run, *, limit: int | None, overflow: Overflow) -> Run:
        """Record a new run: admitted, held back by its job's limit, skipped, or refused."""
        if run.awaited_by is not None and not self._is_in(ON_A_PROCESS, run.awaited_by):
            raise WrongState(f"Attempt {run.awaited_by} is on no process; it cannot wait for a run.")
        if run.is_told:
            return self.begin_told(run)
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
        return self._add(self._admitted(run, at=run.created_at), roots=State.QUEUED)

    def _admitted(self, run: Run, *, at: int) -> Run:
        """Let a run begin; its timeout counts from now."""
        timeout_at = None if run.timeout_ms is None else at + run.timeout_ms
        return replace(run, admitted_at=at, timeout_at=timeout_at, wait_until=None, reason=self._no_place())

    def _add(self, run: Run, *, roots: State) -> Run:
        self.ledger.add_run(run)
        self._latest[run.id] = {}
        self.changed[run.id] = self._seen[run.id] = run
        gradual = run.tasks_at_once is not None
        for task in run.tasks:
            self._add_attempt(run, task, state=State.BLOCKED if task.depends_on or gradual else roots)
        return self._settle(run) if gradual or self.conducted else run

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
        self.changed[run.id] = self._seen[run.id] = skipped
        notices.run_changed(self, skipped)
        if run.parent_attempt_id is not None:
            self._end_parent(skipped, run.parent_attempt_id)
        return skipped

    def admit_held(self, job_id: int, *, limit: int | None) -> None:
        """Let the runs that wait for their job's limit begin, the oldest first."""
        while held := self.ledger.first_held(job_id):
            if limit is not None and self.ledger.count_admitted(job_id) >= limit:
                return
            self._settle(self._save(self._admitted(held, at=self.clock()), seen=held))

    # what the launcher tells

    def started(self, attempt_id: int, *, at: int) -> None:
        """Record that an attempt's own code has begun."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state is not State.STARTING:
            return  # stopped meanwhile, or told twice
        run = self._run(attempt)
        self._move(run, attempt, State.RUNNING, running_at=at)
        self._settle(_begun(run, at))

    def finished(
        self, attempt_id: int, outcome: Outcome, *, at: int, facts: Mapping[str, Any], started_at: int | None = None
    ) -> None:
        """Record how an attempt ended, and what follows from it: a retry, other tasks, the end of the run."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state is State.ENDED:
            return  # told twice
        run = self._run(attempt)
        if attempt.state is State.STOPPING and attempt.category == RUN_TIMEOUT:
            outcome, facts = Outcome.TIMED_OUT, {**facts, "message": attempt.message, "category": RUN_TIMEOUT}
        elif attempt.state is State.STOPPING and outcome is Outcome.CANCELLED:
            facts = {**facts, "message": attempt.message}  # as it was asked to stop
        outcome, facts = self._kept(run, outcome, facts)
        if started_at is not None and attempt.running_at is None:  # its beginning is told with its end
            self._event(run, State.RUNNING.value, attempt=attempt, detail={}, at=started_at)
            facts = {**facts, "running_at": started_at}
            run = _begun(run, started_at)
            notices.begun(self, run, attempt)
        ended = self._move(run, attempt, State.ENDED, outcome=outcome, ended_at=at, **facts)
        for left in self.ledger.runs_awaited_by(attempt.id) if attempt.state in ON_A_PROCESS else ():
            self._end_all(left, Outcome.CANCELLED, message=ALONE, category=CANCELLED)
        again = None
        if attempt.state is not State.STOPPING:
            again = retry.retry_at(task_of(run, attempt), ended, now=at)
        if again is not None:
            run = self._try_again(run, ended, at=again)
        self._settle(run)

    def _kept(self, run: Run, outcome: Outcome, facts: Mapping[str, Any]) -> tuple[Outcome, Mapping[str, Any]]:
        """Keep what a task that succeeded has made; what cannot be kept makes it a failure."""
        keep, output = self.keepers.get(run.language), facts.get("output") or {}
        if keep is None or outcome is not Outcome.SUCCEEDED:
            return outcome, facts
        try:
            keep(
                Shelves(ledger=self.ledger, ids=self.ids, now=self.clock(), workspace_id=run.workspace_id), run, output
            )
        except RunyardError as error:
            return Outcome.FAILED, {**facts, "message": str(error)}
        return outcome, facts

    def _try_again(self, run: Run, ended: Attempt, *, at: int) -> Run:
        waits = at > self.clock()
        number = ended.number + 1
        state = State.RETRYING if waits else State.QUEUED
        task = task_of(run, ended)
        retry_at = at if waits else None
        attempt = self._add_attempt(run, task, number=number, series=ended.series, state=state, retry_at=retry_at)
        reason = f"Attempt {number} follows because attempt {ended.number} {ended.phase}."
        return replace(
            run,
            attempt=max(run.attempt, number),
            attempt_at=attempt.created_at,
            running_at=None if len(run.tasks) == 1 else run.running_at,
            reason=reason,
        )

    def take_up(self, attempts: Sequence[Attempt]) -> None:
        """Go on with attempts that the ledger has on a process but no launcher has ever heard of."""
        as_seen = [
            one.id for one in attempts if self._is_in({one.state}, one.id)
        ]  # of others the end was told meanwhile
        for attempt in filter(None, map(self.ledger.attempt, as_seen)):  # one by one: each may stop those behind it
            if attempt.state is State.STARTING:  # the server died between recording it and ordering it
                run = self._run(attempt)
                self.claimed.append(Claim(run=run, attempt=attempt, task=task_of(run, attempt)))
                continue
            stopped = attempt.state is State.STOPPING
            outcome = Outcome.CANCELLED if stopped else Outcome.CRASHED
            facts = {"category": "launcher_lost", "message": STOPPED if stopped else LOST}
            self.finished(attempt.id, outcome, at=self.clock(), facts=facts)

    def _is_in(self, states: Collection[State], attempt_id: int) -> bool:
        attempt = self.ledger.attempt(attempt_id)
        return attempt is not None and attempt.state in states

    # what time brings

    def retry_now(self, attempt: Attempt) -> None:
        """Queue an attempt whose time to be tried again has come."""
        run = self._run(attempt)
        self._move(run, attempt, State.QUEUED, retry_at=None)
        self._settle(replace(run, reason=self._no_place(), attempt_at=self.clock()))

    def give_up_waiting(self, run: Run) -> None:
        """End a run that waited for its job's limit, or for word of its work, as long as it may."""
        if run.is_told:
            self.lose(run)
            return
        waited_s = (self.clock() - run.created_at) // 1000
        text = f"{run.reason} The run waited {waited_s} s, as long as it may, and was given up."
        self._end_all(run, Outcome.FAILED, message=text, category="queue_wait")

    def notify(self, run: Run) -> None:
        """Record that a run takes longer than somebody wished to wait in silence."""
        self._event(run, "delayed", detail={"phase": run.phase, "after_ms": self.clock() - run.created_at})
        self._save(replace(run, notify_at=None), seen=run)

    def change_timeout(self, run: Run, timeout_ms: int | None) -> None:
        """Give a run that has not ended another timeout."""
        begun_at = run.admitted_at
        timeout_at = None if timeout_ms is None or begun_at is None else begun_at + timeout_ms
        self._save(replace(run, timeout_ms=timeout_ms, timeout_at=timeout_at), seen=run)

    def time_out(self, run: Run) -> None:
        """End a run that has taken as long as it may."""
        run = self._run_again(run.id)  # what timed out before it, in this transaction, may have been its task's work
        text = f"The run did not finish within its timeout of {(run.timeout_ms or 0) / 1000:g} s."
        self._end_all(replace(run, timeout_at=None), Outcome.TIMED_OUT, message=text, category=RUN_TIMEOUT)

    # stopping

    def stop(self, run: Run, *, message: str = STOPPED) -> None:
        """Ask a run to stop: what waits ends at once, what runs is told to."""
        if run.state is State.ENDED:
            raise WrongState(f"Run {run.id} has ended ({run.phase}); there is nothing to stop.")
        self._end_all(run, Outcome.CANCELLED, message=message, category=CANCELLED)

    def stop_attempt(self, attempt_id: int) -> None:
        """Ask one attempt to stop; what depends on it learns that it was cancelled."""
        attempt = self.ledger.attempt(attempt_id)
        if attempt is None or attempt.state is State.ENDED:
            raise WrongState(f"Attempt {attempt_id} has ended; there is nothing to stop.")
        run = self._run(attempt)
        self._end(run, attempt, Outcome.CANCELLED, message=STOPPED, category=CANCELLED)
        self._settle(run)

    def _end_all(self, run: Run, outcome: Outcome, **why: str) -> None:
        """End every attempt of a run: first what waits, lest it begin when a loop before it ends at once."""
        for attempt in sorted(self._newest(run).values(), key=lambda one: one.state in ON_A_PROCESS):
            self._end(run, attempt, outcome, **why)
        self._settle(run)

    def _end(self, run: Run, attempt: Attempt, outcome: Outcome, **why: str) -> None:
        if attempt.state in {State.STOPPING, State.ENDED}:
            return
        if task_of(run, attempt).kind == WORKFLOW and (members := flows.members_to_stop(self, run)):
            self._move(run, attempt, State.STOPPING, **why)
            for member in members:
                self._end_all(self._run_again(member.id), outcome, **why)
            return
        child = None if task_of(run, attempt).has_process else self.ledger.run_of_attempt(attempt.id)
        if child and child.state is not State.ENDED:
            self._move(run, attempt, State.STOPPING, **why)
            self._end_all(self._run_again(child.id), outcome, **why)
        elif attempt.state in {State.STARTING, State.RUNNING} and task_of(run, attempt).has_process:
            self.stopping.append(self._move(run, attempt, State.STOPPING, **why))
        else:
            self._move(run, attempt, State.ENDED, outcome=outcome, ended_at=self.clock(), **why)

    # runs that are the work of an attempt

    def start_child(self, run: Run, *, limit: int | None, overflow: Overflow) -> Run:
        """Record the run that an attempt has asked for, unless it is there; refuse it if the attempt was stopped."""
        parent_id = run.parent_attempt_id or 0
        if earlier := self.ledger.run_of_attempt(parent_id):
            return earlier
        parent = self.ledger.attempt(parent_id)
        if parent is None or parent.state is not State.STARTING:
            raise WrongState(f"Attempt {parent_id} no longer waits for a run to be its work.")
        self.started(parent_id, at=self.clock())
        timeouts = [one for one in (run.timeout_ms, task_of(self._run(parent), parent).timeout_ms) if one is not None]
        begun = self.start(replace(run, timeout_ms=min(timeouts, default=None)), limit=limit, overflow=overflow)
        if begun.admitted_at is None and begun.state is not State.ENDED:
            self._refuse_to_wait_for_itself(begun)
        return begun

    def _refuse_to_wait_for_itself(self, run: Run) -> None:
        above = run
        while above.parent_attempt_id and (parent := self.ledger.attempt(above.parent_attempt_id)):
            above = self._run_again(parent.run_id)
            if above.job_id == run.job_id:
                raise InvalidRequest(
                    f"{run.reason} Run {above.id} is one of them and waits for this one, which could not begin before "
                    "it ends. Raise the job's limit, or let it not start itself."
                )

    def run_ended(self, run: Run) -> None:
        """Let the next run of the job begin, and the attempt end whose work this run was."""
        self.armed |= arming.hear(self.ledger, run, now=self.clock())
        if run.repairs:
            self.ledger.end_repair(run)
        if run.job_id is not None and self.ledger.first_held(run.job_id) is not None:
            job = self.ledger.job(run.workspace_id, run.job_id)
            self.admit_held(run.job_id, limit=job.max_concurrent_runs if job else None)
        if run.parent_attempt_id is not None:
            self._end_parent(run, run.parent_attempt_id)
        flows.run_ended(self, run)

    def _end_parent(self, run: Run, parent_id: int) -> None:
        outcome = OF_PARENT.get(run.outcome, Outcome.FAILED)
        text = None if outcome is Outcome.SUCCEEDED else _told_of_part(run)
        self.finished(parent_id, outcome, at=run.ended_at or self.clock(), facts={"message": text})

    # repairing

    def repair(self, run: Run, repair: Repair, *, tasks: Sequence[Task], settings: Mapping[str, Any]) -> Repair:
        """Run some tasks of an ended run again, as they are defined now; the others stay as they ended."""
        if run.state is not State.ENDED:
            raise WrongState(f"Run {run.id} is {run.phase}; only a run that has ended can be repaired.")
        if run.is_told:
            raise WrongState(f"Run {run.id} was done elsewhere and only told here; do its work again where that was.")
        latest = self._newest(run)
        if strangers := [key for key in (*repair.task_keys, *(task.key for task in tasks)) if key not in latest]:
            raise InvalidRequest(f"Run {run.id} has no task {strangers[0]!r}.")
        if run.repairs == 0:
            self.ledger.add_repair(_original(run))
        recorded = replace(repair, number=run.repairs + 1)
        self.ledger.add_repair(recorded)
        reopened = self._admitted(_reopened(run, tasks=tasks, settings=settings), at=self.clock())
        if not self.ledger.reopen_run(reopened, seen=run):
            raise WrongState(f"Run {run.id} was changed by somebody else meanwhile; try again.")
        self._seen[run.id] = reopened
        self._event(reopened, "repaired", detail={"task_keys": repair.task_keys})
        self._run_tasks_again(reopened, repair.task_keys, latest)
        return recorded

    def _run_tasks_again(self, run: Run, keys: Collection[str], latest: Mapping[str, Attempt]) -> None:
        for task in run.tasks:
            if task.key in keys:
                number = latest[task.key].number + 1
                waits = task.depends_on or run.tasks_at_once is not None
                state = State.BLOCKED if waits else State.QUEUED
                self._add_attempt(run, task, number=number, series=number, state=state)
        newest = self._newest(run).values()
        self._settle(replace(run, attempt=max(one.number for one in newest), attempt_at=self.clock()))


def _begun(run: Run, at: int) -> Run:
    """Note when a run's code began: of one task with its newest attempt, of many with the first of them."""
    return run if len(run.tasks) > 1 and run.running_at is not None else replace(run, running_at=at)


def _told_of_part(run: Run) -> str:
    """Say how a run ended that was an attempt's work; one that is in no list has no name to look for."""
    why = str(run.message or run.reason)
    return f"Run {run.id} ended {run.phase}: {why}" if run.is_listed else why


def _original(run: Run) -> Repair:
    """Return a run as it was before its first repair: under its own id, as what came before all repairs."""
    return Repair(
        id=run.id,
        run_id=run.id,
        number=0,
        settings=run.settings,
        task_keys=tuple(task.key for task in run.tasks),
        created_at=run.created_at,
        ended_at=run.ended_at,
        outcome=run.outcome,
        message=run.message,
    )


def _reopened(run: Run, *, tasks: Sequence[Task], settings: Mapping[str, Any]) -> Run:
    return replace(
        run,
        tasks=tuple(tasks),
        settings=settings,
        state=State.QUEUED,
        outcome=None,
        message=None,
        ended_at=None,
        running_at=None,
        repairs=run.repairs + 1,
        updated_at=run.updated_at + 1,
    )


def first_run_record(tasks: Sequence[Task], **facts: Any) -> Run:
    """Return a run as it stands when it is asked for."""
    graph.check_tasks(tasks)
    return Run(tasks=tuple(tasks), state=State.QUEUED, **facts)
