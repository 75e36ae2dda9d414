"""What the code of notebooks asks of its server: other notebooks, secrets, clients of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks_live import workspace_client
from live import Live
from waiting import until


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("notebooks") / "home")
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def put(live: Live, name: str, *cells: str) -> str:
    """Lay a notebook into the workspace, and return its path."""
    file = live.home / "workspace" / "tests" / f"{name}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join(cells))
    return f"/tests/{name}"


def submit(client: WorkspaceClient, path: str, **parameters: str) -> jobs.RunOutput:
    """Run a notebook and return what became of it, however it ended."""
    task = jobs.NotebookTask(notebook_path=path, base_parameters=parameters)
    started = client.jobs.submit(run_name=path, tasks=[jobs.SubmitTask(task_key="only", notebook_task=task)])
    run = until(lambda: ended(client, started.run_id), seconds=60)
    assert run is not None
    return client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)


def ended(client: WorkspaceClient, run_id: int) -> jobs.Run | None:
    run = client.jobs.get_run(run_id)
    return run if run.state and run.state.result_state else None


def active(client: WorkspaceClient, name: str) -> list[int]:
    return [run.run_id or 0 for run in client.jobs.list_runs(active_only=True) if run.run_name == name]


def exit_value(output: jobs.RunOutput) -> str | None:
    assert output.error is None, output.error_trace
    assert output.notebook_output is not None
    return output.notebook_output.result


def test_a_notebook_runs_another_and_takes_its_value(live: Live, client: WorkspaceClient) -> None:
    put(live, "child", "dbutils.notebook.exit(dbutils.widgets.get('n') + '!')")
    path = put(live, "parent", "dbutils.notebook.exit(dbutils.notebook.run('./child', 60, {'n': 5}))")

    assert exit_value(submit(client, path)) == "5!"


def test_the_run_of_another_notebook_is_known_as_one_and_leads_back(live: Live, client: WorkspaceClient) -> None:
    put(live, "answer", 'dbutils.notebook.exit("42")')
    output = submit(client, put(live, "question", 'dbutils.notebook.exit(dbutils.notebook.run("answer", 60))'))
    assert output.metadata is not None
    caller = output.metadata.run_id or 0

    called = [
        one for one in client.jobs.list_runs(run_type=jobs.RunType.WORKFLOW_RUN) if one.run_name == "/tests/answer"
    ]
    submitted = [one.run_name for one in client.jobs.list_runs(run_type=jobs.RunType.SUBMIT_RUN)]
    view = (client.jobs.export_run(caller).views or [])[0].content or ""
    page = page_of(live, called[0])

    assert [one.run_type for one in called] == [jobs.RunType.WORKFLOW_RUN]
    assert "/tests/question" in submitted
    assert "/tests/answer" not in submitted
    assert f"Notebook job #{called[0].run_id}" in view
    assert f"/runs/{caller}" in page


def page_of(live: Live, run: jobs.BaseRun) -> str:
    address = f"{live.url}/jobs/{run.job_id}/runs/{run.run_id}"
    answer = requests.get(address, auth=("admin", live.credentials["password"]), timeout=60)
    answer.raise_for_status()
    return answer.text


def test_a_failure_of_the_other_notebook_is_raised_in_the_first(live: Live, client: WorkspaceClient) -> None:
    put(live, "failing", "raise ValueError('not today')")
    attempt = "try:\n    dbutils.notebook.run('failing', 60)\nexcept Exception as error:\n    said = str(error)"
    path = put(live, "careful", attempt, "dbutils.notebook.exit(said)")
    said = exit_value(submit(client, path)) or ""

    assert said.startswith("The notebook /tests/failing ended FAILED: ValueError: not today (run ")


def test_the_other_notebook_may_not_take_longer_than_it_was_given(live: Live, client: WorkspaceClient) -> None:
    put(live, "slow", "import time\ntime.sleep(600)")
    output = submit(client, put(live, "hasty", "dbutils.notebook.run('slow', 1)"))

    assert output.error is not None
    assert "The notebook /tests/slow ended TIMEDOUT" in output.error


def test_the_other_notebook_ends_with_a_first_one_that_is_cancelled(live: Live, client: WorkspaceClient) -> None:
    put(live, "endless", "import time\ntime.sleep(600)")
    path = put(live, "starter", "dbutils.notebook.run('endless', 0)")
    task = jobs.SubmitTask(task_key="only", notebook_task=jobs.NotebookTask(notebook_path=path))
    run_id = client.jobs.submit(run_name="starter", tasks=[task]).run_id
    (other,) = until(lambda: active(client, "/tests/endless"))
    client.jobs.cancel_run_and_wait(run_id)
    run = until(lambda: ended(client, other))

    assert run is not None
    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.CANCELED


def test_a_client_in_a_notebook_needs_no_configuration(live: Live, client: WorkspaceClient) -> None:
    code = (
        "from databricks.sdk import WorkspaceClient\n"
        "client = WorkspaceClient()\n"
        "me = client.current_user.me().user_name\n"
        "dbutils.notebook.exit(f'{me} {client.config.auth_type} {client.dbutils.widgets.get(\"a\")}')"
    )

    value = exit_value(submit(client, put(live, "own_client", code), a="b"))

    assert value == f"{client.current_user.me().user_name} pat b"


def test_ids_in_a_notebook_are_those_that_clients_see(live: Live, client: WorkspaceClient) -> None:
    code = (
        "import json\n"
        "tags = json.loads(dbutils.notebook.entry_point.getDbutils().notebook().getContext().toJson())['tags']\n"
        "dbutils.notebook.exit(tags['runId'] + ' ' + tags['multitaskParentRunId'] + ' ' + tags['taskKey'])"
    )
    output = submit(client, put(live, "ids", code))

    metadata: Any = output.metadata
    assert exit_value(output) == f"{metadata.run_id} {metadata.job_run_id or metadata.parent_run_id} only"


def test_secrets_are_read_and_kept_out_of_all_that_is_shown(live: Live, client: WorkspaceClient) -> None:
    client.secrets.create_scope("vault")
    client.secrets.put_secret("vault", "key", string_value="hunter2hunter2")
    code = (
        "value = dbutils.secrets.get('vault', 'key')\n"
        "print('it is', value)\n"
        "keys = [each.key for each in dbutils.secrets.list('vault')]\n"
        "names = keys, [each.name for each in dbutils.secrets.listScopes()]\n"
        "value"
    )
    output = submit(client, put(live, "secretive", code, "raise ValueError(f'{names} {len(value)} {value}')"))
    run_id = (output.metadata.run_id if output.metadata else None) or 0
    page = (client.jobs.export_run(run_id).views or [])[0].content or ""

    assert output.error == "ValueError: (['key'], ['vault']) 14 [REDACTED]"
    assert "hunter2" not in (output.error_trace or "") + page
    assert "it is [REDACTED]" in page


def test_a_secret_with_which_a_notebook_exits_is_kept_out_of_its_result(live: Live, client: WorkspaceClient) -> None:
    client.secrets.create_scope("exits")
    client.secrets.put_secret("exits", "key", string_value="hunter3hunter3")
    code = "dbutils.notebook.exit('it is ' + dbutils.secrets.get('exits', 'key'))"

    output = submit(client, put(live, "exits", code))

    assert output.notebook_output is not None
    assert output.notebook_output.result == "it is [REDACTED]"


def test_a_secret_that_is_not_there_is_told_by_name(live: Live, client: WorkspaceClient) -> None:
    output = submit(client, put(live, "blind", "dbutils.secrets.get('nowhere', 'key')"))

    assert output.error is not None
    assert output.error == "ValueError: Secret does not exist with scope: nowhere and key: key."
