"""The verbs that every dialect calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from runyard.core import continuity
from runyard.core.errors import InvalidRequest, NotSupported, WrongState
from runyard.core.job import Job, Workspace
from runyard.core.run import Attempt, Event, Outcome, Repair, Run, State
from runyard.engine import flows
from runyard.engine.access import Access
from runyard.engine.bookmarks import Bookmarks
from runyard.engine.chains import Chains
from runyard.engine.conductor import Conductor
from runyard.engine.documents import Documents
from runyard.engine.finishing import Finishing
from runyard.engine.home import Home
from runyard.engine.jobs import Jobs, found
from runyard.engine.language import Language
from runyard.engine.logs import Log
from runyard.engine.moves import STOPPED, Moves, first_run_record
from runyard.engine.overview import Overview
from runyard.engine.recording import Told
from runyard.engine.requests import Repairing, Request
from runyard.engine.scheduler import forget
from runyard.engine.sessions import Sessions
from runyard.engine.settings import Settings
from runyard.engine.starting import Starting
from runyard.engine.surroundings import Surroundings, heralds_of
from runyard.engine.transaction import Claim, to_conduct
from runyard.engine.waiting import Waiting
from runyard.engine.works import Beside, Preparing, Works
from runyard.executors.mounts import default_mounts
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store

T = TypeVar("T")
LAST_ID = 2**53
STOPPED_AT_ONCE = 100  # runs read together
MOST_ACTIVE = 10_000  # runs of one job whose timeout is changed together


def now_ms() -> int:
    """Return the time in the ledger's unit."""
    return time.time_ns() // 1_000_000


