"""Our tables of runs against the SDK's own model: its enums and dataclasses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import Enum
from itertools import product
from typing import Any

import pytest
from databricks.sdk.service import jobs
from records import a_run, a_task, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.errors import RunyardError
from runyard.core.graph import UPSTREAM_CANCELLED
from runyard.core.job import Task
from runyard.core.run import PHASES, Attempt, Outcome, Repair, Run, State, phase
from runyard.dialects.databricks import errors, standing, states, views
from runyard.dialects.databricks.facts import Facts, Part, TaskRun, TaskRuns, job_run
from runyard.dialects.databricks.runs import outputs
from runyard.dialects.databricks.runs.repairing import history
from runyard.dialects.databricks.runs.run_operations import OPERATIONS
from runyard.dialects.databricks.states import Standing
from runyard.dialects.view import View

URL = "http://here"


def words(kind: type[Enum]) -> set[str]:
    return {member.value for member in kind}


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def every_word() -> list[states.Words]:
    return [*states.RUN.values(), *states.TASK.values(), states.SUCCESS_WITH_FAILURES, states.UPSTREAM_CANCELED]


def test_every_phase_has_words_that_the_sdk_knows() -> None:
    assert set(states.TASK) == set(states.RUN) == set(PHASES)
    for one in every_word():
        assert one.life_cycle in words(jobs.RunLifeCycleState)
        assert one.status in words(jobs.RunLifecycleStateV2State)
        assert one.result is None or one.result in words(jobs.RunResultState)
        assert not one.code or one.code in words(jobs.TerminationCodeCode)
        assert not one.type or one.type in words(jobs.TerminationTypeType)


def test_a_phase_has_a_result_and_a_code_exactly_when_it_is_an_end() -> None:
    for table, name in product((states.TASK, states.RUN), PHASES):
        is_end = name in set(Outcome)
        assert (table[name].result is not None) == is_end
        assert (table[name].code != "") == is_end
        assert (table[name].status == "TERMINATED") == is_end


def test_every_cause_and_queue_code_is_one_that_the_sdk_knows() -> None:
    assert {cause.code for cause in states.CAUSES.values()} <= words(jobs.TerminationCodeCode)
    assert {cause.type for cause in states.CAUSES.values()} <= words(jobs.TerminationTypeType)
    assert {states.AT_JOB_LIMIT, states.AT_SERVER_LIMIT} <= words(jobs.QueueDetailsCodeCode)


def test_every_state_of_the_sdk_has_a_phase() -> None:
    assert {life_cycle for life_cycle, _ in states.PHASES} == words(jobs.RunLifeCycleState)
    assert {result for _, result in states.PHASES if result} == words(jobs.RunResultState)
    assert set(states.PHASES.values()) <= set(PHASES)


def test_a_state_keeps_its_meaning_there_and_back() -> None:
    for name in PHASES:
        shown = states.TASK[name]
        same = {Outcome.FAILED, Outcome.CRASHED} if name in {Outcome.FAILED, Outcome.CRASHED} else {name}
        assert states.PHASES[shown.life_cycle, shown.result] in same


def test_every_trigger_and_type_of_run_is_one_that_the_sdk_knows() -> None:
    assert {*views.TRIGGERS.values(), views.BY_REQUEST} <= words(jobs.TriggerType)
    assert {views.run_type(a_run(1)), views.run_type(a_run(1, job_id=2))} <= words(jobs.RunType)


@pytest.mark.parametrize(
    ("view", "theirs"),
    [(views.RUN, names(jobs.Run) | names(jobs.BaseRun)), (views.RUN_TASK, names(jobs.RunTask))],
)
def test_every_member_of_the_sdk_is_shown_or_has_a_reason(view: View, theirs: set[str]) -> None:
    shown = {line.wire for line in view.lines}

    assert theirs <= shown | set(view.not_shown)
    assert shown - views.OUR_OWN <= theirs
    assert shown & set(view.not_shown) == set()
    assert len(shown) == len(view.lines)
    assert all(view.not_shown.values())


# the smaller records, seen in what is shown of many runs

TASK = a_task("main")
LOOP = Task(key="main", kind="for_each", spec={})
CATEGORIES = (None, "preparation", "not_found", "library_installation", "feature_disabled", UPSTREAM_CANCELLED)


def every_attempt() -> Iterable[Attempt]:
    for state in State:
        if state is not State.ENDED:
            yield an_attempt(2, state=state)
    for outcome, category in product(Outcome, CATEGORIES):
        yield an_ended_attempt(2, outcome=outcome, category=category, message="why")


def every_run() -> Iterable[Run]:
    for state in State:
        if state is not State.ENDED:
            yield a_run(1, state=state, reason="why", settings={"max_concurrent_runs": 1})
            yield a_run(1, state=state, reason="why", admitted_at=1)
    for outcome in Outcome:
        yield an_ended_run(1, outcome=outcome, message="why", settings={"max_concurrent_runs": 1})


def every_standing() -> Iterable[Standing]:
    for attempt in every_attempt():
        yield standing.of_task_run(a_run(1), TASK, attempt)
        for run in every_run():
            yield standing.of_run(run, {"main": attempt} if attempt.outcome and run.outcome else {})


def test_every_state_and_status_is_made_of_the_sdks_members_and_shows_all_of_them() -> None:
    seen: dict[str, set[str]] = {"state": set(), "status": set(), "details": set(), "queue": set()}
    for one in every_standing():
        seen["state"] |= set(one.state)
        seen["status"] |= set(one.status)
        seen["details"] |= set(one.status.get("termination_details", {}))
        seen["queue"] |= set(one.status.get("queue_details", {}))
        assert one.status.get("termination_details", {"code": "SUCCESS"})["code"] in words(jobs.TerminationCodeCode)

    assert seen == {
        "state": names(jobs.RunState),
        "status": names(jobs.RunStatus),
        "details": names(jobs.TerminationDetails),
        "queue": names(jobs.QueueDetails),
    }


def test_a_round_of_repairs_is_made_of_the_sdks_members() -> None:
    run = an_ended_run(1, repairs=1)
    rounds = [
        Repair(id=1, run_id=1, number=0, created_at=1, ended_at=2, outcome=Outcome.FAILED),
        Repair(id=3, run_id=1, number=1, created_at=3, ended_at=4, outcome=Outcome.SUCCEEDED),
    ]
    shown = history(run, [an_ended_attempt(2), an_ended_attempt(4, number=1)], rounds)

    assert {one["type"] for one in shown} == words(jobs.RepairHistoryItemType)
    assert set().union(*shown) == names(jobs.RepairHistoryItem) - {"effective_performance_target"}  # see RUN


def a_task_run(task: Task, written: Mapping[str, Any], **more: Any) -> TaskRun:
    run = a_run(1, tasks=(task,), settings={"tasks": [{"task_key": "main", **written}]})
    attempts = [an_ended_attempt(2, output={"result": "true"})]
    return TaskRuns(Facts(run=run, url=URL, attempts=attempts, **more))[0]


def test_a_condition_shows_its_outcome_with_the_sdks_members() -> None:
    written = {"op": "EQUAL_TO", "left": "a", "right": "a"}
    one = a_task_run(Task(key="main", kind="condition"), {"condition_task": written})

    assert views.RUN_TASK.show(one)["condition_task"] == {**written, "outcome": "true"}
    assert {*written, "outcome"} == names(jobs.RunConditionTask)


def test_a_loop_shows_its_counts_with_the_sdks_members() -> None:
    child = a_run(3, tasks=(a_task("0"), a_task("1")), is_listed=False, parent_attempt_id=2)
    inside = [
        an_ended_attempt(4, run_id=3, task_key="0", outcome=Outcome.FAILED, message="why"),
        an_ended_attempt(5, run_id=3, task_key="1"),
    ]
    written = {"inputs": "[1, 2]", "task": {}, "concurrency": 2}
    one = a_task_run(LOOP, {"for_each_task": written}, parts={2: Part(run=child, attempts=inside)})

    shown = views.RUN_TASK.show(one)["for_each_task"]

    assert set(shown) == names(jobs.RunForEachTask)
    assert set(shown["stats"]) == names(jobs.ForEachStats)
    assert set(shown["stats"]["task_run_stats"]) == names(jobs.ForEachTaskTaskRunStats)
    assert set(shown["stats"]["error_message_stats"][0]) == names(jobs.ForEachTaskErrorMessageStats)
    assert shown["stats"]["task_run_stats"] == {
        "active_iterations": 0,
        "completed_iterations": 2,
        "failed_iterations": 1,
        "scheduled_iterations": 2,
        "succeeded_iterations": 1,
        "total_iterations": 2,
    }


def test_every_member_of_an_output_is_given_or_has_a_reason() -> None:
    given = {"metadata", "error", "error_trace", "logs", "logs_truncated"}
    given |= {"notebook_output", "sql_output", "run_job_output"}

    assert names(jobs.RunOutput) == given | set(outputs.NOT_SHOWN)
    assert given & set(outputs.NOT_SHOWN) == set()
    assert all(outputs.NOT_SHOWN.values())


def test_the_sdk_reads_what_is_shown_of_every_run() -> None:
    for run in every_run():
        one = job_run(Facts(run=run, url=URL))
        read = jobs.Run.from_dict(views.RUN.show(one))

        assert read.state is not None
        assert read.state.life_cycle_state is not None
        assert read.run_id == read.number_in_job == read.original_attempt_run_id == 1
        assert (read.state.result_state is None) == (run.outcome is None)
        assert phase(run.state, run.outcome) in PHASES


def every_error(kind: type[RunyardError]) -> set[type[RunyardError]]:
    return {kind}.union(*(every_error(child) for child in kind.__subclasses__()))


def test_every_error_of_the_core_has_its_code() -> None:
    ours = {kind for kind in every_error(RunyardError) if kind.__module__ == "runyard.core.errors"}

    assert ours - {RunyardError} == set(errors.CODES)
    assert set(errors.CODES.values()) <= set(errors.STATUS)


def test_the_operations_on_runs_stand_where_the_sdk_asks_for_them() -> None:
    assert {(one.method, one.path) for one in OPERATIONS} == {
        ("GET", "jobs/runs/get"),
        ("GET", "jobs/runs/list"),
        ("POST", "jobs/runs/cancel"),
        ("POST", "jobs/runs/cancel-all"),
        ("POST", "jobs/runs/delete"),
        ("GET", "jobs/runs/export"),
        ("GET", "jobs/runs/get-output"),
        ("POST", "jobs/runs/repair"),
    }
    assert all(one.versions == ("2.0", "2.1", "2.2") for one in OPERATIONS)
