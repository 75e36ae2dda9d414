"""What people do with the databricks-sdk, from the beginning to the end, against a real server."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, OperationFailed, ResourceDoesNotExist
from databricks.sdk.service import jobs
from databricks_live import notebook, put_notebook, results, workspace_client
from live import Live
from waiting import until


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("flows") / "home")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def create(client: WorkspaceClient, name: str, *tasks: jobs.Task, **more: object) -> int:
    job_id = client.jobs.create(name=name, tasks=list(tasks), **more).job_id  # type: ignore[arg-type]  # as callers do
    assert job_id is not None
    return job_id


def test_a_job_of_notebooks_runs_and_tells_what_its_tasks_found(client: WorkspaceClient) -> None:
    count = put_notebook(client, "count", 'dbutils.jobs.taskValues.set("rows", 41)', 'dbutils.notebook.exit("counted")')
    use = put_notebook(
        client, "use", 'rows = dbutils.jobs.taskValues.get("count", "rows")', "dbutils.notebook.exit(str(rows + 1))"
    )
    job_id = create(client, "chain", notebook("count", count), notebook("use", use, "count"))

    run = client.jobs.run_now_and_wait(job_id)

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    assert results(run) == {"count": "SUCCESS", "use": "SUCCESS"}
    outputs = {task.task_key: client.jobs.get_run_output(task.run_id or 0) for task in run.tasks or ()}
    assert outputs["count"].notebook_output is not None
    assert outputs["count"].notebook_output.result == "counted"
    assert outputs["use"].notebook_output is not None
    assert outputs["use"].notebook_output.result == "42"


def test_job_parameters_reach_every_notebook(client: WorkspaceClient) -> None:
    path = put_notebook(client, "params", 'dbutils.notebook.exit(dbutils.widgets.get("day"))')
    job_id = create(
        client, "params", notebook("only", path), parameters=[jobs.JobParameterDefinition(name="day", default="sunday")]
    )

    run = client.jobs.run_now_and_wait(job_id, job_parameters={"day": "monday"})

    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    assert output.notebook_output is not None
    assert output.notebook_output.result == "monday"
    assert [(one.name, one.default, one.value) for one in run.job_parameters or ()] == [("day", "sunday", "monday")]


def test_a_failing_task_fails_the_run_and_is_repaired_in_it(client: WorkspaceClient) -> None:
    good = put_notebook(client, "good", "print(1)")
    bad = put_notebook(client, "bad", "raise ValueError('not today')")
    job_id = create(
        client,
        "diamond",
        notebook("start", good),
        notebook("left", bad, "start"),
        notebook("right", good, "start"),
        notebook("join", good, "left", "right"),
        notebook("end", good, "join"),
    )
    waiter = client.jobs.run_now(job_id)
    with pytest.raises(OperationFailed):
        waiter.result()
    failed = client.jobs.get_run(waiter.run_id, include_history=True)

    assert failed.state is not None
    assert failed.state.life_cycle_state is jobs.RunLifeCycleState.INTERNAL_ERROR
    assert results(failed) == {
        "start": "SUCCESS",
        "left": "FAILED",
        "right": "SUCCESS",
        "join": "UPSTREAM_FAILED",
        "end": "UPSTREAM_FAILED",
    }
    assert [one.type.value for one in failed.repair_history or () if one.type] == ["ORIGINAL"]
    left = next(task for task in failed.tasks or () if task.task_key == "left")
    output = client.jobs.get_run_output(left.run_id or 0)
    assert output.error == "ValueError: not today"
    assert "raise ValueError('not today')" in (output.error_trace or "")

    put_notebook(client, "bad", "print('mended')")
    repaired = client.jobs.repair_run_and_wait(waiter.run_id, rerun_all_failed_tasks=True)

    assert repaired.run_id == waiter.run_id
    assert set(results(repaired).values()) == {"SUCCESS"}
    again = client.jobs.get_run(waiter.run_id, include_history=True)
    assert [one.type.value for one in again.repair_history or () if one.type] == ["ORIGINAL", "REPAIR"]
    assert len((again.repair_history or [])[1].task_run_ids or []) == 3


def test_a_submitted_run_needs_no_job(client: WorkspaceClient) -> None:
    path = put_notebook(client, "once", 'dbutils.notebook.exit("once")')
    task = jobs.SubmitTask(task_key="once", notebook_task=jobs.NotebookTask(notebook_path=path))

    run = client.jobs.submit_and_wait(run_name="one-off", tasks=[task])

    assert run.run_name == "one-off"
    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS


def test_a_condition_sends_the_run_down_one_branch(client: WorkspaceClient) -> None:
    path = put_notebook(client, "branch", "print(1)")
    choose = jobs.Task(
        task_key="choose",
        condition_task=jobs.ConditionTask(left="{{job.parameters.n}}", op=jobs.ConditionTaskOp.GREATER_THAN, right="5"),
    )
    big, small = notebook("big", path), notebook("small", path)
    big.depends_on = [jobs.TaskDependency(task_key="choose", outcome="true")]
    small.depends_on = [jobs.TaskDependency(task_key="choose", outcome="false")]
    parameters = [jobs.JobParameterDefinition(name="n", default="3")]
    job_id = create(client, "branches", choose, big, small, parameters=parameters)

    run = client.jobs.run_now_and_wait(job_id, job_parameters={"n": "7"})

    assert results(run) == {"choose": "SUCCESS", "big": "SUCCESS", "small": "EXCLUDED"}


def test_a_loop_runs_its_notebook_for_each_input(client: WorkspaceClient) -> None:
    path = put_notebook(client, "item", 'dbutils.notebook.exit(dbutils.widgets.get("x") + "!")')
    nested = jobs.Task(
        task_key="item",
        notebook_task=jobs.NotebookTask(notebook_path=path, base_parameters={"x": "{{input}}"}),
    )
    loop = jobs.Task(
        task_key="loop", for_each_task=jobs.ForEachTask(inputs='["a", "b", "c"]', concurrency=2, task=nested)
    )
    run = client.jobs.run_now_and_wait(create(client, "loop", loop))

    whole = client.jobs.get_run((run.tasks or [])[0].run_id or 0)
    told = [client.jobs.get_run_output(one.run_id or 0).notebook_output for one in whole.iterations or ()]
    assert sorted(one.result or "" for one in told if one) == ["a!", "b!", "c!"]


def test_a_job_runs_another_job(client: WorkspaceClient) -> None:
    path = put_notebook(client, "inner", "print(1)")
    inner = create(client, "inner", notebook("only", path))
    outer = create(client, "outer", jobs.Task(task_key="call", run_job_task=jobs.RunJobTask(job_id=inner)))

    run = client.jobs.run_now_and_wait(outer)

    called = list(client.jobs.list_runs(job_id=inner))
    assert results(run) == {"call": "SUCCESS"}
    assert [one.trigger.value for one in called if one.trigger] == ["RUN_JOB_TASK"]


def test_a_cancelled_run_and_its_process_end(client: WorkspaceClient) -> None:
    path = put_notebook(client, "endless", "import time\nwhile True: time.sleep(0.05)")
    waiter = client.jobs.run_now(create(client, "endless", notebook("only", path)))
    until(lambda: _state(client, waiter.run_id) == "RUNNING")

    run = client.jobs.cancel_run_and_wait(waiter.run_id)

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.CANCELED


def test_all_runs_of_a_job_are_cancelled(client: WorkspaceClient) -> None:
    path = put_notebook(client, "endless", "import time\nwhile True: time.sleep(0.05)")
    job_id = create(client, "many", notebook("only", path), max_concurrent_runs=3)
    started = [client.jobs.run_now(job_id).run_id for _ in range(3)]
    client.jobs.cancel_all_runs(job_id=job_id)

    until(lambda: not list(client.jobs.list_runs(job_id=job_id, active_only=True)))
    ended = [client.jobs.get_run(run_id).state for run_id in started]
    assert [one.result_state for one in ended if one] == [jobs.RunResultState.CANCELED] * 3


def test_an_exported_notebook_holds_its_cells_and_results(client: WorkspaceClient) -> None:
    path = put_notebook(client, "shown", "print('hello from the cell')", 'display([{"a": 1}])')
    run = client.jobs.submit_and_wait(
        tasks=[jobs.SubmitTask(task_key="t", notebook_task=jobs.NotebookTask(notebook_path=path))]
    )
    views = client.jobs.export_run((run.tasks or [])[0].run_id or 0).views or []

    found = re.search(r"__DATABRICKS_NOTEBOOK_MODEL = '([^']+)'", views[0].content or "")
    assert found is not None
    model = json.loads(unquote(base64.b64decode(found[1]).decode()))
    assert model["name"] == "shown"
    assert [one["command"] for one in model["commands"]] == ["print('hello from the cell')", 'display([{"a": 1}])']


def test_a_python_file_runs_with_its_parameters_and_tells_its_log(client: WorkspaceClient, live: Live) -> None:
    uri = live.put_script("args.py", "import sys\nprint('got', sys.argv[1:])\n")
    run = client.jobs.submit_and_wait(
        tasks=[
            jobs.SubmitTask(
                task_key="py", spark_python_task=jobs.SparkPythonTask(python_file=uri, parameters=["--day", "monday"])
            )
        ]
    )

    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    assert (output.logs or "").strip() == "got ['--day', 'monday']"


def test_a_query_gives_its_rows(client: WorkspaceClient, live: Live) -> None:
    (live.home / "workspace" / "q.sql").parent.mkdir(parents=True, exist_ok=True)
    (live.home / "workspace" / "q.sql").write_text("SELECT 6 * 7 AS answer;")
    file = jobs.SqlTaskFile(path="/Workspace/q.sql")
    task = jobs.SubmitTask(task_key="sql", sql_task=jobs.SqlTask(warehouse_id="local", file=file))
    run = client.jobs.submit_and_wait(tasks=[task])

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    output = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    assert output.sql_output is not None


def test_what_cannot_run_here_fails_and_says_so(client: WorkspaceClient) -> None:
    task = jobs.SubmitTask(
        task_key="pipeline",
        pipeline_task=jobs.PipelineTask(pipeline_id="of-the-cloud"),
    )
    waiter = client.jobs.submit(tasks=[task])
    with pytest.raises(OperationFailed):
        waiter.result()

    run = client.jobs.get_run(waiter.run_id)
    status = (run.tasks or [])[0].status
    assert status is not None
    assert status.termination_details is not None
    assert status.termination_details.code is jobs.TerminationCodeCode.FEATURE_DISABLED


@pytest.mark.parametrize(
    "what",
    [
        {"notebook_task": jobs.NotebookTask("/Workspace/tests/nowhere")},
        {"spark_python_task": jobs.SparkPythonTask("/Workspace/tests/nowhere.py")},
        {"sql_task": jobs.SqlTask("any", file=jobs.SqlTaskFile("/Workspace/tests/nowhere.sql"))},
        {"dbt_task": jobs.DbtTask(["dbt run"], project_directory="/Workspace/tests/nowhere")},
        {"run_job_task": jobs.RunJobTask(5)},
    ],
    ids=lambda what: next(iter(what)),
)
def test_what_is_not_there_is_a_resource_that_was_not_found(client: WorkspaceClient, what: dict[str, object]) -> None:
    job_id = create(client, "missing", jobs.Task(task_key="main", **what))  # type: ignore[arg-type]  # one of many types

    with pytest.raises(OperationFailed):
        client.jobs.run_now_and_wait(job_id)

    (run,) = client.jobs.list_runs(job_id=job_id, expand_tasks=True)
    for one in (run, *(run.tasks or ())):
        assert one.status is not None
        assert one.status.termination_details is not None
        assert one.status.termination_details.code is jobs.TerminationCodeCode.RESOURCE_NOT_FOUND


def test_a_run_that_does_not_exist_is_the_sdks_own_error(client: WorkspaceClient) -> None:
    with pytest.raises(ResourceDoesNotExist, match="Run 7 does not exist"):
        client.jobs.get_run(7)
    with pytest.raises(ResourceDoesNotExist, match="Job 5 does not exist"):
        client.jobs.get(5)


def test_a_run_started_with_boto3_is_seen_and_cancelled_here(client: WorkspaceClient, live: Live) -> None:
    live.make_job("glue-endless", "import time\nwhile True: time.sleep(0.05)\n")
    glue = live.client("glue")
    started = glue.start_job_run(JobName="glue-endless")["JobRunId"]
    seen = until(lambda: [one for one in client.jobs.list_runs(active_only=True) if one.run_name == "glue-endless"])
    run = client.jobs.cancel_run_and_wait(seen[0].run_id or 0)

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.CANCELED
    assert glue.get_job_run(JobName="glue-endless", RunId=started)["JobRun"]["JobRunState"] == "STOPPED"


def test_a_run_started_here_is_seen_and_stopped_with_boto3(client: WorkspaceClient, live: Live) -> None:
    path = put_notebook(client, "endless", "import time\nwhile True: time.sleep(0.05)")
    waiter = client.jobs.run_now(create(client, "seen-from-glue", notebook("only", path)))
    glue = live.client("glue")
    runs = glue.get_job_runs(JobName="seen-from-glue")["JobRuns"]
    glue.batch_stop_job_run(JobName="seen-from-glue", JobRunIds=[runs[0]["Id"]])
    run = waiter.result()

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.CANCELED
    assert len(runs) == 1
    assert glue.get_job_run(JobName="seen-from-glue", RunId=runs[0]["Id"])["JobRun"]["JobRunState"] == "STOPPED"


def _state(client: WorkspaceClient, run_id: int) -> str:
    state = client.jobs.get_run(run_id).state
    return state.life_cycle_state.value if state and state.life_cycle_state else ""


def test_the_token_of_a_deleted_run_starts_no_other(client: WorkspaceClient) -> None:
    path = put_notebook(client, "tokened", "print(1)")
    job_id = create(client, "tokened", notebook("only", path))
    first = client.jobs.run_now(job_id, idempotency_token="once").result()
    again = client.jobs.run_now(job_id, idempotency_token="once")
    assert again.run_id == first.run_id
    client.jobs.delete_run(first.run_id or 0)

    with pytest.raises(InvalidParameterValue, match="has been deleted"):
        client.jobs.run_now(job_id, idempotency_token="once")


def test_a_job_may_be_made_before_its_tasks(client: WorkspaceClient) -> None:
    job_id = create(client, "later")
    with pytest.raises(InvalidParameterValue, match="at least one task"):
        client.jobs.run_now(job_id)
    path = put_notebook(client, "later", "print(1)")
    client.jobs.update(job_id, new_settings=jobs.JobSettings(tasks=[notebook("only", path)]))

    assert results(client.jobs.run_now_and_wait(job_id)) == {"only": "SUCCESS"}
