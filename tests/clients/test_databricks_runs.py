"""Runs seen, waited for, cancelled and listed with the databricks-sdk, against a real server."""

from __future__ import annotations

import base64
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, OperationFailed, ResourceDoesNotExist
from databricks.sdk.service import jobs
from databricks_live import legacy_command, workspace_client
from live import Live
from records import a_workspace, an_ended_attempt, an_ended_run, record
from waiting import until

from runyard.core.ids import first_of
from runyard.dialects.aws_ids import run_id as glue_id
from runyard.store.store import open_store

MANY = 10_050
BEGAN = 1_750_000_000_000
HELD = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("runs") / "home")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def script(live: Live, name: str, text: str) -> jobs.SparkPythonTask:
    file = live.home / "dbfs" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return jobs.SparkPythonTask(python_file=f"dbfs:/{name}")


def true(key: str) -> jobs.SubmitTask:
    """Return a task that needs no process."""
    return jobs.SubmitTask(
        task_key=key, condition_task=jobs.ConditionTask(op=jobs.ConditionTaskOp.EQUAL_TO, left="1", right="1")
    )


def submit(client: WorkspaceClient, *tasks: jobs.SubmitTask, name: str = "once") -> int:
    run_id = client.jobs.submit(run_name=name, tasks=list(tasks)).run_id
    assert run_id is not None
    return run_id


def held(live: Live, client: WorkspaceClient) -> int:
    """Return a run that has begun and will not end by itself."""
    run_id = submit(client, jobs.SubmitTask(task_key="main", spark_python_task=script(live, "held.py", HELD)))
    until(lambda: "begun" in (client.jobs.get_run_output(run_id).logs or ""))
    return run_id


def result(run: jobs.Run) -> str | None:
    assert run.state is not None
    return run.state.result_state.value if run.state.result_state else None


def page(live: Live, path: str) -> str:
    secret = base64.b64encode(f"admin:{live.credentials['password']}".encode()).decode()
    request = urllib.request.Request(live.url + path, headers={"authorization": f"Basic {secret}"})  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        text: str = answer.read().decode()
    return text


def test_a_run_of_more_tasks_than_a_page_holds_arrives_whole(client: WorkspaceClient) -> None:
    run_id = submit(client, *(true(f"t{number}") for number in range(230)))
    client.jobs.wait_get_run_job_terminated_or_skipped(run_id)

    run = client.jobs.get_run(run_id, include_history=True)

    assert [task.task_key for task in run.tasks or ()] == [f"t{number}" for number in range(230)]
    assert {task.condition_task.outcome for task in run.tasks or () if task.condition_task} == {"true"}
    assert [len(item.task_run_ids or ()) for item in run.repair_history or ()] == [230]
    listed = next(one for one in client.jobs.list_runs(expand_tasks=True) if one.run_id == run_id)
    assert len(listed.tasks or ()) == 230


def test_the_iterations_of_a_loop_arrive_whole(client: WorkspaceClient) -> None:
    nested = jobs.Task(
        task_key="each",
        condition_task=jobs.ConditionTask(op=jobs.ConditionTaskOp.GREATER_THAN, left="{{input}}", right="100"),
    )
    inputs = str(list(range(120)))
    loop = jobs.SubmitTask(task_key="loop", for_each_task=jobs.ForEachTask(inputs=inputs, task=nested, concurrency=20))
    run = client.jobs.wait_get_run_job_terminated_or_skipped(submit(client, loop))
    task = (run.tasks or [])[0]

    iterations = client.jobs.get_run(task.run_id or 0).iterations or []

    assert [one.condition_task.outcome for one in iterations if one.condition_task] == ["false"] * 101 + ["true"] * 19
    assert task.for_each_task is not None
    assert task.for_each_task.stats is not None
    assert task.for_each_task.stats.task_run_stats is not None
    assert task.for_each_task.stats.task_run_stats.succeeded_iterations == 120


def test_every_one_of_ten_thousand_runs_is_listed_once(tmp_path: Path) -> None:
    server = Live(tmp_path / "home", settings="preload = []\n")
    server.home.mkdir()
    store = open_store(f"sqlite:///{server.home / 'ledger.db'}")
    ids = [first_of(BEGAN) + number * 4 for number in range(MANY)]
    runs = [an_ended_run(id_, created_at=BEGAN, ended_at=BEGAN + 5) for id_ in ids]
    record(store, a_workspace(), *runs, *(an_ended_attempt(id_ + 1, run_id=id_) for id_ in ids))
    store.close()
    try:
        client = workspace_client(server.start())

        found = [run.run_id for run in client.jobs.list_runs(limit=25)]
        with pytest.raises(InvalidParameterValue, match=r"offset 10020 has exceeded the value of 10000 allowed"):
            list(client.jobs.list_runs(offset=10020))

        assert found == ids[::-1]
    finally:
        server.close()


