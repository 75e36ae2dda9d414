"""Lists, counts and what is due, in each database."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from records import a_job, a_run, a_workspace, an_attempt, an_ended_attempt, an_ended_run, an_event, record

from runyard.core.ids import first_of
from runyard.core.job import Task
from runyard.core.run import ON_A_PROCESS, Outcome, State
from runyard.store.ledger import Page

if TYPE_CHECKING:
    from runyard.core.run import Run
    from runyard.store.store import Store

FLOW = (Task(key="first", kind="python script"), Task(key="flow", kind="arazzo", depends_on=("first",)))
TOLD = (Task(key="step", kind="told"), Task(key="whole", kind="told", depends_on=("step",)))
RUNS = [
    a_run(1, job_id=7, job_name="a"),
    an_ended_run(2, job_id=7, job_name="a"),
    an_ended_run(3, job_id=7, job_name="a", language="databricks", outcome=Outcome.FAILED),
    a_run(4, job_id=8, job_name="b", state=State.RUNNING),
    an_ended_run(5, job_id=8, job_name="b", outcome=Outcome.FAILED),
    a_run(6, job_id=8, job_name="a", language="databricks", state=State.RUNNING),
    an_ended_run(7, job_name="b", started_by={"kind": "task", "run_id": 4, "attempt_id": 5}, tasks=FLOW),
    a_run(8, job_name="a", language="dremio", tasks=TOLD),
]
ELSEWHERE = a_run(9, workspace_id=2, job_id=7, job_name="a")
CONDITIONS = {
    "before": 6,
    "after": 2,
    "job_id": 7,
    "job_name": "a",
    "language": "glue",
    "state": "ended",
    "outcome": "failed",
    "active": True,
    "of_a_job": True,
    "of_no_job": True,
    "of_a_task": True,
    "of_documents": True,
}


@pytest.fixture
def filled(store: Store) -> Store:
    """A ledger with eight runs of one workspace and one of another."""
    record(store, a_workspace(1), a_workspace(2, "other"), *RUNS, ELSEWHERE)
    return store


def ids_of(store: Store, *, limit: int = 100, newest_first: bool = True, **where: Any) -> list[int]:
    """Return the ids of a page of the first workspace's runs."""
    page = Page(limit=limit, where=where, newest_first=newest_first)
    return [run.id for run in store.read(lambda ledger: ledger.runs(1, page))]


def meets(run: Run, name: str, value: Any) -> bool:
    """Say again, in Python, what a condition of a list means."""
    meanings = {"before": run.id < value, "after": run.id > value} if name in ("before", "after") else {}
    meanings["active"] = run.state is not State.ENDED
    meanings["of_a_job"] = run.job_id is not None
    is_by_a_task = run.started_by.get("kind") == "task"
    meanings["of_no_job"] = run.job_id is None and not is_by_a_task
    meanings["of_documents"] = any(task.kind in ("told", "arazzo") for task in run.tasks)
    meanings["of_a_task"] = run.job_id is None and is_by_a_task
    return bool(meanings.get(name, getattr(run, name, None) == value))


def test_a_list_holds_one_workspace_newest_first(filled: Store) -> None:
    assert ids_of(filled) == [8, 7, 6, 5, 4, 3, 2, 1]
    assert filled.read(lambda ledger: ledger.runs(2, Page(limit=9, where={}))) == [ELSEWHERE]
    assert filled.read(lambda ledger: ledger.runs(3, Page(limit=9, where={}))) == []


def test_a_list_holds_whole_records(filled: Store) -> None:
    assert filled.read(lambda ledger: ledger.runs(1, Page(limit=9, where={}, newest_first=False))) == RUNS


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"job_id": 7}, [3, 2, 1]),
        ({"job_id": 99}, []),
        ({"job_name": "a"}, [8, 6, 3, 2, 1]),
        ({"language": "databricks"}, [6, 3]),
        ({"state": "ended"}, [7, 5, 3, 2]),
        ({"state": State.RUNNING}, [6, 4]),
        ({"outcome": Outcome.FAILED}, [5, 3]),
        ({"active": True}, [8, 6, 4, 1]),
        ({"of_a_job": True}, [6, 5, 4, 3, 2, 1]),
        ({"of_no_job": True}, [8]),
        ({"of_a_task": True}, [7]),
        ({"of_documents": True}, [8, 7]),
        ({"before": 4}, [3, 2, 1]),
        ({"after": 4}, [8, 7, 6, 5]),
    ],
)
def test_each_condition_narrows_a_list(filled: Store, where: dict[str, Any], expected: list[int]) -> None:
    assert ids_of(filled, **where) == expected


