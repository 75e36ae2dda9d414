"""Runs whose work is done elsewhere: the ledger follows what it is told, and gives up who falls silent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moving import START, Yard, phases

from runyard.core.errors import InvalidRequest, WrongState
from runyard.core.run import Outcome, Repair, Run, State
from runyard.engine.recording import Told, told_tasks
from runyard.engine.scheduler import due
from runyard.store.store import open_store

LEASE_MS = 60_000


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store, places=1)
    store.close()


def begun(yard: Yard, *keys: str) -> Run:
    return yard.start(*told_tasks(keys or ("a", "b"), verdict="all"), wait_until=yard.now + LEASE_MS)


def tell(yard: Yard, run: Run, *told: Told) -> Run:
    yard.change(lambda moves: moves.tell(run.id, told, lease_ms=LEASE_MS))
    return yard.run(run)


def running(key: str, at: int = START, number: int = 0) -> Told:
    return Told(task_key=key, number=number, began_at=at)


def ended(key: str, outcome: Outcome = Outcome.SUCCEEDED, *, began: int = START, at: int = START, **more: Any) -> Told:
    return Told(task_key=key, began_at=began, ended_at=at, outcome=outcome, **more)


def test_nothing_of_a_told_run_takes_a_place_or_is_carried_out_here(yard: Yard) -> None:
    run = begun(yard)

    assert run.state is State.BLOCKED
    assert phases(yard, run) == {"a": "blocked", "b": "blocked", "all": "blocked"}
    assert yard.last is not None
    assert not yard.claimed
    assert not yard.last.conducted
    assert yard.store.read(lambda ledger: ledger.queued_attempts(10)) == []
    assert yard.store.read(lambda ledger: ledger.attempts_to_conduct()) == []


def test_it_goes_on_as_it_is_told_with_the_times_that_are_told(yard: Yard) -> None:
    run = begun(yard)
    yard.now += 5_000
    run = tell(yard, run, running("all", START + 1_000), running("a", START + 2_000))

    assert run.state is State.RUNNING
    assert run.running_at == START + 1_000
    assert phases(yard, run) == {"a": "running", "b": "blocked", "all": "running"}
    assert yard.attempt(run, "a").running_at == START + 2_000

    output = {"values": {"n": 1}}
    tell(yard, run, ended("a", began=START + 2_000, at=START + 3_000, output=output))
    run = tell(yard, run, ended("b", began=START + 3_000, at=START + 4_000), ended("all", at=START + 4_500))

    assert run.outcome is Outcome.SUCCEEDED
    assert run.ended_at == START + 4_500
    assert run.wait_until is None
    assert yard.attempt(run, "a").output == output


def test_its_end_is_the_verdict_and_what_was_never_begun_was_not_needed(yard: Yard) -> None:
    run = begun(yard)
    run = tell(yard, run, running("all"), ended("a", Outcome.FAILED, message="404"), ended("all"))

    assert run.outcome is Outcome.SUCCEEDED
    assert phases(yard, run) == {"a": "failed", "b": "excluded", "all": "succeeded"}
    assert "ended without it" in (yard.attempt(run, "b").message or "")


def test_a_failed_verdict_tells_why(yard: Yard) -> None:
    run = begun(yard)
    run = tell(yard, run, running("all"), ended("a"), ended("all", Outcome.FAILED, message="The step a failed: 404"))

    assert run.outcome is Outcome.FAILED
    assert run.message == "The step a failed: 404"


def test_what_goes_on_when_the_work_ends_ends_with_it(yard: Yard) -> None:
    run = begun(yard)
    run = tell(yard, run, running("all"), running("a"), ended("all", Outcome.CANCELLED, message="interrupted"))

    assert run.outcome is Outcome.CANCELLED
    assert phases(yard, run)["a"] == "cancelled"


def test_a_task_may_be_executed_again_and_its_newest_execution_is_where_it_stands(yard: Yard) -> None:
    run = begun(yard)
    tell(yard, run, running("all"), ended("a", Outcome.FAILED, message="503"))
    run = tell(yard, run, running("a", number=1))

    assert run.state is State.RUNNING
    assert run.attempt == 1
    assert [(one.number, one.phase) for one in yard.attempts(run) if one.task_key == "a"] == [
        (0, "failed"),
        (1, "running"),
    ]


def test_telling_the_same_again_changes_nothing(yard: Yard) -> None:
    run = begun(yard)
    told = (running("all"), ended("a", Outcome.FAILED, message="503"), running("a", number=1))
    tell(yard, run, *told)
    before = yard.attempts(run), yard.kinds(run)
    tell(yard, run, *told)

    assert (yard.attempts(run), yard.kinds(run)) == before


def test_times_of_another_clock_are_kept_within_the_run(yard: Yard) -> None:
    run = begun(yard)
    yard.now += 1_000
    tell(yard, run, running("all", at=5), ended("a", began=START * 2, at=3))

    assert yard.attempt(run, "all").running_at == START
    assert yard.attempt(run, "a").running_at == START + 1_000
    assert yard.attempt(run, "a").ended_at == START + 1_000


def test_who_falls_silent_is_taken_for_dead_when_the_lease_is_over(yard: Yard) -> None:
    run = begun(yard)
    yard.now += 50_000
    tell(yard, run, running("all"), running("a"))
    yard.now += LEASE_MS - 1
    yard.change(due)
    assert yard.run(run).state is State.RUNNING
    yard.now += 1
    yard.change(due)
    lost = yard.run(run)

    assert lost.outcome is Outcome.CRASHED
    assert "not been heard of for 60 s" in (lost.message or "")
    assert phases(yard, run) == {"a": "crashed", "b": "excluded", "all": "crashed"}
    assert yard.store.read(lambda ledger: ledger.next_due()) is None


def test_a_run_of_which_nothing_was_ever_told_is_given_up_too(yard: Yard) -> None:
    run = begun(yard)
    yard.now += LEASE_MS
    yard.change(due)

    assert yard.run(run).outcome is Outcome.CRASHED


def test_hearing_of_it_prolongs_the_lease(yard: Yard) -> None:
    run = begun(yard)
    yard.now += 50_000
    run = tell(yard, run)

    assert run.wait_until == START + 50_000 + LEASE_MS


def test_a_stopped_run_ends_at_once_and_takes_no_more_word(yard: Yard) -> None:
    run = begun(yard)
    tell(yard, run, running("all"), running("a"))
    stopped = yard.stop(run)

    assert stopped.outcome is Outcome.CANCELLED
    with pytest.raises(WrongState, match=r"has ended \(cancelled\)"):
        tell(yard, run, ended("a"))


def test_word_of_a_run_that_does_its_own_work_is_refused(yard: Yard) -> None:
    run = yard.start()

    with pytest.raises(WrongState, match="does its own work"):
        tell(yard, run, ended("main"))


def test_word_of_what_is_not_there_is_refused(yard: Yard) -> None:
    run = begun(yard)
    tell(yard, run, running("all"), running("a"))

    with pytest.raises(InvalidRequest, match="no task 'z'"):
        tell(yard, run, running("z"))
    with pytest.raises(WrongState, match="execution 0 is running"):
        tell(yard, run, running("a", number=1))
    with pytest.raises(WrongState, match="Execution 2"):
        tell(yard, run, running("b", number=2))


def test_a_told_run_cannot_be_repaired_here(yard: Yard) -> None:
    run = begun(yard)
    run = tell(yard, run, ended("all", Outcome.FAILED, message="no"))
    repair = Repair(id=yard.ids.next(), run_id=run.id, number=0, task_keys=("a",), created_at=yard.now)

    with pytest.raises(WrongState, match="done elsewhere"):
        yard.change(lambda moves: moves.repair(run, repair, tasks=run.tasks, settings={}))
