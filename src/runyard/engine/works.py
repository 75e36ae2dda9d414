"""The machinery behind the verbs: transactions and what follows them, processes, and time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

from runyard.core import queue
from runyard.core.errors import LedgerUnavailable
from runyard.core.ids import Ids
from runyard.core.run import Attempt, Run, State
from runyard.engine.dispatcher import Dispatcher
from runyard.engine.documents import Keep
from runyard.engine.doubts import Doubts
from runyard.engine.events import Changes
from runyard.engine.home import Home
from runyard.engine.memory import Memory
from runyard.engine.moves import Moves
from runyard.engine.notices import Herald
from runyard.engine.scheduler import Scheduler
from runyard.engine.settings import Settings
from runyard.engine.supervisor import Supervisor
from runyard.engine.transaction import Claim, begun_by, to_conduct
from runyard.executors import spark_engine
from runyard.executors.kinds import LOADED_PROGRAMS, PROGRAMS, QUERIES
from runyard.executors.launcher.client import Launcher, LauncherUnavailable
from runyard.executors.launcher.events import Ended
from runyard.executors.launcher.events import Event as LauncherEvent
from runyard.executors.mounts import Mounts
from runyard.executors.process import RUNTIME
from runyard.executors.work import Place, SparkPlace
from runyard.store.ledger import Ledger
from runyard.store.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Preparing:
    """What it takes to make an attempt ready: its language's last facts, its environment, its paths."""

    finish: Callable[[Claim], Mapping[str, Any]]
    environment: Callable[[Run], Mapping[str, str]]
    mounts: Mounts


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a transaction may leave to do that needs no process."""

    conduct: Callable[[Claim], None]  # an attempt that the engine carries out itself
    heralds: Mapping[str, Herald]  # by language: who tells of its runs
    keepers: Mapping[str, Keep]  # by language: who keeps what its tasks made
    follow: Callable[[Moves], None]  # what the transaction has left to triggers and notices


class Works:
    """One server's hands on the ledger and on the launcher."""

    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        *,
        clock: Callable[[], int],
        preparing: Preparing,
        beside: Beside,
    ) -> None:
        self.ids = Ids(clock, last=store.read(lambda ledger: ledger.largest_id()))
        self.places = settings.places
        self.changes = Changes()
        self.is_leaving = False
        self._doubts = Doubts(self._settle_doubts, clock=clock)
        self._memory = Memory()
        self._store = store
        self._clock = clock
        self._owner = home.server_name()
        self._beside = beside
        self._supervisor = Supervisor(self.change, recorded=self._recorded, lost=self._launcher_lost)
        self._launcher = _launcher(home, settings, self._supervisor.tell)
        self._dispatcher = Dispatcher(
            self._launcher,
            _place(home, settings, preparing.mounts),
            finish=preparing.finish,
            environment=preparing.environment,
            refused=self._refused,
        )
        self._scheduler = Scheduler(
            store,
            self.change,
            clock=clock,
            retention_ms=settings.retention_ms,
            attempt_folder=home.attempt_folder,
        )

    def start(self) -> None:
        """Find or start the launcher, take up what ran before, and begin to work."""
        self._take_up()
        self._supervisor.start()  # not before: what it starts would look to the taking up like a run that was lost
        self._scheduler.start()
        self._doubts.start()
        self.change(lambda moves: moves.look_for_work())

    def release(self) -> None:
        """Let go of those who wait for a run."""
        self.is_leaving = True
        self.changes.wake_all()

    def close(self) -> None:
        """Take no more work and hang up."""
        self.places = 0
        self.release()
        self._scheduler.close()
        self._doubts.close()
        self._supervisor.settle()
        self._launcher.close()
        self._supervisor.close()

    def attempts_at_work(self) -> tuple[list[Attempt], list[Attempt]]:
        """Return the attempts that this server has on a process, and those of them that hold a place."""

        def look(ledger: Ledger) -> tuple[list[Attempt], set[int]]:
            return ledger.attempts_on_process(self._owner), ledger.calling()

        attempts, calling = self._store.read(look)
        return attempts, queue.holders(attempts, calling=calling, places=self.places)

    def attempts_waiting(self) -> list[Attempt]:
        """Return the attempts that this server has on a process which waits for its turn."""
        return self._store.read(lambda ledger: ledger.attempts_waiting(self._owner))

    def change(self, work: Callable[[Moves], T]) -> T:
        """Change the ledger and do what must follow."""
        result, _ = self.apply(work)
        return result

    def apply(self, work: Callable[[Moves], T]) -> tuple[T, Moves]:
        """Run `work` and whatever can start after it as one transaction, then do what must follow."""

        def body(ledger: Ledger) -> tuple[T, Moves]:
            moves = Moves(
                ledger=ledger,
                ids=self.ids,
                clock=self._clock,
                owner=self._owner,
                places=self.places,
                heralds=self._beside.heralds,
                keepers=self._beside.keepers,
                memory=self._memory,
            )
            result = work(moves)
            moves.claim()
            self.changes.announce(attempt.id for attempt in moves.ended)
            return result, moves

        try:
            result, moves = self._store.write(body)
        except LedgerUnavailable:
            self._doubts.arise()
            raise
        self._memory.learn(moves)
        self._follow(moves)
        return result, moves

    def _follow(self, moves: Moves) -> None:
        for claim in moves.claimed:
            self._dispatcher.start(claim)
        for claim in moves.conducted:
            self._beside.conduct(claim)
        for attempt in moves.stopping:
            self._dispatcher.stop(attempt)
        for attempt in moves.ended:
            self._dispatcher.forget(attempt.id)
        self.changes.publish(moves.changed)
        if any(map(_awaits_its_time, moves.changed.values())):
            self._scheduler.wake()
        self._beside.follow(moves)

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

    # what may have been recorded though nobody heard of it

    def _settle_doubts(self) -> None:
        """Start and stop what the ledger says; the launcher and the conductor do nothing twice."""
        begun, conducted = self._store.read(lambda ledger: (begun_by(ledger, self._owner), to_conduct(ledger)))
        for claim in begun:
            if claim.attempt.state is State.STOPPING:
                self._dispatcher.stop(claim.attempt)
            if claim.attempt.state is not State.RUNNING and not self._dispatcher.has_started(claim.attempt.id):
                self._dispatcher.start(claim)
        for claim in conducted:
            self._beside.conduct(claim)
        self._scheduler.wake()

    # taking up what ran before

    def _launcher_lost(self) -> None:
        log.error("the launcher died; its runs end with it, and a new one is started")
        self._take_up()

    def _take_up(self) -> None:
        """Learn from the launcher what became of the attempts in the ledger, and go on from there."""
        snapshot = self._launcher.connect()
        known = {*snapshot.active, *snapshot.ended}
        mine = self._store.read(lambda ledger: ledger.attempts_on_process(self._owner))
        if any(attempt.waits_since is not None for attempt in mine):
            self.change(lambda moves: moves.forget_waits())  # the launcher's next words say who waits now
        for attempt in mine:
            if attempt.id in known:
                self._dispatcher.taken_up(attempt.id)
                if attempt.state is State.STOPPING:
                    self._dispatcher.stop(attempt)
        unknown = [attempt for attempt in mine if attempt.id not in known]
        if unknown:
            self.change(lambda moves: moves.take_up(unknown))