def test_conditions_are_met_together_in_every_combination(filled: Store) -> None:
    for size in range(len(CONDITIONS) + 1):
        for names in combinations(CONDITIONS, size):
            where: dict[str, Any] = {name: CONDITIONS[name] for name in names}

            found = ids_of(filled, newest_first=False, **where)

            assert found == [run.id for run in RUNS if all(meets(run, *one) for one in where.items())], names


def test_a_condition_nobody_knows_is_refused(filled: Store) -> None:
    with pytest.raises(KeyError, match="colour"):
        ids_of(filled, colour="red")


@pytest.mark.parametrize("where", [{}, {"language": "glue"}, {"active": True}, {"job_name": "a"}])
def test_pages_downwards_hold_every_run_once(filled: Store, where: dict[str, Any]) -> None:
    whole = ids_of(filled, **where)
    pages = [ids_of(filled, limit=2, **where)]

    while pages[-1]:
        pages.append(ids_of(filled, limit=2, **where, before=pages[-1][-1]))

    assert [id_ for page in pages for id_ in page] == whole
    assert all(len(page) <= 2 for page in pages)


@pytest.mark.parametrize("where", [{}, {"language": "glue"}, {"active": True}, {"job_name": "a"}])
def test_pages_upwards_hold_every_run_once(filled: Store, where: dict[str, Any]) -> None:
    whole = ids_of(filled, newest_first=False, **where)
    pages = [ids_of(filled, limit=2, newest_first=False, **where)]

    while pages[-1]:
        pages.append(ids_of(filled, limit=2, newest_first=False, **where, after=pages[-1][-1]))

    assert [id_ for page in pages for id_ in page] == whole


def test_a_run_that_arrives_meanwhile_disturbs_no_page(filled: Store) -> None:
    first = ids_of(filled, limit=3)
    record(filled, a_run(10))

    second = ids_of(filled, limit=3, before=first[-1])

    assert (first, second) == ([8, 7, 6], [5, 4, 3])


HOUR = 3_600_000
DAY = 24 * HOUR
MOMENT = 1_790_000_000_000


def began(at: int, *, lasted: int | None = None, **fields: Any) -> Run:
    """Return a run that was made at a moment, and ended after a while or still goes on."""
    if lasted is None:
        return a_run(first_of(at), created_at=at, **fields)
    return an_ended_run(first_of(at), created_at=at, ended_at=at + lasted, **fields)


def alive(store: Store, since: int, until: int, *, after: int = 0, limit: int = 100) -> list[int]:
    """Return when those runs of the first workspace were made that were alive in a span."""
    runs = store.read(lambda ledger: ledger.runs_alive(1, since=since, until=until, after=after, limit=limit))
    return [run.created_at - MOMENT for run in runs]


def test_runs_alive_in_a_span_are_those_made_in_it_and_those_not_ended_before_it(store: Store) -> None:
    record(
        store,
        a_workspace(1),
        a_workspace(2, "other"),
        began(MOMENT - 90 * DAY),
        began(MOMENT - 60 * DAY, lasted=60 * DAY),
        began(MOMENT - 50 * DAY, lasted=50 * DAY - 1),
        began(MOMENT - HOUR, lasted=HOUR),
        began(MOMENT - HOUR + 1, lasted=2 * HOUR),
        began(MOMENT - 10, lasted=10),
        began(MOMENT - 9, lasted=8),
        began(MOMENT - 8, lasted=90 * DAY),
        began(MOMENT - 7, lasted=9, workspace_id=2),
        began(MOMENT - 6, workspace_id=2),
        began(MOMENT - 1, lasted=HOUR - 1),
        began(MOMENT, lasted=0),
        began(MOMENT + 5),
        began(MOMENT + 6, lasted=DAY),
    )

    before = [-90 * DAY, -60 * DAY, -HOUR, -HOUR + 1, -10, -8, -1]
    assert alive(store, MOMENT, MOMENT) == [*before, 0]
    assert alive(store, MOMENT, MOMENT + 5) == [*before, 0, 5]
    assert alive(store, MOMENT + 1, MOMENT + 6) == [-90 * DAY, -HOUR + 1, -8, -1, 5, 6]
    assert alive(store, MOMENT + 200 * DAY, MOMENT + 200 * DAY) == [-90 * DAY, 5]
    assert alive(store, 0, MOMENT - 50 * DAY) == [-90 * DAY, -60 * DAY, -50 * DAY]


