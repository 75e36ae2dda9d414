"""Versions of bookmarks, in each database."""

from __future__ import annotations

from typing import Any

import pytest
from records import a_job, a_workspace, record

from runyard.core.bookmark import Bookmark
from runyard.store.database import ConstraintError
from runyard.store.store import Store

READ = {"a": {"kind": "files", "started_at": 5, "marks": ["x", "y"]}}


def version(number: int, **fields: Any) -> Bookmark:
    return Bookmark(**{"job_id": 1, "version": number, "created_at": number * 10, **fields})


def add(store: Store, *given: Bookmark) -> None:
    for one in given:
        store.write(lambda ledger, one=one: ledger.add_bookmark(one))  # type: ignore[misc]  # bound at once


@pytest.fixture
def store(store: Store) -> Store:
    record(store, a_workspace(), a_job(1), a_job(2))
    return store


def test_a_version_comes_back_as_it_was(store: Store) -> None:
    full = version(
        2,
        run_number=3,
        try_number=1,
        run_id=2**52,
        run_attempt=1,
        previous_run_id=7,
        previous_attempt=2,
        is_committed=True,
        elements=READ,
    )
    add(store, version(1), full)

    assert store.read(lambda ledger: ledger.bookmark(1)) == full
    assert store.read(lambda ledger: ledger.bookmarks(1, before=9, limit=9)) == [full, version(1)]
    assert store.read(lambda ledger: ledger.bookmark(2)) is None


def test_versions_are_found_by_commit_by_run_and_by_moment(store: Store) -> None:
    given = [
        version(1, run_id=11),
        version(2, run_id=11, is_committed=True),
        version(3, run_id=12),
        version(4, run_id=13),
        version(6, run_id=13, is_committed=True),
    ]
    add(store, *given)

    assert store.read(lambda ledger: ledger.committed_bookmark(1, 5)) == given[1]
    assert store.read(lambda ledger: ledger.committed_bookmark(1, 1)) is None
    assert store.read(lambda ledger: ledger.bookmark_of_run(1, 11)) == given[1]
    assert store.read(lambda ledger: ledger.bookmark_of_run(1, 14)) is None
    assert store.read(lambda ledger: ledger.bookmark_at(1, 39)) == given[2]
    assert store.read(lambda ledger: ledger.bookmark_at(1, 9)) is None
    assert store.read(lambda ledger: ledger.bookmarks(1, before=4, limit=2)) == [given[2], given[1]]


def test_no_version_is_given_twice(store: Store) -> None:
    add(store, version(1))

    with pytest.raises(ConstraintError):
        add(store, version(1, run_id=5))


def test_old_versions_are_forgotten_but_never_the_last_that_was_committed(store: Store) -> None:
    add(store, version(1, is_committed=True), version(2, is_committed=True), version(3), version(4), version(5))
    store.write(lambda ledger: ledger.remove_bookmarks_before(1, 5))
    store.write(lambda ledger: ledger.remove_bookmark(1, 4))

    assert [one.version for one in store.read(lambda ledger: ledger.bookmarks(1, before=9, limit=9))] == [5, 3, 2]


def test_a_deleted_jobs_bookmark_is_deleted_with_it(store: Store) -> None:
    add(store, version(1))
    store.write(lambda ledger: ledger.remove_job(a_job(1)))

    assert store.read(lambda ledger: ledger.bookmark(1)) is None
