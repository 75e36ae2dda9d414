"""What goes on around runs without a caller: triggers start them, notices tell of them, languages look after theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from runyard.core import trigger as triggers
from runyard.core.errors import NotFound
from runyard.core.ids import Ids
from runyard.core.job import Job
from runyard.core.run import Run
from runyard.core.trigger import Trigger, Wish
from runyard.engine.arming import set_triggers
from runyard.engine.attending import Attendant
from runyard.engine.delivery import Post
from runyard.engine.jobs import found
from runyard.engine.language import Language
from runyard.engine.moves import Moves
from runyard.engine.notices import Herald
from runyard.engine.outbox import Outbox
from runyard.engine.settings import Settings
from runyard.engine.sights import Sights
from runyard.engine.starting import Firing, Starting
from runyard.engine.triggers import Triggers
from runyard.store.ledger import Ledger
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.engine import Engine


class Surroundings:
    """The triggers, the outbox and the attendant of a server."""

    def __init__(self, engine: Engine, store: Store, settings: Settings, *, clock: Callable[[], int], ids: Ids) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._ids = ids
        self._sights = Sights(
            store,
            engine.mounts,
            clock=clock,
            poll_ms=int(settings.poll_s * 1000),
            databases=engine.home.path / "sql",
        )
        self.triggers = Triggers(store, self._sights, clock=clock, start_runs=self._start_runs, change=engine.change)
        post = Post(settings.smtp, settings.destinations)
        heralds = heralds_of(engine.languages)
        self.outbox = Outbox(store, post.deliver, heralds=heralds, ids=ids, clock=clock)
        self.attendant = Attendant(engine, engine.languages, clock=clock)

    def start(self) -> None:
        """Begin to start runs and to tell."""
        self.triggers.start()
        self.outbox.start()
        self.attendant.start()

    def close(self) -> None:
        """Finish what is being done; the next server does the rest."""
        self.attendant.close()
        self.triggers.close()
        self.outbox.close()

    def follow(self, moves: Moves) -> None:
        """Look at once at what a transaction has left to do."""
        if moves.armed:
            self.triggers.wake()
        if moves.noticed:
            self.outbox.wake()
        self.attendant.follow(moves)

    def wishes(self, job: Job) -> list[Wish]:
        """Return the triggers that a job's definition asks for; refuse what can never fire here."""
        read = self._engine.language(job.language).triggers
        wishes = list(read(job)) if read is not None else []
        for wish in wishes:
            triggers.check(wish)
            self.check(wish)
        return wishes

    def check(self, wish: Wish) -> None:
        """Refuse a trigger that watches what could never be seen here."""
        self._sights.check(wish)

    def arm(self, ledger: Ledger, job: Job) -> None:
        """Give a job the triggers that its definition asks for, in the transaction that records the job."""
        if self._engine.language(job.language).triggers is not None:
            set_triggers(ledger, job, self.wishes(job), ids=self._ids, now=self._clock())

    def _start_runs(self, trigger: Trigger) -> Sequence[Run]:
        fire = self._engine.language(trigger.language or "").fire
        if fire is None:
            return [self._start_run(trigger)]
        workspace = self._store.read(lambda ledger: ledger.workspace_by_id(trigger.workspace_id))
        return fire(Firing(engine=self._engine, workspace=found(workspace, "workspace", ""), trigger=trigger))

    def _start_run(self, trigger: Trigger) -> Run:
        pending = trigger.pending or {}
        job_id = trigger.job_id or 0
        job = self._store.read(lambda ledger: ledger.job(trigger.workspace_id, job_id))
        if job is None:
            raise NotFound("job", trigger.job_id)
        starting = Starting(
            engine=self._engine,
            workspace=self._engine.workspace_of(job),
            job=job,
            started_by=pending["started_by"],
            idempotency_key=pending["key"],
        )
        return self._engine.start_job(starting)


def heralds_of(languages: Mapping[str, Language]) -> Mapping[str, Herald]:
    """Return who tells of the runs of each language that has somebody."""
    return {name: language.herald for name, language in languages.items() if language.herald is not None}
