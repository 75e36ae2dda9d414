"""The ledger's records, read and written by name inside one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from runyard.core.ids import first_of
from runyard.core.run import Outcome, State
from runyard.store import rows
from runyard.store.access import Access
from runyard.store.bookmarks import Bookmarks
from runyard.store.documents import Documents
from runyard.store.links import Links
from runyard.store.overview import Overview
from runyard.store.records import ATTEMPT, EVENT, JOB, NOTICE, REPAIR, RUN, TRIGGER, WORKSPACE, Shape
from runyard.store.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from runyard.core.job import Job, Workspace
    from runyard.core.notice import Notice
    from runyard.core.run import Attempt, Event, Repair, Run
    from runyard.core.trigger import Trigger

R = TypeVar("R")
Value = rows.Value

_BY_A_TASK = '{"kind":"task"'  # how the document begins that says that the code of a task asked for a run
_KIND = f"substr(started_by, 1, {len(_BY_A_TASK)})"

_KINDS = ('"kind":"told"', '"kind":"arazzo"')  # of tasks that are, or run, a workflow of a document
_WITHOUT = f"replace(replace(tasks, '{_KINDS[0]}', ''), '{_KINDS[1]}', '')"  # LIKE's sign means something to psycopg

_FILTERS: Mapping[str, str] = {
    "before": "AND id < :before",
    "after": "AND id > :after",
    "job_id": "AND job_id = :job_id",
    "job_name": "AND job_name = :job_name",
    "called": "AND name = :called",  # of jobs: few in a workspace, which are read for it
    "language": "AND language = :language",
    "state": "AND state = :state",
    "outcome": "AND outcome = :outcome",
    "active": "AND state <> 'ended'",
    "of_a_job": "AND job_id IS NOT NULL",
    "of_no_job": f"AND job_id IS NULL AND {_KIND} <> '{_BY_A_TASK}'",
    "of_a_task": f"AND job_id IS NULL AND {_KIND} = '{_BY_A_TASK}'",
    "of_documents": f"AND {_WITHOUT} <> tasks",
    "named_like": "AND lower(job_name) LIKE :named_like ESCAPE '!'",
    "begun_by": "AND substr(started_by, 1, length(CAST(:begun_by AS TEXT))) = :begun_by",
}
"""Every condition a list may have. Composed, never `:x IS NULL OR …`, which would hide the index.

