"""Runs that the code of a task has started and waits for: they take its place, for it does nothing meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moving import LOOP, Yard, child_of, phases, script

from runyard.core.errors import WrongState
from runyard.core.run import Outcome, Repair, Run, State
from runyard.store.store import open_store


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store, places=1)
    store.close()


def calling(yard: Yard, *, more: int = 0) -> Run:
    """Return a run whose code is running, with others that came after it and wait for its place."""
    run = yard.start(script("caller"))
    yard.begin(run, "caller")
    for _ in range(more):
        yard.start(script("other"))
    return run


def called(yard: Yard, run: Run, key: str = "caller") -> Run:
    return yard.start(script("called"), awaited_by=yard.attempt(run, key).id)


def test_the_only_place_goes_to_the_run_that_its_holder_waits_for(yard: Yard) -> None:
    run = calling(yard, more=2)
    child = called(yard, run)

    assert (yard.run(child).state, yard.run(run).state) == (State.STARTING, State.RUNNING)

    yard.end(child, key="called")

    assert yard.claimed == []  # the place is its own again
    assert yard.end(run, key="caller").outcome is Outcome.SUCCEEDED
    assert [claim.task.key for claim in yard.claimed] == ["other"]


def test_runs_that_wait_for_runs_that_wait_come_to_an_end_on_one_place(yard: Yard) -> None:
    runs = [calling(yard)]
    for _ in range(5):
        runs.append(called(yard, runs[-1], runs[-1].tasks[0].key))
        yard.begin(runs[-1], "called")
    for run in reversed(runs):
        yard.end(run, key=run.tasks[0].key)

    assert [yard.run(run).outcome for run in runs] == [Outcome.SUCCEEDED] * 6


def test_several_runs_that_one_waits_for_share_the_places_there_are(yard: Yard) -> None:
    yard.places = 2
    run = calling(yard)
    children = [called(yard, run) for _ in range(3)]

    assert [yard.run(one).state for one in children] == [State.STARTING, State.STARTING, State.QUEUED]


def test_what_an_attempt_waits_for_stops_when_it_ends_without_waiting_on(yard: Yard) -> None:
    run = calling(yard)
    begun, waiting = called(yard, run), called(yard, run)
    yard.end(run, Outcome.CRASHED, key="caller")

    assert (yard.run(begun).state, yard.run(waiting).outcome) == (State.STOPPING, Outcome.CANCELLED)
    assert yard.attempt(waiting, "called").message == "The task whose code waited for this run has ended."


def test_attempts_lost_together_with_what_they_waited_for_all_end(yard: Yard) -> None:
    run = calling(yard)
    child = called(yard, run)
    yard.begin(child, "called")
    yard.change(lambda moves: moves.take_up(moves.ledger.attempts_on_process("here")))

    assert (yard.run(run).outcome, yard.run(child).outcome) == (Outcome.CRASHED, Outcome.CANCELLED)


def test_a_run_that_was_waited_for_takes_nobodys_place_when_it_is_repaired(yard: Yard) -> None:
    run = calling(yard)
    child = called(yard, run)
    yard.end(child, Outcome.FAILED, key="called")
    asked = Repair(id=yard.ids.next(), run_id=child.id, number=0, task_keys=("called",), created_at=yard.now)
    ended = yard.run(child)
    yard.change(lambda moves: moves.repair(ended, asked, tasks=ended.tasks, settings={}))

    assert (yard.run(child).state, yard.run(child).awaited_by) == (State.QUEUED, None)


def test_a_part_of_a_loop_may_wait_for_a_run_too(yard: Yard) -> None:
    run = yard.start(LOOP)
    part = child_of(yard, run, "loop", script("0"), script("1"), at_once=2)
    yard.begin(part, "0")
    child = called(yard, part, "0")
    yard.end(child, key="called")
    yard.end(part, key="0")
    yard.end(part, key="1")

    assert phases(yard, run) == {"loop": "succeeded"}


def test_who_has_ended_cannot_wait_for_a_run(yard: Yard) -> None:
    run = calling(yard)
    yard.end(run, key="caller")

    with pytest.raises(WrongState, match="is on no process; it cannot wait for a run"):
        called(yard, run)
