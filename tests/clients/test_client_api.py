"""The client half against a live server in the place of the cloud, and the examples of its page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import Live

from runyard.client.databricks import Databricks
from runyard.client.dremio import Dremio
from runyard.client.errors import CallFailed, NotEnded, Unreachable
from runyard.client.glue import Glue
from runyard.core.run import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
SLOW = "import time\ntime.sleep(600)\n"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    server = Live(tmp_path_factory.mktemp("cloud") / "home", settings="preload = []\n").start()
    for name, script in (("quick", "print(1)"), ("slow", SLOW), ("bad", "raise SystemExit('no luck')")):
        server.make_job(name, script, ExecutionProperty={"MaxConcurrentRuns": 100})
    yield server
    server.close()


@pytest.fixture(params=["home", "keys"])
def glue(request: pytest.FixtureRequest, live: Live) -> Iterator[Glue]:
    """Open a client by the home, which waits by a held call, or as one of a cloud, which asks again and again."""
    keys: dict[str, Any] = {
        "url": live.url,
        "region": "us-east-1",
        "access_key": live.credentials["access_key"],
        "secret_key": live.credentials["secret_key"],
    }
    opened = Glue.connect(home=live.home) if request.param == "home" else Glue.connect(**keys)
    with opened as client:
        yield client


@pytest.fixture
def databricks(live: Live) -> Iterator[Databricks]:
    with Databricks.connect(url=live.url, token=live.credentials["token"]) as client:
        yield client


def task(live: Live, key: str, text: str) -> dict[str, object]:
    return {"task_key": key, "spark_python_task": {"python_file": live.put_script(f"{key}.py", text)}}


def test_a_run_of_glue_is_started_and_waited_for(glue: Glue) -> None:
    told: list[str] = []
    run = glue.wait(
        glue.start("quick", arguments={"--day": "1"}), timeout_s=60, on_progress=lambda one: told.append(one.state)
    )

    assert (run.job, run.phase, run.state, run.record["Arguments"]) == (
        "quick",
        Outcome.SUCCEEDED,
        "SUCCEEDED",
        {"--day": "1"},
    )
    assert told[-1] == "SUCCEEDED"
    assert glue.get("quick", str(run.id)) == run


def test_a_run_that_fails_is_returned_with_its_message(glue: Glue) -> None:
    run = glue.wait(glue.start("bad"), timeout_s=60)

    assert (run.phase, run.succeeded) == (Outcome.FAILED, False)
    assert "no luck" in run.message


def test_a_run_of_glue_is_cancelled_once(glue: Glue) -> None:
    run = glue.start("slow")
    with pytest.raises(NotEnded, match="it goes on"):
        glue.wait(run, timeout_s=0.1)
    glue.cancel(run)

    assert glue.wait(run, timeout_s=60).phase == Outcome.CANCELLED
    with pytest.raises(CallFailed, match="JobRunInTerminalStateException"):
        glue.cancel(run)


def test_a_run_of_glue_is_tried_again_after_another(glue: Glue) -> None:
    first = glue.wait(glue.start("bad"), timeout_s=60)
    second = glue.wait(glue.repair(first), timeout_s=60)

    assert (second.record["PreviousRunId"], second.phase) == (first.id, Outcome.FAILED)


def test_all_runs_and_jobs_of_glue_are_listed(live: Live, glue: Glue) -> None:
    name = live.make_job(f"many{os.urandom(4).hex()}", "print(1)", ExecutionProperty={"MaxConcurrentRuns": 1000})
    started = [live.client("glue").start_job_run(JobName=name)["JobRunId"] for _ in range(203)]

    assert [one.id for one in glue.list(name)] == started[::-1]
    assert {"quick", "slow", "bad", name} <= {job["Name"] for job in glue.jobs()}


def test_what_glue_refuses_is_told_in_its_words(glue: Glue) -> None:
    with pytest.raises(CallFailed) as error:
        glue.start("nope")

    assert (error.value.status, error.value.code) == (400, "EntityNotFoundException")
    assert error.value.request_id


def test_a_run_of_databricks_is_started_waited_for_and_repaired(
    live: Live, databricks: Databricks, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    text = f"import os, sys\nsys.exit(0 if os.path.exists({str(flag)!r}) else 'not yet')"
    job_id = databricks.create_job(name="flagged", tasks=[task(live, "main", text)])
    run = databricks.wait(databricks.start(job_id), timeout_s=60)
    flag.touch()
    repaired = databricks.wait(databricks.repair(run), timeout_s=60)
    again = databricks.wait(databricks.repair(repaired, rerun_tasks=["main"]), timeout_s=60)

    assert (run.phase, repaired.phase, again.phase) == (Outcome.FAILED, Outcome.SUCCEEDED, Outcome.SUCCEEDED)
    assert run.id == repaired.id == again.id
    assert [one.id for one in databricks.list(job_id=job_id)] == [run.id]
    assert "logs" in databricks.output(int(again.record["tasks"][-1]["run_id"]))


def test_a_run_of_databricks_is_cancelled_and_forgotten(live: Live, databricks: Databricks) -> None:
    run = databricks.submit([task(live, "endless", SLOW)], run_name="endless")
    databricks.cancel(run)
    run = databricks.wait(run, timeout_s=60)
    databricks.delete(run)

    assert run.phase == Outcome.CANCELLED
    with pytest.raises(CallFailed, match="does not exist"):
        databricks.get(run)


def test_the_same_token_starts_one_run(live: Live, databricks: Databricks) -> None:
    job_id = databricks.create_job(name="once", tasks=[task(live, "once", "print(1)")])
    runs = {databricks.start(job_id, idempotency_token="mine").id for _ in range(3)}

    assert len(runs) == 1


def test_a_run_of_many_tasks_comes_whole(live: Live, databricks: Databricks) -> None:
    tasks = [{**task(live, "unit", "print(1)"), "task_key": f"t{number:03}"} for number in range(205)]
    run = databricks.submit(tasks, run_name="wide")
    databricks.cancel(run)

    assert sorted(one["task_key"] for one in databricks.wait(run, timeout_s=100).record["tasks"]) == [
        f"t{number:03}" for number in range(205)
    ]


def test_queries_of_dremio_are_asked_of_the_server_of_a_home(live: Live) -> None:
    with Dremio.connect(home=live.home) as dremio:
        run = dremio.wait(dremio.start("SELECT 7 AS x"))

        assert list(dremio.rows(run)) == [{"x": 7}]
        assert next(dremio.list()).id


def test_a_wrong_token_is_refused(live: Live) -> None:
    with Databricks.connect(url=live.url, token="wrong") as client, pytest.raises(CallFailed) as error:
        next(client.list())

    assert (error.value.status, error.value.code) == (403, "PERMISSION_DENIED")


def test_closing_gives_up_what_another_thread_waits_for(live: Live) -> None:
    client = Glue.connect(home=live.home)
    run = client.start("slow")
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            client.wait(run)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at below
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    client.close()
    thread.join(60)
    with Glue.connect(home=live.home) as other:
        other.cancel(run)

    assert [type(one).__name__ for one in failures] == ["GivenUp"]


def test_a_server_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    server = Live(tmp_path / "home", settings="preload = []\n").start()
    client = Databricks.connect(home=server.home)
    server.close()

    with pytest.raises(Unreachable):
        client.get(5)


# the page


def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_page_do_what_it_says(live: Live, databricks: Databricks) -> None:
    job_id = databricks.create_job(
        name="page", tasks=[task(live, "main", "print('{{day}}')")], parameters=[{"name": "day", "default": "0"}]
    )
    live.make_job("nightly", "print(1)")
    environment = {
        **live.aws_environment,
        "DATABRICKS_HOST": live.url,
        "DATABRICKS_TOKEN": live.credentials["token"],
    }
    program = "\n".join([f"job_id = {job_id}", *map(textwrap.dedent, examples())])
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=100, check=False
    )

    assert len(examples()) == 4
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert [line for line in lines if line.startswith("succeeded ")]
    assert "SUCCEEDED 0" in lines
    assert lines[-1].startswith("400 EntityNotFoundException StartJobRun on glue: 400")
