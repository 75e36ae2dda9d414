"""Showing and listing runs, on an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, get, notebook, of_glue, script, submitted

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.job import Task
from runyard.core.run import Outcome
from runyard.dialects.databricks.runs import run_pages
from runyard.engine.requests import Request


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def ids(yard: Yard, version: str = "2.2", **asked: Any) -> list[int]:
    return [run["run_id"] for run in yard("listJobRuns", version, **asked)["runs"]]


# get


def test_a_run_and_its_task_runs_have_ids_of_one_kind(yard: Yard) -> None:
    run = yard.run_now(yard.create(script("a"), script("b", "a"), name="n"))
    yard.end(run, "a")

    whole = get(yard, run.id)
    first = get(yard, whole["tasks"][0]["run_id"])

    assert [task["task_key"] for task in whole["tasks"]] == ["a", "b"]
    assert whole["tasks"][1]["depends_on"] == [{"task_key": "a"}]
    assert first["job_run_id"] == run.id
    assert first["job_id"] == whole["job_id"]
    assert first["state"]["result_state"] == "SUCCESS"
    assert [task["task_key"] for task in first["tasks"]] == ["a"]


def test_a_missing_run_is_told_in_the_words_that_clients_know(yard: Yard) -> None:
    for operation in ("getJobRun", "cancelJobRun", "deleteJobRun", "getJobRunOutput", "exportJobRun", "repairJobRun"):
        with pytest.raises(NotFound) as refused:
            yard(operation, run_id=7)

        assert (refused.value.kind, refused.value.name) == ("run", 7)


def test_the_run_of_another_workspace_is_missing(yard: Yard) -> None:
    elsewhere = yard.engine.workspace("elsewhere")
    task = Task(key="main", kind="python_script", spec={})
    run = yard.engine.start_run(elsewhere, Request(language="databricks", job_name="n", tasks=(task,)))

    for run_id in (run.id, yard.engine.attempts(run)[0].id):
        with pytest.raises(NotFound):
            get(yard, run_id)


def test_long_arrays_come_page_by_page_in_the_newest_version(yard: Yard) -> None:
    run = submitted(yard, *(script(f"t{number}") for number in range(230)))

    first = get(yard, run.id)
    second = get(yard, run.id, page_token=first["next_page_token"])
    third = get(yard, run.id, page_token=second["next_page_token"])

    assert [len(page["tasks"]) for page in (first, second, third)] == [100, 100, 30]
    keys = [task["task_key"] for page in (first, second, third) for task in page["tasks"]]
    assert keys == [f"t{number}" for number in range(230)]
    assert "next_page_token" not in third
    assert len(get(yard, run.id, "2.1")["tasks"]) == 230


def test_the_last_page_of_exactly_a_hundred_has_no_token(yard: Yard) -> None:
    run = submitted(yard, *(script(f"t{number}") for number in range(100)))

    assert "next_page_token" not in get(yard, run.id)


def test_a_pages_token_serves_its_own_run_alone(yard: Yard) -> None:
    long = [script(f"t{number}") for number in range(101)]
    one, other = submitted(yard, *long), submitted(yard, *long)
    token = get(yard, one.id)["next_page_token"]

    with pytest.raises(InvalidRequest, match="not one that this list gave out"):
        get(yard, other.id, page_token=token)


def test_the_history_has_the_original_even_without_a_repair(yard: Yard) -> None:
    run = submitted(yard)
    yard.end(run, "main")

    (original,) = get(yard, run.id, include_history=True)["repair_history"]

    assert original["type"] == "ORIGINAL"
    assert "id" not in original
    assert original["task_run_ids"] == [yard.attempt(run, "main").id]
    assert original["state"]["result_state"] == "SUCCESS"
    assert "repair_history" not in get(yard, run.id)


def test_the_parameters_of_a_run_are_echoed(yard: Yard) -> None:
    job = yard.create(notebook("main"), name="n", parameters=[{"name": "day", "default": "monday"}])
    run = yard.run_now(job, job_parameters={"day": "friday"})
    older = yard.run_now(yard.create(notebook("main"), name="o"), notebook_params={"day": "friday"})

    assert get(yard, run.id)["job_parameters"] == [{"name": "day", "default": "monday", "value": "friday"}]
    assert get(yard, older.id)["overriding_parameters"] == {"notebook_params": {"day": "friday"}}


def test_resolved_values_are_shown_on_request_once_a_task_has_begun(yard: Yard) -> None:
    run = submitted(yard, {**notebook("main", base_parameters={"me": "{{task.name}}"})})
    before = get(yard, run.id, include_resolved_values=True)
    yard.end(run, "main")

    after = get(yard, run.id, include_resolved_values=True)

    assert "resolved_values" not in before["tasks"][0]
    assert after["tasks"][0]["resolved_values"] == {"notebook_task": {"base_parameters": {"me": "main"}}}
    assert "resolved_values" not in get(yard, run.id)["tasks"][0]


def test_a_loop_shows_its_counts_and_its_task_run_the_iterations(yard: Yard) -> None:
    nested = script("each")
    loop = {"task_key": "loop", "for_each_task": {"inputs": "[1, 2, 3]", "concurrency": 2, "task": nested}}
    run = submitted(yard, loop)
    yard.conduct()

    whole = get(yard, run.id)
    (task,) = whole["tasks"]
    iterations = get(yard, task["run_id"])["iterations"]
    one = get(yard, iterations[0]["run_id"])

    assert task["for_each_task"]["stats"]["task_run_stats"]["total_iterations"] == 3
    assert "iterations" not in whole
    assert len(iterations) == 3
    assert {each["task_key"] for each in iterations} == {"each"}
    assert iterations[2]["state"]["life_cycle_state"] == "BLOCKED"
    assert one["job_run_id"] == run.id
    assert one["run_id"] == iterations[0]["run_id"]
    assert ids(yard) == [run.id]


# list


def test_runs_of_every_language_stand_in_one_list_newest_first(yard: Yard) -> None:
    mine, theirs = submitted(yard), of_glue(yard)

    listed = yard("listJobRuns", expand_tasks=True)["runs"]

    assert [run["run_id"] for run in listed] == [theirs.id, mine.id]
    assert [[task["task_key"] for task in run["tasks"]] for run in listed] == [["main"], ["main"]]
    assert listed[0]["run_name"] == "nightly"
    assert get(yard, theirs.id)["state"]["life_cycle_state"] == "QUEUED"


def test_tasks_and_clusters_are_listed_only_on_request(yard: Yard) -> None:
    submitted(yard)

    plain, expanded = (yard("listJobRuns", expand_tasks=asked)["runs"][0] for asked in (False, True))

    assert "tasks" not in plain
    assert len(expanded["tasks"]) == 1


def test_each_filter_narrows_the_list(yard: Yard) -> None:
    job = yard.create(script("main"), name="n", max_concurrent_runs=9)
    first, second, third = yard.run_now(job), yard.run_now(yard.create(script("main"), name="o")), submitted(yard)
    yard.end(first, "main")

    assert ids(yard, job_id=job) == [first.id]
    assert ids(yard, active_only=True) == [third.id, second.id]
    assert ids(yard, completed_only=True) == [first.id]
    assert ids(yard, run_type="JOB_RUN") == [second.id, first.id]
    assert ids(yard, run_type="SUBMIT_RUN") == [third.id]
    assert ids(yard, run_type="WORKFLOW_RUN") == []
    assert ids(yard, start_time_from=second.created_at) == [third.id, second.id]
    assert ids(yard, start_time_to=second.created_at) == [second.id, first.id]
    assert ids(yard, start_time_from=second.created_at, start_time_to=second.created_at) == [second.id]


def test_filters_that_exclude_each_other_are_refused(yard: Yard) -> None:
    with pytest.raises(InvalidRequest, match="cannot both be true"):
        ids(yard, active_only=True, completed_only=True)
    with pytest.raises(InvalidRequest, match="Invalid run_type 'RUN'"):
        ids(yard, run_type="RUN")


@pytest.mark.parametrize("version", ["2.1", "2.2"])
def test_a_limit_beyond_the_largest_is_refused_in_the_services_words(yard: Yard, version: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ids(yard, version, limit=27)

    assert str(refused.value) == "Invalid limit 27 - it has to be no more than 26."
    assert ids(yard, version, limit=26) == []
    assert ids(yard, "2.0", limit=1000) == []


def test_an_offset_beyond_the_largest_is_refused_in_the_services_words(yard: Yard) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ids(yard, offset=10020)

    assert str(refused.value).startswith(
        "The supplied offset 10020 has exceeded the value of 10000 allowed for this parameter."
        "Please use the page_token parameter to paginate: "
    )


def test_pages_hold_every_run_once_in_both_directions(yard: Yard) -> None:
    runs = [submitted(yard).id for _ in range(7)][::-1]

    first = yard("listJobRuns", limit=3)
    second = yard("listJobRuns", limit=3, page_token=first["next_page_token"])
    third = yard("listJobRuns", limit=3, page_token=second["next_page_token"])
    back = yard("listJobRuns", limit=3, page_token=third["prev_page_token"])

    pages = [[run["run_id"] for run in page["runs"]] for page in (first, second, third, back)]
    assert pages == [runs[:3], runs[3:6], runs[6:], runs[3:6]]
    assert "prev_page_token" not in first
    assert "next_page_token" not in third
    assert ids(yard, offset=2, limit=3) == runs[2:5]


def test_the_older_versions_say_whether_there_is_more(yard: Yard) -> None:
    for _ in range(2):
        submitted(yard)

    assert yard("listJobRuns", "2.1", limit=1)["has_more"] is True
    assert yard("listJobRuns", "2.0", limit=2)["has_more"] is False
    assert "has_more" not in yard("listJobRuns", "2.2", limit=1)


def test_a_page_has_as_many_as_the_version_says_unless_told(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_pages, "DEFAULT_LIST", {"2.0": 1, "2.1": 2, "2.2": 3})
    for _ in range(4):
        submitted(yard)

    assert [len(ids(yard, version)) for version in ("2.0", "2.1", "2.2")] == [1, 2, 3]
    assert run_pages.LARGEST_LIST["2.2"] == 26
    assert len(ids(yard, limit=0)) == 4


def test_a_long_run_of_a_list_is_cut_and_marked(yard: Yard) -> None:
    submitted(yard, *(script(f"t{number}") for number in range(101)))

    newest, older = (yard("listJobRuns", version, expand_tasks=True)["runs"][0] for version in ("2.2", "2.1"))

    assert len(newest["tasks"]) == 100
    assert newest["has_more"] is True
    assert len(older["tasks"]) == 101
    assert "has_more" not in older


def test_a_list_says_which_task_failed_without_showing_the_tasks(yard: Yard) -> None:
    run = submitted(yard, script("a"), script("b", "a"))
    yard.end(run, "a", Outcome.FAILED)

    (listed,) = yard("listJobRuns")["runs"]

    assert listed["state"]["state_message"].startswith("Task a failed with message: ")
    assert listed["state"] == get(yard, run.id)["state"]
