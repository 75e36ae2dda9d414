from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import MAIN, a_run, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.errors import AlreadyExists, LimitReached, NotFound, RunyardError, WrongState
from runyard.core.queue import Admission, Overflow, admission, holders, limit_text, places_taken
from runyard.core.retry import retry_at
from runyard.core.run import NEXT, ON_A_PROCESS, PHASES, Outcome, State, check_move, phase

COUNTS = st.integers(0, 10_000)


@given(COUNTS, st.sampled_from(Overflow))
def test_without_a_limit_every_run_begins(active: int, overflow: Overflow) -> None:
    assert admission(limit=None, active=active, overflow=overflow) is Admission.ADMIT


@given(COUNTS, COUNTS, st.sampled_from(Overflow))
def test_a_run_begins_exactly_below_the_limit(limit: int, active: int, overflow: Overflow) -> None:
    decision = admission(limit=limit, active=active, overflow=overflow)

    assert (decision is Admission.ADMIT) == (active < limit)


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [
        (Overflow.REFUSE, Admission.REFUSE),
        (Overflow.QUEUE, Admission.HOLD),
        (Overflow.SKIP, Admission.SKIP),
    ],
)
def test_beyond_the_limit_the_caller_has_said_what_to_do(overflow: Overflow, expected: Admission) -> None:
    assert admission(limit=1, active=1, overflow=overflow) is expected
    assert admission(limit=0, active=0, overflow=overflow) is expected


def test_the_limit_is_told_with_its_number() -> None:
    assert limit_text("etl", 3) == "Job etl has reached its limit of 3 concurrent runs."


@given(number=st.integers(0, 20), retries=st.integers(0, 20), wait=COUNTS, now=COUNTS)
def test_a_failure_is_tried_again_as_often_as_was_asked(number: int, retries: int, wait: int, now: int) -> None:
    task = replace(MAIN, max_retries=retries, retry_wait_ms=wait)
    attempt = an_ended_attempt(1, outcome=Outcome.FAILED, number=number)

    at = retry_at(task, attempt, now=now)

    assert at == (now + wait if number < retries else None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_accidents_are_tried_again(outcome: Outcome) -> None:
    attempt = an_ended_attempt(1, outcome=outcome)

    at = retry_at(replace(MAIN, max_retries=5), attempt, now=7)

    assert at == (7 if outcome in {Outcome.FAILED, Outcome.CRASHED} else None)


@given(st.sampled_from(State), st.sampled_from(State))
def test_a_move_is_allowed_exactly_if_it_stands_in_the_table(seen: State, to: State) -> None:
    attempt = an_ended_attempt(5) if seen is State.ENDED else an_attempt(5, state=seen)

    if to in NEXT[seen]:
        check_move(attempt, to)
    else:
        with pytest.raises(WrongState, match=f"Attempt 5 is {attempt.phase}; it cannot become {to}"):
            check_move(attempt, to)


def test_every_state_but_the_end_leads_to_the_end_and_the_end_nowhere() -> None:
    assert set(NEXT) == set(State)
    assert NEXT[State.ENDED] == frozenset()
    assert [state for state in State if State.ENDED not in NEXT[state]] == [State.ENDED]


def test_a_place_is_held_from_the_start_of_a_process_to_its_end() -> None:
    assert {State.STARTING, State.RUNNING, State.STOPPING} == ON_A_PROCESS
    assert NEXT[State.STARTING] | NEXT[State.RUNNING] == {State.RUNNING, State.STOPPING, State.ENDED}


@pytest.mark.parametrize(
    ("waiting", "calling", "expected"),
    [
        ({}, set(), [1, 2, 3, 4, 5, 6, 7]),
        ({2: 10, 5: 9}, set(), [1, 3, 4, 6, 7]),
        ({2: 10, 5: 9}, {5, 7}, [1, 3, 4, 6]),  # one gives a place once
        (dict.fromkeys(range(2, 8), 10), set(), [1, 6, 7]),  # four may, of those that wait as long the oldest
        ({7: 1, 6: 2, 5: 3, 4: 4, 3: 5, 2: 6}, set(), [1, 2, 3]),
    ],
)
def test_who_waits_holds_no_place_unless_too_many_do(
    waiting: dict[int, int], calling: set[int], expected: list[int]
) -> None:
    attempts = [an_attempt(number, state=State.RUNNING, waits_since=waiting.get(number)) for number in range(1, 8)]

    held = holders(attempts, calling=calling, places=1)

    assert [one.id for one in held] == expected
    assert places_taken(7 - len(calling), len(waiting.keys() - calling), places=1) == len(expected)


def test_a_phase_is_the_state_or_the_outcome() -> None:
    assert phase(State.RUNNING, None) == a_run(1, state=State.RUNNING).phase == "running"
    assert phase(State.ENDED, Outcome.TIMED_OUT) == "timed_out"
    assert an_ended_run(1, outcome=Outcome.CRASHED).phase == "crashed"
    assert an_ended_attempt(1).phase == "succeeded"
    assert len(PHASES) == len(set(PHASES)) == len(State) - 1 + len(Outcome)
    assert "ended" not in PHASES


def test_errors_say_what_was_wrong_with_which_name() -> None:
    assert str(NotFound("job", "etl")) == "Job etl not found."
    assert str(AlreadyExists("job", "etl")) == "Job etl already exists. Choose another name or update it."
    limit = LimitReached("full", job_name="etl")
    assert (str(limit), limit.job_name, isinstance(limit, RunyardError)) == ("full", "etl", True)
    assert (NotFound("job", 5).kind, NotFound("job", 5).name, AlreadyExists("job", 5).name) == ("job", 5, 5)
