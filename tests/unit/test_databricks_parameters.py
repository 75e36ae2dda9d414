"""What a run is told, and what of it reaches which task."""

from __future__ import annotations

from typing import Any

import pytest

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.jobs.selection import chosen
from runyard.dialects.databricks.runs import parameters

NOTEBOOK = {"notebook_task": {"notebook_path": "/a", "base_parameters": {"a": "own", "b": "own"}}}


def told(task: dict[str, Any], job: dict[str, str] | None = None, **older: Any) -> Any:
    """Return what a task of one type is told."""
    (words,) = parameters.applied(task, job or {}, older).values()
    return words


def test_parameters_of_the_job_win_over_a_notebooks_own_and_add_to_them() -> None:
    words = told(NOTEBOOK, {"b": "job", "c": "job"})

    assert words["base_parameters"] == {"a": "own", "b": "job", "c": "job"}


def test_notebook_params_are_merged_over_a_notebooks_own() -> None:
    assert told(NOTEBOOK, notebook_params={"b": "run"})["base_parameters"] == {"a": "own", "b": "run"}


def test_python_params_replace_a_scripts_list() -> None:
    task = {"spark_python_task": {"python_file": "x", "parameters": ["a", "b"]}}

    assert told(task, {"p": "job"}, python_params=["c"])["parameters"] == ["c"]
    assert told(task, {"p": "job"})["parameters"] == ["a", "b"]


def test_a_wheel_gets_the_jobs_parameters_only_if_it_takes_values_by_name() -> None:
    wheel = {"package_name": "p", "entry_point": "e"}

    by_name = told({"python_wheel_task": {**wheel, "named_parameters": {"a": "own"}}}, {"b": "job"})
    by_place = told({"python_wheel_task": {**wheel, "parameters": ["x"]}}, {"b": "job"})

    assert by_name["named_parameters"] == {"a": "own", "b": "job"}
    assert "named_parameters" not in by_place
    assert by_place["parameters"] == ["x"]


def test_python_named_params_are_merged_over_a_wheels_own() -> None:
    task = {"python_wheel_task": {"package_name": "p", "entry_point": "e", "named_parameters": {"a": "1", "b": "1"}}}

    assert told(task, python_named_params={"b": "2"})["named_parameters"] == {"a": "1", "b": "2"}


def test_sql_files_and_started_jobs_get_the_jobs_parameters() -> None:
    sql = {"sql_task": {"file": {"path": "/q.sql"}, "parameters": {"a": "own"}}}

    assert told(sql, {"b": "job"}, sql_params={"a": "run"})["parameters"] == {"a": "run", "b": "job"}
    assert told({"run_job_task": {"job_id": 1}}, {"b": "job"})["job_parameters"] == {"b": "job"}


def test_dbt_commands_replace_those_of_the_task() -> None:
    assert told({"dbt_task": {"commands": ["dbt run"]}}, dbt_commands=["dbt test"])["commands"] == ["dbt test"]


def test_the_task_in_a_loop_is_told_too() -> None:
    loop = {"for_each_task": {"inputs": "[1]", "task": {"task_key": "n", **NOTEBOOK}}}

    assert told(loop, {"c": "job"})["task"]["notebook_task"]["base_parameters"]["c"] == "job"


def test_telling_leaves_the_task_as_it_is_written() -> None:
    told(NOTEBOOK, {"a": "job"})

    assert NOTEBOOK["notebook_task"]["base_parameters"] == {"a": "own", "b": "own"}


def test_a_run_shows_the_jobs_parameters_with_default_and_value_and_those_it_adds() -> None:
    defined = {"parameters": [{"name": "a", "default": "1"}, {"name": "b", "default": "2"}]}

    shown = parameters.of_run(defined, {"b": "3", "c": "4"})

    assert shown == [
        {"name": "a", "default": "1", "value": "1"},
        {"name": "b", "default": "2", "value": "3"},
        {"name": "c", "value": "4"},
    ]


def test_what_a_run_was_told_can_be_read_from_its_record() -> None:
    defined = {"parameters": [{"name": "a", "default": "1"}, {"name": "b", "default": "2"}]}
    record = {**defined, "job_parameters": parameters.of_run(defined, {"b": "3", "c": "4"})}

    assert parameters.given(record).job_parameters == {"b": "3", "c": "4"}