def test_pages_of_what_was_alive_hold_every_run_once(store: Store) -> None:
    lengths = [None, 2 * HOUR, 30, 5]
    record(store, a_workspace(1), *[began(MOMENT - 20 + step, lasted=lengths[step % 4]) for step in range(40)])
    whole = alive(store, MOMENT, MOMENT + 9)
    pages = [alive(store, MOMENT, MOMENT + 9, limit=3)]

    while pages[-1]:
        pages.append(alive(store, MOMENT, MOMENT + 9, limit=3, after=first_of(MOMENT + pages[-1][-1])))

    assert [at for page in pages for at in page] == whole
    assert (whole[0], whole[-1], len(whole)) == (-20, 9, 27)
    assert all(len(page) <= 3 for page in pages)


def test_jobs_are_paged_both_ways(filled: Store) -> None:
    record(filled, a_job(1), a_job(2, language="dremio"), a_job(3), a_job(4, workspace_id=2))

    def listed(newest_first: bool, **where: Any) -> list[int]:  # noqa: FBT001 - which way, in a test's own word
        page = Page(limit=2, where=where, newest_first=newest_first)
        return [job.id for job in filled.read(lambda ledger: ledger.jobs(1, page))]

    assert (listed(True), listed(True, before=2)) == ([3, 2], [1])
    assert (listed(False), listed(False, after=2)) == ([1, 2], [3])
    assert listed(True, language="glue") == [3, 1]


def test_runs_of_a_job_are_counted_from_admission_to_their_end(filled: Store) -> None:
    record(
        filled,
        a_run(11, job_id=70, admitted_at=5),
        an_ended_run(12, job_id=70, admitted_at=5),
        a_run(13, job_id=70),
    )

    assert filled.read(lambda ledger: ledger.count_admitted(70)) == 1
    assert filled.read(lambda ledger: ledger.count_admitted(71)) == 0


def test_the_oldest_run_that_waits_for_its_job_comes_first(filled: Store) -> None:
    waiting = [a_run(id_, job_id=70) for id_ in (15, 14)]
    others = [
        a_run(11, job_id=70, admitted_at=5),
        an_ended_run(12, job_id=70),
        a_run(13, job_id=71),
    ]
    record(filled, *waiting, *others)

    first = filled.write(lambda ledger: ledger.first_held(70))
    nobody = filled.write(lambda ledger: ledger.first_held(72))

    assert first == waiting[1]
    assert nobody is None


def test_retention_finds_the_oldest_ended_runs(filled: Store) -> None:
    late = an_ended_run(11, ended_at=50)
    record(filled, late)

    def found(ended_before: int, **more: int) -> list[int]:
        runs = filled.read(
            lambda ledger: ledger.runs_ended_before(ended_before, **{"before": 100, "limit": 10, **more})
        )
        return [run.id for run in runs]

    assert found(3) == [2, 3, 5, 7]
    assert found(2) == []
    assert found(51) == [2, 3, 5, 7, 11]
    assert found(51, limit=2) == [2, 3]
    assert found(51, before=5) == [2, 3]


def test_waits_that_are_over_come_longest_over_first(filled: Store) -> None:
    waits = {11: 30, 12: 10, 13: 20, 14: 31}
    record(filled, *[a_run(id_, wait_until=at) for id_, at in waits.items()])

    def due(limit: int) -> list[int]:
        return [run.id for run in filled.write(lambda ledger: ledger.due_waits(30, limit))]

    assert due(10) == [12, 13, 11]
    assert due(2) == [12, 13]


def test_notices_that_are_due_come_longest_due_first(filled: Store) -> None:
    notices = {11: 30, 12: 10, 13: 20, 14: 31}
    record(filled, *[a_run(id_, notify_at=at) for id_, at in notices.items()])

    def due(limit: int) -> list[int]:
        return [run.id for run in filled.write(lambda ledger: ledger.due_notices(30, limit))]

    assert due(10) == [12, 13, 11]
    assert due(2) == [12, 13]


def test_retries_that_are_due_come_longest_due_first(filled: Store) -> None:
    retries = {11: 30, 12: 10, 13: 20, 14: 31}
    attempts = [an_attempt(id_, number=id_, state=State.RETRYING, retry_at=at) for id_, at in retries.items()] + [
        an_attempt(15, number=15, retry_at=1)
    ]
    record(filled, *attempts)

    def due(limit: int) -> list[int]:
        return [attempt.id for attempt in filled.write(lambda ledger: ledger.due_retries(30, limit))]

    assert due(10) == [12, 13, 11]
    assert due(2) == [12, 13]


