"""What is written is what is read, in each database; the schema refuses what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from records import a_job, a_run, a_task, a_workspace, an_attempt, an_ended_attempt, an_ended_run, an_event, record

from runyard.core.ids import LARGEST
from runyard.core.job import RunIf, Task
from runyard.core.run import Outcome, State
from runyard.store.database import ConstraintError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runyard.store.ledger import Ledger
    from runyard.store.store import Store

UNICODE = "Grüße, 世界, \U0001f680, \u2028, \\ \" ' %s :name {filters} -- ;"
EVERY_TASK_FIELD = Task(
    key="main",
    kind="sql",
    spec={"text": UNICODE},
    depends_on=("a",),
    run_if=RunIf.ALL_FAILED,
    max_retries=3,
    retry_wait_ms=5,
    timeout_ms=7,
)
EVERY_RUN_FIELD = an_ended_run(
    LARGEST,
    job_id=LARGEST - 1,
    job_name=UNICODE,
    settings={
        "deep": [{"number": 2**53 - 1, "fraction": 0.1, "none": None, "yes": True}],
        UNICODE: UNICODE,
        "nul": "\0",
    },
    tasks=(a_task("a"), EVERY_TASK_FIELD),
    outcome=Outcome.TIMED_OUT,
    reason=UNICODE,
    message="two\nlines",
    attempt=2,
    previous_run_id=3,
    idempotency_key=UNICODE,
    created_at=4,
    updated_at=5,
    admitted_at=6,
    wait_until=7,
    notify_at=8,
    attempt_at=9,
    running_at=10,
    ended_at=11,
)
EVERY_ATTEMPT_FIELD = an_ended_attempt(
    LARGEST,
    run_id=LARGEST,
    number=1,
    outcome=Outcome.CRASHED,
    retry_at=3,
    taken_at=6,
    running_at=4,
    ended_at=5,
    owner="server",
    exit_code=-11,
    signal=11,
    category="signal",
    message=UNICODE,
    trace="a\nb",
)


@pytest.fixture
def workspace_store(store: Store) -> Store:
    """A ledger with the workspace that the records belong to."""
    store.write(lambda ledger: ledger.add_workspace(a_workspace()))
    return store


def write(store: Store, *works: Callable[[Ledger], Any]) -> list[Any]:
    """Run each of these in one transaction and return their results."""
    return store.write(lambda ledger: [work(ledger) for work in works])


def test_a_workspace_is_found_by_name(workspace_store: Store) -> None:
    found = workspace_store.read(lambda ledger: (ledger.workspace("default"), ledger.workspace("other")))

    assert found == (a_workspace(), None)


def test_a_second_workspace_of_a_name_leaves_the_first(workspace_store: Store) -> None:
    workspace_store.write(lambda ledger: ledger.add_workspace(a_workspace(2)))

    assert workspace_store.read(lambda ledger: ledger.workspace("default")) == a_workspace(1)


def test_every_field_of_a_job_comes_back(workspace_store: Store) -> None:
    job = a_job(
        LARGEST,
        name=UNICODE,
        unique_name=UNICODE,
        settings={"Command": {"Name": UNICODE}, "nothing": None},
        tags={UNICODE: UNICODE},
        tasks=(a_task("a"), EVERY_TASK_FIELD),
        max_concurrent_runs=1000,
        created_at=2**52,
        updated_at=2**52 + 1,
    )

    added = workspace_store.write(lambda ledger: ledger.add_job(job))

    assert added is True
    assert workspace_store.read(lambda ledger: ledger.job(1, LARGEST)) == job
    assert workspace_store.read(lambda ledger: ledger.job_named(1, UNICODE)) == job


def test_a_job_is_not_found_in_another_workspace(workspace_store: Store) -> None:
    write(workspace_store, lambda ledger: ledger.add_job(a_job(5, unique_name="a")))

    found = workspace_store.read(lambda ledger: (ledger.job(2, 5), ledger.job_named(2, "a"), ledger.job(1, 6)))

    assert found == (None, None, None)


def test_a_unique_name_belongs_to_one_job_of_a_workspace(workspace_store: Store) -> None:
    added = write(
        workspace_store,
        lambda ledger: ledger.add_workspace(a_workspace(2, "other")),
        lambda ledger: ledger.add_job(a_job(5, unique_name="a")),
        lambda ledger: ledger.add_job(a_job(6, unique_name="a")),
        lambda ledger: ledger.add_job(a_job(7, unique_name="a", workspace_id=2)),
    )

    assert added == [None, True, False, True]
    assert workspace_store.read(lambda ledger: ledger.job(1, 6)) is None


def test_jobs_without_a_unique_name_may_share_their_name(workspace_store: Store) -> None:
    added = write(
        workspace_store,
        lambda ledger: ledger.add_job(a_job(5, name="same")),
        lambda ledger: ledger.add_job(a_job(6, name="same")),
    )

    assert added == [True, True]


def test_a_job_is_overwritten_whole(workspace_store: Store) -> None:
    job = a_job(5, unique_name="a")
    changed = replace(
        job,
        name="b",
        unique_name="b",
        settings={"x": 1},
        tags={"y": "2"},
        tasks=(a_task("other"),),
        max_concurrent_runs=3,
        updated_at=9,
    )

    saved = write(workspace_store, lambda ledger: ledger.add_job(job), lambda ledger: ledger.save_job(changed))

    assert saved == [True, True]
    assert workspace_store.read(lambda ledger: ledger.job(1, 5)) == changed


def test_a_job_cannot_take_the_unique_name_of_another(workspace_store: Store) -> None:
    write(
        workspace_store,
        lambda ledger: ledger.add_job(a_job(5, unique_name="a")),
        lambda ledger: ledger.add_job(a_job(6, unique_name="b")),
    )

    with pytest.raises(ConstraintError):
        workspace_store.write(lambda ledger: ledger.save_job(a_job(6, unique_name="a")))

    assert workspace_store.read(lambda ledger: ledger.job(1, 6)) == a_job(6, unique_name="b")


def test_a_job_that_is_gone_is_neither_saved_nor_removed(workspace_store: Store) -> None:
    done = write(
        workspace_store,
        lambda ledger: ledger.add_job(a_job(5)),
        lambda ledger: ledger.remove_job(a_job(5, workspace_id=2)),
        lambda ledger: ledger.remove_job(a_job(5)),
        lambda ledger: ledger.remove_job(a_job(5)),
        lambda ledger: ledger.save_job(a_job(5)),
    )

    assert done == [True, False, True, False, False]
    assert workspace_store.read(lambda ledger: ledger.job(1, 5)) is None


def test_a_job_may_be_held_even_if_it_is_gone(workspace_store: Store) -> None:
    held = write(
        workspace_store,
        lambda ledger: ledger.add_job(a_job(5)),
        lambda ledger: ledger.hold_job(5),
        lambda ledger: ledger.hold_job(6),
    )

    assert held == [True, None, None]


def test_every_field_of_a_run_comes_back(workspace_store: Store) -> None:
    workspace_store.write(lambda ledger: ledger.add_run(EVERY_RUN_FIELD))

    assert workspace_store.read(lambda ledger: ledger.run(1, LARGEST)) == EVERY_RUN_FIELD
    assert workspace_store.read(lambda ledger: ledger.run_anywhere(LARGEST)) == EVERY_RUN_FIELD
    assert workspace_store.write(lambda ledger: ledger.run_anywhere(LARGEST)) == EVERY_RUN_FIELD
    assert workspace_store.read(lambda ledger: ledger.run_by_idempotency_key(1, UNICODE)) == EVERY_RUN_FIELD


def test_a_run_is_not_found_in_another_workspace(workspace_store: Store) -> None:
    workspace_store.write(lambda ledger: ledger.add_run(a_run(5, idempotency_key="k")))

    found = workspace_store.read(
        lambda ledger: (ledger.run(2, 5), ledger.run_by_idempotency_key(2, "k"), ledger.run_anywhere(6))
    )

    assert found == (None, None, None)


def test_states_and_outcomes_come_back_as_such(workspace_store: Store) -> None:
    write(workspace_store, lambda ledger: ledger.add_run(an_ended_run(5)))

    run = workspace_store.read(lambda ledger: ledger.run(1, 5))

    assert run is not None
    assert run.state is State.ENDED
    assert run.outcome is Outcome.SUCCEEDED


def test_an_idempotency_key_belongs_to_one_run_of_a_workspace(workspace_store: Store) -> None:
    write(
        workspace_store,
        lambda ledger: ledger.add_workspace(a_workspace(2, "other")),
        lambda ledger: ledger.add_run(a_run(5, idempotency_key="k")),
        lambda ledger: ledger.add_run(a_run(6, idempotency_key="k", workspace_id=2)),
        lambda ledger: ledger.add_run(a_run(7)),
        lambda ledger: ledger.add_run(a_run(8)),
    )

    with pytest.raises(ConstraintError):
        workspace_store.write(lambda ledger: ledger.add_run(a_run(9, idempotency_key="k")))

    assert workspace_store.read(lambda ledger: ledger.run(1, 9)) is None


def test_what_may_change_of_a_run_is_saved(workspace_store: Store) -> None:
    run = a_run(5, settings={"kept": 1})
    changed = replace(
        EVERY_RUN_FIELD,
        id=5,
        job_id=None,
        job_name="job",
        settings={"kept": 1},
        tasks=run.tasks,
        previous_run_id=None,
        idempotency_key=None,
        created_at=1,
    )

    saved = write(
        workspace_store,
        lambda ledger: ledger.add_run(run),
        lambda ledger: ledger.save_run(changed, seen=run),
    )

    assert saved == [None, True]
    assert workspace_store.read(lambda ledger: ledger.run(1, 5)) == changed


@pytest.mark.parametrize("seen", [{"state": State.STARTING}, {"updated_at": 2}, {"id": 6}])
def test_a_run_that_was_changed_meanwhile_is_not_saved(workspace_store: Store, seen: dict[str, Any]) -> None:
    workspace_store.write(lambda ledger: ledger.add_run(a_run(5)))
    mine = a_run(seen.get("id", 5), state=State.RUNNING, updated_at=3)

    saved = workspace_store.write(lambda ledger: ledger.save_run(mine, seen=a_run(5, **seen)))

    assert saved is False
    assert workspace_store.read(lambda ledger: ledger.run(1, 5)) == a_run(5)


def test_an_ended_run_is_forgotten_with_all_that_belongs_to_it(workspace_store: Store) -> None:
    record(workspace_store, an_ended_run(1), an_attempt(1, run_id=1), an_event(1, run_id=1))
    record(workspace_store, an_ended_run(2), an_attempt(2, run_id=2), an_event(2, run_id=2))

    workspace_store.write(lambda ledger: ledger.remove_run(1))

    left = workspace_store.read(
        lambda ledger: [(ledger.run(1, id_), ledger.attempts(id_), ledger.events(id_)) for id_ in (1, 2)]
    )

    assert left == [(None, [], []), (an_ended_run(2), [an_attempt(2, run_id=2)], [an_event(2, run_id=2)])]


def test_a_run_that_has_not_ended_is_not_forgotten_nor_anything_of_it(workspace_store: Store) -> None:
    write(
        workspace_store,
        lambda ledger: ledger.add_run(a_run(1)),
        lambda ledger: ledger.add_attempt(an_attempt(2)),
        lambda ledger: ledger.add_event(an_event(3)),
        lambda ledger: ledger.remove_run(1),
    )

    left = workspace_store.read(lambda ledger: (ledger.run(1, 1), ledger.attempts(1), ledger.events(1)))

    assert left == (a_run(1), [an_attempt(2)], [an_event(3)])


def test_every_field_of_an_attempt_comes_back(workspace_store: Store) -> None:
    write(
        workspace_store,
        lambda ledger: ledger.add_run(EVERY_RUN_FIELD),
        lambda ledger: ledger.add_attempt(EVERY_ATTEMPT_FIELD),
    )

    assert workspace_store.read(lambda ledger: ledger.attempt(LARGEST)) == EVERY_ATTEMPT_FIELD
    assert workspace_store.read(lambda ledger: ledger.attempt(1)) is None


def test_the_attempts_of_a_run_come_oldest_first(workspace_store: Store) -> None:
    record(workspace_store, a_run(1), *[an_attempt(number, number=number) for number in (3, 1, 2)])

    attempts = workspace_store.read(lambda ledger: ledger.attempts(1))

    assert [attempt.id for attempt in attempts] == [1, 2, 3]


def test_the_attempts_of_several_runs_come_together_oldest_first(workspace_store: Store) -> None:
    record(workspace_store, a_run(1), a_run(2), a_run(3))
    record(workspace_store, *[an_attempt(id_, run_id=run_id) for id_, run_id in ((13, 3), (12, 1), (11, 2))])

    def found(*run_ids: int) -> list[int]:
        attempts = workspace_store.read(lambda ledger: ledger.attempts_of_runs(run_ids))
        return [attempt.id for attempt in attempts]

    assert [found(1, 3), found(2), found(99), found()] == [[12, 13], [11], [], []]


def test_the_runs_that_are_the_work_of_several_attempts_come_together(workspace_store: Store) -> None:
    record(workspace_store, a_run(1), a_run(2, parent_attempt_id=12), a_run(3, parent_attempt_id=13))

    children = workspace_store.read(lambda ledger: ledger.runs_of_attempts([11, 12, 13]))

    assert {(child.id, child.parent_attempt_id) for child in children} == {(2, 12), (3, 13)}


def test_what_may_change_of_an_attempt_is_saved(workspace_store: Store) -> None:
    changed = replace(EVERY_ATTEMPT_FIELD, id=5, run_id=1, number=0)
    saved = write(
        workspace_store,
        lambda ledger: ledger.add_run(a_run(1)),
        lambda ledger: ledger.add_attempt(an_attempt(5)),
        lambda ledger: ledger.save_attempt(changed, seen=State.QUEUED),
        lambda ledger: ledger.save_attempt(an_attempt(5), seen=State.QUEUED),
    )

    assert saved == [None, None, True, False]
    assert workspace_store.read(lambda ledger: ledger.attempt(5)) == changed


def test_what_a_job_prints_is_kept_even_if_no_database_keeps_such_text(workspace_store: Store) -> None:
    broken = a_run(1, message="a\0b", reason="\udcff")

    write(
        workspace_store,
        lambda ledger: ledger.add_run(broken),
        lambda ledger: ledger.add_attempt(an_attempt(2, trace="\0")),
    )

    run = workspace_store.read(lambda ledger: ledger.run(1, 1))
    attempt = workspace_store.read(lambda ledger: ledger.attempt(2))
    assert run is not None
    assert attempt is not None
    assert (run.message, run.reason, attempt.trace) == ("a\ufffdb", "?", "\ufffd")


def test_events_come_oldest_first_in_pages(workspace_store: Store) -> None:
    events = [an_event(id_, attempt_id=7, detail={"text": UNICODE, "n": id_}) for id_ in (1, 2, 3, 4)]
    record(workspace_store, a_run(1), a_run(2), *reversed(events), an_event(9, run_id=2))

    pages = workspace_store.read(lambda ledger: (ledger.events(1), ledger.events(1, after=1, limit=2)))

    assert pages == (events, events[1:3])
