from __future__ import annotations

import re
from dataclasses import replace

import pytest
from graphs import UNHURRIED, by_key, plans, standing
from hypothesis import given
from hypothesis import strategies as st
from records import a_task, an_attempt

from runyard.core.errors import InvalidRequest
from runyard.core.graph import (
    GRAVITY,
    LEAF,
    LIVELINESS,
    RULES,
    UPSTREAM_CANCELLED,
    Decision,
    check_tasks,
    culprits,
    newest,
    run_state,
    succeeded_with_failures,
    unblocked,
)
from runyard.core.job import RunIf, Task
from runyard.core.run import Outcome, State


@UNHURRIED
@given(plans())
def test_a_plan_that_points_backwards_is_accepted(tasks: list[Task]) -> None:
    check_tasks(tasks)


@UNHURRIED
@given(plans(), st.data())
def test_a_plan_that_comes_back_to_where_it_began_is_refused(tasks: list[Task], data: st.DataObject) -> None:
    last = data.draw(st.sampled_from(tasks))
    circle = [a_task("first", last.key), *(a_task(one.key, "first", *one.depends_on) for one in tasks)]

    with pytest.raises(InvalidRequest, match="in a circle"):
        check_tasks(circle)


@pytest.mark.parametrize(
    ("tasks", "text"),
    [
        ([], "A job needs at least one task."),
        ([a_task("a"), a_task("b"), a_task("a")], "Task key 'a' is used twice; keys must differ."),
        ([a_task("a", "b")], "Task 'a' depends on 'b', which is not a task of the job."),
        ([a_task("a", "a")], "The tasks a depend on each other in a circle."),
        ([a_task("c"), a_task("b", "a"), a_task("a", "b", "c")], "The tasks a, b depend on each other in a circle."),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(tasks: list[Task], text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{re.escape(text)}$"):
        check_tasks(tasks)


def test_the_newest_attempt_of_each_task_counts_whatever_the_order() -> None:
    first, second = an_attempt(1, task_key="a"), an_attempt(2, task_key="a", number=1)
    other = an_attempt(3, task_key="b")

    assert newest([first, second, other]) == newest([second, other, first]) == {"a": second, "b": other}
    assert newest([]) == {}


def test_a_task_goes_on_when_all_before_it_succeeded() -> None:
    tasks = [a_task("a"), a_task("b"), a_task("c", "a", "b")]
    waiting = standing("c", State.BLOCKED)

    assert unblocked(tasks, by_key(standing("a", State.ENDED), standing("b", State.RUNNING), waiting)) == []
    assert unblocked(tasks, by_key(standing("a", State.ENDED), standing("b", State.ENDED), waiting)) == [
        Decision(attempt=waiting)
    ]


S, X, F = Outcome.SUCCEEDED, Outcome.EXCLUDED, Outcome.FAILED
U, C = Outcome.UPSTREAM_FAILED, Outcome.CANCELLED
BEFORE = (
    (S, S),
    (S, X),
    (S, F),
    (S, U),
    (S, C),
    (X, X),
    (X, F),
    (X, U),
    (X, C),
    (F, F),
    (F, U),
    (F, C),
    (U, C),
    (C, C),
)
"""How two tasks may end before the one that depends on both."""
RUN = None


@pytest.mark.parametrize(
    ("run_if", "expected"),
    [
        #                     SS   SX   SF   SU   SC   XX  XF   XU   XC   FF   FU   FC   UC   CC
        (RunIf.ALL_SUCCESS, (RUN, RUN, U, U, U, X, U, U, U, U, U, U, U, U)),
        (RunIf.ONE_SUCCESS, (RUN, RUN, RUN, RUN, RUN, X, RUN, RUN, RUN, U, U, U, U, U)),
        (RunIf.NONE_FAILED, (RUN, RUN, U, U, U, X, U, U, U, U, U, U, U, U)),
        (RunIf.ALL_ENDED, (RUN, RUN, RUN, RUN, RUN, X, RUN, RUN, RUN, RUN, RUN, RUN, RUN, RUN)),
        (RunIf.ONE_FAILED, (X, X, RUN, RUN, RUN, X, RUN, RUN, RUN, RUN, RUN, RUN, RUN, RUN)),
        (RunIf.ALL_FAILED, (X, X, X, X, X, X, X, X, X, RUN, RUN, RUN, RUN, RUN)),
    ],
)
def test_each_form_of_run_if_decides_by_how_the_tasks_before_ended(
    run_if: RunIf, expected: tuple[Outcome | None, ...]
) -> None:
    assert tuple(decided(run_if, *ends).outcome for ends in BEFORE) == expected
    assert tuple(decided(run_if, *reversed(ends)).outcome for ends in BEFORE) == expected


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.CRASHED, Outcome.SKIPPED])
@pytest.mark.parametrize("run_if", RunIf)
def test_what_timed_out_crashed_or_was_skipped_counts_as_failed(run_if: RunIf, outcome: Outcome) -> None:
    for other in (S, X, F):
        assert decided(run_if, outcome, other).outcome is decided(run_if, F, other).outcome


@pytest.mark.parametrize("run_if", RunIf)
def test_a_task_that_depends_on_none_runs_whatever_its_form(run_if: RunIf) -> None:
    first = standing("first", State.BLOCKED)

    assert unblocked([replace(a_task("first"), run_if=run_if)], by_key(first)) == [Decision(attempt=first)]


@pytest.mark.parametrize(
    ("ends", "category"),
    [((S, C), UPSTREAM_CANCELLED), ((C, C), UPSTREAM_CANCELLED), ((F, C), None), ((U, C), None), ((S, F), None)],
)
def test_a_cancellation_is_told_from_a_failure_where_nothing_else_went_wrong(
    ends: tuple[Outcome, Outcome], category: str | None
) -> None:
    assert decided(RunIf.ALL_SUCCESS, *ends).category == category
    assert decided(RunIf.ALL_FAILED, *ends).category is None


def test_a_cancellation_is_handed_down_from_task_to_task() -> None:
    tasks = [a_task("a"), a_task("b", "a")]
    a = standing("a", State.ENDED, Outcome.UPSTREAM_FAILED, category=UPSTREAM_CANCELLED)

    [decision] = unblocked(tasks, by_key(a, standing("b", State.BLOCKED)))

    assert (decision.outcome, decision.category) == (Outcome.UPSTREAM_FAILED, UPSTREAM_CANCELLED)


@pytest.mark.parametrize(
    ("run_if", "ends", "message"),
    [
        (RunIf.ALL_SUCCESS, (S, F), "The task did not run: it depends on 1 (failed)."),
        (
            RunIf.NONE_FAILED,
            (F, U, C, F, F),
            "The task did not run: it depends on 0 (failed), 1 (upstream_failed), 2 (cancelled), and 2 more.",
        ),
        (RunIf.ALL_ENDED, (X, X), "The task did not run: all tasks it depends on were excluded."),
        (
            RunIf.ONE_FAILED,
            (S, S),
            "The task did not run: it waits for a failure of a task it depends on, and none failed.",
        ),
        (
            RunIf.ALL_FAILED,
            (S, F),
            "The task did not run: it waits for a failure of all tasks it depends on, and not all failed.",
        ),
        (RunIf.ALL_ENDED, (S, F), None),
    ],
)
def test_a_task_that_did_not_run_says_why(run_if: RunIf, ends: tuple[Outcome, ...], message: str | None) -> None:
    assert decided(run_if, *ends).message == message


def decided(run_if: RunIf, *ends: Outcome) -> Decision:
    """What becomes of a task that depends on tasks which ended so."""
    before = [standing(str(number), State.ENDED, outcome) for number, outcome in enumerate(ends)]
    last = replace(a_task("last", *(one.task_key for one in before)), run_if=run_if)
    tasks = [*(a_task(one.task_key) for one in before), last]
    [decision] = unblocked(tasks, by_key(*before, standing("last", State.BLOCKED)))
    return decision


@UNHURRIED
@given(plans(), st.sampled_from([state for state in State if state is not State.BLOCKED]))
def test_only_what_is_blocked_is_moved(tasks: list[Task], state: State) -> None:
    assert unblocked(tasks, by_key(*(standing(task.key, state) for task in tasks))) == []


@UNHURRIED
@given(plans())
def test_a_plan_ends_by_moving_what_is_unblocked(tasks: list[Task]) -> None:
    latest = by_key(*(standing(task.key, State.BLOCKED) for task in tasks))

    rounds = 0
    while run_state(tasks, latest)[0] is not State.ENDED:
        rounds += 1
        decisions = unblocked(tasks, latest)
        assert decisions
        latest.update(by_key(*(standing(one.attempt.task_key, State.ENDED) for one in decisions)))

    assert run_state(tasks, latest) == (State.ENDED, Outcome.SUCCEEDED)
    assert rounds <= len(tasks)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([State.RUNNING, State.STOPPING, State.QUEUED], State.RUNNING),
        ([State.STOPPING, State.STARTING], State.STOPPING),
        ([State.STARTING, State.RETRYING], State.STARTING),
        ([State.RETRYING, State.QUEUED], State.RETRYING),
        ([State.QUEUED, State.BLOCKED, State.ENDED], State.QUEUED),
        ([State.BLOCKED, State.ENDED], State.BLOCKED),
    ],
)
def test_a_run_shows_the_liveliest_state_of_its_tasks(states: list[State], expected: State) -> None:
    tasks = [a_task(str(number)) for number in range(len(states))]
    latest = by_key(*(standing(str(number), state) for number, state in enumerate(states)))

    assert run_state(tasks, latest) == (expected, None)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([Outcome.SUCCEEDED, Outcome.SUCCEEDED], Outcome.SUCCEEDED),
        ([Outcome.SUCCEEDED, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.SUCCEEDED, Outcome.TIMED_OUT], Outcome.TIMED_OUT),
        ([Outcome.TIMED_OUT, Outcome.FAILED], Outcome.FAILED),
        ([Outcome.FAILED, Outcome.CRASHED], Outcome.CRASHED),
        ([Outcome.CRASHED, Outcome.CANCELLED], Outcome.CANCELLED),
        ([Outcome.SUCCEEDED, Outcome.UPSTREAM_FAILED], Outcome.FAILED),
        ([Outcome.SUCCEEDED, Outcome.SKIPPED], Outcome.FAILED),
        ([Outcome.EXCLUDED, Outcome.SUCCEEDED], Outcome.SUCCEEDED),
        ([Outcome.EXCLUDED, Outcome.EXCLUDED], Outcome.SUCCEEDED),
    ],
)
def test_a_run_ends_with_the_gravest_outcome_of_its_leaves(outcomes: list[Outcome], expected: Outcome) -> None:
    tasks = [a_task(str(number)) for number in range(len(outcomes))]
    latest = by_key(*(standing(str(number), State.ENDED, outcome) for number, outcome in enumerate(outcomes)))

    assert run_state(tasks, latest) == (State.ENDED, expected)


