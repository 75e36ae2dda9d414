from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moving import START, Yard

from runyard.core.errors import LimitReached, WrongState
from runyard.core.graph import UPSTREAM_CANCELLED
from runyard.core.job import RunIf, Task
from runyard.core.queue import Overflow
from runyard.core.run import Outcome, Run, State
from runyard.store.records import RUN
from runyard.store.store import open_store

T = TypeVar("T")


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store)
    store.close()


def test_a_run_is_claimed_in_the_transaction_that_records_it(yard: Yard) -> None:
    run = yard.start()

    assert (run.state, run.reason) == (State.STARTING, None)
    assert [claim.run.id for claim in yard.claimed] == [run.id]
    assert yard.kinds(run) == ["queued", "starting"]


def test_a_run_shows_when_its_code_began_and_how_it_ended(yard: Yard) -> None:
    run = yard.start()
    yard.now += 5
    yard.begin(run)
    yard.now += 70
    ended = yard.end(run, exit_code=0)

    assert (ended.phase, ended.running_at, ended.ended_at) == ("succeeded", START + 5, START + 75)
    assert yard.kinds(run) == ["queued", "starting", "running", "succeeded"]


def test_beyond_the_servers_places_runs_wait_in_the_order_they_came(yard: Yard) -> None:
    first, second, third, fourth = (yard.start() for _ in range(4))
    assert third.state is State.QUEUED
    assert third.reason == "Waiting for a free place: all 2 places of this server are taken."
    yard.end(second)

    assert yard.run(third).state is State.STARTING
    assert yard.run(fourth).state is State.QUEUED
    assert yard.run(first).state is State.STARTING


def test_a_run_beyond_its_jobs_limit_is_refused_and_leaves_nothing(yard: Yard) -> None:
    job = yard.job(limit=1)
    yard.start(job=job)

    with pytest.raises(LimitReached, match="has reached its limit of 1 concurrent runs"):
        yard.start(job=job)
    assert yard.store.read(lambda ledger: ledger.count_admitted(job.id)) == 1


def test_a_held_run_begins_when_an_earlier_one_ends(yard: Yard) -> None:
    job = yard.job(limit=1)
    first = yard.start(job=job)
    second = yard.start(job=job, overflow=Overflow.QUEUE, wait_until=START + 1000)
    third = yard.start(job=job, overflow=Overflow.QUEUE, wait_until=START + 1000)
    assert (second.state, second.admitted_at) == (State.QUEUED, None)
    assert "limit of 1" in str(second.reason)
    yard.end(first)

    assert (yard.run(second).state, yard.run(second).wait_until) == (State.STARTING, None)
    assert yard.run(third).state is State.QUEUED


def test_a_skipped_run_is_recorded_with_its_reason(yard: Yard) -> None:
    job = yard.job(limit=1)
    yard.start(job=job)
    skipped = yard.start(job=job, overflow=Overflow.SKIP)

    assert skipped.phase == "skipped"
    assert "limit of 1" in str(skipped.message)
    assert yard.attempts(skipped) == []


def test_a_held_run_gives_up_when_it_has_waited_long_enough(yard: Yard) -> None:
    job = yard.job(limit=1)
    yard.start(job=job)
    held = yard.start(job=job, overflow=Overflow.QUEUE, wait_until=START + 60_000)
    yard.now += 60_000
    yard.change(lambda moves: each(moves.give_up_waiting, moves.ledger.due_waits(yard.now, 10)))

    assert yard.run(held).phase == "failed"
    assert "waited 60 s" in str(yard.run(held).message)


def test_a_raised_limit_lets_held_runs_begin(yard: Yard) -> None:
    job = yard.job(limit=1)
    yard.start(job=job)
    held = yard.start(job=job, overflow=Overflow.QUEUE)
    yard.change(lambda moves: moves.admit_held(job.id, limit=2))

    assert yard.run(held).state is State.STARTING


def test_a_failed_attempt_is_tried_again_at_once_or_after_its_wait(yard: Yard) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=2, retry_wait_ms=500))
    failed = yard.end(run, Outcome.FAILED, exit_code=1, message="no")
    assert (failed.state, failed.attempt) == (State.RETRYING, 1)
    yard.now += 500
    yard.change(lambda moves: each(moves.retry_now, moves.ledger.due_retries(yard.now, 10)))

    assert yard.run(run).state is State.STARTING
    assert yard.run(run).attempt_at >= yard.now
    assert [(one.number, one.phase) for one in yard.attempts(run)] == [(0, "failed"), (1, "starting")]


def test_the_last_failed_attempt_ends_the_run_with_its_message(yard: Yard) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=1))
    yard.end(run, Outcome.FAILED, message="first")
    assert yard.run(run).state is State.STARTING
    ended = yard.end(run, Outcome.FAILED, message="second")

    assert (ended.phase, ended.message, ended.attempt) == ("failed", "second", 1)


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.TIMED_OUT])
def test_what_was_cut_off_is_not_tried_again(yard: Yard, outcome: Outcome) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=3))

    assert yard.end(run, outcome).phase == outcome.value


