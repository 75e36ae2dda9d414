"""An engine that records but starts nothing, with triggers and notices that a test lets come due by its clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.core.errors import NotSupported
from runyard.core.ids import Ids
from runyard.core.job import Job, Task, Workspace
from runyard.core.notice import NONE, Address, Channel, Message, What, Wishes
from runyard.core.queue import Overflow
from runyard.core.run import Outcome, Run
from runyard.core.trigger import Trigger, Wish
from runyard.engine.engine import Engine
from runyard.engine.home import Home
from runyard.engine.language import Language
from runyard.engine.moves import Moves
from runyard.engine.notices import Happening, Herald
from runyard.engine.requests import Request
from runyard.engine.settings import Settings
from runyard.engine.starting import Starting
from runyard.store.ledger import Page
from runyard.store.store import Store, open_store

START = 1_800_000_000_000  # 2027-01-15T08:00:00Z
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
SERVER = "the server under test"
EVERY_MINUTE = Wish(kind="periodic", spec={"interval": 1, "unit": "minutes"})
MAIN = Task(key="main", kind="python_script", spec={"script": "a.py"})


def start_plainly(starting: Starting) -> Run:
    if "refused" in starting.job.settings:
        raise NotSupported(starting.job.settings["refused"])
    request = Request(
        language="plain",
        job_name=starting.job.name,
        job=starting.job,
        settings=starting.job.settings,
        overflow=Overflow.SKIP,
        started_by=starting.started_by,
        idempotency_key=starting.idempotency_key,
    )
    return starting.engine.start_run(starting.workspace, request)


def wishes_of(run: Run, task_key: str | None) -> Wishes:
    """Read a test's wishes from the run's settings: {"tell": {None or task key: Wishes as keywords}}."""
    told = run.settings.get("tell", {}).get(task_key or "")
    if told is None:
        return NONE
    events = told.get("of", [what.value for what in What])
    to = tuple(Address(channel=Channel(channel), to=name) for channel, name in told["to"])
    more = {name: value for name, value in told.items() if name not in ("of", "to")}
    return Wishes(addresses={What(event): to for event in events}, **more)


def message_of(happening: Happening) -> Message:
    about = happening.attempt.task_key if happening.attempt else "run"
    return Message(subject=f"{about} {happening.what}", text="text", document={"what": happening.what})


PLAIN = Language(
    start=start_plainly,
    triggers=lambda job: [Wish(**one) for one in job.settings.get("wishes", ())],
    herald=Herald(wishes=wishes_of, message=message_of),
)


@dataclass
class Scene:
    """A server of its own without processes, and its clock."""

    store: Store
    engine: Engine
    workspace: Workspace
    clock: Callable[[], int]
    time: list[int]
    ids: Ids = field(init=False)

    def __post_init__(self) -> None:
        self.ids = Ids(self.clock, slot=2000)

    def pass_ms(self, length: int) -> None:
        self.time[0] += length

    def look(self) -> None:
        """Let everything come due that is."""
        self.engine.surroundings.triggers.do_what_is_due()

    def tell(self) -> None:
        self.engine.surroundings.outbox.do_what_is_due()

    def job(self, *wishes: Wish, limit: int | None = None, tasks: Sequence[Task] = (MAIN,), **settings: Any) -> Job:
        return self.engine.create_job(
            self.workspace,
            once=False,
            name="a job",
            language="plain",
            settings={"wishes": asked(wishes), **settings},
            tasks=tuple(tasks),
            max_concurrent_runs=limit,
        )

    def give(self, job: Job, *wishes: Wish) -> Job:
        """Give a job other triggers."""
        return self.engine.change_job(job, lambda now: {"settings": {**now.settings, "wishes": asked(wishes)}})

    def start(self, job: Job) -> Run:
        return start_plainly(Starting(engine=self.engine, workspace=self.workspace, job=job))

    def trigger(self, job: Job) -> Trigger:
        (trigger,) = self.engine.triggers(job)
        return trigger

    def runs(self, job: Job | None = None) -> list[Run]:
        """Return the runs, the oldest first."""
        where = {"job_id": job.id} if job else {}
        return self.engine.runs(self.workspace, Page(limit=100, where=where, newest_first=False))

    def move(self, work: Callable[[Moves], None]) -> None:
        """Play the launcher's part."""
        heralds = {"plain": PLAIN.herald} if PLAIN.herald else {}
        self.store.write(
            lambda ledger: work(
                Moves(ledger=ledger, ids=self.ids, clock=self.clock, owner=SERVER, places=100, heralds=heralds)
            )
        )

    def begin(self, run: Run, key: str = "main") -> None:
        self.move(claim_all)
        attempt = self.attempt(run, key)
        self.move(lambda moves: moves.started(attempt, at=self.clock()))

    def end(
        self, run: Run, outcome: Outcome = Outcome.SUCCEEDED, key: str = "main", started_at: int | None = None
    ) -> None:
        attempt = self.attempt(run, key)
        self.move(lambda moves: moves.finished(attempt, outcome, at=self.clock(), facts={}, started_at=started_at))

    def attempt(self, run: Run, key: str = "main") -> int:
        return [one for one in self.engine.attempts(run) if one.task_key == key][-1].id

    def events(self, run: Run) -> list[str]:
        return [event.kind for event in self.engine.events(run)]


def asked(wishes: Sequence[Wish]) -> list[dict[str, Any]]:
    return [{"kind": one.kind, "spec": one.spec, "is_paused": one.is_paused} for one in wishes]


def claim_all(moves: Moves) -> None:
    moves.look_for_work()
    moves.claim()


@contextmanager
def scene(home: Path, settings: Settings | None = None) -> Iterator[Scene]:
    """Open a server of its own, with an empty ledger in memory and a clock that stands still."""
    store = open_store("sqlite://")
    time = [START]
    # No places: the engine records and leaves the launcher's part to the test.
    engine = Engine(
        store,
        Home(home).make(),
        settings or Settings(places=0),
        clock=lambda: time[0],
        languages={"plain": PLAIN},
    )
    yield Scene(store=store, engine=engine, workspace=engine.workspace("default"), clock=lambda: time[0], time=time)
    store.close()
