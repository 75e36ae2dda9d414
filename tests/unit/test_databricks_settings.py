"""A job's settings: what is filled in, how versions show them, how updates merge them, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks_yard import Yard, databricks_yard, notebook, script

from runyard.core.errors import InvalidRequest
from runyard.dialects.databricks.jobs import settings


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path / "home") as yard:
        yield yard


def test_a_job_is_shown_with_the_defaults_of_the_service(yard: Yard) -> None:
    job_id = yard.create(notebook("a", base_parameters={"n": "1"}), version="2.1", name="N")

    assert yard.settings(job_id, "2.1") == {
        "name": "N",
        "email_notifications": {},
        "webhook_notifications": {},
        "timeout_seconds": 0,
        "max_concurrent_runs": 1,
        "format": "MULTI_TASK",
        "tasks": [
            {
                "task_key": "a",
                "run_if": "ALL_SUCCESS",
                "timeout_seconds": 0,
                "email_notifications": {},
                "notebook_task": {
                    "notebook_path": "/Users/ada/nb",
                    "base_parameters": {"n": "1"},
                    "source": "WORKSPACE",
                },
            }
        ],
    }


def test_a_job_without_a_name_is_untitled(yard: Yard) -> None:
    assert yard.settings(yard.create(script("a")))["name"] == "Untitled"


def test_queueing_is_on_by_default_only_in_the_newest_version(yard: Yard) -> None:
    newest, older = yard.create(script("a")), yard.create(script("a"), version="2.1")

    assert yard.settings(newest)["queue"] == {"enabled": True}
    assert "queue" not in yard.settings(older)


def test_members_that_nobody_here_knows_come_back_as_they_came(yard: Yard) -> None:
    unknown: dict[str, Any] = {"deployment": {"kind": "BUNDLE", "n": [1, None]}, "edit_mode": "UI_LOCKED"}

    shown = yard.settings(yard.create(script("a", description="d", compute={"x": 1}), **unknown))

    assert shown["deployment"] == {"kind": "BUNDLE", "n": [1, None]}
    assert shown["edit_mode"] == "UI_LOCKED"
    assert shown["tasks"][0]["description"] == "d"
    assert shown["tasks"][0]["compute"] == {"x": 1}


def test_numbers_and_flags_may_come_as_texts(yard: Yard) -> None:
    task = script("a", max_retries="2", retry_on_timeout="true", timeout_seconds="60")

    shown = yard.settings(yard.create(task, max_concurrent_runs="5", timeout_seconds=90.0))

    assert shown["max_concurrent_runs"] == 5
    assert shown["timeout_seconds"] == 90
    assert shown["tasks"][0]["max_retries"] == 2
    assert shown["tasks"][0]["retry_on_timeout"] is True
    assert shown["tasks"][0]["timeout_seconds"] == 60


def test_tasks_keep_the_order_in_which_they_came(yard: Yard) -> None:
    job_id = yard.create(script("z", "b", "a"), script("b"), script("a"))

    assert [task["task_key"] for task in yard.settings(job_id)["tasks"]] == ["z", "b", "a"]
    assert yard.settings(job_id)["tasks"][0]["depends_on"] == [{"task_key": "b"}, {"task_key": "a"}]


def test_a_job_of_the_oldest_version_is_shown_in_its_own_shape_there_and_with_tasks_elsewhere(yard: Yard) -> None:
    words: dict[str, Any] = {
        "name": "My job!",
        "notebook_task": {"notebook_path": "/a"},
        "new_cluster": {"num_workers": 1},
        "max_retries": 1,
    }
    job_id = yard("createJob", "2.0", **words)["job_id"]

    oldest, newest = yard.settings(job_id, "2.0"), yard.settings(job_id)

    assert oldest["format"] == "SINGLE_TASK"
    assert oldest["notebook_task"]["notebook_path"] == "/a"
    assert oldest["new_cluster"] == {"num_workers": 1}
    assert oldest["max_retries"] == 1
    assert "tasks" not in oldest
    assert newest["format"] == "MULTI_TASK"
    assert "notebook_task" not in newest
    assert newest["tasks"][0]["task_key"] == "My_job_"
    assert newest["tasks"][0]["new_cluster"] == {"num_workers": 1}


def test_a_job_of_many_tasks_is_shown_with_them_in_the_oldest_version_too(yard: Yard) -> None:
    shown = yard.settings(yard.create(script("a"), version="2.1"), "2.0")

    assert shown["format"] == "MULTI_TASK"
    assert shown["tasks"][0]["task_key"] == "a"


# updates


def test_an_update_replaces_tasks_of_the_same_key_adds_new_ones_and_keeps_the_rest(yard: Yard) -> None:
    job_id = yard.create(script("a", description="old", max_retries=3), script("b"))

    yard("updateJob", job_id=job_id, new_settings={"tasks": [script("c"), script("a", description="new")]})

    tasks = yard.settings(job_id)["tasks"]
    assert [task["task_key"] for task in tasks] == ["a", "b", "c"]
    assert tasks[0]["description"] == "new"
    assert "max_retries" not in tasks[0]


def test_an_update_merges_clusters_by_key_and_replaces_other_members_whole(yard: Yard) -> None:
    clusters = [{"job_cluster_key": key, "new_cluster": {"num_workers": 1}} for key in ("x", "y")]
    job_id = yard.create(script("a"), job_clusters=clusters, tags={"a": "1", "b": "2"})
    changed = [{"job_cluster_key": "y", "new_cluster": {"num_workers": 9}}]

    yard("updateJob", job_id=job_id, new_settings={"job_clusters": changed, "tags": {"c": "3"}})

    shown = yard.settings(job_id)
    assert [one["new_cluster"]["num_workers"] for one in shown["job_clusters"]] == [1, 9]
    assert shown["tags"] == {"c": "3"}
    assert shown["name"] == "Untitled"


def test_an_update_removes_members_tasks_and_clusters_by_name(yard: Yard) -> None:
    clusters: list[Any] = [{"job_cluster_key": key, "new_cluster": {}} for key in ("x", "y")]
    job_id = yard.create(
        script("a"), script("b"), job_clusters=clusters, tags={"a": "1"}, max_concurrent_runs=7, timeout_seconds=5
    )
    removed = ["tags", "tasks/b", "job_clusters/x", "max_concurrent_runs", "no such member"]

    yard("updateJob", job_id=job_id, fields_to_remove=removed)

    shown = yard.settings(job_id)
    assert "tags" not in shown
    assert [task["task_key"] for task in shown["tasks"]] == ["a"]
    assert [one["job_cluster_key"] for one in shown["job_clusters"]] == ["y"]
    assert shown["max_concurrent_runs"] == 1
    assert shown["timeout_seconds"] == 5


def test_an_update_that_would_leave_a_task_without_what_it_depends_on_changes_nothing(yard: Yard) -> None:
    job_id = yard.create(script("a"), script("b", "a"), name="before")

    with pytest.raises(InvalidRequest, match="task 'b' depends on 'a'"):
        yard("updateJob", job_id=job_id, new_settings={"name": "after"}, fields_to_remove=["tasks/a"])

    assert yard.settings(job_id)["name"] == "before"


def test_an_update_in_the_oldest_shape_changes_the_only_task(yard: Yard) -> None:
    job_id = yard("createJob", "2.0", name="n", notebook_task={"notebook_path": "/old"})["job_id"]

    yard("updateJob", "2.0", job_id=job_id, new_settings={"notebook_task": {"notebook_path": "/new"}})

    assert yard.settings(job_id, "2.0")["notebook_task"]["notebook_path"] == "/new"
    assert [task["task_key"] for task in yard.settings(job_id)["tasks"]] == ["n"]


def test_an_update_in_the_oldest_shape_keeps_what_it_does_not_name(yard: Yard) -> None:
    words: dict[str, Any] = {"existing_cluster_id": "c", "libraries": [{"pypi": {"package": "p"}}], "max_retries": 1}
    job_id = yard("createJob", "2.0", name="n", notebook_task={"notebook_path": "/old"}, **words)["job_id"]

    yard(
        "updateJob", "2.0", job_id=job_id, new_settings={"max_retries": 3, "name": "m"}, fields_to_remove=["libraries"]
    )
    kept = yard.settings(job_id, "2.0")
    script = {"spark_python_task": {"python_file": "dbfs:/x.py"}, "new_cluster": {"num_workers": 1}}
    yard("updateJob", "2.0", job_id=job_id, new_settings=script)
    changed = yard.settings(job_id, "2.0")

    assert (kept["name"], kept["max_retries"], kept["existing_cluster_id"]) == ("m", 3, "c")
    assert kept["notebook_task"]["notebook_path"] == "/old"
    assert "libraries" not in kept
    assert changed["spark_python_task"] == {"python_file": "dbfs:/x.py"}
    assert changed["new_cluster"] == {"num_workers": 1}
    assert changed["max_retries"] == 3
    assert changed.keys().isdisjoint({"notebook_task", "existing_cluster_id"})
    assert yard.settings(job_id)["tasks"][0]["task_key"] == "n"


def test_the_only_task_of_the_oldest_shape_can_be_changed_by_its_key(yard: Yard) -> None:
    job_id = yard("createJob", "2.0", name="n", notebook_task={"notebook_path": "/old"}, max_retries=1)["job_id"]
    told = [script("n", description="d", max_retries=2)]

    yard("updateJob", job_id=job_id, new_settings={"tasks": told})
    yard("updateJob", "2.0", job_id=job_id, new_settings={"max_retries": 3})

    assert yard.settings(job_id)["tasks"][0]["description"] == "d"
    assert yard.settings(job_id)["tasks"][0]["max_retries"] == 3
    yard("updateJob", job_id=job_id, fields_to_remove=["tasks/n"])
    assert yard.settings(job_id)["tasks"] == []


def test_an_update_does_not_switch_queueing_on(yard: Yard) -> None:
    job_id = yard.create(script("a"), version="2.1")

    yard("updateJob", job_id=job_id, new_settings={"name": "n"})

    assert "queue" not in yard.settings(job_id)


def test_a_reset_overwrites_everything_but_whom_the_job_runs_as(yard: Yard) -> None:
    job_id = yard.create(script("a"), script("b"), tags={"a": "1"}, run_as={"user_name": "eve@example.com"})

    yard("resetJob", job_id=job_id, new_settings={"name": "new", "tasks": [script("c")]})

    shown = yard.settings(job_id)
    assert shown["name"] == "new"
    assert [task["task_key"] for task in shown["tasks"]] == ["c"]
    assert "tags" not in shown
    assert shown["run_as"] == {"user_name": "eve@example.com"}
    assert yard("getJob", job_id=job_id)["run_as_user_name"] == "eve@example.com"
    assert yard("getJob", job_id=job_id)["creator_user_name"] == "ada@example.com"


def test_merging_leaves_the_old_settings_as_they_are() -> None:
    before = settings.completed({"tasks": [script("a")]}, "2.1")
    copy = settings.completed({"tasks": [script("a")]}, "2.1")

    settings.updated(before, {"tasks": [script("b")]}, [])

    assert before == copy


# what is refused


LOOP = {"task_key": "l", "for_each_task": {"inputs": "[1]", "task": script("n")}}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tasks": [script("a", "a")]}, "Invalid dependency graph, task 'a' can not reference itself."),
    ({"tasks": [script("a", "b")]}, "task 'a' depends on 'b', which is not a task of it"),
    ({"tasks": [script("a", "b"), script("b", "a")]}, "'a', 'b' depend on each other in a circle"),
    ({"tasks": [script("a"), script("a")]}, "task_key 'a' is given twice"),
    ({"tasks": [script("a b")]}, "task_key 'a b' must have"),
    ({"tasks": [script("k" * 101)]}, "at most 100"),
    ({"tasks": [{"spark_python_task": {"python_file": "dbfs:/x"}}]}, "has no task_key"),
    ({"tasks": [{"task_key": "a"}]}, "Task 'a' does not say what it runs"),
    ({"tasks": [script("a", notebook_task={"notebook_path": "/x"})]}, "spark_python_task and notebook_task"),
    ({"tasks": [{"task_key": "a", "notebook_task": {}}]}, "no notebook_task.notebook_path"),
    ({"tasks": [script(f"t{number}") for number in range(1001)]}, "1001 tasks; at most 1000"),
    ({"tasks": [script("a", run_if="SOMETIMES")]}, "run_if 'SOMETIMES'; use one of ALL_SUCCESS"),
    ({"tasks": [script("a", max_retries=-2)]}, "max_retries -2; use -1"),
    ({"tasks": [script("a", max_retries="many")]}, "tasks[0].max_retries: expected a whole number, got 'many'"),
    ({"tasks": [script("a", timeout_seconds=-1)]}, "timeout_seconds of -1"),
    ({"timeout_seconds": 2**31}, "The job has a timeout_seconds of 2147483648; the largest is 2147483647"),
    ({"tasks": [script("a", timeout_seconds=2**60)]}, "Task 'a' has a timeout_seconds of 1152921504606846976"),
    ({"tasks": [script("a", max_retries=2**31)]}, "Task 'a' has a max_retries of 2147483648"),
    ({"tasks": [script("a", min_retry_interval_millis=2**31)]}, "Task 'a' has a min_retry_interval_millis of"),
    ({"access_control_list": [{"user_name": "u", "permission_level": "CAN_FLY"}]}, "permission_level 'CAN_FLY'"),
    ({"access_control_list": [{"permission_level": "CAN_VIEW"}]}, "must name exactly one of user_name, group_name"),
    (
        {"access_control_list": [{"user_name": name, "permission_level": "IS_OWNER"} for name in "uv"]},
        "exactly one owner",
    ),
    ({"tasks": [script("a", job_cluster_key="x")]}, "job_cluster_key 'x', which is not in job_clusters"),
    ({"tasks": [script("a", environment_key="x")]}, "environment_key 'x', which is not in environments"),
    ({"tasks": "a"}, "tasks: expected an array, got 'a'"),
    ({"deployment": "bundle"}, "deployment: expected an object, got 'bundle'"),
    ({"tasks": [script("a", compute=1)]}, "tasks[0].compute: expected an object, got 1"),
    ({"tags": {str(number): "" for number in range(26)}}, "26 tags; at most 25"),
    ({"max_concurrent_runs": 1001}, "max_concurrent_runs: 1001 is not between 0 and 1000"),
    ({"max_concurrent_runs": -1}, "max_concurrent_runs: -1 is not between 0 and 1000"),
    ({"timeout_seconds": -1}, "use 0 for no timeout"),
    ({"name": "n" * 4097}, "more than 4096 bytes"),
    ({"parameters": [{"name": "p", "default": ""}, {"name": "p", "default": ""}]}, "parameter 'p' is given twice"),
    ({"parameters": [{"name": "p q", "default": ""}]}, "parameter 'p q' must consist of"),
    ({"git_source": {"git_url": "u", "git_provider": "x"}}, "git_source.git_provider must be one of: github,gitlab,"),
    ({"git_source": {"git_url": "u"}}, ",azuredevopsservices,githubenterprise,awscodecommit"),
    ({"git_source": {"git_provider": "gitHub"}}, "git_source.git_url is missing"),
    (
        {"tasks": [{"task_key": "a", "condition_task": {"op": "IS", "left": "1", "right": "1"}}]},
        "the op 'IS'; use one of EQUAL_TO",
    ),
    (
        {"tasks": [script("a"), script("b", depends_on=[{"task_key": "a", "outcome": "true"}])]},
        "depends on the outcome 'true' of 'a'; only a condition_task has one",
    ),
    (
        {"tasks": [{"task_key": "m", "for_each_task": {"inputs": "[1]", "task": LOOP}}]},
        "loops cannot be nested",
    ),
    (
        {"tasks": [{"task_key": "m", "for_each_task": {"inputs": "[1]", "task": script("n"), "concurrency": 101}}]},
        "concurrency of task 'm': 101 is not between 1 and 100",
    ),
    ({"tasks": [notebook("a", base_parameters={"x": "{{job.notebook_url}}"})]}, "{{job.notebook_url}} names nothing"),
]


@pytest.mark.parametrize(("wrong", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_settings_that_no_job_can_have_are_refused(yard: Yard, wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        yard("createJob", **{"tasks": [script("a")], **wrong})

    assert text in str(refused.value)
    assert yard("listJobs") == {}


def test_shared_clusters_need_the_shape_with_tasks(yard: Yard) -> None:
    words = {"notebook_task": {"notebook_path": "/a"}, "job_clusters": [{"job_cluster_key": "x", "new_cluster": {}}]}

    with pytest.raises(InvalidRequest, match="Shared job cluster feature is only supported in multi-task jobs"):
        yard("createJob", "2.0", **words)


def test_a_job_cannot_come_to_start_itself(yard: Yard) -> None:
    first = yard.create(script("a"))
    second = yard.create({"task_key": "s", "run_job_task": {"job_id": first}})
    loop = {"inputs": "[1]", "task": {"task_key": "n", "run_job_task": {"job_id": second}}}

    with pytest.raises(InvalidRequest, match=f"Job {first} would start itself"):
        yard("updateJob", job_id=first, new_settings={"tasks": [{"task_key": "l", "for_each_task": loop}]})


def test_jobs_start_jobs_at_most_three_deep(yard: Yard) -> None:
    deepest = yard.create(script("a"))
    for _ in range(3):
        deepest = yard.create({"task_key": "s", "run_job_task": {"job_id": deepest}})

    with pytest.raises(InvalidRequest, match="at most 3 deep"):
        yard.create({"task_key": "s", "run_job_task": {"job_id": deepest}})