def test_a_stop_ends_what_waits_and_tells_what_runs(yard: Yard) -> None:
    yard.places = 1
    running, waiting = yard.start(), yard.start()
    stopping = yard.stop(running)
    assert yard.last is not None
    told = [attempt.run_id for attempt in yard.last.stopping]
    stopped = yard.stop(waiting)

    assert (stopping.state, told) == (State.STOPPING, [running.id])
    assert (stopped.phase, stopped.message) == ("cancelled", "The run was stopped by a request.")


def test_a_failure_while_stopping_is_not_tried_again(yard: Yard) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=3))
    yard.stop(run)

    assert yard.end(run, Outcome.FAILED).phase == "failed"


def test_a_stop_of_a_run_that_waits_to_be_retried_ends_it(yard: Yard) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=1, retry_wait_ms=9000))
    yard.end(run, Outcome.FAILED)

    assert yard.stop(run).phase == "cancelled"


def test_an_ended_run_cannot_be_stopped(yard: Yard) -> None:
    run = yard.end(yard.start())

    with pytest.raises(WrongState, match="has ended"):
        yard.stop(run)


def test_what_the_launcher_tells_twice_counts_once(yard: Yard) -> None:
    run = yard.begin(yard.start())
    yard.end(run)
    again = yard.end(yard.begin(run), Outcome.FAILED)

    assert again.phase == "succeeded"
    assert yard.kinds(run) == ["queued", "starting", "running", "succeeded"]


def test_an_attempt_no_launcher_knows_is_started_stopped_or_lost(yard: Yard) -> None:
    yard.places = 3
    fresh, stopped, running = yard.start(), yard.start(), yard.start()
    yard.stop(stopped)
    yard.begin(running)
    mine = yard.store.read(lambda ledger: ledger.attempts_on_process("here"))
    yard.change(lambda moves: moves.take_up(mine))

    assert [claim.run.id for claim in yard.claimed] == [fresh.id]
    assert yard.run(stopped).phase == "cancelled"
    assert (yard.run(running).phase, "no record of its end" in str(yard.run(running).message)) == ("crashed", True)


def test_an_end_that_tells_the_beginning_too_records_both_in_their_time(yard: Yard) -> None:
    run = yard.start()
    attempt = yard.attempt(run)
    yard.now += 90
    yard.change(
        lambda moves: moves.finished(attempt.id, Outcome.SUCCEEDED, at=START + 80, facts={}, started_at=START + 5)
    )
    events = yard.store.read(lambda ledger: ledger.events(run.id))

    assert (yard.run(run).running_at, yard.attempt(run).running_at) == (START + 5, START + 5)
    assert [(one.kind, one.at - START) for one in events[2:]] == [("running", 5), ("succeeded", 80)]


def test_a_run_of_many_tasks_began_with_the_first_of_them(yard: Yard) -> None:
    run = yard.start(Task(key="a", kind="python_script"), Task(key="b", kind="python_script"))
    first, second = yard.store.read(lambda ledger: ledger.attempts(run.id))

    yard.change(lambda moves: moves.started(first.id, at=START + 5))
    yard.change(lambda moves: moves.started(second.id, at=START + 50))

    assert yard.run(run).running_at == START + 5


def test_a_delay_is_noted_once(yard: Yard) -> None:
    run = yard.start(notify_at=START + 60_000)
    yard.now += 61_000
    yard.change(lambda moves: each(moves.notify, moves.ledger.due_notices(yard.now, 10)))

    assert yard.kinds(run)[-1] == "delayed"
    assert yard.run(run).notify_at is None


def test_tasks_follow_their_upstream(yard: Yard) -> None:
    first = Task(key="first", kind="python_script")
    second = Task(key="second", kind="python_script", depends_on=("first",))
    run = yard.start(first, second)
    assert yard.attempt(run, "second").state is State.BLOCKED
    run = yard.end(run, key="first")
    assert yard.attempt(run, "second").state is State.STARTING

    assert yard.end(run, key="second").phase == "succeeded"


def test_a_failed_upstream_ends_what_depends_on_it(yard: Yard) -> None:
    first = Task(key="first", kind="python_script")
    second = Task(key="second", kind="python_script", depends_on=("first",))
    third = Task(key="third", kind="python_script", depends_on=("second",))
    run = yard.start(first, second, third)
    ended = yard.end(run, Outcome.FAILED, key="first", message="no")

    assert [one.phase for one in yard.attempts(run)] == ["failed", "upstream_failed", "upstream_failed"]
    assert [one.message for one in yard.attempts(run)] == [
        "no",
        "The task did not run: it depends on first (failed).",
        "The task did not run: it depends on second (upstream_failed).",
    ]
    assert (ended.phase, ended.message) == ("failed", "no")


