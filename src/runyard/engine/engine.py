"""The verbs that every dialect calls."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from runyard.core import graph
from runyard.core.errors import AlreadyExists, InvalidRequest, NotFound, WrongState
from runyard.core.ids import Ids
from runyard.core.job import Job, Task, Workspace
from runyard.core.queue import Overflow
from runyard.core.run import Attempt, Event, Run, State
from runyard.engine.dispatcher import Dispatcher, Finish
from runyard.engine.events import Changes
from runyard.engine.home import Home
from runyard.engine.logs import Log
from runyard.engine.moves import Moves, first_run_record
from runyard.engine.scheduler import Scheduler, forget
from runyard.engine.settings import Settings
from runyard.engine.supervisor import Supervisor
from runyard.executors.launcher.client import Launcher, LauncherUnavailable
from runyard.executors.launcher.events import Ended
from runyard.executors.launcher.events import Event as LauncherEvent
from runyard.executors.mounts import Mounts, default_mounts
from runyard.executors.work import Place
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")


def now_ms() -> int:
    """Return the time in the ledger's unit."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller wants run, in the words of the core."""

    language: str
    job_name: str
    job: Job | None = None
    tasks: Sequence[Task] = ()  # empty: the job's own
    settings: Mapping[str, Any] = field(default_factory=dict)
    overflow: Overflow = Overflow.REFUSE
    previous_run_id: int | None = None
    idempotency_key: str | None = None
    wait_ms: int | None = None  # how long it may wait for its job's limit; None: the server's setting
    notify_after_ms: int | None = None


