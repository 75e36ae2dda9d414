"""Runs of several tasks when a process is killed in their middle: of the server, or of the launcher."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service import jobs
from databricks_live import put_notebook, workspace_client
from live import Live, is_alive, launcher_pid
from waiting import until

STEP = """
import os, pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with open(folder / "began", "a") as file:
    file.write(name + "\\n")
(folder / f"{name}.pid").write_text(str(os.getpid()))
while not (folder / "go").exists():
    time.sleep(0.01)
with open(folder / "ended", "a") as file:
    file.write(name + "\\n")
"""
SETTINGS = "grace_s = 0.5\npreload = []\nplaces = 3\n"


@dataclass
class Stage:
    """A server, a job on it whose scripts wait for a sign, and what they have noted down."""

    live: Live
    folder: Path

    @property
    def client(self) -> WorkspaceClient:
        return workspace_client(self.live)

    def script(self, key: str, *upstream: str, name: str | None = None, **more: Any) -> jobs.Task:
        file = self.live.home / "dbfs" / "step.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STEP)
        what = jobs.SparkPythonTask(python_file="dbfs:/step.py", parameters=[str(self.folder), name or key])
        return jobs.Task(task_key=key, spark_python_task=what, depends_on=after(*upstream), **more)

    def job(self, *tasks: jobs.Task, **more: Any) -> int:
        return self.client.jobs.create(name="graph", tasks=list(tasks), **more).job_id or 0

    def run(self, run_id: int) -> jobs.Run:
        return self.client.jobs.get_run(run_id)

    def ended(self, run_id: int) -> jobs.Run:
        until(lambda: is_over(self.run(run_id)), seconds=60)
        return self.run(run_id)

    def noted(self, what: str) -> Counter[str]:
        file = self.folder / what
        return Counter(file.read_text().split()) if file.exists() else Counter()

    def go(self) -> None:
        (self.folder / "go").touch()

    def processes(self) -> list[int]:
        return [int(text) for file in self.folder.glob("*.pid") if (text := file.read_text())]

    def crash(self, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.live.kill()
        meanwhile()
        self.live.start()


def after(*keys: str) -> list[jobs.TaskDependency]:
    return [jobs.TaskDependency(task_key=key) for key in keys]


def is_over(run: jobs.Run) -> bool:
    return run.state is not None and run.state.result_state is not None


def result(run: jobs.Run) -> str | None:
    return run.state.result_state.value if run.state and run.state.result_state else None


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    live = Live(tmp_path / "home", settings=SETTINGS).start()
    (tmp_path / "notes").mkdir()
    yield Stage(live, tmp_path / "notes")
    live.close()


# the shapes: what they are made of, and which scripts run

Shape = tuple[list[jobs.Task], set[str]]


def diamond(stage: Stage) -> Shape:
    step = stage.script
    return [step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")], {"a", "b", "c", "d"}


def loop(stage: Stage) -> Shape:
    one = stage.script("part", name="p{{input}}")
    each = jobs.ForEachTask(inputs="[1, 2, 3, 4, 5]", concurrency=2, task=one)
    return [jobs.Task(task_key="loop", for_each_task=each), stage.script("end", "loop")], {
        *(f"p{number}" for number in range(1, 6)),
        "end",
    }


def call(stage: Stage) -> Shape:
    called = stage.job(stage.script("inner"), stage.script("last", "inner"))
    task = jobs.Task(task_key="call", run_job_task=jobs.RunJobTask(job_id=called))
    return [task, stage.script("end", "call")], {"inner", "last", "end"}


def conditions(stage: Stage) -> Shape:
    """A chain of conditions, a script, and conditions again."""
    chain = [condition(f"c{number}", *([f"c{number - 1}"] if number else [])) for number in range(20)]
    rest = [condition(f"e{number}", f"e{number - 1}" if number else "middle") for number in range(20)]
    return [*chain, stage.script("middle", "c19"), *rest, stage.script("end", "e19")], {"middle", "end"}


def condition(key: str, *upstream: str) -> jobs.Task:
    what = jobs.ConditionTask(left="2", op=jobs.ConditionTaskOp.GREATER_THAN, right="1")
    return jobs.Task(task_key=key, condition_task=what, depends_on=after(*upstream))


SHAPES = [diamond, loop, call, conditions]
of_every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)


def begun(stage: Stage, shape: Callable[[Stage], Shape]) -> tuple[int, set[str]]:
    """Start a run, and return once one of its scripts waits."""
    tasks, names = shape(stage)
    run_id = stage.client.jobs.run_now(stage.job(*tasks)).run_id
    until(stage.processes, seconds=60)
    return run_id, names


@of_every_shape
def test_a_graph_goes_on_when_the_server_is_killed_and_no_task_runs_twice(
    stage: Stage, shape: Callable[[Stage], Shape]
) -> None:
    run_id, names = begun(stage, shape)
    stage.crash(meanwhile=stage.go)
    run = stage.ended(run_id)

    assert result(run) == "SUCCESS"
    assert stage.noted("began") == stage.noted("ended") == Counter(names)


@of_every_shape
def test_a_graph_whose_server_is_killed_again_and_again_runs_every_task_once(
    stage: Stage, shape: Callable[[Stage], Shape]
) -> None:
    stage.go()
    tasks, names = shape(stage)
    run_id = stage.client.jobs.run_now(stage.job(*tasks)).run_id
    for _ in range(3):
        stage.crash()
    run = stage.ended(run_id)

    assert result(run) == "SUCCESS"
    assert stage.noted("began") == stage.noted("ended") == Counter(names)


@of_every_shape
def test_a_graph_that_is_cancelled_after_a_crash_leaves_nothing_behind(
    stage: Stage, shape: Callable[[Stage], Shape]
) -> None:
    run_id, _ = begun(stage, shape)
    stage.crash()
    stage.client.jobs.cancel_run(run_id)
    run = stage.ended(run_id)
    stage.go()

    assert result(run) == "CANCELED"
    assert stage.noted("ended") == Counter()
    assert not any(is_alive(process) for process in stage.processes())
    assert not list(stage.client.jobs.list_runs(active_only=True))


@of_every_shape
def test_a_graph_whose_launcher_is_killed_ends_and_can_be_repaired(
    stage: Stage, shape: Callable[[Stage], Shape]
) -> None:
    run_id, names = begun(stage, shape)
    lost = stage.processes()
    os.kill(launcher_pid(stage.live), signal.SIGKILL)
    until(lambda: not any(is_alive(process) for process in lost), seconds=60)
    stage.go()
    assert result(stage.ended(run_id)) == "FAILED"
    stage.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True)
    run = stage.ended(run_id)

    assert result(run) == "SUCCESS"
    assert set(stage.noted("ended")) == names


def repaired(client: WorkspaceClient, run_id: int, *keys: str) -> Any:
    response: Any = client.jobs.repair_run(run_id, rerun_tasks=list(keys)).response
    return response.repair_id


def test_a_repair_goes_on_when_the_server_is_killed(stage: Stage) -> None:
    tasks, names = diamond(stage)
    run_id, _ = begun(stage, diamond)
    stage.client.jobs.cancel_run(run_id)
    stage.ended(run_id)
    for file in stage.folder.iterdir():
        file.unlink()
    repair_id = repaired(stage.client, run_id, *sorted(names))
    until(stage.processes, seconds=60)
    stage.crash(meanwhile=stage.go)
    run = stage.ended(run_id)

    assert len(tasks) == 4
    assert result(run) == "SUCCESS"
    assert stage.noted("began") == stage.noted("ended") == Counter(names)
    history = stage.client.jobs.get_run(run_id, include_history=True).repair_history or []
    assert [one.id for one in history][1:] == [repair_id]


def test_of_two_who_repair_a_run_at_once_one_does(stage: Stage) -> None:
    stage.go()
    run_id = stage.client.jobs.run_now(stage.job(stage.script("a"))).run_id
    stage.ended(run_id)

    def repair(_: int) -> int | str:
        try:
            return int(repaired(workspace_client(stage.live), run_id, "a"))
        except DatabricksError as error:
            return str(error)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(repair, range(8)))
    stage.ended(run_id)

    assert len([answer for answer in answers if isinstance(answer, int)]) == 1, answers
    assert stage.noted("began") == Counter({"a": 2})


def test_requests_with_one_token_at_once_make_one_run(stage: Stage) -> None:
    stage.go()
    job_id = stage.job(stage.script("a"), max_concurrent_runs=50)

    def start(_: int) -> int:
        return workspace_client(stage.live).jobs.run_now(job_id, idempotency_token="once").run_id or 0

    with ThreadPoolExecutor(8) as pool:
        [run_id] = set(pool.map(start, range(16)))
    stage.ended(run_id)

    assert stage.noted("began") == Counter({"a": 1})


@of_every_shape
def test_one_place_is_enough_for_every_graph(stage: Stage, shape: Callable[[Stage], Shape]) -> None:
    stage.live.stop()
    stage.live.settings = SETTINGS.replace("places = 3", "places = 1")
    stage.live.start()
    stage.go()
    tasks, names = shape(stage)
    run_id = stage.client.jobs.run_now(stage.job(*tasks)).run_id

    assert result(stage.ended(run_id)) == "SUCCESS"
    assert set(stage.noted("ended")) == names


def test_notebooks_that_wait_for_notebooks_need_no_more_than_one_place(stage: Stage) -> None:
    stage.live.stop()
    stage.live.settings = SETTINGS.replace("places = 3", "places = 1")
    stage.live.start()
    put_notebook(stage.client, "third", "dbutils.notebook.exit('3')")
    put_notebook(stage.client, "second", "dbutils.notebook.exit(dbutils.notebook.run('third', 0) + '2')")
    first = put_notebook(stage.client, "first", "dbutils.notebook.exit(dbutils.notebook.run('second', 0) + '1')")
    submitted = [stage.client.jobs.submit(run_name=str(n), tasks=[as_submitted(first)]).run_id for n in range(3)]

    assert [result(stage.ended(run_id)) for run_id in submitted] == ["SUCCESS"] * 3
    assert [value_of(stage, run_id) for run_id in submitted] == ["321"] * 3


def as_submitted(path: str) -> jobs.SubmitTask:
    return jobs.SubmitTask(task_key="only", notebook_task=jobs.NotebookTask(notebook_path=path))


def value_of(stage: Stage, run_id: int) -> str | None:
    [task] = stage.run(run_id).tasks or []
    output = stage.client.jobs.get_run_output(task.run_id or 0).notebook_output
    return output.result if output else None


def test_a_notebook_that_dies_takes_the_one_it_waits_for_with_it(stage: Stage) -> None:
    begun = stage.folder / "begun"
    put_notebook(stage.client, "endless", f"open({str(begun)!r}, 'w').close()", "import time", "time.sleep(600)")
    path = put_notebook(
        stage.client, "dying",
        "import os, signal, threading, time",
        f"def die():\n    while not os.path.exists({str(begun)!r}):\n        time.sleep(0.01)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)",
        "threading.Thread(target=die).start()",
        "dbutils.notebook.run('endless', 0)",
    )  # fmt: skip
    run_id = stage.client.jobs.submit(run_name="dying", tasks=[as_submitted(path)]).run_id
    assert result(stage.ended(run_id)) == "FAILED"
    until(lambda: not list(stage.client.jobs.list_runs(active_only=True)))
    [called] = stage.client.jobs.list_runs(run_type=jobs.RunType.WORKFLOW_RUN)

    assert called.state is not None
    assert called.state.result_state is jobs.RunResultState.CANCELED
