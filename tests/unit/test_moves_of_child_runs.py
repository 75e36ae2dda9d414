"""Runs that are the work of a task, where several things happen to them and to their parents at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from moving import LOOP, Yard, child_of, phases, script

from runyard.core.errors import InvalidRequest
from runyard.core.job import Job, RunIf, Task
from runyard.core.queue import Overflow
from runyard.core.run import Outcome, Repair, Run, State
from runyard.engine.moves import first_run_record
from runyard.engine.scheduler import Scheduler, due, forget
from runyard.store.ledger import Ledger
from runyard.store.store import open_store

DAY_MS = 86_400_000


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store, places=1)
    store.close()


def test_a_run_is_stopped_whose_loop_has_only_waiting_parts_and_a_task_behind_it(yard: Yard) -> None:
    busy = yard.start(script("busy"))
    run = yard.start(LOOP, script("after", "loop"), script("whatever", "loop", run_if=RunIf.ALL_ENDED))
    child = child_of(yard, run, "loop", script("0"), script("1"))
    stopped = yard.stop(run)

    assert stopped.outcome is Outcome.CANCELLED
    assert phases(yard, run) == {"loop": "cancelled", "after": "cancelled", "whatever": "cancelled"}
    assert phases(yard, child) == {"0": "cancelled", "1": "cancelled"}
    assert yard.run(busy).state is State.STARTING


def test_a_task_stopped_while_its_run_waits_for_the_jobs_limit_never_runs(yard: Yard) -> None:
    yard.places = 5
    job = yard.job(limit=1)
    first = yard.start(job=job)
    held = yard.start(script("a"), script("b"), job=job, overflow=Overflow.QUEUE)
    attempt = yard.attempt(held, "a")
    yard.change(lambda moves: moves.stop_attempt(attempt.id))
    yard.end(first)

    assert phases(yard, held) == {"a": "cancelled", "b": "starting"}


def test_a_run_held_by_its_jobs_limit_keeps_its_own_limit_of_tasks(yard: Yard) -> None:
    yard.places = 5
    job = yard.job(limit=1)
    first = yard.start(job=job)
    held = yard.start(script("a"), script("b"), job=job, overflow=Overflow.QUEUE, tasks_at_once=1)
    yard.end(first)

    assert phases(yard, held) == {"a": "starting", "b": "blocked"}


def part_of_job(yard: Yard, run: Run, key: str, job: Job, overflow: Overflow) -> Run:
    part = first_run_record(
        (script("main"),), id=yard.ids.next(), workspace_id=1, job_id=job.id, job_name=job.name, language="glue",
        parent_attempt_id=yard.attempt(run, key).id, created_at=yard.now, updated_at=yard.now, attempt_at=yard.now,
    )  # fmt: skip
    limit = job.max_concurrent_runs
    return yard.run(yard.change(lambda moves: moves.start_child(part, limit=limit, overflow=overflow)))


CALL = Task(key="call", kind="run_job", spec={})


def test_a_task_fails_whose_run_of_another_job_was_skipped(yard: Yard) -> None:
    job = yard.job(limit=1)
    yard.start(job=job)
    run = yard.start(CALL)
    skipped = part_of_job(yard, run, "call", job, Overflow.SKIP)

    assert skipped.phase == "skipped"
    assert yard.run(run).outcome is Outcome.FAILED
    assert yard.run(run).message == f"Run {skipped.id} ended skipped: {skipped.reason}"


def test_a_job_that_starts_itself_does_not_wait_for_its_own_end(yard: Yard) -> None:
    job = yard.job(limit=1)
    run = yard.start(CALL, job=job)

    with pytest.raises(InvalidRequest, match=f"Run {run.id} is one of them and waits for this one"):
        part_of_job(yard, run, "call", job, Overflow.QUEUE)
    assert phases(yard, run) == {"call": "starting"}


def test_runs_that_are_due_together_with_what_waits_for_them_are_all_ended(yard: Yard) -> None:
    run = yard.start(LOOP, timeout_ms=1_000, notify_at=yard.now + 1_000)
    child = child_of(yard, run, "loop", script("0"), timeout_ms=1_000)
    yard.now += 1_000
    yard.change(due)
    yard.end(child, Outcome.CANCELLED, key="0")

    assert (yard.run(child).outcome, yard.run(run).outcome) == (Outcome.TIMED_OUT, Outcome.TIMED_OUT)


def test_a_loop_and_its_run_that_time_out_together_stand_at_the_loops_newest_attempt(yard: Yard) -> None:
    loop = Task(key="loop", kind="for_each", spec={}, max_retries=1, retries_timeout=True)
    yard.start(script("busy"))
    run = yard.start(loop, timeout_ms=2_000)
    child_of(yard, run, "loop", script("0"), timeout_ms=1_000)
    yard.now += 5_000
    yard.change(due)

    assert [one.phase for one in yard.attempts(run)] == ["timed_out", "timed_out"]
    assert (yard.run(run).outcome, yard.run(run).attempt) == (Outcome.TIMED_OUT, 1)


def gone(yard: Yard, *runs: Run) -> list[bool]:
    return [yard.store.read(partial(Ledger.run_anywhere, run_id=run.id)) is None for run in runs]


def test_retention_takes_the_parts_of_a_run_with_it_and_not_before(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(LOOP, script("after", "loop"))
    part = child_of(yard, run, "loop", script("0"))
    yard.end(part, key="0")
    yard.now += 10 * DAY_MS
    clock = Scheduler(
        yard.store, yard.change, clock=lambda: yard.now, retention_ms=DAY_MS, attempt_folder=lambda _: tmp_path / "no"
    )
    clock.forget_what_is_old()
    assert gone(yard, run, part) == [False, False]
    yard.end(run, key="after")
    yard.now += 2 * DAY_MS
    clock.forget_what_is_old()

    assert gone(yard, run, part) == [True, True]


def test_what_was_a_loop_before_a_repair_is_forgotten_with_its_parts(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(LOOP)
    part = child_of(yard, run, "loop", script("0"))
    yard.end(part, Outcome.FAILED, key="0")
    asked = Repair(id=yard.ids.next(), run_id=run.id, number=0, task_keys=("loop",), created_at=yard.now)
    ended = yard.run(run)
    yard.change(lambda moves: moves.repair(ended, asked, tasks=[script("loop")], settings={}))
    yard.end(run, key="loop")
    forget(yard.store, [run], lambda _: tmp_path / "no")

    assert gone(yard, run, part) == [True, True]


def test_a_run_that_was_repaired_meanwhile_is_not_forgotten_and_keeps_its_folders(yard: Yard, tmp_path: Path) -> None:
    run = yard.end(yard.start())
    folder = tmp_path / str(yard.attempt(run).id)
    folder.mkdir()
    asked = Repair(id=yard.ids.next(), run_id=run.id, number=0, task_keys=("main",), created_at=yard.now)
    yard.change(lambda moves: moves.repair(run, asked, tasks=run.tasks, settings={}))

    assert forget(yard.store, [run], lambda number: tmp_path / str(number)) == []
    assert folder.exists()
    assert gone(yard, run) == [False]