def test_empty_parameters_are_none() -> None:
    read = parameters.read_told({"jar_params": [], "notebook_params": {}, "job_parameters": {}})

    assert read == parameters.Told()


@pytest.mark.parametrize(
    ("members", "text"),
    [
        (
            {"notebook_params": {"a": "1"}, "jar_params": ["1"]},
            "notebook_params and jar_params cannot be given together",
        ),
        ({"job_parameters": {"a": "1"}, "python_params": ["1"]}, "job_parameters and python_params cannot be given"),
        ({"python_params": ["x" * 10_000]}, "The JSON of python_params has 10022 bytes; at most 10000"),
        ({"job_parameters": {"a": "x" * 10_000}}, "The JSON of job_parameters has"),
        ({"notebook_params": ["a"]}, "notebook_params: expected an object"),
        ({"job_parameters": {"a": {"b": 1}}}, "job_parameters.a: expected a string"),
    ],
)
def test_parameters_that_cannot_be_given_are_refused(members: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parameters.read_told(members)

    assert text in str(refused.value)


# which tasks run


def keys(*only: str, disabled: tuple[str, ...] = (), run_if: dict[str, str] | None = None) -> list[str]:
    """Return the tasks that run of a diamond (a, then b and c, then d) beside a lonely e."""
    before = {"a": (), "b": ("a",), "c": ("a",), "d": ("b", "c"), "e": ()}
    tasks: list[dict[str, Any]] = [
        {
            "task_key": key,
            "depends_on": [{"task_key": one} for one in upstream],
            "disabled": key in disabled,
            "run_if": (run_if or {}).get(key, "ALL_SUCCESS"),
        }
        for key, upstream in before.items()
    ]
    return [task["task_key"] for task in chosen(tasks, only)]


@pytest.mark.parametrize(
    ("only", "run"),
    [
        ((), ["a", "b", "c", "d", "e"]),
        (("b",), ["b"]),
        (("+b",), ["a", "b"]),
        (("b+",), ["b", "d"]),
        (("+b+",), ["a", "b", "d"]),
        (("e", "+d"), ["a", "b", "c", "d", "e"]),
        (("a+",), ["a", "b", "c", "d"]),
    ],
)
def test_only_the_tasks_asked_for_run(only: tuple[str, ...], run: list[str]) -> None:
    assert keys(*only) == run


def test_a_task_waits_only_for_those_that_run_too() -> None:
    tasks: list[dict[str, Any]] = [
        {"task_key": "a"},
        {"task_key": "b"},
        {"task_key": "c", "depends_on": [{"task_key": "a"}, {"task_key": "b"}]},
    ]

    assert chosen(tasks, ("a", "c"))[-1]["depends_on"] == [{"task_key": "a"}]


def test_a_task_that_the_job_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="only names the task 'x'"):
        keys("+x")


@pytest.mark.parametrize(
    ("run_if", "run"),
    [
        ({}, ["a", "c", "e"]),
        ({"d": "ALL_DONE"}, ["a", "c", "d", "e"]),
        ({"d": "NONE_FAILED"}, ["a", "c", "d", "e"]),
        ({"d": "AT_LEAST_ONE_SUCCESS"}, ["a", "c", "d", "e"]),
        ({"d": "AT_LEAST_ONE_FAILED"}, ["a", "c", "d", "e"]),
        ({"d": "ALL_FAILED"}, ["a", "c", "e"]),
    ],
)
def test_what_follows_a_disabled_task_runs_if_it_can_without_it(run_if: dict[str, str], run: list[str]) -> None:
    assert keys(disabled=("b",), run_if=run_if) == run


def test_what_follows_only_disabled_tasks_does_not_run() -> None:
    assert keys(disabled=("a",), run_if={"b": "NONE_FAILED", "c": "AT_LEAST_ONE_SUCCESS"}) == ["e"]


def test_a_disabled_task_runs_if_it_is_named() -> None:
    assert keys("b", disabled=("b",)) == ["b"]


def test_a_run_without_any_task_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="all of them are disabled"):
        keys(disabled=("a", "e"))
