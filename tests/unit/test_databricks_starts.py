"""How runs of jobs and submissions begin, over an engine that records but starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script

from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.run import Outcome, State
from runyard.dialects.databricks.runs.parameters import Told
from runyard.dialects.databricks.runs.planning import plan_again
from runyard.dialects.databricks.runs.starting import start
from runyard.engine.starting import Starting


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path / "home") as yard:
        yield yard


# run-now


def test_a_run_is_recorded_before_it_is_answered(yard: Yard) -> None:
    job_id = yard.create(script("a"), script("b", "a"), name="N")

    answer = yard("runJobNow", job_id=job_id)

    run = yard.run(answer["run_id"])
    assert answer["number_in_job"] == answer["run_id"]
    assert run.job_id == job_id
    assert run.job_name == "N"
    assert run.language == "databricks"
    assert run.settings["run_name"] == "N"
    assert run.settings["creator_user_name"] == "ada@example.com"
    assert [task.key for task in run.tasks] == ["a", "b"]


def test_the_same_token_means_the_same_run(yard: Yard) -> None:
    job_id = yard.create(script("a"))

    first = yard("runJobNow", job_id=job_id, idempotency_token="t")
    again = yard("runJobNow", job_id=job_id, idempotency_token="t")
    other = yard("runJobNow", job_id=job_id, idempotency_token="u")

    assert first == again
    assert other != first


def test_the_token_of_a_deleted_run_is_refused_by_its_own_name(yard: Yard) -> None:
    job_id = yard.create(script("a"))
    run = yard.run_now(job_id, idempotency_token="t")
    yard.end(run, "a")
    yard("deleteJobRun", run_id=run.id)

    with pytest.raises(InvalidRequest, match="with the token 't' has been deleted; use another"):
        yard("runJobNow", job_id=job_id, idempotency_token="t")


def test_a_token_has_at_most_64_characters(yard: Yard) -> None:
    job_id = yard.create(script("a"))

    with pytest.raises(InvalidRequest, match="65 characters; at most 64"):
        yard("runJobNow", job_id=job_id, idempotency_token="t" * 65)


def test_a_run_beyond_the_limit_waits_where_queueing_is_on_and_is_skipped_where_it_is_off(yard: Yard) -> None:
    queued, skipped = yard.create(script("a")), yard.create(script("a"), version="2.1")

    second = [[yard.run_now(job_id), yard.run_now(job_id)][1] for job_id in (queued, skipped)]

    assert second[0].state is State.QUEUED
    assert second[0].wait_until == second[0].created_at + 48 * 3_600_000
    assert second[1].outcome is Outcome.SKIPPED


def test_a_request_may_switch_queueing_for_its_run(yard: Yard) -> None:
    job_id = yard.create(script("a"))
    yard.run_now(job_id)

    assert yard.run_now(job_id, queue={"enabled": False}).outcome is Outcome.SKIPPED
    assert yard.run_now(job_id, queue={"enabled": True}).state is State.QUEUED


def test_a_job_with_a_limit_of_none_skips_every_run(yard: Yard) -> None:
    job_id = yard.create(script("a"), max_concurrent_runs=0)

    assert yard.run_now(job_id).outcome is Outcome.SKIPPED


def test_only_some_tasks_may_run(yard: Yard) -> None:
    run = yard.run_now(yard.create(script("a"), script("b", "a"), script("c", "b")), only=["b+"])

    assert [task.key for task in run.tasks] == ["b", "c"]
    assert run.tasks[0].depends_on == ()
    assert [task["task_key"] for task in run.settings["tasks"]] == ["b", "c"]
    assert run.settings["only"] == ["b+"]


def test_older_parameters_are_kept_with_the_run_that_they_are_for(yard: Yard) -> None:
    job_id = yard.create(notebook("nb", base_parameters={"a": "1", "b": "1"}), script("s"))

    run = yard.run_now(job_id, notebook_params={"b": 2}, python_params=["x"])

    assert run.settings["overriding_parameters"] == {"notebook_params": {"b": "2"}, "python_params": ["x"]}
    assert yard.finished(run, "nb")["parameters"] == {"a": "1", "b": "2"}
    assert yard.finished(run, "s")["arguments"] == ["x"]


def test_a_run_keeps_the_settings_of_its_beginning(yard: Yard) -> None:
    job_id = yard.create(notebook("nb", base_parameters={"a": "before"}))
    run = yard.run_now(job_id)

    yard("updateJob", job_id=job_id, new_settings={"tasks": [notebook("nb", base_parameters={"a": "after"})]})

    assert yard.finished(yard.run(run.id), "nb")["parameters"] == {"a": "before"}


def test_a_timeout_of_the_job_is_the_runs_and_a_changed_one_holds_for_active_runs(yard: Yard) -> None:
    job_id = yard.create(script("a"), timeout_seconds=100)
    run = yard.run_now(job_id)

    yard("updateJob", job_id=job_id, new_settings={"timeout_seconds": 5})

    assert run.timeout_at == run.created_at + 100_000
    changed = yard.run(run.id).timeout_at
    assert changed is not None
    assert changed < run.created_at + 100_000


def test_a_deleted_job_leaves_its_runs(yard: Yard) -> None:
    job_id = yard.create(script("a"))
    run = yard.run_now(job_id)

    assert yard("deleteJob", job_id=job_id) == {}

    assert yard.run(run.id).job_id == job_id
    with pytest.raises(NotFound):
        yard("getJob", job_id=job_id)


def test_a_trigger_starts_a_job_with_what_it_knows(yard: Yard) -> None:
    job = yard.engine.job(yard.workspace, yard.create(script("a")))
    starting = Starting(
        engine=yard.engine,
        workspace=yard.workspace,
        job=job,
        parameters={"p": "1"},
        started_by={"kind": "schedule", "at": 1},
        idempotency_key="trigger 1",
    )

    run, again = start(starting), start(starting)

    assert run.id == again.id
    assert run.started_by == {"kind": "schedule", "at": 1}
    assert run.settings["job_parameters"] == [{"name": "p", "value": "1"}]
    assert run.settings["creator_user_name"] == "ada@example.com"


def test_a_job_started_by_a_task_gets_its_parameters_of_both_kinds(yard: Yard) -> None:
    inner = yard.create(script("s"), notebook("nb"), parameters=[{"name": "p", "default": "0"}])
    by_name = {"task_key": "n", "run_job_task": {"job_id": inner, "job_parameters": {"p": "{{job.name}}"}}}
    by_place = {"task_key": "o", "run_job_task": {"job_id": inner, "python_params": ["{{job.name}}"]}}
    outer = yard.run_now(yard.create(by_name, by_place, name="outer"))

    yard.conduct()

    children = [yard.engine.child_run(yard.attempt(outer, key)) for key in "no"]
    assert children[0] is not None
    assert children[1] is not None
    assert children[0].settings["job_parameters"] == [{"name": "p", "default": "0", "value": "outer"}]
    assert yard.finished(children[1], "s")["arguments"] == ["outer"]


def test_a_repair_takes_the_jobs_settings_of_now_and_adds_to_what_the_run_was_told(yard: Yard) -> None:
    job_id = yard.create(notebook("nb"), parameters=[{"name": "p", "default": "1"}, {"name": "q", "default": "1"}])
    run = yard.run_now(job_id, job_parameters={"p": "2"})
    yard("updateJob", job_id=job_id, new_settings={"tasks": [notebook("nb", base_parameters={"new": "yes"})]})

    again = plan_again(run, yard.engine.job(yard.workspace, job_id), Told(job_parameters={"q": "3"}))

    assert again.tasks[0].spec["parameters"] == {"new": "yes", "p": "2", "q": "3"}
    assert again.settings["run_name"] == run.settings["run_name"]


# runs/submit


def test_tasks_run_without_a_job(yard: Yard) -> None:
    run = yard.submit(run_name="once", tasks=[script("a"), script("b", "a")], timeout_seconds=60)

    assert run.job_id is None
    assert run.job_name == "once"
    assert [task.key for task in run.tasks] == ["a", "b"]
    assert run.timeout_at == run.created_at + 60_000
    assert yard("listJobs") == {}


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.2"])
def test_one_task_may_stand_at_the_top_of_a_submission_and_is_called_as_the_run(yard: Yard, version: str) -> None:
    words = {"notebook_task": {"notebook_path": "/a"}, "existing_cluster_id": "c", "libraries": []}

    run = yard.run(yard("submitRun", version, run_name="dag__task 1", **words)["run_id"])

    (task,) = run.settings["tasks"]
    assert task["task_key"] == "dag__task 1"
    assert task["existing_cluster_id"] == "c"
    assert [one.key for one in run.tasks] == ["dag__task 1"]


def test_a_long_name_of_a_run_is_cut_for_its_task(yard: Yard) -> None:
    run = yard.submit(run_name="n" * 150, notebook_task={"notebook_path": "/a"})

    assert run.tasks[0].key == "n" * 100
    assert run.settings["run_name"] == "n" * 150


def test_a_submission_without_a_name_is_untitled(yard: Yard) -> None:
    assert yard.submit(tasks=[script("a")]).settings["run_name"] == "Untitled"


def test_submissions_with_the_same_token_are_one_run(yard: Yard) -> None:
    first = yard("submitRun", tasks=[script("a")], idempotency_token="t")

    assert yard("submitRun", tasks=[script("a")], idempotency_token="t") == first


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({}, "A run needs at least one task"),
        ({"tasks": [script("a", "b")]}, "task 'a' depends on 'b'"),
        ({"tasks": [{"task_key": "a"}]}, "does not say what it runs"),
        ({"tasks": [script("a")], "timeout_seconds": -5}, "The run has a timeout_seconds of -5"),
    ],
)
def test_submissions_that_cannot_run_are_refused(yard: Yard, words: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        yard("submitRun", **words)

    assert text in str(refused.value)