def test_the_next_due_moment_is_the_earliest_of_all_kinds(filled: Store) -> None:
    def next_due() -> int | None:
        return filled.read(lambda ledger: ledger.next_due())

    nothing = next_due()
    retrying = an_attempt(11, state=State.RETRYING, retry_at=30)
    record(filled, retrying)
    retry = next_due()
    record(filled, a_run(12, notify_at=20))
    notice = next_due()
    record(filled, a_run(13, wait_until=10))
    wait = next_due()
    filled.write(lambda ledger: ledger.save_run(a_run(13), seen=a_run(13)))
    filled.write(lambda ledger: ledger.save_run(a_run(12), seen=a_run(12)))
    filled.write(lambda ledger: ledger.save_attempt(replace(retrying, state=State.QUEUED), seen=State.RETRYING))
    nothing_again = next_due()

    assert (nothing, retry, notice, wait, nothing_again) == (None, 30, 20, 10, None)


def test_attempts_wait_for_a_place_in_the_order_they_came(filled: Store) -> None:
    attempts = [an_attempt(id_, number=id_) for id_ in (13, 11, 12)] + [an_attempt(10, number=10, state=State.BLOCKED)]
    record(filled, *attempts)

    def queued(limit: int) -> list[int]:
        return [attempt.id for attempt in filled.write(lambda ledger: ledger.queued_attempts(limit))]

    assert queued(10) == [11, 12, 13]
    assert queued(2) == [11, 12]


def test_an_owner_has_the_attempts_that_are_on_a_process(filled: Store) -> None:
    attempts = [
        an_attempt(20 + number, number=number, state=state, owner="me")
        for number, state in enumerate(state for state in State if state is not State.ENDED)
    ]
    waiting = [an_attempt(40 + one, number=40 + one, state=State.RUNNING, owner="me", waits_since=1) for one in (1, 0)]
    calling = an_attempt(50, number=50, state=State.RUNNING, owner="me", waits_since=1)
    theirs = an_attempt(30, number=30, state=State.RUNNING, owner="they")
    gone = an_ended_attempt(31, number=31, owner="me")
    record(filled, *attempts, *waiting, calling, theirs, gone, a_run(60, awaited_by=50))

    mine = filled.read(lambda ledger: ledger.attempts_on_process("me"))
    owners = ("me", "they", "nobody")
    counts = filled.read(lambda ledger: [ledger.count_on_process(owner) for owner in owners])
    waits = filled.read(lambda ledger: [[one.id for one in ledger.attempts_waiting(owner)] for owner in owners])

    assert {attempt.state for attempt in mine} == ON_A_PROCESS
    assert [attempt.id for attempt in mine] == sorted(attempt.id for attempt in mine)
    assert counts == [(5, 2), (1, 0), (0, 0)]
    assert waits == [[40, 41, 50], [], []]
    assert filled.read(lambda ledger: ledger.calling()) == {50}


def test_the_load_counts_what_waits_and_what_holds_a_place(filled: Store) -> None:
    states = [*State, State.QUEUED]
    attempts = [
        an_ended_attempt(20 + number, number=number)
        if state is State.ENDED
        else an_attempt(20 + number, number=number, state=state, owner="here" if state in ON_A_PROCESS else None)
        for number, state in enumerate(states)
    ]
    conducted = an_attempt(90, number=90, state=State.RUNNING)
    waiting = an_attempt(91, number=91, state=State.RUNNING, owner="here", waits_since=1)
    calling = an_attempt(92, number=92, state=State.RUNNING, owner="here", waits_since=1)
    record(filled, *attempts, conducted, waiting, calling, a_run(93, awaited_by=92), a_run(94, awaited_by=92))

    load = filled.read(lambda ledger: ledger.load())

    assert load == {"queued": 2, "retrying": 1, "on_process": 4, "waiting": 1, "calling": 1}


def test_since_when_an_attempt_waits_is_saved(filled: Store) -> None:
    waiting = an_attempt(5, state=State.RUNNING, owner="here", waits_since=2**52)
    record(filled, waiting)
    known = filled.read(lambda ledger: ledger.attempt(5))
    goes_on = replace(waiting, waits_since=None)
    filled.write(lambda ledger: ledger.save_attempt(goes_on, seen=State.RUNNING))

    assert known == waiting
    assert filled.read(lambda ledger: ledger.attempt(5)) == goes_on


def test_the_last_word_of_an_attempt_is_of_its_waiting_and_its_own(filled: Store) -> None:
    record(filled, *[an_attempt(number, number=number) for number in (5, 6, 7)])
    words = [(10, 5, "waits"), (11, 6, "waits"), (12, 5, "goes_on"), (13, 6, "running"), (14, 5, "succeeded")]
    record(filled, *[an_event(id_, attempt_id=attempt, kind=kind) for id_, attempt, kind in words])

    last = filled.read(lambda ledger: [ledger.last_word(an_attempt(one)) for one in (5, 6, 7)])

    assert [None if one is None else one.id for one in last] == [12, 11, None]
