"""Triggers and notices in the ledger, in each database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from records import a_job, a_run, a_workspace, an_ended_run, record

from runyard.core.notice import Channel, Notice, What
from runyard.core.trigger import Trigger
from runyard.store.database import ConstraintError
from runyard.store.ledger import Ledger
from runyard.store.store import Store


def a_trigger(id_: int, **fields: Any) -> Trigger:
    known = {"workspace_id": 1, "job_id": 1, "kind": "periodic", "spec": {"interval": 1, "unit": "hours"}}
    return Trigger(**{"id": id_, **known, "created_at": 1, "updated_at": 1, **fields})


def a_notice(id_: int, **fields: Any) -> Notice:
    known = {"run_id": 1, "name": f"notice {id_}", "what": What.FAILED, "channel": Channel.EMAIL, "address": "a@b.c"}
    return Notice(**{"id": id_, **known, "due_at": 10, "created_at": 1, **fields})


def add(store: Store, *given: Trigger | Notice) -> None:
    def work(ledger: Ledger) -> None:
        for one in given:
            if isinstance(one, Trigger):
                ledger.add_trigger(one)
            else:
                ledger.add_notice(one)

    store.write(work)


@pytest.fixture
def store(store: Store) -> Store:
    record(store, a_workspace(), a_job(1), a_job(2), a_run(1), an_ended_run(2))
    return store


def test_a_trigger_comes_back_as_it_was(store: Store) -> None:
    plain = a_trigger(5)
    full = a_trigger(
        6, memory={"known": ["a"]}, pending={"key": "k", "started_by": {}}, is_paused=True, next_at=2**52, updated_at=9
    )
    add(store, plain, full)

    assert store.read(lambda ledger: ledger.triggers(1)) == [plain, full]
    assert store.write(lambda ledger: ledger.triggers(1)) == [plain, full]
    assert store.read(lambda ledger: ledger.trigger(6)) == full
    assert store.read(lambda ledger: ledger.trigger(7)) is None


def test_a_trigger_that_somebody_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    seen = a_trigger(5)
    store.write(lambda ledger: ledger.add_trigger(seen))
    first = replace(seen, memory={"by": "one"}, next_at=7, pending={"key": "k"}, updated_at=2)
    second = replace(seen, memory={"by": "another"}, updated_at=3)

    assert store.write(lambda ledger: ledger.save_trigger(first, seen=seen))
    assert not store.write(lambda ledger: ledger.save_trigger(second, seen=seen))
    assert store.read(lambda ledger: ledger.triggers(1)) == [first]


def test_due_and_pending_triggers_are_found_and_others_are_not(store: Store) -> None:
    given = [a_trigger(5, next_at=30), a_trigger(6, next_at=20), a_trigger(7), a_trigger(8, pending={"key": "k"})]
    add(store, *given)

    assert store.read(lambda ledger: [one.id for one in ledger.due_triggers(19, 9)]) == []
    assert store.read(lambda ledger: [one.id for one in ledger.due_triggers(30, 9)]) == [6, 5]
    assert store.read(lambda ledger: [one.id for one in ledger.due_triggers(30, 1)]) == [6]
    assert store.read(lambda ledger: [one.id for one in ledger.pending_triggers(9)]) == [8]
    assert store.read(lambda ledger: ledger.next_trigger()) == 20


def test_a_trigger_hears_of_the_jobs_it_watches(store: Store) -> None:
    store.write(lambda ledger: ledger.add_trigger(a_trigger(5), watched=[2, 3, 3]))
    store.write(lambda ledger: ledger.add_trigger(a_trigger(6), watched=[1, 2]))

    heard = store.write(lambda ledger: [[one.id for one in ledger.triggers_watching(job)] for job in (1, 2, 3, 4)])
    assert [sorted(ids) for ids in heard] == [[6], [5, 6], [5], []]


def test_triggers_go_with_their_job_and_what_they_watched_with_them(store: Store) -> None:
    store.write(lambda ledger: ledger.add_trigger(a_trigger(5, next_at=1), watched=[2]))
    store.write(lambda ledger: ledger.add_trigger(a_trigger(6, job_id=2), watched=[2]))
    store.write(lambda ledger: ledger.remove_trigger(6))
    store.write(lambda ledger: ledger.remove_job(a_job(1)))

    assert store.read(lambda ledger: ledger.triggers_watching(2)) == []
    assert store.read(lambda ledger: ledger.next_trigger()) is None


def test_a_trigger_of_no_job_is_refused(store: Store) -> None:
    with pytest.raises(ConstraintError):
        store.write(lambda ledger: ledger.add_trigger(a_trigger(5, job_id=9)))


def test_a_notice_comes_back_as_it_was_and_as_it_became(store: Store) -> None:
    fresh = a_notice(5, attempt_id=7, body={"subject": "s", "text": "ü\n", "document": {"a": [1]}})
    store.write(lambda ledger: ledger.add_notice(fresh))
    before = store.read(lambda ledger: ledger.notices(1))
    told = replace(fresh, tries=3, due_at=None, told_at=99, trouble="lone \ud800 and \0")
    store.write(lambda ledger: ledger.save_notice(told))

    assert before == [fresh]
    assert store.read(lambda ledger: ledger.notices(1)) == [replace(told, trouble="lone ? and \ufffd")]


def test_nothing_is_told_twice_of_a_run(store: Store) -> None:
    store.write(lambda ledger: ledger.add_notice(a_notice(5, name="the end")))
    store.write(lambda ledger: ledger.add_notice(a_notice(6, name="the end")))
    store.write(lambda ledger: ledger.add_notice(a_notice(7, name="the end", run_id=2)))

    assert [one.id for one in store.read(lambda ledger: ledger.notices(1))] == [5]
    assert [one.id for one in store.read(lambda ledger: ledger.notices(2))] == [7]


def test_only_one_takes_a_notice_and_it_is_due_again_if_nobody_tells_it(store: Store) -> None:
    notice = a_notice(5)
    store.write(lambda ledger: ledger.add_notice(notice))
    taken = [store.write(lambda ledger: ledger.take_notice(notice, until=50)) for _ in range(2)]
    later = store.read(lambda ledger: (ledger.untold_notices(49, 9), ledger.untold_notices(50, 9)))

    assert taken == [True, False]
    assert later == ([], [replace(notice, tries=1, due_at=50)])
    assert store.read(lambda ledger: ledger.next_notice()) == 50


def test_a_removed_run_takes_along_what_was_told_and_leaves_what_was_not(store: Store) -> None:
    told, untold = a_notice(5, run_id=2, due_at=None, told_at=3), a_notice(6, run_id=2)
    add(store, told, untold)
    store.write(lambda ledger: ledger.remove_run(2))
    left = store.read(lambda ledger: ledger.notices(2))
    store.write(lambda ledger: ledger.remove_notice(6))

    assert left == [untold]
    assert store.read(lambda ledger: ledger.notices(2)) == []
