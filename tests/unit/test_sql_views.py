"""Views from elsewhere show what their own services would: Steampipe's tables, and Databricks' system tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from databricks_yard import Yard, databricks_yard, script
from sql_yard import Asker, asking

from runyard.core.run import Outcome

HOUR = 3_600_000
START = 1_800_000_000_000  # 2027-01-15 08:00:00 UTC


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with databricks_yard(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as yard:
        yield yard


@pytest.fixture
def ask(yard: Yard, tmp_path: Path) -> Iterator[Asker]:
    assert yard.store  # which is there before it is asked
    with asking(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as asker:
        yield asker


def long_run(yard: Yard, hours: float) -> int:
    """Record a failed run that took so many hours."""
    job_id = yard.create(script("main"), name="nightly", tags={"team": "x"})
    run = yard.run_now(job_id)
    yard.time[0] = START + int(hours * HOUR)
    yard.end(run, "main", Outcome.FAILED)
    return run.id


def test_a_run_over_full_hours_has_a_row_for_each_and_only_the_last_says_how_it_ended(yard: Yard, ask: Asker) -> None:
    run_id = long_run(yard, 2.5)

    rows = ask("SELECT * FROM system.lakeflow.job_run_timeline ORDER BY period_start_time")
    assert [row["result_state"] for row in rows] == [None, None, "FAILED"]
    assert [row["termination_code"] for row in rows] == [None, None, "RUN_EXECUTION_ERROR"]
    assert [row["period_end_time"] for row in rows[:-1]] == [START + HOUR, START + 2 * HOUR]
    assert rows[0]["period_start_time"] > START
    assert all(one["period_end_time"] == other["period_start_time"] for one, other in pairwise(rows))
    assert {row["run_id"] for row in rows} == {str(run_id)}


def test_a_short_run_has_one_row_that_says_how_it_ended(yard: Yard, ask: Asker) -> None:
    run_id = long_run(yard, 0.5)

    (row,) = ask("SELECT * FROM system.lakeflow.job_run_timeline")
    assert (row["run_id"], row["result_state"], row["run_type"]) == (str(run_id), "FAILED", "JOB_RUN")
    assert row["trigger_type"] == "ONETIME"
    (task,) = ask("SELECT * FROM system.lakeflow.job_task_run_timeline")
    assert (task["job_run_id"], task["task_key"], task["result_state"]) == (str(run_id), "main", "FAILED")
    assert task["run_id"] != str(run_id)


def test_a_task_run_over_full_hours_has_a_row_for_each(yard: Yard, ask: Asker) -> None:
    long_run(yard, 1.5)

    rows = ask("SELECT result_state FROM system.lakeflow.job_task_run_timeline ORDER BY period_start_time")
    assert rows == [{"result_state": None}, {"result_state": "FAILED"}]


def test_the_usual_questions_of_dashboards_are_answered(yard: Yard, ask: Asker) -> None:
    run_id = long_run(yard, 2.5)

    newest = ask(
        "SELECT run_id, result_state FROM system.lakeflow.job_run_timeline "
        "WHERE period_start_time >= CURRENT_DATE() - INTERVAL 7 DAYS "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY period_end_time DESC) = 1"
    )
    assert newest == [{"run_id": str(run_id), "result_state": "FAILED"}]
    counted = ask(
        "SELECT j.name, count_if(t.result_state = 'FAILED') AS failures FROM system.lakeflow.job_run_timeline t "
        "JOIN system.lakeflow.jobs j ON j.workspace_id = t.workspace_id AND j.job_id = t.job_id GROUP BY j.name"
    )
    assert counted == [{"name": "nightly", "failures": 1}]


def test_jobs_and_their_tasks_are_told_as_they_are_now(yard: Yard, ask: Asker) -> None:
    schedule = {"quartz_cron_expression": "0 0 0 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"}
    job_id = yard.create(script("a"), script("b", "a"), name="nightly", schedule=schedule, timeout_seconds=60)

    (job,) = ask("SELECT * FROM system.lakeflow.jobs")
    assert (job["job_id"], job["name"], job["trigger_type"], job["paused"]) == (str(job_id), "nightly", "CRON", 1)
    assert job["timeout_seconds"] == 60
    tasks = ask("SELECT task_key, depends_on_keys FROM system.lakeflow.job_tasks ORDER BY task_key")
    assert tasks == [{"task_key": "a", "depends_on_keys": "[]"}, {"task_key": "b", "depends_on_keys": '["a"]'}]


def test_steampipe_s_tables_have_moments_and_settings_in_columns(yard: Yard, ask: Asker) -> None:
    run_id = long_run(yard, 0.5)

    prepared = ask.session.prepare("SELECT * FROM databricks_job_run")
    types = {one.name: one.type for one in prepared.headings or ()}
    assert (types["start_time"], types["end_time"], types["tasks"]) == ("timestamp", "timestamp", "json")
    (run,) = ask("SELECT * FROM databricks_job_run WHERE start_time > '2027-01-01'")
    assert (run["run_id"], run["title"], run["end_time"] - START > 0) == (run_id, "nightly", True)
    (job,) = ask("SELECT name, tags, max_concurrent_runs FROM databricks_job")
    assert (job["name"], json.loads(job["tags"]), job["max_concurrent_runs"]) == ("nightly", {"team": "x"}, 1)
    (glue,) = ask("SELECT id, job_name, job_run_state, started_on, region, account_id FROM aws_glue_job_run")
    assert (glue["job_name"], glue["job_run_state"], glue["region"]) == ("nightly", "FAILED", "us-east-1")
    assert len(glue["account_id"]) == 12


def test_a_run_that_goes_on_has_no_end_yet(yard: Yard, ask: Asker) -> None:
    yard.submit(tasks=[script("main")], run_name="waits")

    assert ask("SELECT end_time FROM databricks_job_run") == [{"end_time": None}]
    (row,) = ask("SELECT result_state, termination_code FROM system.lakeflow.job_run_timeline LIMIT 1")
    assert row == {"result_state": None, "termination_code": None}
