"""A ledger with runs of every kind in it, and the SQL over it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from databricks_yard import Yard, databricks_yard, of_glue, script

from runyard.client.connections import Here
from runyard.core.access import Role
from runyard.core.run import Outcome
from runyard.sql.local.reading import Ledger
from runyard.sql.talking.conversation import Conversation
from runyard.sql.yard import SQLITE, Person, open_yard
from runyard.sql.yard import Yard as SqlYard

Rows = list[dict[str, Any]]
URL = "http://127.0.0.1:0"  # which databricks_yard says it was reached by


class Asker:
    """A session, and its answers as lists of records.

    A ledger in a SQLite file is asked as it is when the session is first used: in a copy, as the SQL's own copy of
    SQLite and Python's, on one file in one process, would undo each other's locks. `afresh` sees what came since.
    """

    def __init__(self, home: Path, store_url: str, workspace: str = "default") -> None:
        self._home = home
        self._store_url = store_url
        self._person = Person(name="ada", workspace=workspace, here=Here(url=URL), role=lambda: Role.OPERATOR)
        self._opened: tuple[SqlYard, Conversation] | None = None

    @property
    def session(self) -> Conversation:
        return self._both()[1]

    @property
    def ledger(self) -> Ledger:
        return self._both()[0].ledger

    def afresh(self) -> Asker:
        """See what has come since, in a new session."""
        self.close()
        return self

    def _both(self) -> tuple[SqlYard, Conversation]:
        if self._opened is None:
            yard = open_yard(home=self._home, store_url=seen(self._home, self._store_url))
            self._opened = yard, yard.session(self._person)
        return self._opened

    def __call__(self, text: str, *arguments: Any) -> Rows:
        result = self.session.prepare(text).run(arguments)
        names = [one.name for one in result.headings]
        return [dict(zip(names, row, strict=True)) for row in result.rows]

    def values(self, text: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return the rows as they are."""
        return list(self.session.prepare(text).run(arguments).rows)

    def typed(self, text: str, *arguments: Any) -> Rows:
        """Return records with documents read, booleans as such, and nothing that is NULL."""
        result = self.session.prepare(text).run(arguments)
        return [
            {
                one.name: _read(one.type, value)
                for one, value in zip(result.headings, row, strict=True)
                if value is not None
            }
            for row in result.rows
        ]

    def close(self) -> None:
        if self._opened is not None:
            yard, session = self._opened
            session.close()
            yard.close()
            self._opened = None


def seen(home: Path, store_url: str) -> str:
    """Return the URL of a ledger as it is now, which no other copy of SQLite has open."""
    if not store_url.startswith(SQLITE):
        return store_url
    copy = home / f"seen-{len(list(home.glob('seen-*.db')))}.db"
    with closing(sqlite3.connect(store_url.removeprefix(SQLITE))) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    return f"{SQLITE}{copy}"


@contextmanager
def asking(home: Path, store_url: str, workspace: str = "default") -> Iterator[Asker]:
    """Open a session on a ledger."""
    asker = Asker(home, store_url, workspace)
    yield asker
    asker.close()


def _read(type_: str, value: Any) -> Any:
    if type_ == "json":
        return json.loads(value)
    return bool(value) if type_ == "boolean" else value


def a_varied_past(yard: Yard) -> None:
    """Record runs in every phase, of one task and of many, repaired, tried again, with loops, of other languages."""
    for outcome in (Outcome.SUCCEEDED, Outcome.FAILED, Outcome.TIMED_OUT, Outcome.CRASHED):
        yard.end(yard.submit(tasks=[script("main")], run_name=f"one {outcome}"), "main", outcome, message="because")
        yard.end(yard.submit(tasks=[script("main")], run_name=f"bare {outcome}"), "main", outcome)
    yard.end(yard.submit(tasks=[script("a", max_retries=2)], run_name="again"), "a", Outcome.FAILED, exit_code=1)
    again = yard.submit(tasks=[script("a", max_retries=2)], run_name="twice")
    for outcome in (Outcome.FAILED, Outcome.SUCCEEDED):
        yard.end(again, "a", outcome)
    _many(yard)
    _of_a_job(yard)
    _cut_short(yard)
    yard.end(of_glue(yard), "main")
    of_glue(yard)
    yard.submit(tasks=[script("main")], run_name="waits")


def _many(yard: Yard) -> None:
    tasks = [script("a"), script("b", "a"), script("c", "a", run_if="ALL_DONE")]
    for first in (Outcome.SUCCEEDED, Outcome.FAILED):
        run = yard.submit(tasks=tasks, run_name=f"many {first}")
        yard.end(run, "a", first, message="trouble")
        if first is Outcome.SUCCEEDED:
            yard.end(run, "b", Outcome.FAILED, category="not_found", message="no such file")
        yard.end(run, "c")
    healed = yard.submit(tasks=[script("a"), script("b", "a", run_if="ALL_DONE")], run_name="healed")
    yard.end(healed, "a", Outcome.FAILED)
    yard.end(healed, "b")
    loop = {"task_key": "loop", "for_each_task": {"inputs": "[1, 2]", "task": script("inner")}}
    looped = yard.submit(tasks=[script("a"), {**loop, "depends_on": [{"task_key": "a"}]}], run_name="loop")
    yard.end(looped, "a")
    yard.conduct()


def _of_a_job(yard: Yard) -> None:
    job_id = yard.create(script("a"), script("b", "a"), name="nightly", max_concurrent_runs=1, tags={"team": "x"})
    run = yard.run_now(job_id)
    yard.end(run, "a")
    yard.end(run, "b", Outcome.FAILED)
    yard("repairJobRun", run_id=run.id, rerun_all_failed_tasks=True)
    yard.end(run, "b")
    yard.run_now(job_id)
    yard.run_now(job_id)  # waits for the job's limit
    single = yard.create(script("only"), name="alone", parameters=[{"name": "p", "default": "1"}], description="one")
    yard.end(yard.run_now(single, job_parameters={"p": "2"}), "only")
    skipping = yard.create(script("x"), name="skips", max_concurrent_runs=1, queue={"enabled": False})
    yard.run_now(skipping)
    yard.run_now(skipping)


def _cut_short(yard: Yard) -> None:
    waiting = yard.submit(tasks=[script("main")], run_name="cancelled")
    yard("cancelJobRun", run_id=waiting.id)
    after = yard.submit(tasks=[script("a"), script("b", "a")], run_name="cancelled upstream")
    yard("cancelJobRun", run_id=yard.attempt(after, "a").id)


@contextmanager
def varied_yard(home: Path, store_url: str) -> Iterator[Yard]:
    """Open a ledger and fill it."""
    with databricks_yard(home, store_url) as yard:
        a_varied_past(yard)
        yield yard