def test_what_fails_before_a_leaf_counts_only_through_the_leaf() -> None:
    tasks = [a_task("a"), a_task("b", "a")]
    failed = standing("a", State.ENDED, Outcome.FAILED)

    mended = run_state(tasks, by_key(failed, standing("b", State.ENDED)))
    not_mended = run_state(tasks, by_key(failed, standing("b", State.ENDED, Outcome.UPSTREAM_FAILED)))

    assert mended == (State.ENDED, Outcome.SUCCEEDED)
    assert not_mended == (State.ENDED, Outcome.FAILED)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (F, S, True),
        (F, X, True),
        (C, S, True),
        (U, S, True),
        (S, S, False),
        (X, S, False),
        (S, X, False),
        (F, U, False),
        (F, F, False),
    ],
)
def test_a_run_succeeds_with_failures_if_what_failed_is_no_leaf(
    first: Outcome, last: Outcome, *, expected: bool
) -> None:
    tasks = [a_task("a"), a_task("b", "a")]
    latest = by_key(standing("a", State.ENDED, first), standing("b", State.ENDED, last))

    assert succeeded_with_failures(tasks, latest) is expected


def test_a_run_that_goes_on_or_never_began_has_not_succeeded_with_failures() -> None:
    tasks = [a_task("a"), a_task("b", "a")]

    assert not succeeded_with_failures(tasks, by_key(standing("a", State.ENDED, F), standing("b", State.QUEUED)))
    assert not succeeded_with_failures(tasks, {})


def test_a_runs_outcome_is_explained_by_the_task_where_the_trouble_began() -> None:
    tasks = [a_task("a"), a_task("b", "a"), a_task("c", "b"), a_task("other")]
    a, b = standing("a", State.ENDED, Outcome.TIMED_OUT), standing("b", State.ENDED, U)
    c, other = standing("c", State.ENDED, U), standing("other", State.ENDED)
    mended = standing("b", State.ENDED)

    assert culprits(tasks, by_key(a, b, c, other)) == [a]
    assert culprits(tasks, by_key(a, mended, c, other)) == [c]


def test_a_success_is_explained_by_no_task_that_was_excluded() -> None:
    succeeded = standing("a", State.ENDED)

    assert culprits([a_task("a"), a_task("b")], by_key(succeeded, standing("b", State.ENDED, X))) == [succeeded]


def test_every_state_outcome_and_form_has_its_place() -> None:
    assert set(LIVELINESS) == set(State) - {State.ENDED}
    assert set(LEAF) == set(Outcome)
    assert sorted(GRAVITY) == sorted(set(LEAF.values()))
    assert set(RULES) == set(RunIf)