class Engine:
    """Jobs and runs of every workspace on one ledger, and the processes of this server."""

    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        *,
        clock: Callable[[], int] = now_ms,
        finish: Mapping[str, Finish] | None = None,
        environment: Callable[[Run], Mapping[str, str]] = lambda _: {},
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = Ids(clock)
        self._owner = home.server_name()
        self._places = settings.places
        self._is_leaving = False
        self._queue_wait_ms = int(settings.queue_wait_s * 1000)
        self._changes = Changes()
        self.home = home
        self.mounts = default_mounts(home.path, settings.mounts)
        self.attempt_folder = home.attempt_folder
        self._supervisor = Supervisor(self._change, recorded=self._recorded, lost=self._launcher_lost)
        self._launcher = _launcher(home, settings, self._supervisor.tell)
        self._dispatcher = Dispatcher(
            self._launcher,
            _place(home, settings, self.mounts),
            finish=finish or {},
            environment=environment,
            refused=self._refused,
        )
        self._scheduler = Scheduler(
            store,
            self._change,
            clock=clock,
            retention_ms=settings.retention_ms,
            attempt_folder=home.attempt_folder,
        )

    # life of the engine

    def start(self) -> None:
        """Find or start the launcher, take up what ran before, and begin to work."""
        self._take_up()
        self._supervisor.start()  # not before: what it starts would look to the taking up like a run that was lost
        self._scheduler.start()
        self._change(lambda moves: moves.look_for_work())

    def release(self) -> None:
        """Answer those who wait for a run with what there is, now and from now on: the server is leaving."""
        self._is_leaving = True
        self._changes.wake_all()

    def close(self) -> None:
        """Stop taking work and leave; jobs keep running under the launcher, and the next server takes them up."""
        self._places = 0
        self.release()
        self._scheduler.close()
        self._supervisor.settle()
        self._launcher.close()
        self._supervisor.close()
        self._store.close()

    @property
    def places(self) -> int:
        """How many attempts may run at once on this server."""
        return self._places

    def load(self) -> dict[str, int]:
        """Count the attempts that wait and those that hold a place."""
        return self._store.read(lambda ledger: ledger.load())

    # workspaces

    def workspace(self, name: str) -> Workspace:
        """Return a workspace, made on first use."""
        known = self._store.read(lambda ledger: ledger.workspace(name))
        if known is not None:
            return known
        fresh = Workspace(id=self._ids.next(), name=name, created_at=self._clock())
        self._store.write(lambda ledger: ledger.add_workspace(fresh))
        return self.workspace(name)

    # jobs

    def create_job(self, workspace: Workspace, *, once: bool = True, **facts: Any) -> Job:
        """Record a job; `once` refuses a second job of the same name."""
        graph.check_tasks(facts["tasks"])
        now = self._clock()
        name = facts["name"] if once else None
        job = Job(
            id=self._ids.next(),
            workspace_id=workspace.id,
            unique_name=name,
            created_at=now,
            updated_at=now,
            **facts,
        )
        if not self._store.write(lambda ledger: ledger.add_job(job)):
            raise AlreadyExists("job", job.name)
        return job

    def update_job(self, job: Job, **facts: Any) -> Job:
        """Overwrite the given facts of a job and no others; runs that wait for a limit that was raised begin."""
        graph.check_tasks(facts.get("tasks", job.tasks))

        def save(moves: Moves) -> Job:
            moves.ledger.hold_job(job.id)
            # As it is now: since the caller looked, another one may have changed other facts of it.
            found = _found(moves.ledger.job(job.workspace_id, job.id), "job", job.name)
            changed = replace(found, updated_at=self._clock(), **facts)
            moves.ledger.save_job(changed)
            moves.admit_held(job.id, limit=changed.max_concurrent_runs)
            return changed

        return self._change(save)

    def delete_job(self, job: Job) -> bool:
        """Remove a job; False if it was gone. Its runs stay in the ledger."""
        return self._store.write(lambda ledger: ledger.remove_job(job))

    def job(self, workspace: Workspace, job_id: int) -> Job:
        """Return a job by id."""
        return _found(self._store.read(lambda ledger: ledger.job(workspace.id, job_id)), "job", job_id)

    def job_named(self, workspace: Workspace, name: str) -> Job:
        """Return a job by its unique name."""
        return _found(self._store.read(lambda ledger: ledger.job_named(workspace.id, name)), "job", name)

    def jobs(self, workspace: Workspace, page: Page) -> list[Job]:
        """Return a page of jobs."""
        return self._store.read(lambda ledger: ledger.jobs(workspace.id, page))

    # runs

    def start_run(self, workspace: Workspace, request: Request) -> Run:
        """Record a run, durably, and start it if it may start now."""
        run = self._new_run(workspace, request)
        limit = request.job.max_concurrent_runs if request.job else None

        def begin(moves: Moves) -> Run:
            key = request.idempotency_key
            earlier = moves.ledger.run_by_idempotency_key(workspace.id, key) if key else None
            if earlier is not None:
                return earlier
            return moves.start(run, limit=limit, overflow=request.overflow)

        recorded, moves = self._apply(begin)
        return moves.changed.get(recorded.id, recorded)

    def run(self, workspace: Workspace, run_id: int) -> Run:
        """Return a run."""
        return _found(self._store.read(lambda ledger: ledger.run(workspace.id, run_id)), "run", run_id)

    def runs(self, workspace: Workspace, page: Page) -> list[Run]:
        """Return a page of runs."""
        return self._store.read(lambda ledger: ledger.runs(workspace.id, page))

    def runs_alive(self, workspace: Workspace, *, since: int, until: int, after: int, limit: int) -> list[Run]:
        """Return runs that were alive at some moment of a span, oldest first, from the one behind `after` on."""
        span = {"since": since, "until": until, "after": after, "limit": limit}
        return self._store.read(lambda ledger: ledger.runs_alive(workspace.id, **span))

    def attempts(self, run: Run) -> list[Attempt]:
        """Return every attempt of a run, oldest first."""
        return self._store.read(lambda ledger: ledger.attempts(run.id))

    def events(self, run: Run, *, after: int = 0) -> list[Event]:
        """Return what happened to a run, oldest first."""
        return self._store.read(lambda ledger: ledger.events(run.id, after=after))

    def log(self, attempt: Attempt, stream: str) -> Log:
        """Return what an attempt printed to `stdout` or `stderr`."""
        return Log(self.attempt_folder(attempt.id), stream, started_at=attempt.running_at or attempt.created_at)

    def stop_run(self, workspace: Workspace, run_id: int) -> Run:
        """Ask a run to stop; what has not begun never will."""
        self.run(workspace, run_id)

        def stop(moves: Moves) -> Run:
            moves.stop(_found(moves.ledger.run_anywhere(run_id), "run", run_id))
            return moves.changed[run_id]

        return self._change(stop)

    def delete_run(self, workspace: Workspace, run_id: int) -> None:
        """Forget an ended run, its attempts, events and folders."""
        run = self.run(workspace, run_id)
        if run.state is not State.ENDED:
            raise WrongState(f"Run {run_id} is {run.phase}; stop it before you delete it.")
        forget(self._store, [run], self.attempt_folder)

    def wait_run(self, workspace: Workspace, run_id: int, *, timeout_s: float) -> Run:
        """Return the run once it has ended, or as it is when the time is up."""
        return self.wait_for(workspace, run_id, timeout_s=timeout_s, until=lambda run: run.state is State.ENDED)

    def wait_for(self, workspace: Workspace, run_id: int, *, timeout_s: float, until: Callable[[Run], bool]) -> Run:
        """Return the run once `until` holds, or as it is when the time is up or the server stops."""
        deadline = time.monotonic() + timeout_s
        with self._changes.watch(run_id) as changed:
            while True:
                run = self.run(workspace, run_id)
                left = deadline - time.monotonic()
                if until(run) or left <= 0 or self._is_leaving:
                    return run
                changed.wait(left)
                changed.clear()

    # how the verbs do it

    def _new_run(self, workspace: Workspace, request: Request) -> Run:
        tasks = request.tasks or (request.job.tasks if request.job else ())
        if not tasks:
            raise InvalidRequest("A run needs a job or at least one task.")
        now = self._clock()
        wait_ms = self._queue_wait_ms if request.wait_ms is None else request.wait_ms
        return first_run_record(
            tasks,
            id=self._ids.next(),
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
        )

    def _change(self, work: Callable[[Moves], T]) -> T:
        """Change the ledger and do what must follow."""
        result, _ = self._apply(work)
        return result

    def _apply(self, work: Callable[[Moves], T]) -> tuple[T, Moves]:
        """Run `work` and whatever can start after it as one transaction, then do what must follow."""

        def body(ledger: Ledger) -> tuple[T, Moves]:
            moves = Moves(ledger=ledger, ids=self._ids, clock=self._clock, owner=self._owner, places=self._places)
            result = work(moves)
            moves.claim()
            return result, moves

        result, moves = self._store.write(body)
        self._follow(moves)
        return result, moves

    def _follow(self, moves: Moves) -> None:
        for claim in moves.claimed:
            self._dispatcher.start(claim)
        for attempt in moves.stopping:
            self._dispatcher.stop(attempt)
        for attempt in moves.ended:
            self._dispatcher.forget(attempt.id)
        self._changes.publish(moves.changed)
        if any(run.wait_until or run.notify_at or run.state is State.RETRYING for run in moves.changed.values()):
            self._scheduler.wake()

    def _refused(self, attempt: Attempt, message: str, category: str) -> None:
        """End an attempt that could not be started, as one that the launcher could not start ends.

        The supervisor does it, again and again until the ledger has it. Done at once it would free a place, claim
        the next attempt and come back here, as deep as the queue is long.
        """
        cause = category if category == "cancelled" else None
        self._supervisor.tell(
            Ended(attempt_id=attempt.id, at=self._clock(), cause=cause, message=message, category=category)
        )

    def _recorded(self, attempt_id: int) -> None:
        with suppress(LauncherUnavailable):  # the next launcher tells the end again
            self._launcher.acknowledge(attempt_id)

    # taking up what ran before

    def _launcher_lost(self) -> None:
        log.error("the launcher died; its runs end with it, and a new one is started")
        self._take_up()

    def _take_up(self) -> None:
        """Learn from the launcher what became of the attempts in the ledger, and go on from there."""
        snapshot = self._launcher.connect()
        known = {*snapshot.active, *snapshot.ended}
        mine = self._store.read(lambda ledger: ledger.attempts_on_process(self._owner))
        for attempt in mine:
            if attempt.id in known:
                self._dispatcher.taken_up(attempt.id)
                if attempt.state is State.STOPPING:
                    self._dispatcher.stop(attempt)
        unknown = [attempt for attempt in mine if attempt.id not in known]
        if unknown:
            self._change(lambda moves: moves.take_up(unknown))


def _launcher(home: Home, settings: Settings, on_event: Callable[[LauncherEvent], None]) -> Launcher:
    mode = {"mode": "spawn"} if settings.spawn else {}
    return Launcher(home.path, on_event=on_event, warm=settings.warm_children, preload=settings.preload, **mode)


def _place(home: Home, settings: Settings, mounts: Mounts) -> Place:
    return Place(
        attempt_folder=home.attempt_folder,
        environments=home.environments,
        mounts=mounts,
        grace_ms=int(settings.grace_s * 1000),
        limits=settings.limits,
    )


def _found(thing: T | None, kind: str, name: object) -> T:
    if thing is None:
        raise NotFound(kind, name)
    return thing
