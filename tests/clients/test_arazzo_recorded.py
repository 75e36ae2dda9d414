"""Runs of workflows in the ledger: seen by our commands and by Databricks' client, as they really were."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arazzo_command import SETTINGS, Yard, told_of_a_run
from databricks.sdk.service import jobs
from live import Live
from waiting import held_by, until

from runyard.client.native import NativeClient

WORKFLOW = "run-existing-job-and-wait"


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    live = Live(tmp_path_factory.mktemp("arazzo-recorded") / "home", settings=SETTINGS).start()
    yield Yard(live)
    live.close()


def record_of(yard: Yard, told: str) -> dict[str, Any]:
    """Return the run that a command said it was recorded as, with its attempts."""
    line = next(line for line in told.splitlines() if line.startswith("recorded as run "))
    return dict(yard.runs("show", line.split()[3].strip(";")))


def phases(record: dict[str, Any]) -> dict[str, str]:
    return {attempt["task_key"]: attempt["phase"] for attempt in record["attempts"]}


def begun(yard: Yard, name: str) -> tuple[subprocess.Popen[str], str]:
    """Start a recorded workflow whose job does not end, and return it once it polls a running job."""
    process = yard.started(*yard.with_source(yard.job(name, "import time; time.sleep(600)"), "--record"))
    return process, told_of_a_run(process)


def stop_jobs(yard: Yard) -> None:
    for run in yard.client.jobs.list_runs(active_only=True):
        yard.client.jobs.cancel_run(run.run_id or 0)


def test_a_run_is_recorded_with_a_task_for_each_step(yard: Yard, tmp_path: Path) -> None:
    gate = tmp_path / "seen"
    job_id = yard.job("recorded", held_by(gate) + "time.sleep(1)")
    ended = yard.polled(gate, *yard.with_source(job_id, "--record", "--json"))
    record = record_of(yard, ended.stderr)
    report = json.loads(ended.stdout)

    assert ended.returncode == 0, ended.stderr
    assert report["run_id"] == record["id"]
    assert record["phase"] == "succeeded"
    assert record["job_name"] == WORKFLOW
    assert record["settings"]["inputs"] == {"jobId": job_id, "token": "***"}
    assert phases(record) == dict.fromkeys(("getJob", "runJobNow", "pollRun", WORKFLOW), "succeeded")
    outputs = {attempt["task_key"]: attempt["output"]["values"] for attempt in record["attempts"]}
    assert outputs["getJob"] == {"jobName": "recorded"}
    assert outputs[WORKFLOW] == report["outputs"]
    times = {attempt["task_key"]: (attempt["running_at"], attempt["ended_at"]) for attempt in record["attempts"]}
    assert times["pollRun"][1] - times["pollRun"][0] >= 1000
    assert times["getJob"][1] <= times["runJobNow"][0] + 1
    assert times[WORKFLOW][0] <= times["getJob"][0]


def test_databricks_own_client_sees_it_too(yard: Yard) -> None:
    ended = yard.command(*yard.with_source(yard.job("seen", "import time; time.sleep(0.5)"), "--record"))
    run = yard.client.jobs.get_run(record_of(yard, ended.stderr)["id"])

    assert run.run_name == WORKFLOW
    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    assert [task.task_key for task in run.tasks or ()] == ["getJob", "runJobNow", "pollRun", WORKFLOW]
    times = {task.task_key: (task.start_time or 0, task.end_time or 0) for task in run.tasks or ()}
    assert times[WORKFLOW][0] <= times["getJob"][0]
    assert times["getJob"][1] <= times["runJobNow"][0] + 1
    assert times["runJobNow"][1] <= times["pollRun"][0] + 1
    assert times["pollRun"][1] <= times[WORKFLOW][1] + 1
    assert run.run_id in [one.run_id for one in yard.client.jobs.list_runs()]


def test_a_run_that_fails_says_why_and_what_was_not_reached(yard: Yard) -> None:
    ended = yard.command(*yard.with_source(1, "--record"))
    record = record_of(yard, ended.stderr)

    assert ended.returncode == 1
    assert record["phase"] == "failed"
    assert record["message"].startswith("The step getJob failed: `$statusCode == 200` does not hold")
    assert phases(record) == {"getJob": "failed", "runJobNow": "excluded", "pollRun": "excluded", WORKFLOW: "failed"}


def test_it_is_recorded_while_it_goes_on_and_ctrl_c_ends_it(yard: Yard) -> None:
    process, told = begun(yard, "interrupted")
    expected = {"getJob": "succeeded", "runJobNow": "succeeded", "pollRun": "running", WORKFLOW: "running"}
    record = until(lambda: record_of(yard, told))
    assert until(lambda: phases(record_of(yard, told)) == expected)
    assert record["phase"] == "running"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    record = record_of(yard, told)

    assert process.returncode == 130
    assert record["phase"] == "cancelled"
    assert phases(record) == {**expected, "pollRun": "cancelled", WORKFLOW: "cancelled"}
    assert record["message"] == "It was interrupted. It stood at pollRun."
    stop_jobs(yard)


def test_a_run_that_is_stopped_on_the_server_stops(yard: Yard) -> None:
    process, told = begun(yard, "stopped")
    record = record_of(yard, told)
    client = NativeClient(yard.live.url, yard.token, patience_s=5, timeout_s=30)
    client.stop_run(record["id"])
    out, rest = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"Its record, run {record['id']}, has ended on the server." in rest
    assert record_of(yard, told)["phase"] == "cancelled"
    assert yard.token not in out + rest
    client.close()
    stop_jobs(yard)


def test_the_ledger_has_no_secret_of_the_workflow(yard: Yard) -> None:
    yard.command(*yard.with_source(yard.job("secret", "pass"), "--record"))
    files = [file for file in yard.live.home.glob("ledger.db*") if file.is_file()]

    assert files
    assert all(os.fsencode(yard.token) not in file.read_bytes() for file in files)


def test_a_client_that_falls_silent_is_taken_for_dead(yard: Yard) -> None:
    client = NativeClient(yard.live.url, yard.token, patience_s=5, timeout_s=30)
    run_id = client.record("silent", ["a", "b"], verdict="silent", settings={}, lease_s=1)["id"]
    began = client.run(run_id)["created_at"]
    client.tell(run_id, [{"task": "silent", "began_at": began}, {"task": "a", "began_at": began}], lease_s=1)
    lost = until(lambda: run if (run := client.run(run_id))["state"] == "ended" else None)
    found = {attempt["task_key"]: attempt["phase"] for attempt in client.attempts(run_id)}
    client.close()

    assert lost is not None
    assert lost["phase"] == "crashed"
    assert "taken for dead" in lost["message"]
    assert found == {"a": "crashed", "b": "excluded", "silent": "crashed"}


def test_a_server_that_cannot_be_told_stops_the_command_before_anything_is_sent(yard: Yard) -> None:
    job_id = yard.job("untold", "pass")
    ended = yard.command(*yard.with_source(job_id, "--record", "--url", "http://127.0.0.1:9"))

    assert ended.returncode == 1
    assert "No server answers at http://127.0.0.1:9" in ended.stderr
    assert list(yard.client.jobs.list_runs(job_id=job_id)) == []