class Engine(Jobs, Overview, Waiting):
    """Jobs and runs of every workspace on one ledger, and the processes of this server."""

    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        *,
        clock: Callable[[], int] = now_ms,
        languages: Mapping[str, Language] | None = None,
        environment: Callable[[Run], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self._store = store
        self._clock = clock
        self.languages = languages or {}
        self._workspaces: dict[str, Workspace] = {}
        self._queue_wait_ms = int(settings.queue_wait_s * 1000)
        self.home = home
        self.settings = settings
        self.mounts = default_mounts(home.path, settings.mounts)
        self.attempt_folder = home.attempt_folder
        self._conductor = Conductor(self)
        self._works = Works(
            store,
            home,
            settings,
            clock=clock,
            preparing=Preparing(finish=self.finished_spec, environment=environment, mounts=self.mounts),
            beside=Beside(
                conduct=self._conductor.take,
                heralds=heralds_of(self.languages),
                keepers={name: one.keep for name, one in self.languages.items() if one.keep is not None},
                follow=self._follow,
            ),
        )
        self.surroundings = Surroundings(self, store, settings, clock=clock, ids=self._works.ids)
        self.chains = Chains(self, store, clock=clock)
        self.bookmarks = Bookmarks(self, store, clock=clock)
        self.documents = Documents(store, ids=self._works.ids, clock=clock)
        self.access = Access(store, home.path, ids=self._works.ids, clock=clock)
        self.sessions = Sessions(self, store, self._works.changes, clock=clock)

    # life of the engine

    def start(self) -> None:
        """Find or start the launcher, take up what ran before, and begin to work."""
        left_over = self._store.read(to_conduct)
        self._works.start()
        # Not before: what it starts would look to the taking up like a run that was lost.
        self._conductor.start(left_over)
        self.surroundings.start()

    def release(self) -> None:
        """Answer those who wait for a run with what there is, now and from now on: the server is leaving."""
        self._works.release()

    def close(self) -> None:
        """Stop taking work and leave; jobs keep running under the launcher, and the next server takes them up."""
        self.surroundings.close()
        self._conductor.close()
        self._works.close()
        self._store.close()

    @property
    def is_leaving(self) -> bool:
        """Tell whether nobody may wait for anything any more."""
        return self._works.is_leaving

    @property
    def places(self) -> int:
        """How many attempts may run at once on this server."""
        return self._works.places

    # workspaces

    def workspace(self, name: str) -> Workspace:
        """Return a workspace, made on first use."""
        if name not in self._workspaces:
            known = self._store.read(lambda ledger: ledger.workspace(name)) or self._new_workspace(name)
            self._workspaces[name] = known  # for good: nothing ever changes or removes one
        return self._workspaces[name]

    def workspace_of(self, thing: Run | Job) -> Workspace:
        """Return the workspace that a run or job belongs to."""
        known = next((one for one in self._workspaces.values() if one.id == thing.workspace_id), None)
        return known or found(
            self._store.read(lambda ledger: ledger.workspace_by_id(thing.workspace_id)), "workspace", thing.workspace_id
        )

    def _new_workspace(self, name: str) -> Workspace:
        fresh = Workspace(id=self._works.ids.next(), name=name, created_at=self._clock())

        def add(ledger: Ledger) -> Workspace | None:
            ledger.add_workspace(fresh)
            return ledger.workspace(name)  # another caller's, if that one was first

        return self._store.write(add) or fresh

    # runs

    def start_run(self, workspace: Workspace, request: Request) -> Run:
        """Record a run, durably, and start it if it may start now."""
        run = self._new_run(workspace, request)
        limit = request.job.max_concurrent_runs if request.job else None

        def begin(moves: Moves) -> Run:
            earlier = _earlier(moves.ledger, workspace, request.idempotency_key)
            if earlier is not None:
                return earlier
            begin = moves.start if run.parent_attempt_id is None else moves.start_child
            begun = begin(run, limit=limit, overflow=request.overflow)
            flows.join(moves, begun)
            return begun

        recorded, moves = self._works.apply(begin)
        return moves.changed.get(recorded.id, recorded)

    def runs(self, workspace: Workspace, page: Page) -> list[Run]:
        """Return a page of runs."""
        return self._store.read(lambda ledger: ledger.runs(workspace.id, page))

    def start_job(self, starting: Starting) -> Run:
        """Start a job as the language that made it would."""
        job = starting.job
        start = self.language(job.language).start
        if start is None:
            raise NotSupported(f"Jobs made in {job.language} cannot be started here; start {job.name} with its client.")
        return start(starting)

    def attempt(self, workspace: Workspace, attempt_id: int) -> tuple[Run, Attempt]:
        """Return an attempt and its run."""

        def find(ledger: Ledger) -> tuple[Run, Attempt] | None:
            attempt = ledger.attempt(attempt_id)
            run = ledger.run(workspace.id, attempt.run_id) if attempt else None
            return (run, attempt) if run and attempt else None

        return found(self._store.read(find), "run", attempt_id)

    def child_run(self, attempt: Attempt) -> Run | None:
        """Return the run that is the attempt's work, if it has one."""
        return self._store.read(lambda ledger: ledger.run_of_attempt(attempt.id))

    def repairs(self, run: Run) -> list[Repair]:
        """Return the rounds of a run, the original first; none if it was never repaired."""
        return self._store.read(lambda ledger: ledger.repairs(run.id)) if run.repairs else []

    def attempts(self, run: Run) -> list[Attempt]:
        """Return every attempt of a run, oldest first."""
        return self._store.read(lambda ledger: ledger.attempts(run.id))

    def attempts_of(self, runs: Iterable[Run]) -> dict[int, list[Attempt]]:
        """Return every attempt of some runs by run, oldest first, in one query."""
        found: dict[int, list[Attempt]] = {run.id: [] for run in runs}
        for attempt in self._store.read(lambda ledger: ledger.attempts_of_runs(found.keys())):
            found[attempt.run_id].append(attempt)
        return found

    def child_runs(self, attempts: Iterable[Attempt]) -> dict[int, Run]:
        """Return the runs that are the work of some attempts, by attempt, in one query."""
        ids = [attempt.id for attempt in attempts]
        children = self._store.read(lambda ledger: ledger.runs_of_attempts(ids)) if ids else []
        return {child.parent_attempt_id: child for child in children if child.parent_attempt_id is not None}

    def events(self, run: Run, *, after: int = 0) -> list[Event]:
        """Return what happened to a run, oldest first."""
        return self._store.read(lambda ledger: ledger.events(run.id, after=after))

    def log(self, attempt: Attempt, stream: str) -> Log:
        """Return what an attempt printed to `stdout` or `stderr`, or told of its `progress`."""
        return Log(self.attempt_folder(attempt.id), stream, started_at=attempt.running_at or attempt.created_at)

    def stop_run(self, workspace: Workspace, run_id: int, *, message: str = STOPPED) -> Run:
        """Ask a run to stop; what has not begun never will."""
        self.run(workspace, run_id)

        def stop(moves: Moves) -> Run:
            moves.stop(found(moves.ledger.run_anywhere(run_id), "run", run_id), message=message)
            return moves.changed[run_id]

        return self._works.change(stop)

    def stop_attempt(self, workspace: Workspace, attempt_id: int) -> None:
        """Ask one attempt to stop; its run goes on with what does not depend on it."""
        self.attempt(workspace, attempt_id)
        self._works.change(lambda moves: moves.stop_attempt(attempt_id))

    def stop_runs(self, workspace: Workspace, where: Mapping[str, Any]) -> int:
        """Ask all runs to stop that have not ended and fit; return how many there were."""
        count, before = 0, LAST_ID
        while runs := self.runs(
            workspace, Page(limit=STOPPED_AT_ONCE, where={**where, "active": True, "before": before})
        ):
            for run in runs:
                with suppress(WrongState):  # it ended meanwhile
                    self.stop_run(workspace, run.id)
            count, before = count + len(runs), runs[-1].id
        return count

    def repair_run(self, workspace: Workspace, run_id: int, repairing: Repairing) -> Repair:
        """Run some tasks of an ended run again, in the same run."""
        self.run(workspace, run_id)

        def repair(moves: Moves) -> Repair:
            run = found(moves.ledger.run_anywhere(run_id), "run", run_id)
            rounds = moves.ledger.repairs(run_id)
            if rounds and repairing.after != rounds[-1].id:
                raise WrongState(f"Run {run_id} was repaired since; name its newest repair {rounds[-1].id} to go on.")
            settings = run.settings if repairing.run_settings is None else repairing.run_settings
            return moves.repair(
                run,
                Repair(
                    id=self._works.ids.next(),
                    run_id=run_id,
                    number=0,  # given by the moves
                    settings=repairing.settings,
                    task_keys=tuple(repairing.task_keys),
                    created_at=self._clock(),
                ),
                tasks=repairing.tasks or run.tasks,
                settings=settings,
            )

        return self._works.change(repair)

    def tell_run(self, workspace: Workspace, run_id: int, told: Sequence[Told], *, lease_ms: int) -> Run:
        """Record what a client has done of the work of a run."""
        self.run(workspace, run_id)
        return self._works.change(lambda moves: moves.tell(run_id, told, lease_ms=lease_ms))

    def change_timeout(self, workspace: Workspace, job_id: int, timeout_ms: int | None) -> None:
        """Give the runs of a job that have not ended another timeout, counted from their beginning."""

        def change(moves: Moves) -> None:
            where = {"job_id": job_id, "active": True}
            for run in moves.ledger.runs(workspace.id, Page(limit=MOST_ACTIVE, where=where)):
                moves.change_timeout(run, timeout_ms)

        self._works.change(change)

    def delete_run(self, workspace: Workspace, run_id: int) -> None:
        """Forget an ended run, its attempts, events and folders."""
        run = self.run(workspace, run_id)
        if run.state is not State.ENDED:
            raise WrongState(f"Run {run_id} is {run.phase}; stop it before you delete it.")
        if run.idempotency_key:
            self._store.write(lambda ledger: ledger.spend_key(run))
        if not forget(self._store, [run], self.attempt_folder):
            raise WrongState(f"Run {run_id} was repaired or deleted by somebody else meanwhile.")

    # how the verbs do it

    def _new_run(self, workspace: Workspace, request: Request) -> Run:
        tasks = request.tasks or (request.job.tasks if request.job else ())
        if not tasks:
            raise InvalidRequest("A run needs a job or at least one task.")
        now = self._clock()
        wait_ms = self._queue_wait_ms if request.wait_ms is None else request.wait_ms
        return first_run_record(
            continuity.retried(tasks, request.started_by),
            id=self._works.ids.next(),
            workspace_id=workspace.id,
            job_id=request.job.id if request.job else None,
            job_name=request.job_name,
            language=request.language,
            settings=request.settings,
            previous_run_id=request.previous_run_id,
            idempotency_key=request.idempotency_key,
            created_at=now,
            updated_at=now,
            attempt_at=now,
            wait_until=now + wait_ms,
            notify_at=now + request.notify_after_ms if request.notify_after_ms else None,
            timeout_ms=request.timeout_ms,
            started_by=request.started_by,
            parent_attempt_id=request.parent_attempt_id,
            tasks_at_once=request.tasks_at_once,
            is_listed=request.is_listed,
            awaited_by=request.awaited_by,
        )

    def _follow(self, moves: Moves) -> None:
        self.surroundings.follow(moves)

    # for those who carry out attempts

    def now(self) -> int:
        """Return the time."""
        return self._clock()

    def new_id(self) -> int:
        """Give out an id of the ledger."""
        return self._works.ids.next()

    def change(self, work: Callable[[Moves], T]) -> T:
        """Change the ledger in one transaction and do what must follow."""
        return self._works.change(work)

    def language(self, name: str) -> Language:
        """Return what the engine may ask of a language."""
        return self.languages.get(name, Language())

    def finished_spec(self, claim: Claim) -> Mapping[str, Any]:
        """Return the spec of a task with its last facts, if its language has any to give."""
        finish = self.language(claim.run.language).finish
        if finish is None:
            return claim.task.spec
        return finish(Finishing(engine=self, run=claim.run, attempt=claim.attempt, task=claim.task))

    def conclude(self, claim: Claim, outcome: Outcome, **facts: Any) -> None:
        """Record how an attempt ended that was carried out without a process."""
        now = self._clock()
        self._works.change(lambda moves: moves.finished(claim.attempt.id, outcome, at=now, started_at=now, facts=facts))


def _earlier(ledger: Ledger, workspace: Workspace, key: str | None) -> Run | None:
    """Return the run that an earlier request with this key made; refuse the key of a deleted one."""
    if not key:
        return None
    run = ledger.run_by_idempotency_key(workspace.id, key)
    if run is None and ledger.is_spent(workspace.id, key):
        token = key.partition("/")[2] or key  # the name of the caller's language stands before it
        raise InvalidRequest(f"The run that was started with the token {token!r} has been deleted; use another token.")
    return run
