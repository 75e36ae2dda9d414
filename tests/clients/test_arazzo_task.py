"""Arazzo documents as tasks of jobs, which run on the server like any other task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks_live import FOLDER, put_notebook, results, workspace_client
from live import Live
from raw_server import says, serving
from waiting import until

DOCUMENT = Path(__file__).parents[1] / "unit" / "run-existing-job-and-wait.arazzo.yml"
SETTINGS = "grace_s = 2.0\nplaces = 8\nwarm_children = 2\npreload = []\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("arazzo-task") / "home", settings=SETTINGS).start()
    place = server.home / "workspace" / "tests"
    place.mkdir(parents=True)
    place.joinpath("flow.yml").write_bytes(DOCUMENT.read_bytes())
    yield server
    server.close()


@pytest.fixture
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def job_of(client: WorkspaceClient, name: str, *cells: str) -> int:
    task = jobs.Task(task_key="t", notebook_task=jobs.NotebookTask(put_notebook(client, name, *cells)))
    made = client.jobs.create(name=name, tasks=[task]).job_id
    assert made is not None
    return made


def submitted(client: WorkspaceClient, *tasks: dict[str, Any], **settings: Any) -> int:
    """Run tasks that the SDK has no classes for."""
    body = {"run_name": "flow", "tasks": list(tasks), **settings}
    answer = client.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
    assert isinstance(answer, dict)
    return int(answer["run_id"])


def flow(key: str = "flow", *upstream: str, **words: Any) -> dict[str, Any]:
    depends_on = [{"task_key": one} for one in upstream]
    return {"task_key": key, "depends_on": depends_on, "arazzo_task": {"document": f"{FOLDER}/flow.yml", **words}}


def ended(client: WorkspaceClient, run_id: int) -> jobs.Run:
    until(lambda: client.jobs.get_run(run_id).end_time, seconds=60)
    return client.jobs.get_run(run_id)


def output(client: WorkspaceClient, run: jobs.Run, key: str = "flow") -> dict[str, Any]:
    task = next(one for one in run.tasks or () if one.task_key == key)
    answer = client.api_client.do("GET", "/api/2.2/jobs/runs/get-output", query={"run_id": task.run_id})
    assert isinstance(answer, dict)
    return answer


def test_a_document_runs_on_the_server_with_the_runs_own_token(live: Live, client: WorkspaceClient) -> None:
    job_id = job_of(client, "called", "print('called')")
    run = ended(client, submitted(client, flow(inputs={"jobId": job_id})))

    assert results(run) == {"flow": "SUCCESS"}
    told = output(client, run)
    assert told["arazzo_output"]["outputs"]["resultState"] == "SUCCESS"
    called = client.jobs.get_run(told["arazzo_output"]["outputs"]["runId"])
    assert called.job_id == job_id
    assert "pollRun: TERMINATED" in told["logs"]
    assert "stands in for it" in told["logs"]
    assert live.credentials["token"] not in json.dumps(told)


def test_its_inputs_come_from_other_tasks_and_its_outputs_go_to_them(client: WorkspaceClient) -> None:
    job_id = job_of(client, "second", "pass")
    first = put_notebook(client, "finds-job", f"dbutils.jobs.taskValues.set('job', {job_id})")
    last = put_notebook(client, "uses", "dbutils.notebook.exit(dbutils.widgets.get('state'))")
    state = "{{tasks.flow.values.resultState}}"
    run = ended(
        client,
        submitted(
            client,
            {"task_key": "finds", "notebook_task": {"notebook_path": first}},
            flow("flow", "finds", inputs={"jobId": "{{tasks.finds.values.job}}"}),
            {
                "task_key": "uses",
                "depends_on": [{"task_key": "flow"}],
                "notebook_task": {"notebook_path": last, "base_parameters": {"state": state}},
            },
        ),
    )

    assert results(run) == {"finds": "SUCCESS", "flow": "SUCCESS", "uses": "SUCCESS"}
    assert output(client, run, "uses")["notebook_output"]["result"] == "SUCCESS"


OTHER = """
arazzo: 1.0.1
info: {title: Other, version: "1"}
sourceDescriptions: [{name: other, url: other.yml, type: openapi}]
workflows:
- workflowId: main
  inputs: {type: object, properties: {proof: {type: string}}}
  steps:
  - stepId: ask
    operationId: ask
    parameters: [{name: X-Proof, in: header, value: $inputs.proof}]
    outputs: {said: $response.body#/said}
  outputs: {said: $steps.ask.outputs.said}
"""


def test_secrets_reach_another_api_and_nothing_that_is_told(live: Live, client: WorkspaceClient) -> None:
    secret = "open-sesame-4711"
    client.secrets.create_scope("outside")
    client.secrets.put_secret("outside", "key", string_value=secret)
    folder = live.home / "workspace" / "tests"
    (folder / "other-flow.yml").write_text(OTHER)
    with serving(says(b'{"said": "open-sesame-4711"}', "Content-Type: application/json")) as api:
        (folder / "other.yml").write_text(
            f"openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\nservers: [{{url: '{api.url}'}}]\n"
            "paths: {/ask: {get: {operationId: ask, responses: {}}}}\n"
        )
        words: dict[str, Any] = {"document": f"{FOLDER}/other-flow.yml", "inputs": {"proof": "{{secrets/outside/key}}"}}
        run = ended(client, submitted(client, flow(**words)))

    assert results(run) == {"flow": "SUCCESS"}, output(client, run)
    assert f"X-Proof: {secret}\r\n" in api.heard[0]
    told = output(client, run)
    assert told["arazzo_output"]["outputs"] == {"said": "***"}
    assert secret not in json.dumps(told)
    assert all(secret.encode() not in file.read_bytes() for file in live.home.glob("ledger.db*"))


def test_what_the_document_calls_a_secret_is_in_nothing_that_is_told(live: Live, client: WorkspaceClient) -> None:
    folder = live.home / "workspace" / "tests"
    flow_text = OTHER.replace("proof: {type: string}", "proof: {type: string, format: password, default: sesame-1}")
    (folder / "secret-flow.yml").write_text(flow_text)
    with serving(says(b'{"said": "sesame-1"}', "Content-Type: application/json")) as api:
        (folder / "other.yml").write_text(
            f"openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\nservers: [{{url: '{api.url}'}}]\n"
            "paths: {/ask: {get: {operationId: ask, responses: {}}}}\n"
        )
        run = ended(client, submitted(client, flow(document=f"{FOLDER}/secret-flow.yml")))

    assert "X-Proof: sesame-1\r\n" in api.heard[0]
    assert output(client, run)["arazzo_output"]["outputs"] == {"said": "***"}
    assert all(b"sesame-1" not in file.read_bytes() for file in live.home.glob("ledger.db*"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"inputs": {"jobId": 1}}, "The step getJob failed: `$statusCode == 200` does not hold: $statusCode is 404"),
        ({"inputs": {}}, '"jobId" is a required property'),
        ({"inputs": {"jobId": "many"}}, "jobId is many"),
        ({"workflow_id": "other", "inputs": {"jobId": 1}}, "There is no workflow 'other'"),
        ({"document": f"{FOLDER}/nowhere.yml"}, "The Arazzo document /Workspace/tests/nowhere.yml does not exist"),
        ({"sources": {"azureDatabricksApi": f"{FOLDER}/no.json"}, "inputs": {"jobId": 1}}, "does not exist"),
    ],
)
def test_a_task_that_fails_says_why(client: WorkspaceClient, words: dict[str, Any], why: str) -> None:
    run = ended(client, submitted(client, flow(**words)))

    assert results(run) == {"flow": "FAILED"}
    assert why in output(client, run)["error"]


def test_a_workflow_that_waits_is_killed_like_any_task(client: WorkspaceClient) -> None:
    job_id = job_of(client, "endless", "import time; time.sleep(600)")
    run_id = submitted(client, flow(inputs={"jobId": job_id}))
    called = until(lambda: list(client.jobs.list_runs(job_id=job_id)))
    client.jobs.cancel_run(run_id)

    assert results(ended(client, run_id)) == {"flow": "CANCELED"}
    client.jobs.cancel_run(called[0].run_id or 0)


def test_a_task_without_a_document_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(Exception, match="document"):
        submitted(client, {"task_key": "flow", "arazzo_task": {"inputs": {}}})
