"""Attempts whose processes wait for a turn of their own: others take their places, for they do nothing meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moving import START, Yard, script

from runyard.core.queue import WAITING_PER_PLACE
from runyard.core.run import Outcome, Run, State
from runyard.engine.moves import Moves
from runyard.store.store import open_store


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store, places=1)
    store.close()


def begun(yard: Yard) -> Run:
    """Return a run whose code is running."""
    return yard.begin(yard.start())


def waits(yard: Yard, run: Run, *, at: int = START) -> None:
    number = yard.attempt(run).id
    yard.change(lambda moves: moves.waits(number, at=at))


def goes_on(yard: Yard, run: Run, *, at: int = START) -> None:
    number = yard.attempt(run).id
    yard.change(lambda moves: moves.goes_on(number, at=at))


def since(yard: Yard, run: Run) -> int | None:
    return yard.attempt(run).waits_since


def states(yard: Yard, runs: list[Run]) -> list[State]:
    return [yard.run(run).state for run in runs]


def test_who_waits_gives_the_place_to_the_next_in_the_same_transaction(yard: Yard) -> None:
    run, other = begun(yard), yard.start()
    before = yard.run(run).updated_at
    waits(yard, run, at=START + 5)

    assert [claim.run.id for claim in yard.claimed] == [other.id]
    assert (yard.run(run).state, yard.run(other).state) == (State.RUNNING, State.STARTING)
    assert since(yard, run) == START + 5
    assert yard.run(run).updated_at > before  # whoever looks at the run is told
    assert yard.kinds(run) == ["queued", "starting", "running", "waits"]


def test_who_goes_on_does_so_although_all_places_are_taken(yard: Yard) -> None:
    run, other, third = begun(yard), yard.start(), yard.start()
    waits(yard, run)
    goes_on(yard, run, at=START + 1)
    yard.end(other)
    still_waiting = yard.run(third).state
    yard.end(run)

    assert still_waiting is State.QUEUED
    assert yard.run(third).state is State.STARTING
    assert yard.kinds(run) == ["queued", "starting", "running", "waits", "goes_on", "succeeded"]


def test_the_same_word_told_twice_is_kept_once(yard: Yard) -> None:
    run = begun(yard)
    for _ in range(2):
        waits(yard, run)
    waiting = since(yard, run)
    for _ in range(2):
        goes_on(yard, run, at=START + 1)

    assert (waiting, since(yard, run)) == (START, None)
    assert yard.kinds(run)[3:] == ["waits", "goes_on"]


def test_a_word_that_comes_late_changes_nothing(yard: Yard) -> None:
    run = begun(yard)
    goes_on(yard, run, at=START + 2)
    waits(yard, run, at=START + 1)

    assert since(yard, run) is None
    assert yard.kinds(run)[3:] == ["goes_on"]


def test_who_goes_on_in_the_same_millisecond_does_not_wait(yard: Yard) -> None:
    run = begun(yard)
    waits(yard, run)
    goes_on(yard, run)
    waits(yard, run)

    assert since(yard, run) is None
    assert yard.kinds(run)[3:] == ["waits", "goes_on"]


def test_one_may_wait_again(yard: Yard) -> None:
    run, other, third = begun(yard), yard.start(), yard.start()
    waits(yard, run)
    goes_on(yard, run, at=START + 1)
    yard.end(other)
    waits(yard, run, at=START + 2)

    assert since(yard, run) == START + 2
    assert yard.run(third).state is State.STARTING


def test_nothing_is_heard_of_what_has_no_process(yard: Yard) -> None:
    run, queued = begun(yard), yard.start()
    waits(yard, queued)
    yard.stop(queued)
    yard.end(run)
    for one in (run, queued):
        waits(yard, one)
    yard.change(lambda moves: moves.waits(1, at=START))

    assert [since(yard, one) for one in (run, queued)] == [None, None]
    assert yard.kinds(run)[-1] == "succeeded"


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CRASHED])
def test_who_ends_no_longer_waits(yard: Yard, outcome: Outcome) -> None:
    run = begun(yard)
    waits(yard, run)
    yard.end(run, outcome)

    assert (yard.attempt(run).outcome, since(yard, run)) == (outcome, None)


def test_who_is_stopped_while_it_waits_takes_no_place_until_it_is_gone(yard: Yard) -> None:
    run, other, third = begun(yard), yard.start(), yard.start()
    waits(yard, run)
    yard.stop(run)
    waiting = since(yard, run)
    yard.end(other)

    assert waiting == START
    assert states(yard, [run, third]) == [State.STOPPING, State.STARTING]
    assert yard.end(run, Outcome.CANCELLED).outcome is Outcome.CANCELLED


def test_only_so_many_wait_without_a_place_and_the_next_keeps_its_own(yard: Yard) -> None:
    runs = []
    for _ in range(WAITING_PER_PLACE + 1):
        runs.append(begun(yard))
        waits(yard, runs[-1])
    more = yard.start()
    held_back = yard.run(more).state
    goes_on(yard, runs[0], at=START + 1)
    still_held_back = yard.run(more).state
    yard.end(runs[0])

    assert states(yard, runs[1:]) == [State.RUNNING] * WAITING_PER_PLACE
    assert (held_back, still_held_back) == (State.QUEUED, State.QUEUED)
    assert yard.run(more).state is State.STARTING


def test_who_waits_for_a_run_and_for_its_turn_gives_one_place(yard: Yard) -> None:
    run = begun(yard)
    child = yard.start(script("called"), awaited_by=yard.attempt(run).id)
    waits(yard, run)
    others = [yard.start(), yard.start()]

    assert states(yard, [child, *others]) == [State.STARTING, State.QUEUED, State.QUEUED]


def test_a_launcher_that_is_greeted_tells_anew_who_waits(yard: Yard) -> None:
    runs = [begun(yard)]
    waits(yard, runs[0], at=START + 1)
    runs.append(begun(yard))
    waits(yard, runs[1], at=START + 2)
    yard.change(lambda moves: moves.forget_waits())
    forgotten = [since(yard, run) for run in runs]
    waits(yard, runs[0], at=START + 1)

    assert forgotten == [None, None]
    assert [since(yard, run) for run in runs] == [START + 1, None]
    assert yard.kinds(runs[0])[3:] == ["waits"]  # it is the same waiting


def test_what_waits_of_another_server_is_not_forgotten(yard: Yard) -> None:
    run = begun(yard)
    waits(yard, run)

    def as_another(moves: Moves) -> None:
        moves.owner = "elsewhere"
        moves.forget_waits()

    yard.change(as_another)

    assert since(yard, run) == START


def test_one_task_of_a_large_run_waits_and_the_others_are_still_known(yard: Yard) -> None:
    run = yard.start(*[script(str(number)) for number in range(9)])
    first = yard.attempt(run, "0").id
    yard.begin(run, "0")
    yard.change(lambda moves: moves.waits(first, at=START))
    yard.end(run, key="1")
    yard.change(lambda moves: moves.goes_on(first, at=START + 1))
    yard.stop(run)

    assert yard.attempt(run, "0").waits_since is None
    assert yard.attempt(run, "0").state is State.STOPPING
