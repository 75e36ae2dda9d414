"""The verbs about jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from runyard.core import graph
from runyard.core.errors import AlreadyExists, NotFound
from runyard.core.job import Job, Task, Workspace
from runyard.core.trigger import Trigger
from runyard.engine.moves import Moves
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.surroundings import Surroundings
    from runyard.engine.works import Works

T = TypeVar("T")


class Jobs:
    """What the engine does with jobs."""

    _store: Store
    _clock: Callable[[], int]
    _works: Works
    surroundings: Surroundings

    def create_job(self, workspace: Workspace, *, once: bool = True, **facts: Any) -> Job:
        """Record a job with the triggers it asks for; `once` refuses a second job of the same name."""
        _check_tasks(facts["tasks"])
        now = self._clock()
        own = {"id": self._works.ids.next(), "workspace_id": workspace.id, "created_at": now, "updated_at": now}
        job = Job(**{**own, "unique_name": facts["name"] if once else None, **facts})

        def add(ledger: Ledger) -> bool:
            is_new = ledger.add_job(job)
            if is_new:
                self.surroundings.arm(ledger, job)
            return is_new

        if not self._store.write(add):
            raise AlreadyExists("job", job.name)
        self.surroundings.triggers.wake()
        return job

    def update_job(self, job: Job, **facts: Any) -> Job:
        """Overwrite the given facts of a job and no others; runs that wait for a limit that was raised begin."""
        _check_tasks(facts.get("tasks", job.tasks))
        return self.change_job(job, lambda _: facts)

    def change_job(self, job: Job, change: Callable[[Job], Mapping[str, Any]]) -> Job:
        """Overwrite the facts that `change` makes of the job as it is now, whoever changed it meanwhile."""

        def save(moves: Moves) -> Job:
            moves.ledger.hold_job(job.id)
            known = found(moves.ledger.job(job.workspace_id, job.id), "job", job.name)
            changed = replace(known, updated_at=self._clock(), **change(known))
            moves.ledger.save_job(changed)
            self.surroundings.arm(moves.ledger, changed)
            moves.armed = True
            moves.admit_held(job.id, limit=changed.max_concurrent_runs)
            return changed

        return self._works.change(save)

    def delete_job(self, job: Job) -> bool:
        """Remove a job and its triggers; False if it was gone. Its runs stay in the ledger."""
        return self._store.write(lambda ledger: ledger.remove_job(job))

    def job(self, workspace: Workspace, job_id: int) -> Job:
        """Return a job by id."""
        return found(self._store.read(lambda ledger: ledger.job(workspace.id, job_id)), "job", job_id)

    def job_named(self, workspace: Workspace, name: str) -> Job:
        """Return a job by its unique name."""
        return found(self._store.read(lambda ledger: ledger.job_named(workspace.id, name)), "job", name)

    def jobs(self, workspace: Workspace, page: Page) -> list[Job]:
        """Return a page of jobs."""
        return self._store.read(lambda ledger: ledger.jobs(workspace.id, page))

    def triggers(self, job: Job) -> list[Trigger]:
        """Return the triggers of a job, in the order of its definition."""
        return self._store.read(lambda ledger: ledger.triggers(job.id))


def found(thing: T | None, kind: str, name: object) -> T:
    """Return the thing; refuse what is not there."""
    if thing is None:
        raise NotFound(kind, name)
    return thing


def _check_tasks(tasks: Sequence[Task]) -> None:
    """Refuse a plan that no run could have; one that is empty yet may be filled before a run needs it."""
    if tasks:
        graph.check_tasks(tasks)
