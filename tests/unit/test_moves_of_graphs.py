"""Tasks without a process, runs that are the work of a task, repairs, and the timeout of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moving import CHOICE, LOOP, Yard, child_of, phases, script

from runyard.core.errors import InvalidRequest, WrongState
from runyard.core.job import Task
from runyard.core.queue import Overflow
from runyard.core.run import Outcome, Repair, Run, State
from runyard.engine.moves import RUN_TIMEOUT, Moves
from runyard.engine.scheduler import forget
from runyard.store.ledger import Page
from runyard.store.store import open_store


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store, places=1)
    store.close()


def repair(yard: Yard, run: Run, *keys: str) -> Repair:
    asked = Repair(id=yard.ids.next(), run_id=run.id, number=0, task_keys=keys, created_at=yard.now)
    known = yard.run(run)
    return yard.change(lambda moves: moves.repair(known, asked, tasks=known.tasks, settings=known.settings))


def test_a_task_without_a_process_takes_no_place(yard: Yard) -> None:
    run = yard.start(CHOICE, script("other"))

    assert phases(yard, run) == {"choice": "starting", "other": "starting"}
    assert [claim.task.key for claim in yard.claimed] == ["other"]
    assert yard.last is not None
    assert [claim.task.key for claim in yard.last.conducted] == ["choice"]
    assert run.state is State.STARTING


def test_what_was_to_be_conducted_is_found_again_after_a_crash(yard: Yard) -> None:
    run = yard.start(CHOICE)

    assert [one.run_id for one in yard.store.read(lambda ledger: ledger.attempts_to_conduct())] == [run.id]

    yard.end(run, key="choice", output={"result": "true"})

    assert yard.store.read(lambda ledger: ledger.attempts_to_conduct()) == []


def test_only_the_branch_of_the_result_runs(yard: Yard) -> None:
    yes, no = script("yes", "choice", branch={"choice": "true"}), script("no", "choice", branch={"choice": "false"})
    run = yard.start(CHOICE, yes, no, script("after", "no"))
    yard.end(run, key="choice", output={"result": "true"})

    assert phases(yard, run) == {"choice": "succeeded", "yes": "starting", "no": "excluded", "after": "excluded"}
    assert yard.attempt(run, "choice").output == {"result": "true"}
    assert yard.end(run, key="yes").outcome is Outcome.SUCCEEDED


def test_a_loop_runs_as_many_iterations_together_as_it_may(yard: Yard) -> None:
    yard.places = 10
    run = yard.start(LOOP)
    child = child_of(yard, run, "loop", *(script(str(number)) for number in range(4)), at_once=2)

    assert phases(yard, child) == {"0": "starting", "1": "starting", "2": "blocked", "3": "blocked"}
    assert phases(yard, run) == {"loop": "running"}

    yard.end(child, key="0")

    assert phases(yard, child) == {"0": "succeeded", "1": "starting", "2": "starting", "3": "blocked"}


def test_a_loop_ends_with_its_iterations(yard: Yard) -> None:
    run = yard.start(LOOP, script("after", "loop"))
    child = child_of(yard, run, "loop", script("0"), script("1"), at_once=5)
    yard.end(child, key="0")
    assert yard.attempt(run, "loop").state is State.RUNNING
    yard.end(child, Outcome.FAILED, key="1", message="boom")

    assert phases(yard, run) == {"loop": "failed", "after": "upstream_failed"}
    assert yard.attempt(run, "loop").message == "boom"
    assert yard.run(run).outcome is Outcome.FAILED


def test_the_parts_of_a_loop_are_in_no_list(yard: Yard) -> None:
    run = yard.start(LOOP)
    child_of(yard, run, "loop", script("0"))

    assert [one.id for one in yard.store.read(lambda ledger: ledger.runs(1, Page(limit=9, where={})))] == [run.id]


def test_a_second_run_for_the_same_attempt_is_the_first(yard: Yard) -> None:
    run = yard.start(LOOP)

    assert child_of(yard, run, "loop", script("0")).id == child_of(yard, run, "loop", script("0")).id


def test_stopping_a_run_stops_the_runs_that_are_its_tasks_work(yard: Yard) -> None:
    run = yard.start(LOOP)
    child = child_of(yard, run, "loop", script("0"), script("1"))
    stopped = yard.stop(run)

    assert stopped.state is State.STOPPING
    assert phases(yard, child) == {"0": "stopping", "1": "cancelled"}

    yard.end(child, Outcome.CANCELLED, key="0")

    assert yard.run(child).outcome is Outcome.CANCELLED
    assert yard.run(run).outcome is Outcome.CANCELLED


def test_a_task_stopped_before_its_run_began_never_gets_one(yard: Yard) -> None:
    run = yard.start(LOOP)
    stopped = yard.stop(run)

    assert stopped.outcome is Outcome.CANCELLED
    with pytest.raises(WrongState, match="no longer waits for a run"):
        child_of(yard, run, "loop", script("0"))


def test_a_loop_that_fails_is_tried_again_as_a_new_run(yard: Yard) -> None:
    run = yard.start(Task(key="loop", kind="for_each", spec={}, max_retries=1))
    first = child_of(yard, run, "loop", script("0"))
    yard.end(first, Outcome.FAILED, key="0")
    second = child_of(yard, run, "loop", script("0"))
    yard.end(second, key="0")

    assert second.id != first.id
    assert [one.phase for one in yard.attempts(run)] == ["failed", "succeeded"]
    assert yard.run(run).outcome is Outcome.SUCCEEDED


def test_stopping_one_task_leaves_the_others_alone(yard: Yard) -> None:
    yard.places = 5
    run = yard.start(script("a"), script("b"), script("after_a", "a"))
    attempt = yard.attempt(run, "a")
    yard.change(lambda moves: moves.stop_attempt(attempt.id))
    yard.end(run, Outcome.CANCELLED, key="a")

    assert phases(yard, run) == {"a": "cancelled", "b": "starting", "after_a": "upstream_failed"}
    assert yard.attempt(run, "after_a").category == "upstream_cancelled"


def test_a_run_that_takes_too_long_is_stopped_as_timed_out(yard: Yard) -> None:
    run = yard.start(script("a"), script("b", "a"), timeout_ms=5_000)
    assert run.timeout_at == yard.now + 5_000
    yard.now += 5_000
    due = yard.store.read(lambda ledger: ledger.due_timeouts(yard.now, 9))
    assert [one.id for one in due] == [run.id]
    yard.change(lambda moves: moves.time_out(due[0]))
    ended = yard.end(run, Outcome.CANCELLED, key="a")

    assert phases(yard, run) == {"a": "timed_out", "b": "timed_out"}
    assert ended.outcome is Outcome.TIMED_OUT
    assert ended.message == "The run did not finish within its timeout of 5 s."
    assert yard.attempt(run, "a").category == RUN_TIMEOUT


def test_the_timeout_of_a_run_that_waits_counts_from_its_admission(yard: Yard) -> None:
    job = yard.job(limit=1)
    first = yard.start(script("a"), job=job)
    second = yard.start(script("a"), job=job, overflow=Overflow.QUEUE, timeout_ms=5_000)
    assert second.timeout_at is None
    yard.now += 60_000
    yard.end(first, key="a")

    assert yard.run(second).timeout_at == yard.now + 5_000


def test_a_changed_timeout_counts_from_the_beginning(yard: Yard) -> None:
    run = yard.start(script("a"), timeout_ms=5_000)
    yard.now += 1_000
    yard.change(lambda moves: moves.change_timeout(yard.known(moves, run), 2_000))

    assert yard.run(run).timeout_at == run.created_at + 2_000


def failed_diamond(yard: Yard) -> Run:
    run = yard.start(script("a"), script("b", "a"), script("c", "a"), script("d", "b", "c"))
    yard.end(run, key="a")
    yard.end(run, Outcome.FAILED, key="b", message="boom")
    return yard.end(run, key="c")


def test_a_repair_runs_the_failed_tasks_again_in_the_same_run(yard: Yard) -> None:
    run = failed_diamond(yard)
    assert run.outcome is Outcome.FAILED
    made = repair(yard, run, "b", "d")

    again = yard.run(run)
    assert (again.state, again.outcome, again.ended_at, again.message) == (State.STARTING, None, None, None)
    assert again.repairs == 1
    assert [(one.task_key, one.number, one.phase) for one in yard.attempts(run)][-2:] == [
        ("b", 1, "starting"),
        ("d", 1, "blocked"),
    ]

    yard.end(run, key="b")
    ended = yard.end(run, key="d")

    assert ended.outcome is Outcome.SUCCEEDED
    rounds = yard.store.read(lambda ledger: ledger.repairs(run.id))
    assert [(one.number, one.outcome, one.task_keys) for one in rounds] == [
        (0, Outcome.FAILED, ("a", "b", "c", "d")),
        (1, Outcome.SUCCEEDED, ("b", "d")),
    ]
    assert rounds[0].id == run.id
    assert rounds[1].id == made.id
    assert rounds[1].ended_at == ended.ended_at


def test_retries_count_anew_after_a_repair(yard: Yard) -> None:
    run = yard.start(script("a", max_retries=1))
    yard.end(run, Outcome.FAILED, key="a")
    yard.end(run, Outcome.FAILED, key="a")
    assert yard.run(run).outcome is Outcome.FAILED
    repair(yard, run, "a")
    yard.end(run, Outcome.FAILED, key="a")

    assert [(one.number, one.series, one.phase) for one in yard.attempts(run)] == [
        (0, 0, "failed"),
        (1, 0, "failed"),
        (2, 2, "failed"),
        (3, 2, "starting"),
    ]


def test_a_task_that_is_repaired_under_one_that_stays_failed_does_not_run(yard: Yard) -> None:
    run = failed_diamond(yard)
    repair(yard, run, "d")

    assert yard.attempt(run, "d").phase == "upstream_failed"
    assert yard.run(run).outcome is Outcome.FAILED


def test_only_an_ended_run_is_repaired_and_only_in_its_own_tasks(yard: Yard) -> None:
    running = yard.start(script("a"))
    with pytest.raises(WrongState, match="only a run that has ended can be repaired"):
        repair(yard, running, "a")
    yard.end(running, key="a")

    with pytest.raises(InvalidRequest, match="has no task 'x'"):
        repair(yard, running, "x")


def test_a_repaired_run_can_be_stopped_and_deleted_with_its_rounds(yard: Yard) -> None:
    run = failed_diamond(yard)
    repair(yard, run, "b", "d")
    yard.stop(run)
    stopped = yard.end(run, Outcome.CANCELLED, key="b")
    assert stopped.outcome is Outcome.CANCELLED
    yard.store.write(lambda ledger: ledger.remove_run(run.id))

    assert yard.store.read(lambda ledger: ledger.repairs(run.id)) == []


def test_a_timeout_is_tried_again_only_where_the_task_says_so(yard: Yard) -> None:
    patient = yard.start(script("a", max_retries=1, retries_timeout=True))
    yard.end(patient, Outcome.TIMED_OUT, key="a")
    assert [one.phase for one in yard.attempts(patient)] == ["timed_out", "starting"]
    yard.end(patient, key="a")
    strict = yard.start(script("a", max_retries=1))
    yard.end(strict, Outcome.TIMED_OUT, key="a")

    assert [one.phase for one in yard.attempts(strict)] == ["timed_out"]


def test_a_forgotten_run_takes_the_parts_of_its_loops_with_it(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(LOOP)
    child = child_of(yard, run, "loop", script("0"))
    yard.end(child, key="0")
    forget(yard.store, [yard.run(run)], lambda number: tmp_path / str(number))

    assert yard.store.read(lambda ledger: ledger.run_anywhere(child.id)) is None


def test_what_one_server_remembers_of_a_large_run_does_not_hide_what_another_did(yard: Yard) -> None:
    other = Yard(yard.store, places=20)
    other.ids = yard.ids
    yard.places = 20
    run = yard.start(*(script(f"t{number}") for number in range(9)), script("last", *(f"t{n}" for n in range(9))))
    for number in range(8):
        (yard if number % 3 else other).end(run, key=f"t{number}")
    other.end(run, Outcome.FAILED, key="t8")

    assert yard.attempt(run, "last").phase == "upstream_failed"
    assert yard.run(run).outcome is Outcome.FAILED


def test_a_transaction_that_is_undone_is_not_remembered(yard: Yard) -> None:
    yard.places = 20
    run = yard.start(*(script(f"t{number}") for number in range(9)))

    first = yard.attempt(run, "t0").id

    def break_off(moves: Moves) -> None:
        moves.finished(first, Outcome.FAILED, at=yard.now, facts={})
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own, just above
        yard.change(break_off)
    for number in range(9):
        yard.end(run, key=f"t{number}")

    assert yard.run(run).outcome is Outcome.SUCCEEDED


def test_a_repair_adds_no_task_to_a_run(yard: Yard) -> None:
    run = yard.end(yard.start(script("a")), key="a")
    asked = Repair(id=yard.ids.next(), run_id=run.id, number=0, task_keys=("a",), created_at=yard.now)

    with pytest.raises(InvalidRequest, match="has no task 'b'"):
        yard.change(lambda moves: moves.repair(run, asked, tasks=[script("a"), script("b")], settings={}))
