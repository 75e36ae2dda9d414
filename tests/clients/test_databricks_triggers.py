"""Runs that nobody asks for, and who is told of them: an unmodified databricks-sdk and a real server."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, InvalidParameterValue
from databricks.sdk.service import jobs
from databricks_live import workspace_client
from live import Live
from waiting import until

ALWAYS = jobs.Continuous(pause_status=jobs.PauseStatus.UNPAUSED)
EACH_SECOND = jobs.CronSchedule(quartz_cron_expression="* * * * * ?", timezone_id="UTC")
PAUSED = jobs.CronSchedule(
    quartz_cron_expression="* * * * * ?", timezone_id="UTC", pause_status=jobs.PauseStatus.PAUSED
)


class Hook(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        super().__init__(("127.0.0.1", 0), _Call)


class _Call(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.documents.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Live]:
    url = f"http://127.0.0.1:{hook.server_port}/"
    settings = f'poll_s = 0.1\nwarm_children = 2\npreload = []\n[destinations.pager]\nurl = "{url}"\n'
    live = Live(tmp_path_factory.mktemp("triggers") / "home", settings=settings).start()
    yield live
    live.close()


@pytest.fixture(scope="module")
def client(live: Live) -> WorkspaceClient:
    return workspace_client(live)


def create(live: Live, client: WorkspaceClient, *parameters: str, text: str = "pass", **more: Any) -> int:
    """Create a job of one script."""
    file = live.put_script("triggered.py" if text == "pass" else f"{abs(hash(text))}.py", text)
    script = jobs.SparkPythonTask(python_file=file, parameters=list(parameters))
    task = jobs.Task(task_key="main", spark_python_task=script)
    job_id = client.jobs.create(tasks=[task], **more).job_id
    assert job_id is not None
    return job_id


def runs_of(client: WorkspaceClient, job_id: int) -> list[jobs.BaseRun]:
    return list(client.jobs.list_runs(job_id=job_id))


def ended(client: WorkspaceClient, job_id: int) -> list[jobs.BaseRun]:
    return [run for run in runs_of(client, job_id) if run.state and run.state.result_state]


def test_a_schedule_runs_its_job_until_it_is_paused(live: Live, client: WorkspaceClient) -> None:
    job_id = create(live, client, name="each second", schedule=EACH_SECOND)
    first = until(lambda: ended(client, job_id))[0]
    client.jobs.update(job_id, new_settings=jobs.JobSettings(schedule=PAUSED))
    until(lambda: not list(client.jobs.list_runs(job_id=job_id, active_only=True)))
    count = len(runs_of(client, job_id))
    shown = client.jobs.get(job_id).settings

    assert first.trigger is jobs.TriggerType.PERIODIC
    assert first.schedule == EACH_SECOND
    assert shown is not None
    assert shown.schedule == PAUSED
    assert len(runs_of(client, job_id)) == count


def test_a_new_file_runs_its_job_which_learns_where_it_came(live: Live, client: WorkspaceClient) -> None:
    trigger = jobs.TriggerSettings(file_arrival=jobs.FileArrivalTriggerConfiguration(url="s3://inbox/orders/"))
    job_id = create(
        live,
        client,
        "{{job.trigger.type}} {{job.trigger.file_arrival.location}}",
        text="import sys; print(sys.argv[1])",
        trigger=trigger,
    )
    until(lambda: looked(live, job_id))
    folder = live.home / "s3" / "inbox" / "orders"
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text("a,b")
    (run,) = until(lambda: ended(client, job_id))
    output = client.jobs.get_run_output(task_run_id(client, run))

    assert run.trigger is jobs.TriggerType.FILE_ARRIVAL
    assert output.logs == "file_arrival s3://inbox/orders/\n"
    state = client.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": job_id, "include_trigger_state": "true"})
    assert isinstance(state, dict)
    assert state["trigger_state"] == {"pause_status": "UNPAUSED", "file_arrival": {"using_file_events": False}}


def looked(live: Live, job_id: int) -> bool:
    """Tell whether the trigger of a job has seen what lies there."""
    (memory,) = ledger(live, "SELECT memory FROM trigger_of_job WHERE job_id = ?", job_id)[0]
    return "known" in json.loads(memory)


def ledger(live: Live, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{live.home / 'ledger.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def task_run_id(client: WorkspaceClient, run: jobs.BaseRun) -> int:
    tasks = client.jobs.get_run(run.run_id or 0).tasks or []
    return tasks[0].run_id or 0


def test_a_job_follows_another_and_a_webhook_tells_of_it(live: Live, client: WorkspaceClient, hook: Hook) -> None:
    first = create(live, client, name="first")
    monitored = jobs.JobCompletionTriggerConfigurationMonitoredJob(job_id=str(first), workspace_id="1")
    trigger = jobs.TriggerSettings(job_completion=jobs.JobCompletionTriggerConfiguration(jobs=[monitored]))
    told = jobs.WebhookNotifications(on_success=[jobs.Webhook(id="pager")])
    second = create(live, client, name="second", trigger=trigger, webhook_notifications=told)
    before = client.jobs.run_now_and_wait(first)
    (run,) = until(lambda: ended(client, second))
    (document,) = until(lambda: [one for one in hook.documents if one["job"]["job_id"] == second])

    assert run.trigger is jobs.TriggerType.JOB_COMPLETION
    assert run.trigger_info is not None
    assert run.trigger_info.job_completion is not None
    assert [one.run_id for one in run.trigger_info.job_completion.completed_jobs or ()] == [str(before.run_id)]
    assert document["event_type"] == "jobs.on_success"
    assert document["run"] == {"run_id": run.run_id}
    assert document["job"] == {"job_id": second, "name": "second"}


def test_a_continuous_job_is_replaced_by_a_run_that_is_asked_for(live: Live, client: WorkspaceClient) -> None:
    job_id = create(live, client, text="import time; time.sleep(600)", continuous=ALWAYS)
    (first,) = until(lambda: running(client, job_id))
    asked = client.jobs.run_now(job_id)
    (second,) = until(lambda: [run for run in running(client, job_id) if run.run_id == asked.run_id])
    client.jobs.update(
        job_id, new_settings=jobs.JobSettings(continuous=jobs.Continuous(pause_status=jobs.PauseStatus.PAUSED))
    )
    client.jobs.cancel_all_runs(job_id=job_id)
    until(lambda: len(ended(client, job_id)) == 2)

    assert first.trigger is jobs.TriggerType.CONTINUOUS
    assert second.trigger is jobs.TriggerType.CONTINUOUS_RESTART
    assert [run.run_id for run in runs_of(client, job_id)] == [second.run_id, first.run_id]


def running(client: WorkspaceClient, job_id: int) -> list[jobs.BaseRun]:
    active = client.jobs.list_runs(job_id=job_id, active_only=True)
    return [run for run in active if run.state and run.state.life_cycle_state is jobs.RunLifeCycleState.RUNNING]


@pytest.mark.parametrize(
    ("more", "error", "text"),
    [
        (
            {"schedule": jobs.CronSchedule(quartz_cron_expression="daily", timezone_id="UTC")},
            InvalidParameterValue,
            "daily",
        ),
        (
            {"trigger": jobs.TriggerSettings(table_update=jobs.TableUpdateTriggerConfiguration(table_names=["a b"]))},
            InvalidParameterValue,
            "'a b' is not the name of a table",
        ),
        (
            {"trigger": jobs.TriggerSettings(model=jobs.ModelTriggerConfiguration(
                condition=jobs.ModelTriggerConfigurationCondition.MODEL_CREATED))},
            BadRequest,
            "Nothing here registers models",
        ),
    ],
)  # fmt: skip
def test_a_trigger_that_cannot_fire_is_refused_and_leaves_no_job(
    live: Live, client: WorkspaceClient, more: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        create(live, client, name="never", **more)

    assert list(client.jobs.list(name="never")) == []


def test_no_moment_makes_two_runs_when_the_server_is_killed_again_and_again(tmp_path: Path) -> None:
    live = Live(tmp_path / "home", settings="warm_children = 2\npreload = []\n").start()
    try:
        job_id = create(live, workspace_client(live), schedule=EACH_SECOND, max_concurrent_runs=1000)
        for _ in range(3):
            seen = len(moments(live, job_id))
            until(more_than(seen, lambda: moments(live, job_id)))
            live.kill()
            live.start()
        until(lambda: len(moments(live, job_id)) > 3)
        fired = moments(live, job_id)
    finally:
        live.close()

    assert len(fired) == len(set(fired))
    assert all(at % 1000 == 0 for at in fired)


def more_than(count: int, of: Callable[[], list[int]]) -> Callable[[], bool]:
    return lambda: len(of()) > count


def moments(live: Live, job_id: int) -> list[int]:
    rows = ledger(live, "SELECT started_by FROM run WHERE job_id = ?", job_id)
    return [json.loads(started_by)["at"] for (started_by,) in rows]