`active`, `of_a_job`, `of_no_job`, `of_a_task` and `of_documents` are marks: their presence is the condition, whatever
their value.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Which part of a list: at most `limit` rows that meet `where`, from one end."""

    limit: int
    where: Mapping[str, Value]
    newest_first: bool = True


class Ledger(Links, Bookmarks, Statements, Documents, Overview, Access):
    """One open transaction on the ledger."""

    # workspaces

    def workspace(self, name: str) -> Workspace | None:
        """Return a workspace by name."""
        return self._one(WORKSPACE, "workspace_by_name", name=name)

    def workspace_by_id(self, workspace_id: int) -> Workspace | None:
        """Return a workspace by id."""
        return self._one(WORKSPACE, "workspace_by_id", id=workspace_id)

    def add_workspace(self, workspace: Workspace) -> None:
        """Add a workspace unless it is there."""
        self._cursor.run("add_workspace", WORKSPACE.values(workspace))

    # jobs

    def job(self, workspace_id: int, job_id: int) -> Job | None:
        """Return a job by id."""
        return self._one(JOB, "job_by_id", workspace_id=workspace_id, id=job_id)

    def job_named(self, workspace_id: int, name: str) -> Job | None:
        """Return a job by its unique name."""
        return self._one(JOB, "job_by_name", workspace_id=workspace_id, name=name)

    def jobs(self, workspace_id: int, page: Page) -> list[Job]:
        """Return a page of jobs."""
        return self._page(JOB, "jobs", workspace_id, page)

    def add_job(self, job: Job) -> bool:
        """Add a job; False if its unique name is taken."""
        return self._did("add_job", JOB.values(job))

    def save_job(self, job: Job) -> bool:
        """Overwrite a job; False if it is gone."""
        return self._did("save_job", JOB.values(job))

    def remove_job(self, job: Job) -> bool:
        """Remove a job; False if it is gone."""
        return self._did("remove_job", {"workspace_id": job.workspace_id, "id": job.id})

    def hold_job(self, job_id: int) -> None:
        """Let no other transaction start a run of this job until this one ends."""
        self._cursor.all("hold_job", {"id": job_id})

    # runs

    def run(self, workspace_id: int, run_id: int) -> Run | None:
        """Return a run of a workspace."""
        return self._one(RUN, "run_by_id", workspace_id=workspace_id, id=run_id)

    def run_anywhere(self, run_id: int) -> Run | None:
        """Return a run whatever its workspace, held against other writers."""
        return self._one(RUN, "run_anywhere", id=run_id)

    def run_by_idempotency_key(self, workspace_id: int, key: str) -> Run | None:
        """Return the run that an earlier request with this key made."""
        return self._one(RUN, "run_by_idempotency_key", workspace_id=workspace_id, idempotency_key=key)

    def runs(self, workspace_id: int, page: Page) -> list[Run]:
        """Return a page of runs."""
        return self._page(RUN, "runs", workspace_id, page)

    def runs_alive(self, workspace_id: int, *, since: int, until: int, after: int, limit: int) -> list[Run]:
        """Return runs that were alive at some moment of a span, oldest first, from the one behind `after` on.

        Ids grow with time: those made before the span and alive at its beginning come first, then those made in it.
        """
        first = first_of(since)
        bounds = {"after": after, "before": first, "moment": since, "limit": limit}
        older = self._all(RUN, "runs_alive_at", workspace_id=workspace_id, **bounds) if after < first else []
        made = {"after": max(after, first - 1), "before": first_of(until + 1)}
        return [*older, *self.runs(workspace_id, Page(limit=limit - len(older), where=made, newest_first=False))]

    def add_run(self, run: Run) -> None:
        """Add a run."""
        self._cursor.run("add_run", RUN.values(run))

    def save_run(self, run: Run, *, seen: Run) -> bool:
        """Write what may change of a run; False if somebody else changed it first."""
        return self._did("save_run", {**RUN.changing_values(run), "seen": seen.state, "seen_at": seen.updated_at})

    def reopen_run(self, run: Run, *, seen: Run) -> bool:
        """Write what a repair changes of an ended run; False if somebody else changed it first."""
        return self._did("reopen_run", {**RUN.values(run), "seen_at": seen.updated_at})

    def run_of_attempt(self, attempt_id: int) -> Run | None:
        """Return the run that is an attempt's work."""
        return self._one(RUN, "run_of_attempt", attempt_id=attempt_id)

    def runs_awaited_by(self, attempt_id: int) -> list[Run]:
        """Return the runs that an attempt's process waits for."""
        return self._all(RUN, "runs_awaited_by", attempt_id=attempt_id)

    def repairs(self, run_id: int) -> list[Repair]:
        """Return the rounds of a run, the original first; none if it was never repaired."""
        return self._all(REPAIR, "repairs_of_run", run_id=run_id)

    def add_repair(self, repair: Repair) -> None:
        """Add a round of a run."""
        self._cursor.run("add_repair", REPAIR.values(repair))

    def end_repair(self, run: Run) -> None:
        """Write how the newest round of an ended run ended."""
        facts = {"ended_at": run.ended_at, "outcome": run.outcome, "message": run.message}
        self._cursor.run("end_repair", {"run_id": run.id, "number": run.repairs, **facts})

    def spend_key(self, run: Run) -> None:
        """Let the key of a run that is to be deleted start no other."""
        self._cursor.run("spend_key", {"workspace_id": run.workspace_id, "idempotency_key": run.idempotency_key})

    def is_spent(self, workspace_id: int, key: str) -> bool:
        """Tell whether the run with this key was deleted."""
        return self._did("spent_key", {"workspace_id": workspace_id, "idempotency_key": key})

    def remove_run(self, run_id: int) -> None:
        """Forget an ended run and all that belongs to it."""
        self._cursor.run("remove_run", {"run_id": run_id})
        self._cursor.run("remove_notices", {"run_id": run_id})

    def count_admitted(self, job_id: int) -> int:
        """Count the runs of a job that were admitted and have not ended."""
        return int(self._cursor.all("count_admitted", {"job_id": job_id})[0][0])

    def first_held(self, job_id: int) -> Run | None:
        """Return the oldest run that waits for its job's limit."""
        return self._one(RUN, "first_held", job_id=job_id)

    def runs_ended_before(self, ended_before: int, *, before: int, limit: int) -> list[Run]:
        """Return the oldest ended runs, for retention."""
        return self._all(RUN, "runs_ended_before", ended_before=ended_before, before=before, limit=limit)

    # attempts

    def attempt(self, attempt_id: int) -> Attempt | None:
        """Return an attempt."""
        return self._one(ATTEMPT, "attempt_by_id", id=attempt_id)

    def attempts(self, run_id: int) -> list[Attempt]:
        """Return every attempt of a run, oldest first."""
        return self._all(ATTEMPT, "attempts_of_run", run_id=run_id)

    def attempts_of_runs(self, run_ids: Collection[int]) -> list[Attempt]:
        """Return every attempt of some runs, oldest first."""
        found = self._all(ATTEMPT, "attempts_of_runs", ids=_listed(run_ids))
        return sorted(found, key=lambda attempt: attempt.id)

    def runs_of_attempts(self, attempt_ids: Collection[int]) -> list[Run]:
        """Return the runs that are the work of some attempts."""
        return self._all(RUN, "runs_of_attempts", ids=_listed(attempt_ids))

    def add_attempt(self, attempt: Attempt) -> None:
        """Add an attempt."""
        self._cursor.run("add_attempt", ATTEMPT.values(attempt))

    def save_attempt(self, attempt: Attempt, *, seen: State) -> bool:
        """Write what may change of an attempt; False if it is no longer in the state seen."""
        return self._did("save_attempt", {**ATTEMPT.changing_values(attempt), "seen": seen})

    def queued_attempts(self, limit: int) -> list[Attempt]:
        """Return the oldest attempts that wait for a place."""
        return self._all(ATTEMPT, "queued_attempts", limit=limit)

    def awaited_attempts(self, limit: int) -> list[Attempt]:
        """Return the oldest attempts that wait for a place and for which a process waits that gave up its own."""
        return self._all(ATTEMPT, "awaited_attempts", limit=limit)

    def attempts_to_conduct(self) -> list[Attempt]:
        """Return the attempts without a process that nobody has carried out yet."""
        return self._all(ATTEMPT, "attempts_to_conduct")

    def count_on_process(self, owner: str) -> tuple[int, int]:
        """Count the attempts an owner has on a process that wait for no run, and those of them that wait for a turn."""
        counts = dict(self._cursor.all("count_on_process", {"owner": owner}))
        return counts["on_process"], counts["waiting"]

    def attempts_on_process(self, owner: str) -> list[Attempt]:
        """Return the attempts an owner has on a process."""
        return self._all(ATTEMPT, "attempts_on_process", owner=owner)

    def attempts_waiting(self, owner: str) -> list[Attempt]:
        """Return the attempts of an owner whose processes wait for their turn."""
        return self._all(ATTEMPT, "attempts_waiting", owner=owner)

    def calling(self) -> set[int]:
        """Return the ids of the attempts whose processes wait for runs."""
        return {row[0] for row in self._cursor.all("calling", {})}

    def load(self) -> dict[str, int]:
        """Count the attempts that are `queued` or `retrying`, and those with a process.

        These are `calling` if they wait for runs, else `on_process`; of the latter those that wait for their turn are
        `waiting` as well.
        """
        return dict(self._cursor.all("load", {}))

    # what is due

    def due_waits(self, now: int, limit: int) -> list[Run]:
        """Return the runs that have waited long enough."""
        return self._all(RUN, "due_waits", now=now, limit=limit)

    def due_notices(self, now: int, limit: int) -> list[Run]:
        """Return the runs that take longer than somebody wished."""
        return self._all(RUN, "due_notices", now=now, limit=limit)

    def due_timeouts(self, now: int, limit: int) -> list[Run]:
        """Return the runs that have taken as long as they may."""
        return self._all(RUN, "due_timeouts", now=now, limit=limit)

    def due_retries(self, now: int, limit: int) -> list[Attempt]:
        """Return the attempts whose time to be tried again has come."""
        return self._all(ATTEMPT, "due_retries", now=now, limit=limit)

    def next_due(self) -> int | None:
        """Return the earliest moment at which something is due."""
        at: int | None = self._cursor.all("next_due", {})[0][0]
        return at

    # events

    def add_event(self, event: Event) -> None:
        """Append an event."""
        self._cursor.run("add_event", EVENT.values(event))

    def events(self, run_id: int, *, after: int = 0, limit: int = 1000) -> list[Event]:
        """Return a run's events, oldest first."""
        return self._all(EVENT, "events_of_run", run_id=run_id, after=after, limit=limit)

    def last_word(self, attempt: Attempt) -> Event | None:
        """Return the last event that tells whether an attempt's process waits for its turn."""
        return self._one(EVENT, "last_word", run_id=attempt.run_id, attempt_id=attempt.id)

    # triggers

    def add_trigger(self, trigger: Trigger, *, watched: Iterable[int] = ()) -> None:
        """Add a trigger that hears of the ends of these jobs' runs."""
        self._cursor.run("add_trigger", TRIGGER.values(trigger))
        for job_id in watched:
            self._cursor.run("add_watch", {"job_id": job_id, "trigger_id": trigger.id})

    def trigger(self, trigger_id: int) -> Trigger | None:
        """Return a trigger, held against other writers."""
        return self._one(TRIGGER, "trigger_by_id", id=trigger_id)

    def triggers(self, job_id: int) -> list[Trigger]:
        """Return the triggers of a job, in the order of its definition."""
        return self._all(TRIGGER, "triggers_of_job", job_id=job_id)

    def triggers_watching(self, job_id: int) -> list[Trigger]:
        """Return the triggers, of any job, that must hear when a run of this job ends."""
        return self._all(TRIGGER, "triggers_watching", job_id=job_id)

    def save_trigger(self, trigger: Trigger, *, seen: Trigger) -> bool:
        """Write what may change of a trigger; False if somebody else changed it first."""
        return self._did("save_trigger", {**TRIGGER.changing_values(trigger), "seen_at": seen.updated_at})

    def remove_trigger(self, trigger_id: int) -> None:
        """Remove a trigger."""
        self._cursor.run("remove_trigger", {"id": trigger_id})

    def due_triggers(self, now: int, limit: int) -> list[Trigger]:
        """Return the triggers whose moment has come."""
        return self._all(TRIGGER, "due_triggers", now=now, limit=limit)

    def pending_triggers(self, limit: int) -> list[Trigger]:
        """Return the triggers whose run is decided and not yet started."""
        return self._all(TRIGGER, "pending_triggers", limit=limit)

    def next_trigger(self) -> int | None:
        """Return the earliest moment at which a trigger must be looked at."""
        at: int | None = self._cursor.all("next_trigger", {})[0][0]
        return at

    # notices

    def add_notice(self, notice: Notice) -> None:
        """Add a notice unless the run has one of that name."""
        self._cursor.run("add_notice", NOTICE.values(notice))

    def notices(self, run_id: int) -> list[Notice]:
        """Return the notices of a run, oldest first."""
        return self._all(NOTICE, "notices_of_run", run_id=run_id)

    def untold_notices(self, now: int, limit: int) -> list[Notice]:
        """Return the notices whose moment has come."""
        return self._all(NOTICE, "untold_notices", now=now, limit=limit)

    def take_notice(self, notice: Notice, *, until: int) -> bool:
        """Take a notice to tell it by that moment; False if somebody else has."""
        return self._did("take_notice", {"id": notice.id, "due_at": notice.due_at, "until": until})

    def save_notice(self, notice: Notice) -> None:
        """Write what became of a notice."""
        self._cursor.run("save_notice", NOTICE.changing_values(notice))

    def next_notice(self) -> int | None:
        """Return the earliest moment at which something is to be told."""
        at: int | None = self._cursor.all("next_notice", {})[0][0]
        return at

    def remove_notice(self, notice_id: int) -> None:
        """Forget a notice."""
        self._cursor.run("remove_notice", {"id": notice_id})

    def _page(self, shape: Shape[R], query: str, workspace_id: int, page: Page) -> list[R]:
        parameters = {**page.where, "workspace_id": workspace_id, "limit": page.limit}
        order = "DESC" if page.newest_first else "ASC"
        return shape.read(self._cursor.all(query, parameters, filters=_conditions(page.where), order=order))


def _listed(ids: Collection[int]) -> str:
    return msgspec.json.encode(list(ids)).decode()


def _conditions(where: Mapping[str, Value]) -> str:
    return " ".join([*(_FILTERS[name] for name in where), *_hints(where)])


def _hints(where: Mapping[str, Value]) -> Iterator[str]:
    """Say what follows from the values: an index of few rows serves a list only if its condition is in the text."""
    if where.get("state", State.ENDED) != State.ENDED:
        yield "AND state <> 'ended'"
    is_of_one_job = "job_id" in where or "job_name" in where  # whose own index is the better one
    if where.get("outcome", Outcome.SUCCEEDED) != Outcome.SUCCEEDED and not is_of_one_job:
        yield "AND outcome <> 'succeeded'"
