"""Which tasks a repair runs again: properties on plans of any shape."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graphs import UNHURRIED, plans
from hypothesis import given
from hypothesis import strategies as st
from records import a_run, a_task, an_ended_attempt

from runyard.core.errors import InvalidRequest
from runyard.core.graph import HEALTHY, check_tasks
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome
from runyard.dialects.databricks.runs.repairing import Wish, as_now, chosen, written_as_now


def ended(tasks: list[Task], outcomes: list[Outcome]) -> dict[str, Attempt]:
    return {
        task.key: an_ended_attempt(number, task_key=task.key, outcome=outcome)
        for number, (task, outcome) in enumerate(zip(tasks, outcomes, strict=False), 1)
    }


@st.composite
def ended_plans(draw: st.DrawFn) -> tuple[list[Task], dict[str, Attempt]]:
    tasks = draw(plans())
    outcomes = draw(st.lists(st.sampled_from(Outcome), min_size=len(tasks), max_size=len(tasks)))
    return tasks, ended(tasks, outcomes)


@UNHURRIED
@given(ended_plans())
def test_all_that_failed_and_nothing_else_runs_again(plan: tuple[list[Task], dict[str, Attempt]]) -> None:
    tasks, latest = plan
    failed = [task.key for task in tasks if latest[task.key].outcome not in HEALTHY]
    if not failed:
        with pytest.raises(InvalidRequest, match="no failed task"):
            chosen(tasks, latest, Wish(all_failed=True))
        return

    assert list(chosen(tasks, latest, Wish(all_failed=True))) == failed


@UNHURRIED
@given(ended_plans(), st.data())
def test_with_its_dependents_a_task_runs_again_with_all_that_can_reach_it(
    plan: tuple[list[Task], dict[str, Attempt]], data: st.DataObject
) -> None:
    tasks, latest = plan
    named = data.draw(st.lists(st.sampled_from([task.key for task in tasks]), min_size=1, unique=True))

    alone = set(chosen(tasks, latest, Wish(tasks=named)))
    together = set(chosen(tasks, latest, Wish(tasks=named, dependents=True)))

    assert alone == set(named)
    assert alone <= together
    for task in tasks:  # closed downwards, and nothing in it that does not depend on what was named
        assert (task.key in together) == (task.key in alone or bool(together.intersection(task.depends_on)))


@UNHURRIED
@given(plans(), plans())
def test_tasks_as_they_are_now_are_a_plan_of_the_same_tasks(was: list[Task], fresh: list[Task]) -> None:
    run = a_run(1, tasks=tuple(was))

    now = as_now(run, [replace(task, kind="notebook") for task in fresh])

    check_tasks(now)
    assert [task.key for task in now] == [task.key for task in was]


def test_a_task_whose_definition_depends_on_a_new_one_stays_as_it_was() -> None:
    run = a_run(1, tasks=(a_task("a"), a_task("b", "a")))

    now = as_now(run, [a_task("new"), replace(a_task("a"), kind="notebook"), a_task("b", "new")])

    assert [(task.key, task.kind, task.depends_on) for task in now] == [
        ("a", "notebook", ()),
        ("b", "python script", ("a",)),
    ]


def test_definitions_that_together_would_run_in_a_circle_stay_as_they_were() -> None:
    run = a_run(1, tasks=(a_task("a"), a_task("b", "a")))

    now = as_now(run, [a_task("a", "b"), a_task("b", "new"), a_task("new")])

    assert now == run.tasks


def test_each_task_is_written_as_the_definition_that_is_used() -> None:
    run = a_run(
        1,
        tasks=(a_task("a"), a_task("b")),
        settings={"tasks": [{"task_key": "a", "v": 1}, {"task_key": "b", "v": 1}], "name": "was"},
    )
    now = as_now(run, [replace(a_task("a"), kind="notebook"), a_task("b", "new")])

    written = written_as_now(run, now, {"tasks": [{"task_key": "a", "v": 2}, {"task_key": "b", "v": 2}], "name": "is"})

    assert written == {"tasks": [{"task_key": "a", "v": 2}, {"task_key": "b", "v": 1}], "name": "is"}
