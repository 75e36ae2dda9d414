"""Runs and task runs as records, from rows made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from records import a_run, a_task, an_attempt, an_ended_attempt, an_ended_run

from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, Repair, Run, State
from runyard.dialects.databricks.facts import Facts, TaskRun, TaskRuns, job_run
from runyard.dialects.databricks.machine import CLUSTER_ID
from runyard.dialects.databricks.runs.shapes import in_version
from runyard.dialects.databricks.views import RUN, RUN_TASK, as_run

URL = "http://here"


def shown(run: Run, *attempts: Attempt, **more: Any) -> dict[str, Any]:
    return RUN.show(job_run(Facts(run=run, url=URL, attempts=attempts, **more)))


def parts(run: Run, *attempts: Attempt, **more: Any) -> Sequence[TaskRun]:
    return TaskRuns(Facts(run=run, url=URL, attempts=attempts, **more))


def tasks(run: Run, *attempts: Attempt) -> list[dict[str, Any]]:
    return [RUN_TASK.show(one) for one in parts(run, *attempts)]


def test_a_run_is_its_own_number_in_its_job_and_its_own_original() -> None:
    one = shown(an_ended_run(7, job_id=5))

    assert one["run_id"] == one["number_in_job"] == one["original_attempt_run_id"] == one["job_run_id"] == 7
    assert one["job_id"] == 5
    assert one["attempt_number"] == 0
    assert one["run_type"] == "JOB_RUN"


def test_a_run_without_a_job_has_a_job_id_too() -> None:
    one = shown(an_ended_run(7, settings={"run_name": "Untitled"}))

    assert one["job_id"] == 7
    assert one["run_type"] == "SUBMIT_RUN"
    assert one["run_page_url"] == "http://here/?o=1#job/7/run/7"


def test_a_run_under_way_has_no_end_and_no_length() -> None:
    one = shown(a_run(1, state=State.RUNNING, created_at=10))

    assert one["start_time"] == 10
    assert one["end_time"] == 0
    assert "run_duration" not in one


def test_a_run_of_one_task_tells_how_long_its_setup_and_its_code_took() -> None:
    run = an_ended_run(1, created_at=10, admitted_at=15, running_at=20, ended_at=50)
    attempt = an_ended_attempt(2, created_at=10, taken_at=15, running_at=20, ended_at=49)

    one = shown(run, attempt)

    assert (one["setup_duration"], one["execution_duration"], one["cleanup_duration"]) == (5, 29, 0)
    assert one["queue_duration"] == 5
    assert one["run_duration"] == 35
    assert one["cluster_instance"] == {"cluster_id": CLUSTER_ID}


def test_a_list_tells_those_lengths_without_reading_attempts() -> None:
    run = an_ended_run(1, created_at=10, admitted_at=15, attempt_at=10, running_at=20, ended_at=50)

    one = shown(run)

    assert (one["setup_duration"], one["execution_duration"]) == (5, 30)


def test_a_run_of_many_tasks_leaves_those_lengths_to_its_tasks() -> None:
    run = an_ended_run(1, tasks=(a_task("a"), a_task("b", "a")), created_at=10, admitted_at=10, ended_at=90)
    first = an_ended_attempt(2, task_key="a", created_at=10, taken_at=10, running_at=12, ended_at=40)
    second = an_ended_attempt(3, task_key="b", created_at=10, taken_at=40, running_at=43, ended_at=90)

    one = shown(run, first, second)

    assert (one["setup_duration"], one["execution_duration"]) == (0, 0)
    assert one["run_duration"] == 80
    assert "cluster_instance" not in one
    assert [
        (task["start_time"], task["setup_duration"], task["execution_duration"]) for task in tasks(run, first, second)
    ] == [
        (10, 2, 28),
        (40, 3, 47),
    ]


def test_a_task_run_tells_waiting_for_a_place_from_its_setup() -> None:
    run = an_ended_run(1, created_at=10, admitted_at=10, ended_at=90)
    taken = an_ended_attempt(2, created_at=10, taken_at=25, running_at=43, ended_at=90)
    waiting = an_attempt(2, state=State.QUEUED, created_at=10)

    (one,) = tasks(run, taken)
    (other,) = tasks(a_run(1, state=State.QUEUED, created_at=10, admitted_at=10), waiting)

    assert (one["queue_duration"], one["setup_duration"], one["execution_duration"]) == (15, 18, 47)
    assert "queue_duration" not in other
    assert other["setup_duration"] == 0


def test_a_repaired_run_counts_its_rounds_and_not_the_time_between_them() -> None:
    run = an_ended_run(1, repairs=1, created_at=10, admitted_at=500, ended_at=540)
    rounds = [
        Repair(id=1, run_id=1, number=0, created_at=10, ended_at=30),
        Repair(id=3, run_id=1, number=1, created_at=500, ended_at=540),
    ]

    one = shown(run, an_ended_attempt(2), an_ended_attempt(4, number=1), rounds=rounds)

    assert one["run_duration"] == 60
    assert "queue_duration" not in one


def test_every_attempt_is_an_entry_in_the_order_of_the_tasks() -> None:
    run = a_run(1, tasks=(a_task("b"), a_task("a")))
    attempts = [
        an_ended_attempt(2, task_key="a"),
        an_ended_attempt(3, task_key="b", outcome=Outcome.FAILED),
        an_attempt(4, task_key="b", number=1),
    ]

    assert [(one["task_key"], one["run_id"], one["attempt_number"]) for one in tasks(run, *attempts)] == [
        ("b", 3, 0),
        ("b", 4, 1),
        ("a", 2, 0),
    ]


def test_a_later_attempt_never_begins_before_an_earlier_one() -> None:
    run = a_run(1, created_at=10, admitted_at=10)
    attempts = [
        an_ended_attempt(2, created_at=10, running_at=12, ended_at=30, outcome=Outcome.FAILED),
        an_attempt(3, number=1, created_at=30, state=State.RETRYING, retry_at=900),
    ]

    first, second = tasks(run, *attempts)

    assert first["start_time"] < second["start_time"]
    assert second["end_time"] == 0


def test_the_wait_before_a_retry_is_no_part_of_it() -> None:
    patient = Task(key="main", kind="python script", max_retries=1, retry_wait_ms=500)
    run = an_ended_run(1, tasks=(patient,), created_at=10, admitted_at=10, ended_at=560)
    attempts = [
        an_ended_attempt(2, created_at=10, taken_at=10, running_at=12, ended_at=30, outcome=Outcome.FAILED),
        an_ended_attempt(3, number=1, created_at=30, taken_at=520, running_at=525, ended_at=560),
    ]

    second = tasks(run, *attempts)[1]

    assert second["start_time"] == 512
    assert (second["queue_duration"], second["setup_duration"], second["execution_duration"]) == (8, 5, 35)
    assert second["run_duration"] == 48


def test_a_retry_names_its_first_attempt_and_a_repair_begins_anew() -> None:
    attempts = [an_ended_attempt(2), an_ended_attempt(3, number=1), an_ended_attempt(4, number=2, series=2)]

    ones = [as_run(one) for one in parts(an_ended_run(1, job_id=9), *attempts)]

    assert [(one["run_id"], one["original_attempt_run_id"]) for one in ones] == [(2, 2), (3, 2), (4, 4)]
    assert {one["job_run_id"] for one in ones} == {1}
    assert {one["job_id"] for one in ones} == {9}
    assert [one["tasks"][0]["run_id"] for one in ones] == [2, 3, 4]


def test_a_task_is_shown_as_it_was_written() -> None:
    written = {
        "task_key": "main",
        "notebook_task": {"notebook_path": "/a", "source": "WORKSPACE"},
        "depends_on": [],
        "max_retries": 3,
        "run_if": "ALL_DONE",
        "libraries": [{"pypi": {"package": "x"}}],
        "unheard_of": 1,
    }
    run = a_run(1, tasks=(a_task("main"),), settings={"tasks": [written]})

    (one,) = tasks(run, an_attempt(2))

    assert {name: one[name] for name in written if name in one} == {
        name: value for name, value in written.items() if name != "unheard_of"
    }


def test_a_run_of_another_language_shows_its_script() -> None:
    task = Task(key="main", kind="python_script", spec={"script": "s3://b/k.py", "environment": {"A": "hunter2"}})

    (one,) = tasks(a_run(1, tasks=(task,)), an_attempt(2))

    assert one["spark_python_task"] == {"python_file": "s3://b/k.py"}
    assert "hunter2" not in str(one)


def test_what_started_a_run_is_told() -> None:
    cron = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}

    by_clock = shown(a_run(1, job_id=2, started_by={"kind": "schedule"}, settings={"schedule": cron}))
    by_hand = shown(a_run(1, job_id=2, settings={"schedule": cron}))
    by_task = shown(a_run(1, job_id=2, started_by={"kind": "run_job"}, parent_attempt_id=8))
    by_jobs = shown(a_run(1, job_id=2, started_by={"kind": "job_completion", "jobs": [{"job_id": 3, "run_id": 4}]}))

    assert (by_clock["trigger"], by_clock["schedule"]) == ("PERIODIC", cron)
    assert (by_hand["trigger"], by_hand.get("schedule")) == ("ONE_TIME", None)
    assert (by_task["trigger"], by_task["trigger_info"]) == ("RUN_JOB_TASK", {"run_id": 8})
    assert by_jobs["trigger"] == "JOB_COMPLETION"
    assert by_jobs["trigger_info"] == {"job_completion": {"completed_jobs": [{"job_id": "3", "run_id": "4"}]}}


def test_only_a_task_with_a_process_has_a_cluster() -> None:
    script = an_ended_attempt(2, running_at=1)
    waiting = an_attempt(3)
    condition = Task(key="main", kind="condition")

    assert tasks(a_run(1), script)[0]["cluster_instance"] == {"cluster_id": CLUSTER_ID}
    assert "cluster_instance" not in tasks(a_run(1), waiting)[0]
    named = a_run(1, settings={"tasks": [{"task_key": "main", "existing_cluster_id": "c"}]})
    assert tasks(named, script)[0]["cluster_instance"] == {"cluster_id": "c"}
    assert "cluster_instance" not in tasks(a_run(1, tasks=(condition,)), script)[0]


def test_the_oldest_version_has_the_only_task_at_the_top() -> None:
    written = {"task_key": "main", "notebook_task": {"notebook_path": "/a"}, "existing_cluster_id": "c"}
    run = a_run(1, settings={"tasks": [written]})
    whole = {**shown(run, an_attempt(2)), "tasks": tasks(run, an_attempt(2))}

    oldest, older, newest = (in_version(whole, version) for version in ("2.0", "2.1", "2.2"))

    assert oldest["task"] == {"notebook_task": {"notebook_path": "/a"}}
    assert oldest["cluster_spec"] == {"existing_cluster_id": "c"}
    assert "tasks" not in oldest
    assert (oldest["format"], older["format"], newest.get("format")) == ("SINGLE_TASK", "MULTI_TASK", None)
    assert older["tasks"] == newest["tasks"] == whole["tasks"]


def test_the_oldest_version_keeps_the_tasks_of_a_run_that_has_many() -> None:
    run = a_run(1, tasks=(a_task("a"), a_task("b")))
    whole = {**shown(run), "tasks": tasks(run, an_attempt(2, task_key="a"), an_attempt(3, task_key="b"))}

    oldest = in_version(whole, "2.0")

    assert oldest["format"] == "MULTI_TASK"
    assert len(oldest["tasks"]) == 2
