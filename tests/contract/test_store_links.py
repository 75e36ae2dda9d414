"""Triggers with names and what belongs to the runs of workflows, in each database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from records import a_job, a_run, a_workspace, an_ended_run, record

from runyard.core.run import Run
from runyard.core.trigger import Trigger
from runyard.store.ledger import Ledger
from runyard.store.store import Store

WAITS_FOR_A = {"needs": "all", "conditions": [{"job": "a", "outcomes": ["succeeded"]}]}
WAITS_FOR_B = {"needs": "all", "conditions": [{"job": "b", "outcomes": ["succeeded"]}]}


def named(id_: int, name: str | None, **fields: Any) -> Trigger:
    known = {"workspace_id": 1, "name": name, "language": "glue", "kind": "job_states", "spec": WAITS_FOR_A}
    return Trigger(**{"id": id_, **known, "created_at": 1, "updated_at": 1, **fields})


def hearing(store: Store, run: Run, flow_run_id: int = 0) -> list[int]:
    return [one.id for one in store.write(lambda ledger: ledger.triggers_hearing(run, flow_run_id))]


def add_members(ledger: Ledger, *run_ids: int) -> None:
    for run_id in run_ids:
        ledger.add_flow_member(1, run_id)


@pytest.fixture
def store(store: Store) -> Store:
    record(store, a_workspace(), a_job(1), a_run(1), a_run(2), an_ended_run(3))
    return store


def test_a_name_is_given_once_in_a_language(store: Store) -> None:
    first, second, other = named(5, "t"), named(6, "t"), named(7, "t", language="another")

    assert store.write(lambda ledger: [ledger.add_link(one) for one in (first, second, other)]) == [True, False, True]
    assert store.read(lambda ledger: ledger.trigger_named(1, "glue", "t")) == first
    assert store.read(lambda ledger: ledger.trigger_named(1, "glue", "u")) is None


def test_names_are_listed_in_order_and_links_without_a_name_are_not(store: Store) -> None:
    given = [named(5, "t"), named(6, None, flow_run_id=1), named(7, None, flow_run_id=1), named(8, "u")]
    store.write(lambda ledger: [ledger.add_link(one) for one in given])

    assert [one.id for one in store.read(lambda ledger: ledger.triggers_named(1, "glue", after=0, limit=9))] == [5, 8]
    assert [one.id for one in store.read(lambda ledger: ledger.triggers_named(1, "glue", after=5, limit=1))] == [8]


def test_a_run_is_heard_of_by_the_links_of_its_own_workflow_run_alone(store: Store) -> None:
    given = [named(5, "t"), named(6, None, flow_run_id=1), named(7, None, flow_run_id=2)]
    store.write(lambda ledger: [ledger.add_link(one) for one in given])
    run = an_ended_run(9, job_name="a")

    assert hearing(store, run) == [5]
    assert hearing(store, run, 1) == [6]
    assert hearing(store, run, 2) == [7]
    assert hearing(store, an_ended_run(9, job_name="b")) == []


def test_a_trigger_that_waits_for_another_job_from_now_on_hears_of_that_one(store: Store) -> None:
    seen = named(5, "t")
    store.write(lambda ledger: ledger.add_link(seen))
    changed = replace(seen, spec=WAITS_FOR_B, settings={"a": "b"}, tags={"c": "d"}, activated_at=4, updated_at=2)

    assert store.write(lambda ledger: ledger.redefine_trigger(changed, seen=seen))
    assert not store.write(lambda ledger: ledger.redefine_trigger(changed, seen=seen))
    assert store.read(lambda ledger: ledger.trigger_named(1, "glue", "t")) == changed
    assert hearing(store, an_ended_run(9, job_name="a")) == []
    assert hearing(store, an_ended_run(9, job_name="b")) == [5]


def test_the_work_of_a_workflow_run_is_known_and_whether_any_goes_on(store: Store) -> None:
    store.write(lambda ledger: add_members(ledger, 2, 3, 3))

    assert [one.id for one in store.read(lambda ledger: ledger.flow_members(1))] == [2, 3]
    assert [one.id for one in store.write(lambda ledger: ledger.flow_members_alive(1))] == [2]
    assert store.read(lambda ledger: ledger.flow_is_busy(1))
    assert not store.read(lambda ledger: ledger.flow_is_busy(2))


@pytest.mark.parametrize("fields", [{"next_at": 9}, {"pending": {"key": "k"}}])
def test_a_workflow_run_is_busy_while_a_link_has_something_to_start(store: Store, fields: dict[str, Any]) -> None:
    store.write(lambda ledger: ledger.add_link(named(5, None, flow_run_id=1, **fields)))
    store.write(lambda ledger: add_members(ledger, 3))

    assert store.read(lambda ledger: ledger.flow_is_busy(1))
    store.write(lambda ledger: ledger.remove_links(1))
    assert not store.read(lambda ledger: ledger.flow_is_busy(1))


def test_the_last_value_of_a_property_counts(store: Store) -> None:
    store.write(lambda ledger: ledger.put_flow_properties(1, {"a": "1", "b": "2"}))
    store.write(lambda ledger: ledger.put_flow_properties(1, {"a": "3"}))

    assert store.read(lambda ledger: ledger.flow_properties(1)) == {"a": "3", "b": "2"}
    assert store.read(lambda ledger: ledger.flow_properties(2)) == {}
