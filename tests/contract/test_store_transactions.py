"""A transaction stays whole or leaves nothing, and of two that want the same one wins, in each database."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from records import a_job, a_run, a_workspace, an_attempt, an_event, record

from runyard.core.errors import InvalidRequest, LedgerUnavailable, RunyardError
from runyard.core.run import Run, State
from runyard.store.ledger import Ledger, Page
from runyard.store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 90  # seconds: what hangs fails then, and hangs nobody else
THREADS = 8


@pytest.fixture
def filled(store: Store) -> Store:
    """A ledger with a workspace, a job, a run and an attempt."""
    store.write(fill)
    return store


def fill(ledger: Ledger) -> None:
    ledger.add_workspace(a_workspace())
    ledger.add_job(a_job(1))
    ledger.add_run(a_run(1))
    ledger.add_attempt(an_attempt(1))


def run_ids(store: Store) -> list[int]:
    page = Page(limit=1000, where={}, newest_first=False)
    return [run.id for run in store.read(lambda ledger: ledger.runs(1, page))]


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Run `work` with 0, 1, 2 … in as many threads, which begin together."""
    begin = threading.Barrier(THREADS, timeout=PATIENCE)

    def one(number: int) -> Any:
        begin.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


def test_what_a_transaction_returns_is_returned(filled: Store) -> None:
    assert filled.write(lambda _: "written") == "written"
    assert filled.read(lambda _: "read") == "read"


def test_a_transaction_sees_what_it_wrote(filled: Store) -> None:
    def work(ledger: Ledger) -> Run | None:
        ledger.add_run(a_run(2))
        return ledger.run(1, 2)

    assert filled.write(work) == a_run(2)


