"""Jobs as the unmodified databricks-sdk makes, changes, lists and starts them, against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, OperationFailed, ResourceDoesNotExist
from databricks.sdk.service import compute, jobs
from databricks_live import legacy_command, results, workspace_client
from live import Live

SHOW = "import os, sys\nprint('told', *sys.argv[1:], os.environ.get('DAY', ''))\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("jobs") / "home").start()
    yield server
    server.close()


@pytest.fixture
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


@pytest.fixture
def show(live: Live) -> str:
    """A script that prints what it is told."""
    return put(live.home, "show.py", SHOW)


def put(home: Path, name: str, text: str) -> str:
    file = home / "dbfs" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return f"dbfs:/{name}"


def script(key: str, file: str, *parameters: str, after: tuple[str, ...] = (), **more: Any) -> jobs.Task:
    return jobs.Task(
        task_key=key,
        spark_python_task=jobs.SparkPythonTask(python_file=file, parameters=list(parameters)),
        depends_on=[jobs.TaskDependency(task_key=one) for one in after],
        **more,
    )


def only_task(run: jobs.Run) -> jobs.RunTask:
    tasks = run.tasks or []
    assert len(tasks) == 1
    return tasks[0]


def started(client: WorkspaceClient, job_id: int, **more: Any) -> int:
    """Start a run and return its id; the SDK hides the answer behind a waiter without types."""
    response: Any = client.jobs.run_now(job_id, **more).response
    return int(response.run_id)


def log_of(client: WorkspaceClient, run: jobs.Run, key: str) -> str:
    (task,) = [one for one in run.tasks or () if one.task_key == key]
    assert task.run_id is not None
    return client.jobs.get_run_output(task.run_id).logs or ""


def test_a_job_comes_back_as_it_was_made(client: WorkspaceClient, show: str) -> None:
    task = script("a", show, "x", max_retries=2, timeout_seconds=60, run_if=jobs.RunIf.ALL_DONE)
    cluster = jobs.JobCluster(job_cluster_key="c", new_cluster=compute.ClusterSpec(num_workers=2, spark_version="15"))
    parameters = [jobs.JobParameterDefinition(name="p", default="1")]

    job_id = client.jobs.create(
        name="mine", tasks=[task], job_clusters=[cluster], parameters=parameters, tags={"team": "data"}
    ).job_id

    assert job_id is not None
    found = client.jobs.get(job_id)
    assert found.job_id == job_id
    assert found.creator_user_name
    assert found.settings is not None
    assert found.settings.name == "mine"
    assert found.settings.tags == {"team": "data"}
    assert found.settings.parameters == parameters
    assert found.settings.queue == jobs.QueueSettings(enabled=True)
    assert [one.as_dict() for one in found.settings.job_clusters or ()] == [cluster.as_dict()]
    assert found.settings.tasks is not None
    assert found.settings.tasks[0].as_dict() == {**task.as_dict(), "email_notifications": {}}


def test_a_job_of_250_tasks_comes_back_whole(client: WorkspaceClient, show: str) -> None:
    tasks = [script(f"t{number}", show) for number in range(250)]
    job_id = client.jobs.create(name="large", tasks=tasks).job_id

    settings = client.jobs.get(job_id or 0).settings

    assert settings is not None
    assert [task.task_key for task in settings.tasks or ()] == [task.task_key for task in tasks]


def test_a_list_goes_on_over_its_pages(client: WorkspaceClient, show: str) -> None:
    made = {client.jobs.create(name="Paged", tasks=[script("a", show)]).job_id for _ in range(45)}

    by_name = [job.job_id for job in client.jobs.list(name="paged", limit=20)]
    every = [job.job_id for job in client.jobs.list(limit=7)]

    assert set(by_name) == made
    assert by_name == sorted(by_name, key=lambda one: one or 0, reverse=True)
    assert len(every) == len(set(every))
    assert made <= set(every)


def test_an_expanded_list_has_every_task_of_a_large_job(client: WorkspaceClient, show: str) -> None:
    client.jobs.create(name="expanded", tasks=[script(f"t{number}", show) for number in range(120)])

    (job,) = client.jobs.list(name="expanded", expand_tasks=True)

    assert job.settings is not None
    assert len(job.settings.tasks or ()) == 120


def test_a_job_is_updated_reset_and_deleted(client: WorkspaceClient, show: str) -> None:
    job_id = client.jobs.create(name="before", tasks=[script("a", show)], tags={"a": "1"}).job_id or 0

    client.jobs.update(job_id, new_settings=jobs.JobSettings(tasks=[script("b", show)]), fields_to_remove=["tags"])
    updated = client.jobs.get(job_id).settings
    client.jobs.reset(job_id, jobs.JobSettings(name="after", tasks=[script("c", show)]))
    reset = client.jobs.get(job_id).settings
    client.jobs.delete(job_id)

    assert updated is not None
    assert reset is not None
    assert [task.task_key for task in updated.tasks or ()] == ["a", "b"]
    assert updated.tags is None
    assert reset.name == "after"
    assert [task.task_key for task in reset.tasks or ()] == ["c"]
    with pytest.raises(ResourceDoesNotExist, match=f"Job {job_id} does not exist"):
        client.jobs.get(job_id)


def test_what_cannot_be_is_refused_with_its_reason(client: WorkspaceClient, show: str) -> None:
    with pytest.raises(InvalidParameterValue, match="task 'a' can not reference itself"):
        client.jobs.create(name="wrong", tasks=[script("a", show, after=("a",))])


def test_a_run_is_told_its_parameters_and_variables(client: WorkspaceClient, show: str) -> None:
    cluster = compute.ClusterSpec(spark_env_vars={"DAY": "monday"})
    first = script("first", show, "{{job.parameters.p}}", "{{job.name}}", new_cluster=cluster)
    parameters = [jobs.JobParameterDefinition(name="p", default="1")]
    job_id = client.jobs.create(name="told", tasks=[first], parameters=parameters).job_id or 0

    run = client.jobs.run_now_and_wait(job_id, job_parameters={"p": "2"})

    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    assert log_of(client, run, "first") == "told 2 told monday\n"
    assert run.job_parameters == [jobs.JobParameter(name="p", default="1", value="2")]


def test_only_a_part_of_a_job_may_run(client: WorkspaceClient, show: str) -> None:
    tasks = [script("a", show), script("b", show, after=("a",)), script("c", show, after=("b",))]
    job_id = client.jobs.create(name="part", tasks=tasks).job_id or 0

    run = client.jobs.run_now_and_wait(job_id, only=["b+"])

    assert results(run) == {"b": "SUCCESS", "c": "SUCCESS"}


def test_a_token_starts_one_run(client: WorkspaceClient, show: str) -> None:
    job_id = client.jobs.create(name="once", tasks=[script("a", show)]).job_id or 0

    first = started(client, job_id, idempotency_token="same")
    again = started(client, job_id, idempotency_token="same")

    assert first == again


def test_tasks_run_without_a_job(client: WorkspaceClient, show: str) -> None:
    task = jobs.SubmitTask(
        task_key="a", spark_python_task=jobs.SparkPythonTask(python_file=show, parameters=["{{task.name}}"])
    )

    run = client.jobs.submit_and_wait(run_name="one-time", tasks=[task])

    assert run.run_name == "one-time"
    assert log_of(client, run, "a") == "told a \n"


def test_a_submission_may_have_its_task_at_the_top(client: WorkspaceClient, show: str) -> None:
    body = {"run_name": "dag__task", "spark_python_task": {"python_file": show}, "existing_cluster_id": "c"}

    answer: Any = client.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
    run = client.jobs.wait_get_run_job_terminated_or_skipped(answer["run_id"])

    assert results(run) == {"dag__task": "SUCCESS"}


def test_a_type_that_cannot_run_here_ends_with_what_to_do(client: WorkspaceClient) -> None:
    task = jobs.Task(task_key="p", pipeline_task=jobs.PipelineTask(pipeline_id="1"))
    job_id = client.jobs.create(name="pipeline", tasks=[task]).job_id or 0
    run_id = started(client, job_id)

    with pytest.raises(OperationFailed, match="Declarative pipelines cannot run here"):
        client.jobs.wait_get_run_job_terminated_or_skipped(run_id)

    ended = only_task(client.jobs.get_run(run_id))
    assert ended.status is not None
    assert ended.status.termination_details is not None
    assert ended.status.termination_details.code is jobs.TerminationCodeCode.FEATURE_DISABLED


def test_a_loop_goes_over_what_a_task_before_it_has_set(client: WorkspaceClient, show: str) -> None:
    nested = script("each", show, "{{input.name}}", "{{job.run_id}}")
    loop = jobs.Task(
        task_key="loop", for_each_task=jobs.ForEachTask(inputs='[{"name": "x"}, {"name": "y"}]', task=nested)
    )
    job_id = client.jobs.create(name="loop", tasks=[loop]).job_id or 0

    run = client.jobs.run_now_and_wait(job_id)

    task = only_task(run)
    iterations = client.jobs.get_run(task.run_id or 0).iterations or []
    logs = [client.jobs.get_run_output(one.run_id or 0).logs for one in iterations]
    assert logs == [f"told x {run.run_id} \n", f"told y {run.run_id} \n"]


def test_a_job_starts_another_with_parameters(client: WorkspaceClient, show: str) -> None:
    told = script("told", show, "{{job.parameters.p}}")
    inner = client.jobs.create(
        name="inner", tasks=[told], parameters=[jobs.JobParameterDefinition(name="p", default="0")]
    ).job_id
    start = jobs.RunJobTask(job_id=inner or 0, job_parameters={"p": "{{job.name}}"})
    outer = client.jobs.create(name="outer", tasks=[jobs.Task(task_key="start", run_job_task=start)]).job_id or 0

    run = client.jobs.run_now_and_wait(outer)

    task = only_task(run)
    output = client.jobs.get_run_output(task.run_id or 0).run_job_output
    assert output is not None
    assert log_of(client, client.jobs.get_run(output.run_id or 0), "told") == "told outer \n"


def test_a_changed_timeout_ends_a_run_that_goes_on(client: WorkspaceClient, live: Live) -> None:
    sleepy = put(live.home, "sleepy.py", "import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    job_id = client.jobs.create(name="sleepy", tasks=[script("a", sleepy)]).job_id or 0
    run_id = started(client, job_id)

    client.jobs.update(job_id, new_settings=jobs.JobSettings(timeout_seconds=1))

    run = client.jobs.wait_get_run_job_terminated_or_skipped(run_id)
    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.TIMEDOUT


def test_the_legacy_command_makes_shows_and_starts_a_job_in_the_oldest_shape(live: Live, show: str) -> None:
    words = {"name": "old", "spark_python_task": {"python_file": show}, "new_cluster": {"num_workers": 1}}

    made = legacy_command(live, "jobs", "create", "--version", "2.0", "--json", json.dumps(words))["job_id"]
    shown = legacy_command(live, "jobs", "get", "--version", "2.0", "--job-id", str(made))
    started = legacy_command(
        live, "jobs", "run-now", "--version", "2.0", "--job-id", str(made), "--python-params", '["x"]'
    )

    assert shown["settings"]["format"] == "SINGLE_TASK"
    assert shown["settings"]["spark_python_task"] == {"python_file": show}
    client = workspace_client(live)
    run = client.jobs.wait_get_run_job_terminated_or_skipped(started["run_id"])
    assert log_of(client, run, "old") == "told x \n"
