"""Repairing runs, on an engine whose launcher the test plays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks_yard import Yard, databricks_yard, get, notebook, of_glue, script, submitted

from runyard.core.errors import InvalidRequest, WrongState
from runyard.core.run import Outcome, Run


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path) as opened:
        yield opened


def failed_chain(yard: Yard) -> Run:
    run = yard.run_now(yard.create(script("a"), script("b", "a"), script("c", "b"), name="n"))
    yard.end(run, "a")
    yard.end(run, "b", Outcome.FAILED)
    return run


def attempts_of(yard: Yard, run: Run) -> list[tuple[str, int]]:
    return [(task["task_key"], task["attempt_number"]) for task in get(yard, run.id)["tasks"]]


def test_a_repair_runs_what_failed_again_in_the_same_run(yard: Yard) -> None:
    run = failed_chain(yard)

    repair = yard("repairJobRun", run_id=run.id, rerun_all_failed_tasks=True)["repair_id"]
    during = get(yard, run.id, include_history=True)
    yard.end(run, "b")
    yard.end(run, "c")
    after = get(yard, run.id, include_history=True)

    assert attempts_of(yard, run) == [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("c", 1)]
    assert during["state"]["life_cycle_state"] in {"QUEUED", "PENDING"}
    assert during["repair_history"][0]["state"]["result_state"] == "FAILED"
    assert "result_state" not in during["repair_history"][1]["state"]
    assert after["state"]["result_state"] == "SUCCESS"
    assert [one["type"] for one in after["repair_history"]] == ["ORIGINAL", "REPAIR"]
    assert after["repair_history"][1]["id"] == repair
    assert after["repair_history"][1]["state"]["result_state"] == "SUCCESS"
    assert after["repair_history"][0]["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert len(after["repair_history"][0]["task_run_ids"]) == 3
    assert len(after["repair_history"][1]["task_run_ids"]) == 2


def test_a_second_repair_must_name_the_first(yard: Yard) -> None:
    run = failed_chain(yard)
    first = yard("repairJobRun", run_id=run.id, rerun_tasks=["b"])["repair_id"]
    yard.end(run, "b")

    for named in (None, first + 1):
        with pytest.raises(InvalidRequest) as refused:
            yard("repairJobRun", run_id=run.id, rerun_tasks=["b"], latest_repair_id=named)

        assert str(refused.value) == "The latest repair ID needs to be provided in order to create a new repair"

    second = yard("repairJobRun", run_id=run.id, rerun_tasks=["b"], latest_repair_id=first)["repair_id"]
    assert second > first
    assert [one["type"] for one in get(yard, run.id, include_history=True)["repair_history"]] == [
        "ORIGINAL",
        "REPAIR",
        "REPAIR",
    ]


def test_a_first_repair_may_name_none(yard: Yard) -> None:
    run = failed_chain(yard)

    with pytest.raises(InvalidRequest, match="was never repaired"):
        yard("repairJobRun", run_id=run.id, rerun_tasks=["b"], latest_repair_id=5)


def test_only_a_run_that_has_ended_is_repaired(yard: Yard) -> None:
    run = submitted(yard)

    with pytest.raises(WrongState, match="only a run that has ended"):
        yard("repairJobRun", run_id=run.id, rerun_tasks=["main"])


def test_a_repair_needs_one_way_to_choose_tasks(yard: Yard) -> None:
    run = failed_chain(yard)

    for keys, all_failed in (([], False), (["b"], True)):
        with pytest.raises(InvalidRequest, match="one of them"):
            yard("repairJobRun", run_id=run.id, rerun_tasks=keys, rerun_all_failed_tasks=all_failed)
    with pytest.raises(InvalidRequest, match="'x' is not a task"):
        yard("repairJobRun", run_id=run.id, rerun_tasks=["x"])


def test_a_repair_takes_the_jobs_settings_as_they_are_now(yard: Yard) -> None:
    run = failed_chain(yard)
    fixed = {"python_file": "dbfs:/fixed.py"}
    yard("updateJob", job_id=run.job_id, new_settings={"tasks": [{**script("b", "a"), "spark_python_task": fixed}]})

    yard("repairJobRun", run_id=run.id, rerun_tasks=["b"])

    tasks = {task["task_key"]: task for task in get(yard, run.id)["tasks"]}
    assert tasks["b"]["spark_python_task"] == fixed
    assert tasks["c"]["spark_python_task"] == {"python_file": "dbfs:/main.py"}
    assert next(task for task in yard.run(run.id).tasks if task.key == "b").spec["script"] == "dbfs:/fixed.py"


def test_a_repair_goes_on_without_a_task_that_its_job_has_lost(yard: Yard) -> None:
    run = failed_chain(yard)
    yard("resetJob", job_id=run.job_id, new_settings={"name": "n", "tasks": [script("new"), script("b", "new")]})

    yard("repairJobRun", run_id=run.id, rerun_all_failed_tasks=True)

    assert attempts_of(yard, run) == [("a", 0), ("b", 0), ("b", 1), ("c", 0), ("c", 1)]


def test_a_repair_outlives_its_job(yard: Yard) -> None:
    run = failed_chain(yard)
    yard("deleteJob", job_id=run.job_id)

    yard("repairJobRun", run_id=run.id, rerun_all_failed_tasks=True)
    yard.end(run, "b")
    yard.end(run, "c")

    assert get(yard, run.id)["state"]["result_state"] == "SUCCESS"


def test_a_repair_may_tell_other_parameters(yard: Yard) -> None:
    job = yard.create(notebook("main"), name="n", parameters=[{"name": "day", "default": "monday"}])
    run = yard.run_now(job)
    yard.end(run, "main", Outcome.FAILED)

    yard("repairJobRun", run_id=run.id, rerun_tasks=["main"], job_parameters={"day": "friday"})

    assert get(yard, run.id)["job_parameters"][0]["value"] == "friday"
    assert yard.finished(yard.run(run.id), "main")["parameters"] == {"day": "friday"}


def test_a_run_of_another_language_is_repaired_as_it_was(yard: Yard) -> None:
    run = of_glue(yard)
    yard.end(run, "main", Outcome.FAILED)

    yard("repairJobRun", run_id=run.id, rerun_all_failed_tasks=True)
    yard.end(run, "main")

    assert get(yard, run.id)["state"]["result_state"] == "SUCCESS"
