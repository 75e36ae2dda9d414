"""What is said of a run that waits, was skipped, failed, or ended otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from records import a_run, a_task, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.graph import UPSTREAM_CANCELLED
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, Run, State
from runyard.dialects.databricks.standing import of_run, of_task_run

FAILED = "Workload failed, see run output for details"


def ended(key: str, outcome: Outcome, **more: Any) -> Attempt:
    return an_ended_attempt(len(key), task_key=key, outcome=outcome, **more)


def latest(*attempts: Attempt) -> dict[str, Attempt]:
    return {attempt.task_key: attempt for attempt in attempts}


def chain(*keys: str, **fields: Any) -> Run:
    tasks = tuple(a_task(key, *keys[place - 1 : place]) if place else a_task(key) for place, key in enumerate(keys))
    return an_ended_run(1, tasks=tasks, **fields)


def test_a_failed_run_names_the_task_and_the_ones_it_took_along() -> None:
    alone = of_run(chain("main", outcome=Outcome.FAILED), latest(ended("main", Outcome.FAILED)))
    first = of_run(
        chain("main", "next", outcome=Outcome.FAILED),
        latest(ended("main", Outcome.FAILED), ended("next", Outcome.UPSTREAM_FAILED)),
    )

    assert alone.state == {
        "life_cycle_state": "INTERNAL_ERROR",
        "result_state": "FAILED",
        "state_message": f"Task main failed with message: {FAILED}.",
        "user_cancelled_or_timedout": False,
    }
    assert first.state["state_message"] == (
        f"Task main failed with message: {FAILED}. This caused all downstream tasks to get skipped."
    )
    assert first.status == {
        "state": "TERMINATED",
        "termination_details": {
            "code": "RUN_EXECUTION_ERROR",
            "type": "CLIENT_ERROR",
            "message": first.state["state_message"],
        },
    }


def test_a_failed_task_is_terminated_and_leaves_the_rest_to_its_output() -> None:
    one = of_task_run(a_run(1), a_task("main"), ended("main", Outcome.FAILED, message="ValueError: no rows"))

    assert one.state["life_cycle_state"] == "TERMINATED"
    assert one.state["result_state"] == "FAILED"
    assert one.state["state_message"] == FAILED


@pytest.mark.parametrize(
    ("category", "code"),
    [
        ("feature_disabled", "FEATURE_DISABLED"),
        ("library_installation", "LIBRARY_INSTALLATION_ERROR"),
        ("preparation", "INVALID_RUN_CONFIGURATION"),
        ("not_found", "RESOURCE_NOT_FOUND"),
    ],
)
def test_a_task_that_never_ran_its_code_says_why(category: str, code: str) -> None:
    attempt = ended("main", Outcome.FAILED, category=category, message="Do this instead.")

    task_run = of_task_run(a_run(1), a_task("main"), attempt)
    run = of_run(chain("main", outcome=Outcome.FAILED), latest(attempt))

    assert task_run.state["state_message"] == "Do this instead."
    assert task_run.status["termination_details"]["code"] == code
    assert run.status["termination_details"]["code"] == code
    assert run.state["state_message"] == "Task main failed with message: Do this instead."


def test_a_loop_that_failed_says_what_its_run_said() -> None:
    attempt = ended("main", Outcome.FAILED, message="Run 5 ended failed: ValueError")

    one = of_task_run(a_run(1), Task(key="main", kind="for_each"), attempt)

    assert one.state["state_message"] == "Run 5 ended failed: ValueError"


def test_a_run_whose_leaves_mended_a_failure_succeeded_with_failures() -> None:
    one = of_run(chain("main", "mend"), latest(ended("main", Outcome.FAILED), ended("mend", Outcome.SUCCEEDED)))

    assert one.state["life_cycle_state"] == "TERMINATED"
    assert one.state["result_state"] == "SUCCESS_WITH_FAILURES"
    assert one.status["termination_details"]["code"] == "SUCCESS_WITH_FAILURES"
    assert one.status["termination_details"]["type"] == "SUCCESS"


def test_a_run_of_which_all_went_well_is_a_plain_success() -> None:
    one = of_run(chain("main", "spare"), latest(ended("main", Outcome.SUCCEEDED), ended("spare", Outcome.EXCLUDED)))

    assert one.state["result_state"] == "SUCCESS"
    assert one.state["state_message"] == ""


def test_a_skipped_run_names_the_limit() -> None:
    one = of_run(an_ended_run(1, outcome=Outcome.SKIPPED, settings={"max_concurrent_runs": 1}), {})

    assert one.state["life_cycle_state"] == "SKIPPED"
    assert one.state["result_state"] == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    assert one.state["state_message"] == (
        "Skipping this run because the limit of 1 maximum concurrent runs has been reached."
    )
    assert one.status["termination_details"]["code"] == "MAX_CONCURRENT_RUNS_EXCEEDED"


def test_a_queued_run_says_why_it_waits() -> None:
    held = of_run(a_run(1, settings={"max_concurrent_runs": 1}), {})
    placeless = of_run(a_run(1, admitted_at=1, reason="All 4 places are taken."), {})
    of_elsewhere = of_run(a_run(1, reason="Job nightly has reached its limit."), {})

    assert held.state["life_cycle_state"] == "QUEUED"
    assert held.state["queue_reason"] == "Queued due to reaching maximum concurrent runs of 1."
    assert held.status["queue_details"]["code"] == "MAX_CONCURRENT_RUNS_REACHED"
    assert placeless.status["queue_details"] == {
        "code": "ACTIVE_RUNS_LIMIT_REACHED",
        "message": "All 4 places are taken.",
    }
    assert of_elsewhere.state["queue_reason"] == "Job nightly has reached its limit."


def test_a_cancelled_run_was_ended_by_somebody() -> None:
    one = of_run(an_ended_run(1, outcome=Outcome.CANCELLED, message="stopped"), {})

    assert one.state["result_state"] == "CANCELED"
    assert one.state["user_cancelled_or_timedout"] is True
    assert one.status["termination_details"]["code"] == "USER_CANCELED"


def test_a_timed_out_task_says_so() -> None:
    one = of_task_run(a_run(1), a_task("main"), ended("main", Outcome.TIMED_OUT, message="It took longer than 5 s."))

    assert one.state["life_cycle_state"] == "TERMINATED"
    assert one.state["result_state"] == "TIMEDOUT"
    assert one.state["state_message"] == "It took longer than 5 s."
    assert one.state["user_cancelled_or_timedout"] is True
    assert one.status["termination_details"]["code"] == "CANCELED"


def test_a_crashed_run_and_its_task_are_internal_errors() -> None:
    attempt = ended("main", Outcome.CRASHED, message="The process was lost.")

    task_run = of_task_run(a_run(1), a_task("main"), attempt)
    run = of_run(chain("main", outcome=Outcome.CRASHED), latest(attempt))

    for one in (task_run, run):
        assert one.state["life_cycle_state"] == "INTERNAL_ERROR"
        assert one.state["result_state"] == "FAILED"
        assert one.status["termination_details"]["code"] == "INTERNAL_ERROR"


@pytest.mark.parametrize(
    ("outcome", "category", "result"),
    [
        (Outcome.UPSTREAM_FAILED, None, "UPSTREAM_FAILED"),
        (Outcome.UPSTREAM_FAILED, UPSTREAM_CANCELLED, "UPSTREAM_CANCELED"),
        (Outcome.EXCLUDED, None, "EXCLUDED"),
    ],
)
def test_a_task_that_did_not_run_tells_what_held_it_back(outcome: Outcome, category: str | None, result: str) -> None:
    one = of_task_run(a_run(1), a_task("main"), ended("main", outcome, category=category, message="because"))

    assert one.state["life_cycle_state"] == "TERMINATED"
    assert one.state["result_state"] == result
    assert one.state["state_message"] == "because"
    assert one.status["termination_details"]["code"] == "SKIPPED"


@pytest.mark.parametrize(
    ("state", "life_cycle", "status"),
    [
        (State.BLOCKED, "BLOCKED", "BLOCKED"),
        (State.QUEUED, "QUEUED", "QUEUED"),
        (State.STARTING, "PENDING", "PENDING"),
        (State.RUNNING, "RUNNING", "RUNNING"),
        (State.STOPPING, "TERMINATING", "TERMINATING"),
        (State.RETRYING, "WAITING_FOR_RETRY", "WAITING"),
    ],
)
def test_what_has_not_ended_has_no_result(state: State, life_cycle: str, status: str) -> None:
    one = of_task_run(a_run(1), a_task("main"), an_attempt(1, state=state))

    assert one.state["life_cycle_state"] == life_cycle
    assert one.status["state"] == status
    assert "result_state" not in one.state
    assert "termination_details" not in one.status


def test_a_run_goes_on_while_a_task_of_it_waits_to_be_tried_again() -> None:
    one = of_run(a_run(1, state=State.RETRYING), latest(an_attempt(1, state=State.RETRYING)))

    assert one.state["life_cycle_state"] == "RUNNING"
    assert one.status["state"] == "RUNNING"


def test_the_texts_of_several_failed_tasks_stand_together_each_once() -> None:
    tasks = (a_task("a"), a_task("bb", "a"), a_task("ccc", "a"), a_task("dddd"))
    run = an_ended_run(1, tasks=tasks, outcome=Outcome.FAILED)
    attempts = latest(
        ended("a", Outcome.FAILED),
        ended("bb", Outcome.UPSTREAM_FAILED),
        ended("ccc", Outcome.UPSTREAM_FAILED),
        ended("dddd", Outcome.FAILED),
    )

    message = of_run(run, attempts).state["state_message"]

    assert message.count("Task a failed") == 1
    assert message.count("Task dddd failed") == 1
    assert message.endswith("This caused all downstream tasks to get skipped.")
