"""What those ask who look at a whole workspace: which runs changed, how they ended, what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.core import queue
from runyard.core.ids import LARGEST, first_of
from runyard.core.job import Workspace
from runyard.core.run import ON_A_PROCESS, Attempt, Run
from runyard.engine.jobs import found
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.works import Works

HOUR_MS = 3_600_000
MOST_EVENTS = 2_000  # that one who comes back is told of; who missed more looks at everything again
MOST_FAILURES = 2_000  # looked at for what went wrong most
MOST_NAMES = 10_000
AT_ONCE = 25_000  # runs that a search looks through before it asks what time it is


@dataclass(frozen=True, kw_only=True)
class Hour:
    """How the runs ended that ended in one hour."""

    at: int
    succeeded: int
    failed: int
    given_up: int  # cancelled or skipped


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A run that did not succeed."""

    run_id: int
    job_name: str
    outcome: str
    message: str


class Overview:
    """The verbs of those who only look."""

    _store: Store
    _works: Works

    def listen(self, hear: Callable[[Collection[int]], None]) -> None:
        """Call `hear`, which must be quick, with the ids of runs that changed, and with none when the server leaves."""
        self._works.changes.listen(hear)

    def runs_by_ids(self, run_ids: Collection[int]) -> list[Run]:
        """Return these runs, of whatever workspace."""
        return self._store.read(lambda ledger: ledger.runs_by_ids(run_ids)) if run_ids else []

    def load(self) -> dict[str, int]:
        """Count the attempts that are `queued` or `retrying`, and those with a process.

        These hold a place (`on_process`), or are `waiting` there for their turn or for a run and have given it away.
        """
        counts = self._store.read(lambda ledger: ledger.load())
        taken = queue.places_taken(counts["on_process"], counts.pop("waiting"), places=self._works.places)
        waiting = counts["on_process"] - taken + counts.pop("calling")
        return {**counts, "on_process": taken, "waiting": waiting}

    def attempts_at_work(self) -> tuple[list[Attempt], list[Attempt]]:
        """Return the attempts that this server has on a process, and those of them that hold a place."""
        return self._works.attempts_at_work()

    def waits_of(self, runs: Collection[Run]) -> dict[int, int]:
        """Return since when those of the runs wait whose only task has a process that waits for its turn.

        It is one query of what waits, which is little, whatever the runs; where none has a process it is none.
        """
        single = {run.id for run in runs if run.state in ON_A_PROCESS and len(run.tasks) == 1}
        waiting = self._works.attempts_waiting() if single else []
        return {one.run_id: one.waits_since for one in waiting if one.run_id in single and one.waits_since is not None}

    @contextmanager
    def watch(self, run_id: int) -> Iterator[threading.Event]:
        """Give an event that is set at every change of a run, and when the server leaves."""
        with self._works.changes.watch(run_id) as changed:
            yield changed

    def attempt_now(self, attempt: Attempt) -> Attempt:
        """Return an attempt as it is now, from its own row alone; NotFound if its run was deleted."""
        return found(self._store.read(lambda ledger: ledger.attempt(attempt.id)), "run", attempt.run_id)

    def runs_changed_since(self, after: int) -> list[Run] | None:
        """Return the runs with an event behind one, or None if these are too many to tell."""
        ids = self._store.read(lambda ledger: ledger.runs_told_of(after, MOST_EVENTS))
        return None if len(ids) == MOST_EVENTS else self.runs_by_ids(set(ids))

    def runs_alive(self, workspace: Workspace, *, since: int, until: int, after: int, limit: int) -> list[Run]:
        """Return runs that were alive at some moment of a span, oldest first, from the one behind `after` on."""
        span = {"since": since, "until": until, "after": after, "limit": limit}
        return self._store.read(lambda ledger: ledger.runs_alive(workspace.id, **span))

    def search_runs(
        self, workspace: Workspace, page: Page, *, budget_s: float, at_once: int = AT_ONCE
    ) -> tuple[list[Run], int | None]:
        """Return runs that no index finds, newest first, and before which id to go on when the time is up.

        They are looked for among so many at a time, so that one who waits for a rare one hears how far the search is.
        """
        ends_at, found = time.monotonic() + budget_s, list[Run]()
        before = int(page.where.get("before") or LARGEST)
        after = int(page.where.get("after") or 0)
        while True:
            floor = self._store.read(_behind(workspace, before, at_once))
            bounds = {"before": before, "after": max(after, (floor or 0) - 1)}
            part = Page(limit=page.limit - len(found), where={**page.where, **bounds})
            found += self._store.read(_part(workspace, part))
            if len(found) >= page.limit or floor is None or floor <= after:
                return found, None
            if time.monotonic() > ends_at:
                return found, floor
            before = floor

    def ended_in_hour(self, workspace: Workspace, at: int) -> Hour:
        """Count the runs that ended in the hour that begins at a moment."""
        every, succeeded, given_up = self._store.read(
            lambda ledger: ledger.count_ended(workspace.id, since=at, until=at + HOUR_MS)
        )
        return Hour(at=at, succeeded=succeeded, failed=every - succeeded - given_up, given_up=given_up)

    def failures(self, workspace: Workspace, *, since: int) -> list[Failure]:
        """Return the newest runs made since a moment that did not succeed."""
        rows = self._store.read(
            lambda ledger: ledger.unsuccessful(workspace.id, after=first_of(since), limit=MOST_FAILURES)
        )
        return [Failure(run_id=row[0], job_name=row[1], outcome=row[2], message=row[3] or "") for row in rows]

    def job_names(self, workspace: Workspace) -> list[str]:
        """Return the names that runs of a workspace have."""
        return self._store.read(lambda ledger: ledger.job_names(workspace.id, limit=MOST_NAMES))


def _behind(workspace: Workspace, before: int, rows: int) -> Callable[[Ledger], int | None]:
    return lambda ledger: ledger.run_behind(workspace.id, before=before, rows=rows)


def _part(workspace: Workspace, page: Page) -> Callable[[Ledger], list[Run]]:
    return lambda ledger: ledger.runs(workspace.id, page)
