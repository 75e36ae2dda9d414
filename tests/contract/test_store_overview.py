"""What those ask who look at everything at once, in each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from records import a_run, a_workspace, an_ended_run, an_event, record

from runyard.core.run import Outcome
from runyard.store.ledger import Page

if TYPE_CHECKING:
    from runyard.store.store import Store

HOUR = 3_600_000


@pytest.fixture
def filled(store: Store) -> Store:
    """A ledger with six runs of one workspace, one that is a part of another, and one elsewhere."""
    record(
        store,
        a_workspace(1),
        a_workspace(2, "other"),
        an_ended_run(1, job_name="Load 100%", ended_at=5),
        an_ended_run(2, job_name="load_orders", ended_at=HOUR - 1, outcome=Outcome.FAILED, message="no rows"),
        an_ended_run(3, job_name="load_orders", ended_at=HOUR, outcome=Outcome.CANCELLED),
        an_ended_run(4, job_name="report", ended_at=HOUR + 7, started_by={"kind": "schedule", "at": 1}),
        an_ended_run(5, job_name="part", ended_at=7, outcome=Outcome.CRASHED, is_listed=False),
        a_run(6, job_name="report", started_by={"kind": "schedule_of_another"}),
        an_ended_run(7, workspace_id=2, job_name="elsewhere", ended_at=5, outcome=Outcome.FAILED),
        an_event(11, run_id=2),
        an_event(12, run_id=7),
        an_event(13, run_id=2),
    )
    return store


def ids(store: Store, **where: Any) -> list[int]:
    page = Page(limit=10, where=where)
    return [run.id for run in store.read(lambda ledger: ledger.runs(1, page))]


def test_runs_are_found_by_ids_of_any_workspace(filled: Store) -> None:
    found = filled.read(lambda ledger: ledger.runs_by_ids([2, 7, 99]))

    assert sorted(run.id for run in found) == [2, 7]


def test_events_behind_one_name_their_runs(filled: Store) -> None:
    assert filled.read(lambda ledger: ledger.runs_told_of(11, 10)) == [7, 2]
    assert filled.read(lambda ledger: ledger.runs_told_of(0, 2)) == [2, 7]


def test_an_hour_counts_what_ended_in_it_and_is_listed(filled: Store) -> None:
    def count(since: int) -> tuple[int, int, int]:
        return filled.read(lambda ledger: ledger.count_ended(1, since=since, until=since + HOUR))

    assert count(0) == (2, 1, 0)
    assert count(HOUR) == (2, 1, 1)
    assert count(2 * HOUR) == (0, 0, 0)


def test_what_did_not_succeed_is_told_newest_first(filled: Store) -> None:
    found = filled.read(lambda ledger: ledger.unsuccessful(1, after=0, limit=10))

    assert found == [(3, "load_orders", "cancelled", None), (2, "load_orders", "failed", "no rows")]


def test_each_name_is_told_once(filled: Store) -> None:
    names = filled.read(lambda ledger: ledger.job_names(1, limit=10))

    assert sorted(names) == ["Load 100%", "load_orders", "part", "report"]
    assert len(filled.read(lambda ledger: ledger.job_names(1, limit=2))) == 2


def test_a_run_so_many_behind_another_is_found(filled: Store) -> None:
    assert filled.read(lambda ledger: ledger.run_behind(1, before=6, rows=2)) == 3
    assert filled.read(lambda ledger: ledger.run_behind(1, before=6, rows=9)) is None


def test_runs_are_listed_by_a_part_of_their_name_and_by_what_began_them(filled: Store) -> None:
    assert ids(filled, named_like="%load%") == [3, 2, 1]
    assert ids(filled, named_like="%0!%%") == [1]
    assert ids(filled, begun_by='{"kind":"schedule"') == [4]
    assert ids(filled, begun_by="{}") == [3, 2, 1]