def test_a_missing_run_is_the_error_that_programs_catch(client: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist, match=r"^Run 7 does not exist\.$"):
        client.jobs.get_run(7)
    with pytest.raises(ResourceDoesNotExist):
        client.jobs.get_run_output(7)
    with pytest.raises(InvalidParameterValue, match=r"^Invalid limit 27 - it has to be no more than 26\.$"):
        list(client.jobs.list_runs(limit=27))


def test_a_failed_script_tells_its_error_its_trace_and_its_log(live: Live, client: WorkspaceClient) -> None:
    broken = script(live, "broken.py", "print('before')\nraise ValueError('no rows')\n")
    run_id = submit(client, jobs.SubmitTask(task_key="main", spark_python_task=broken))
    with pytest.raises(OperationFailed, match="Task main failed with message: Workload failed, see run output"):
        client.jobs.wait_get_run_job_terminated_or_skipped(run_id)

    output = client.jobs.get_run_output(run_id)

    assert output.error == "ValueError: no rows"
    assert (output.error_trace or "").startswith("Traceback (most recent call last)")
    assert (output.logs or "").startswith("before\n")
    assert output.logs_truncated is False
    assert output.metadata is not None
    assert result(output.metadata) == "FAILED"


def test_a_run_is_cancelled_and_waited_for(live: Live, client: WorkspaceClient) -> None:
    run = client.jobs.cancel_run_and_wait(held(live, client))

    assert result(run) == "CANCELED"
    assert run.status is not None
    assert run.status.termination_details is not None
    assert run.status.termination_details.code is jobs.TerminationCodeCode.USER_CANCELED


def test_all_runs_of_a_job_are_cancelled(live: Live, client: WorkspaceClient) -> None:
    task = jobs.Task(task_key="main", spark_python_task=script(live, "held.py", HELD))
    job_id = client.jobs.create(name="held", tasks=[task], max_concurrent_runs=2).job_id
    assert job_id is not None
    started = [client.jobs.run_now(job_id).run_id or 0 for _ in range(3)]

    client.jobs.cancel_all_runs(job_id=job_id)

    ended = [client.jobs.wait_get_run_job_terminated_or_skipped(run_id) for run_id in started]
    assert {result(run) for run in ended} == {"CANCELED"}


def test_a_run_that_boto3_started_is_waited_for_and_cancelled_here(live: Live, client: WorkspaceClient) -> None:
    glue = live.client("glue")
    quick, slow = live.make_job("quick", "print('ran')"), live.make_job("slow", HELD)
    ran = glue.start_job_run(JobName=quick)["JobRunId"]
    hangs = glue.start_job_run(JobName=slow)["JobRunId"]
    here = {glue_id(run.run_id or 0): run.run_id or 0 for run in client.jobs.list_runs(expand_tasks=True)}

    waited = client.jobs.wait_get_run_job_terminated_or_skipped(here[ran])
    client.jobs.cancel_run_and_wait(here[hangs])

    assert result(waited) == "SUCCESS"
    assert waited.run_name == "quick"
    assert client.jobs.get_run_output(here[ran]).logs == "ran\n"
    assert glue.get_job_run(JobName=slow, RunId=hangs)["JobRun"]["JobRunState"] == "STOPPED"


def test_a_run_is_deleted_once_it_has_ended(client: WorkspaceClient) -> None:
    run_id = submit(client, true("main"))
    client.jobs.wait_get_run_job_terminated_or_skipped(run_id)

    client.jobs.delete_run(run_id)

    with pytest.raises(ResourceDoesNotExist):
        client.jobs.get_run(run_id)


def test_the_page_of_a_run_is_where_its_address_says(live: Live, client: WorkspaceClient) -> None:
    run = client.jobs.wait_get_run_job_terminated_or_skipped(submit(client, true("main"), name="seen"))
    root, _, link = (run.run_page_url or "").partition("#")

    leading = page(live, root.removeprefix(live.url))
    shown = page(live, f"/jobs/{run.job_id}/runs/{run.run_id}?o=1")

    assert link == f"job/{run.job_id}/run/{run.run_id}"
    assert root.startswith(f"{live.url}/?o=")
    assert "<title>runyard</title>" in leading  # the console, which goes on to what stands behind the #
    assert "Run of seen" in shown
    assert "SUCCESS" in shown


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_the_legacy_command_shows_and_lists_runs(live: Live, client: WorkspaceClient, version: str) -> None:
    run_id = submit(client, true("main"))

    shown = legacy_command(live, "runs", "get", "--run-id", str(run_id), "--version", version)
    listed = legacy_command(live, "runs", "list", "--limit", "5", "--output", "JSON", "--version", version)

    assert shown["run_id"] == run_id
    assert shown["format"] == {"2.0": "SINGLE_TASK", "2.1": "MULTI_TASK"}[version]
    assert listed["runs"][0]["run_id"] == run_id