@pytest.mark.parametrize("error", [RunyardError("no"), ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_a_transaction_that_raises_leaves_nothing(filled: Store, error: BaseException) -> None:
    def work(ledger: Ledger) -> None:
        ledger.add_run(a_run(2))
        ledger.save_run(a_run(1, state=State.RUNNING), seen=a_run(1))
        ledger.add_event(an_event(1))
        raise error

    with pytest.raises(type(error)) as raised:
        filled.write(work)

    assert raised.value is error
    assert run_ids(filled) == [1]
    assert filled.read(lambda ledger: (ledger.run(1, 1), ledger.events(1))) == (a_run(1), [])


def test_a_transaction_after_one_that_raised_is_whole(filled: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        filled.write(lambda _: 1 / 0)

    filled.write(lambda ledger: ledger.add_run(a_run(2)))

    assert run_ids(filled) == [1, 2]


def test_a_read_that_raises_disturbs_no_later_read(filled: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        filled.read(lambda _: 1 / 0)

    assert run_ids(filled) == [1]


def test_a_read_cannot_write(filled: Store) -> None:
    with pytest.raises(LedgerUnavailable):
        filled.read(lambda ledger: ledger.add_run(a_run(2)))

    assert run_ids(filled) == [1]
    filled.write(lambda ledger: ledger.add_run(a_run(3)))
    assert run_ids(filled) == [1, 3]


def test_what_is_held_for_writing_may_be_read_in_a_snapshot(filled: Store) -> None:
    found = filled.read(
        lambda ledger: (
            ledger.run_anywhere(1),
            ledger.queued_attempts(5),
            ledger.first_held(1),
            ledger.due_waits(9, 5),
            ledger.due_notices(9, 5),
            ledger.due_retries(9, 5),
        )
    )
    filled.read(lambda ledger: ledger.hold_job(1))

    assert found == (a_run(1), [an_attempt(1)], None, [], [], [])


def test_a_read_is_a_snapshot(shared_url: str) -> None:
    store = open_store(shared_url)
    store.write(fill)
    other = open_store(shared_url)

    def look(ledger: Ledger) -> tuple[list[Run], list[Run]]:
        page = Page(limit=9, where={})
        before = ledger.runs(1, page)
        other.write(lambda ledger: ledger.add_run(a_run(2)))
        return before, ledger.runs(1, page)

    before, after = store.read(look)

    assert before == after == [a_run(1)]
    assert run_ids(store) == [1, 2]
    other.close()
    store.close()


@pytest.mark.parametrize("outer", ["read", "write"])
@pytest.mark.parametrize("inner", ["read", "write"])
def test_a_transaction_inside_a_transaction_is_refused(filled: Store, outer: str, inner: str) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"):
        getattr(filled, outer)(lambda _: getattr(filled, inner)(lambda _: None))

    assert run_ids(filled) == [1]


def test_of_many_that_change_a_run_one_wins(filled: Store) -> None:
    def take(number: int) -> bool:
        mine = a_run(1, state=State.STARTING, updated_at=10 + number)
        return filled.write(lambda ledger: ledger.save_run(mine, seen=a_run(1)))

    won = at_once(take)

    assert sorted(won) == [False] * (THREADS - 1) + [True]
    run = filled.read(lambda ledger: ledger.run(1, 1))
    assert run == a_run(1, state=State.STARTING, updated_at=10 + won.index(True))


def test_of_many_that_take_an_attempt_one_wins(filled: Store) -> None:
    def take(number: int) -> bool:
        mine = an_attempt(1, state=State.STARTING, owner=f"server {number}")
        return filled.write(lambda ledger: ledger.save_attempt(mine, seen=State.QUEUED))

    won = at_once(take)

    assert won.count(True) == 1
    attempt = filled.read(lambda ledger: ledger.attempt(1))
    assert attempt is not None
    assert attempt.owner == f"server {won.index(True)}"


def test_of_many_that_create_a_job_of_one_name_one_wins(filled: Store) -> None:
    def create(number: int) -> bool:
        return filled.write(lambda ledger: ledger.add_job(a_job(10 + number, unique_name="same")))

    won = at_once(create)

    assert won.count(True) == 1
    assert filled.read(lambda ledger: ledger.job_named(1, "same")) == a_job(10 + won.index(True), unique_name="same")


def test_many_that_make_a_workspace_find_the_same_one(filled: Store) -> None:
    def make(number: int) -> Any:
        filled.write(lambda ledger: ledger.add_workspace(a_workspace(10 + number, "shared")))
        return filled.read(lambda ledger: ledger.workspace("shared"))

    found = at_once(make)

    assert len(set(found)) == 1
    assert found[0].name == "shared"


def test_many_requests_with_one_idempotency_key_find_one_run(filled: Store) -> None:
    def start(number: int) -> int:
        def work(ledger: Ledger) -> int:
            known = ledger.run_by_idempotency_key(1, "key")
            if known is None:
                ledger.add_run(a_run(10 + number, idempotency_key="key"))
                return 10 + number
            return known.id

        return filled.write(work)

    started = at_once(start)

    assert len(set(started)) == 1
    assert run_ids(filled) == [1, started[0]]


def test_a_job_that_is_held_keeps_its_limit_whoever_asks(filled: Store) -> None:
    def start(number: int) -> bool:
        def work(ledger: Ledger) -> bool:
            ledger.hold_job(1)
            if ledger.count_admitted(1) >= 2:
                return False
            ledger.add_run(a_run(10 + number, job_id=1, admitted_at=5))
            return True

        return filled.write(work)

    started = at_once(start)

    assert started.count(True) == 2
    assert filled.read(lambda ledger: ledger.count_admitted(1)) == 2


def test_writers_of_different_things_do_not_disturb_each_other(filled: Store) -> None:
    def write(number: int) -> None:
        for step in range(10):
            mine = a_run(100 + number * 10 + step)
            record(filled, mine)
            assert mine.id in run_ids(filled)

    at_once(write)

    assert run_ids(filled) == [1, *range(100, 100 + THREADS * 10)]


def test_a_ledger_is_the_same_when_opened_again(shared_url: str) -> None:
    first = open_store(shared_url)
    first.write(fill)
    first.close()

    again = open_store(shared_url)

    assert run_ids(again) == [1]
    again.close()


def test_servers_that_open_a_new_ledger_together_all_can_use_it(shared_url: str) -> None:
    stores = at_once(lambda _: open_store(shared_url))

    stores[0].write(fill)

    assert [run_ids(store) for store in stores] == [[1]] * THREADS
    for store in stores:
        store.close()


def test_a_closed_ledger_says_so(store: Store) -> None:
    store.write(fill)
    store.read(lambda _: None)
    store.close()

    for verb in (store.read, store.write):
        with pytest.raises(LedgerUnavailable, match="closed"):
            verb(lambda _: None)
    store.close()


def test_a_read_that_outlives_the_closing_is_finished(shared_url: str) -> None:
    store = open_store(shared_url)
    store.write(fill)

    def look(ledger: Ledger) -> Run | None:
        store.close()
        return ledger.run(1, 1)

    assert store.read(look) == a_run(1)


@pytest.mark.parametrize("url", ["mysql://root:secret@host/db", "ledger.db", "", "postgresql://[broken/db"])
def test_a_url_that_names_no_ledger_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="--store") as refused:
        open_store(url)

    assert "secret" not in str(refused.value)


def test_the_driver_of_postgresql_is_loaded_only_for_its_url(tmp_path: Path) -> None:
    program = f"""
import sys
from runyard.store.store import open_store
open_store("sqlite:///{tmp_path}/ledger.db").close()
assert not any(name.startswith("psycopg") for name in sys.modules), "loaded"
"""

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
