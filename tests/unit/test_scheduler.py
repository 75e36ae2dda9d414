from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moving import START, Yard

from runyard.core.job import Task
from runyard.core.queue import Overflow
from runyard.core.run import Outcome, State
from runyard.engine.scheduler import Scheduler
from runyard.store.store import open_store

DAY_MS = 86_400_000


@pytest.fixture
def yard() -> Iterator[Yard]:
    store = open_store("sqlite://")
    yield Yard(store)
    store.close()


def scheduler(yard: Yard, folder: Path, *, retention_ms: int | None = None) -> Scheduler:
    return Scheduler(
        yard.store,
        yard.change,
        clock=lambda: yard.now,
        retention_ms=retention_ms,
        attempt_folder=lambda attempt_id: folder / str(attempt_id),
    )


def test_nothing_is_done_before_its_time(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=1, retry_wait_ms=500))
    yard.end(run, Outcome.FAILED)
    yard.now += 499
    scheduler(yard, tmp_path).do_what_is_due()
    assert yard.run(run).state is State.RETRYING
    yard.now += 1
    scheduler(yard, tmp_path).do_what_is_due()

    assert yard.run(run).state is State.STARTING


def test_waits_and_notices_come_due_together(yard: Yard, tmp_path: Path) -> None:
    job = yard.job(limit=1)
    slow = yard.start(job=job, notify_at=START + 1000)
    held = yard.start(job=job, overflow=Overflow.QUEUE, wait_until=START + 1000)
    yard.now += 1000
    scheduler(yard, tmp_path).do_what_is_due()

    assert yard.kinds(slow)[-1] == "delayed"
    assert yard.run(held).phase == "failed"
    assert yard.store.read(lambda ledger: ledger.next_due()) is None


def test_retention_forgets_ended_runs_and_their_folders_and_nothing_else(yard: Yard, tmp_path: Path) -> None:
    old, active = yard.end(yard.start()), yard.start()
    folder = tmp_path / str(yard.attempts(old)[0].id)
    folder.mkdir()
    yard.now += 2 * DAY_MS
    fresh = yard.end(yard.start())
    scheduler(yard, tmp_path, retention_ms=DAY_MS).forget_what_is_old()
    left = yard.store.read(lambda ledger: [ledger.run(1, run.id) for run in (old, active, fresh)])

    assert [run is not None for run in left] == [False, True, True]
    assert yard.store.read(lambda ledger: ledger.events(old.id)) == []
    assert not folder.exists()


def test_without_retention_everything_is_kept(yard: Yard, tmp_path: Path) -> None:
    old = yard.end(yard.start())
    yard.now += 1000 * DAY_MS
    scheduler(yard, tmp_path).forget_what_is_old()

    assert yard.run(old).phase == "succeeded"


def test_a_woken_scheduler_does_what_is_due_and_sleeps_again(yard: Yard, tmp_path: Path) -> None:
    run = yard.start(Task(key="main", kind="python_script", max_retries=1, retry_wait_ms=1))
    yard.end(run, Outcome.FAILED)
    yard.now += 1
    running = scheduler(yard, tmp_path)
    running.start()
    running.wake()
    running.close()

    assert yard.run(run).state is State.STARTING