def test_tasks_follow_their_upstream_as_run_if_says(yard: Yard) -> None:
    run = yard.start(
        Task(key="load", kind="python_script"),
        Task(key="report", kind="python_script", depends_on=("load",)),
        Task(key="alarm", kind="python_script", depends_on=("load",), run_if=RunIf.ONE_FAILED),
        Task(key="surrender", kind="python_script", depends_on=("load", "alarm"), run_if=RunIf.ALL_FAILED),
        Task(key="clean", kind="python_script", depends_on=("report", "alarm"), run_if=RunIf.ALL_ENDED),
    )
    run = yard.end(run, Outcome.FAILED, key="load", message="no")
    assert phases(yard, run) == {
        "load": "failed", "report": "upstream_failed", "alarm": "starting", "surrender": "blocked", "clean": "blocked",
    }  # fmt: skip
    run = yard.end(run, key="alarm")
    assert phases(yard, run) == {
        "load": "failed", "report": "upstream_failed", "alarm": "succeeded", "surrender": "excluded",
        "clean": "starting",
    }  # fmt: skip
    ended = yard.end(run, key="clean")

    assert (ended.phase, ended.message) == ("succeeded", None)
    assert yard.kinds(run) == [
        "queued", "blocked", "blocked", "blocked", "blocked", "starting", "failed", "upstream_failed", "queued",
        "starting", "succeeded", "excluded", "queued", "starting", "succeeded",
    ]  # fmt: skip


def test_a_cancelled_task_is_handed_down_and_what_handles_failures_runs(yard: Yard) -> None:
    run = yard.start(
        Task(key="load", kind="python_script"),
        Task(key="report", kind="python_script", depends_on=("load",)),
        Task(key="archive", kind="python_script", depends_on=("report",)),
        Task(key="clean", kind="python_script", depends_on=("archive",), run_if=RunIf.ALL_ENDED),
    )
    run = yard.end(run, Outcome.CANCELLED, key="load")

    assert [(one.phase, one.category) for one in yard.attempts(run)] == [
        ("cancelled", None),
        ("upstream_failed", UPSTREAM_CANCELLED),
        ("upstream_failed", UPSTREAM_CANCELLED),
        ("starting", None),
    ]


def test_a_run_written_before_run_if_was_known_reads_as_all_success(yard: Yard) -> None:
    every = tuple(Task(key=form.value, kind="python_script", run_if=form) for form in RunIf)
    run = yard.start(*every)
    old = {**RUN.values(run), "tasks": '[{"key":"main","kind":"python_script","spec":{},"depends_on":[]}]'}
    [read] = RUN.read([[old[name] for name in RUN.columns]])

    assert run.tasks == every
    assert read.tasks == (Task(key="main", kind="python_script", run_if=RunIf.ALL_SUCCESS),)


STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "begin", "end", "fail", "stop", "retry", "wait"]), st.integers(0, 5)),
    max_size=40,
)


@settings(deadline=None)  # a deadline would fail on a machine that others use too
@given(steps=STEPS)
def test_whatever_happens_the_places_hold_and_every_run_is_true_to_its_attempts(steps: list[tuple[str, int]]) -> None:
    yard = Yard(open_store("sqlite://"))
    job = yard.job(limit=2)
    task = Task(key="main", kind="python_script", max_retries=1, retry_wait_ms=10)
    runs: list[Run] = []
    for step, which in steps:
        yard.now += 7
        if step == "start":
            runs.append(yard.start(task, job=job, overflow=Overflow.QUEUE, wait_until=yard.now + 50))
        elif runs:
            take(yard, step, runs[which % len(runs)])

    check(yard, [yard.run(run) for run in runs])
    yard.store.close()


def phases(yard: Yard, run: Run) -> dict[str, str]:
    return {attempt.task_key: attempt.phase for attempt in yard.attempts(run)}


def each(act: Callable[[T], None], things: list[T]) -> None:
    for thing in things:
        act(thing)


def take(yard: Yard, step: str, run: Run) -> None:
    on_process = yard.attempt(run).state in {State.STARTING, State.RUNNING, State.STOPPING}
    if step == "begin" and on_process:
        yard.begin(run)
    elif step in {"end", "fail"} and on_process:
        yard.end(run, Outcome.SUCCEEDED if step == "end" else Outcome.FAILED)
    elif step == "stop" and yard.run(run).state is not State.ENDED:
        yard.stop(run)
    elif step == "retry":
        yard.change(lambda moves: each(moves.retry_now, moves.ledger.due_retries(yard.now, 9)))
    elif step == "wait":
        yard.change(lambda moves: each(moves.give_up_waiting, moves.ledger.due_waits(yard.now, 9)))


def check(yard: Yard, runs: list[Run]) -> None:
    admitted = [run for run in runs if run.admitted_at is not None and run.state is not State.ENDED]
    held = [run for run in runs if run.admitted_at is None and run.state is State.QUEUED]
    assert len(admitted) <= 2
    assert len(admitted) == 2 or not held
    assert len(yard.store.read(lambda ledger: ledger.attempts_on_process("here"))) <= yard.places
    for run in runs:
        latest = yard.attempts(run)[-1]
        assert run.phase == ("queued" if run in held else latest.phase)
        assert yard.kinds(run)[-1] == latest.phase