def _awaits_its_time(run: Run) -> bool:
    return bool(run.wait_until or run.notify_at or run.timeout_at) or run.state is State.RETRYING


def _launcher(home: Home, settings: Settings, on_event: Callable[[LauncherEvent], None]) -> Launcher:
    mode = {"mode": "spawn"} if settings.spawn else {}
    return Launcher(
        home.path,
        on_event=on_event,
        warm=settings.warm_children,
        preload=(*settings.preload, *LOADED_PROGRAMS) if settings.preload else (),
        rare=settings.spark.preload,
        driver=(spark_engine.waiting_driver(_spark_place(home, settings)), settings.spark.drivers),
        quick=QUERIES if settings.preload else "",
        idle_s=settings.spark.idle_s,
        programs=(str(RUNTIME), PROGRAMS),
        version=version("runyard"),
        **mode,
    )


def _place(home: Home, settings: Settings, mounts: Mounts) -> Place:
    return Place(
        attempt_folder=home.attempt_folder,
        environments=home.environments,
        databases=home.databases,
        mounts=mounts,
        grace_ms=int(settings.grace_s * 1000),
        limits=settings.limits,
        spark=_spark_place(home, settings),
    )


def _spark_place(home: Home, settings: Settings) -> SparkPlace:
    spark = settings.spark
    return SparkPlace(
        engine=spark.engine,
        home=spark.home,
        drivers=spark.drivers,
        shares_files=spark.shares_files,
        environments=home.environments,
    )
