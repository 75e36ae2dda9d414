"""Every query finds its rows through an index, so that a ledger of a million runs answers like an empty one."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from records import a_run

import runyard.store.ledger
from runyard.core.run import State
from runyard.store.database import load_queries
from runyard.store.ledger import Ledger, Page
from runyard.store.sqlite import FRAGMENTS
from runyard.store.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUERIES = load_queries(FRAGMENTS)
LISTS = ("jobs", "runs")
CONDITIONS = {
    "before": (1,),
    "after": (1,),
    "job_id": (1,),
    "job_name": ("a",),
    "language": ("glue",),
    "state": ("ended", "running"),
    "outcome": ("succeeded", "failed"),
    "active": (True,),
    "of_a_job": (True,),
    "of_no_job": (True,),
    "of_a_task": (True,),
    "named_like": ("%a%",),
    "begun_by": ('{"kind":"schedule"',),
}
ASKED_APART = {"of_no_job", "of_a_task"}  # no run meets both
SORTS = {
    "awaited_attempts",
    "attempts_of_run",
    "notices_of_run",
}  # a handful of rows, found by index: sorting them is cheaper than one more index
READS_A_WHOLE_PARTIAL_INDEX = {  # which holds only what is wanted, in the order that is wanted
    "queued_attempts": {"attempt_queued"},
    "load": {"attempt_queued", "attempt_retrying"},
    "pending_triggers": {"trigger_pending"},
    "attempts_of_runs": {"json_each"},  # the ids it was given
    "runs_of_attempts": {"json_each"},
    "runs_by_ids": {"json_each"},
    "workspaces_with_documents": {"workspace"},  # which are few
    "workspaces": {"sqlite_autoindex_workspace_1"},
    "users": {"sqlite_autoindex_known_user_1"},  # people are few, and their page shows them all
    "tokens": {"token"},
}


@dataclass
class Listening:
    """A cursor that remembers what it was asked instead of answering."""

    text: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def all(self, name: str, parameters: Mapping[str, Any], **parts: str) -> list[tuple[Any, ...]]:
        self.text, self.parameters = QUERIES[name].format(**parts), parameters
        return []

    def run(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.text, self.parameters = QUERIES[name], parameters


@pytest.fixture
def connection(ledger_path: Path) -> Iterator[sqlite3.Connection]:
    open_store(f"sqlite:///{ledger_path}").close()
    connection = sqlite3.connect(ledger_path)
    yield connection
    connection.close()


def plan_of(connection: sqlite3.Connection, text: str, parameters: Mapping[str, Any]) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]


def scanned(plan: list[str]) -> set[str]:
    """Return what is read from end to end: tables, or indexes by name."""
    steps = [re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step) for step in plan]
    return {step[2] or step[1] for step in steps if step is not None}


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in LISTS])
def test_a_query_reads_no_more_than_it_must(connection: sqlite3.Connection, name: str) -> None:
    text = QUERIES[name]

    plan = plan_of(connection, text, dict.fromkeys(re.findall(r":([a-z_]+)", text), 1))

    assert scanned(plan) == READS_A_WHOLE_PARTIAL_INDEX.get(name, set()), plan
    assert any("TEMP B-TREE" in step for step in plan) == (name in SORTS), plan


@pytest.mark.parametrize("newest_first", [True, False])
def test_every_list_of_runs_is_read_in_order_through_an_index(
    connection: sqlite3.Connection, *, newest_first: bool
) -> None:
    for where in wheres(CONDITIONS):
        plan = list_plan(connection, "runs", where, newest_first=newest_first)

        assert [step for step in plan if not re.match(r"SEARCH run USING INDEX \w+ \(", step)] == [], where


@pytest.mark.parametrize("newest_first", [True, False])
def test_every_list_of_jobs_is_read_in_order_through_an_index(
    connection: sqlite3.Connection, *, newest_first: bool
) -> None:
    for where in wheres({name: CONDITIONS[name] for name in ("before", "after", "language")}):
        plan = list_plan(connection, "jobs", where, newest_first=newest_first)

        assert [step for step in plan if "SEARCH job USING INDEX job_in_workspace" not in step] == [], where


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ({}, "run_in_workspace (workspace_id=?)"),
        ({"before": 5}, "run_in_workspace (workspace_id=? AND id<?)"),
        ({"job_id": 5, "before": 5}, "run_of_job (job_id=? AND id<?)"),
        ({"job_id": 5, "outcome": "failed"}, "run_of_job (job_id=?)"),
        ({"job_id": 5, "outcome": "succeeded"}, "run_of_job (job_id=?)"),
        ({"job_name": "a", "after": 5}, "run_of_job_name (workspace_id=? AND job_name=? AND id>?)"),
        ({"job_name": "a", "outcome": "failed"}, "run_of_job_name (workspace_id=? AND job_name=?)"),
        ({"active": True}, "run_active (workspace_id=?)"),
        ({"of_no_job": True, "before": 5}, "run_of_no_job (workspace_id=? AND id<?)"),
        ({"of_documents": True, "before": 5, "after": 1}, "run_in_workspace (workspace_id=? AND id>? AND id<?)"),
        ({"of_a_task": True, "before": 5}, "run_of_no_job (workspace_id=? AND id<?)"),
        ({"state": State.QUEUED, "before": 5}, "run_active (workspace_id=? AND id<?)"),
        ({"outcome": "failed", "before": 5}, "run_unsuccessful (workspace_id=? AND id<?)"),
    ],
)
def test_a_list_uses_the_index_with_the_fewest_rows(
    connection: sqlite3.Connection, where: dict[str, Any], index: str
) -> None:
    assert list_plan(connection, "runs", where) == [f"SEARCH run USING INDEX {index}"]


def test_what_was_alive_at_a_moment_is_found_from_that_moment_on(connection: sqlite3.Connection) -> None:
    text = QUERIES["runs_alive_at"]

    plan = plan_of(connection, text, dict.fromkeys(re.findall(r":([a-z_]+)", text), 1))

    assert [step for step in plan if step.startswith("SEARCH")] == [
        "SEARCH run USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH run USING COVERING INDEX run_ended (workspace_id=? AND ended_at>? AND ended_at<?)",
        "SEARCH run USING INDEX run_long (workspace_id=? AND ended_at>?)",
        "SEARCH run USING INDEX run_active (workspace_id=? AND id>? AND id<?)",
    ]


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        (
            "SELECT state, outcome, count(*) FROM run WHERE workspace_id = 1 AND is_listed > 0 GROUP BY 1, 2",
            "workspace_id=?",
        ),
        (
            """
            SELECT job_id, count(*) FROM run
            WHERE workspace_id = 1 AND is_listed > 0 AND state = 'ended' AND outcome = 'failed' GROUP BY 1
            """,
            "workspace_id=? AND state=? AND outcome=?",
        ),
    ],
)
def test_runs_are_counted_by_phase_and_by_job_from_an_index_alone(
    connection: sqlite3.Connection, text: str, searched: str
) -> None:
    plan = plan_of(connection, text, {})

    assert plan == [f"SEARCH run USING COVERING INDEX run_by_phase ({searched})"]


def test_every_query_is_asked_by_the_ledger() -> None:
    folder = Path(runyard.store.ledger.__file__).parent
    source = "".join(file.read_text() for file in folder.glob("*.py"))
    asked = set(re.findall(r'"(\w+)"', source))

    assert set(QUERIES) - asked == set()


def test_saving_needs_no_document() -> None:
    listening = Listening()

    Ledger(listening).save_run(a_run(1), seen=a_run(1))

    assert {"settings", "tasks"} & listening.parameters.keys() == set()


def wheres(conditions: Mapping[str, tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Return every combination of conditions, each with its first and with its last value."""
    for size in range(len(conditions) + 1):
        for names in combinations(conditions, size):
            if ASKED_APART.issubset(names):
                continue
            yield {name: conditions[name][0] for name in names}
            yield {name: conditions[name][-1] for name in names}


def list_plan(
    connection: sqlite3.Connection, name: str, where: dict[str, Any], *, newest_first: bool = True
) -> list[str]:
    listening = Listening()
    getattr(Ledger(listening), name)(1, Page(limit=10, where=where, newest_first=newest_first))
    return plan_of(connection, listening.text, listening.parameters)
