from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import a_task, an_attempt, an_ended_attempt

from runyard.core.errors import InvalidRequest
from runyard.core.graph import GRAVITY, LIVELINESS, check_tasks, newest, run_state, unblocked
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, State


@st.composite
def plans(draw: st.DrawFn) -> list[Task]:
    """Tasks that depend only on earlier ones, in any order."""
    size = draw(st.integers(1, 7))
    tasks = [a_task(str(n), *(str(m) for m in range(n) if draw(st.booleans()))) for n in range(size)]
    return draw(st.permutations(tasks))


def standing(key: str, state: State, outcome: Outcome | None = None, **more: Any) -> Attempt:
    if state is State.ENDED:
        return an_ended_attempt(1, task_key=key, outcome=outcome or Outcome.SUCCEEDED, **more)
    return an_attempt(1, task_key=key, state=state, **more)


def by_key(*attempts: Attempt) -> dict[str, Attempt]:
    return {attempt.task_key: attempt for attempt in attempts}


@given(plans())
def test_a_plan_that_points_backwards_is_accepted(tasks: list[Task]) -> None:
    check_tasks(tasks)


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
        (waiting, None)
    ]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.SUCCEEDED])
def test_a_task_after_one_that_did_not_succeed_ends_as_upstream_failed(outcome: Outcome) -> None:
    tasks = [a_task("a"), a_task("b", "a")]
    waiting = standing("b", State.BLOCKED)

    moves = unblocked(tasks, by_key(standing("a", State.ENDED, outcome), waiting))

    assert moves == [(waiting, Outcome.UPSTREAM_FAILED)]


@given(plans(), st.sampled_from([state for state in State if state is not State.BLOCKED]))
def test_only_what_is_blocked_is_moved(tasks: list[Task], state: State) -> None:
    assert unblocked(tasks, by_key(*(standing(task.key, state) for task in tasks))) == []


@given(plans())
def test_a_plan_ends_by_moving_what_is_unblocked(tasks: list[Task]) -> None:
    latest = by_key(*(standing(task.key, State.BLOCKED) for task in tasks))

    rounds = 0
    while run_state(tasks, latest)[0] is not State.ENDED:
        rounds += 1
        moves = unblocked(tasks, latest)
        assert moves
        latest.update(by_key(*(standing(attempt.task_key, State.ENDED) for attempt, _ in moves)))

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
        ([Outcome.FAILED, Outcome.TIMED_OUT], Outcome.TIMED_OUT),
        ([Outcome.TIMED_OUT, Outcome.CANCELLED], Outcome.CANCELLED),
        ([Outcome.CRASHED, Outcome.FAILED], Outcome.CRASHED),
        ([Outcome.SKIPPED, Outcome.UPSTREAM_FAILED], Outcome.UPSTREAM_FAILED),
        ([Outcome.EXCLUDED, Outcome.SUCCEEDED], Outcome.SUCCEEDED),
        ([Outcome.EXCLUDED, Outcome.EXCLUDED], Outcome.EXCLUDED),
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
    assert not_mended == (State.ENDED, Outcome.UPSTREAM_FAILED)


def test_every_state_and_outcome_has_its_rank() -> None:
    assert set(LIVELINESS) == set(State) - {State.ENDED}
    assert sorted(GRAVITY) == sorted(Outcome)
