"""A job of five tasks, driven by the unmodified databricks-sdk: one task fails, is mended and repaired."""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service import jobs
from databricks.sdk.service.workspace import ImportFormat, Language
from rich.console import Console

NOTEBOOKS = Path(__file__).parent / "notebooks"
FOLDER = "/Workspace/demo"
COLOURS = {"SUCCESS": "green", "FAILED": "red"}
TASKS: dict[str, tuple[str, ...]] = {
    "extract": (),
    "quality": ("extract",),
    "revenue": ("extract",),
    "publish": ("quality", "revenue"),
    "done": ("publish",),
}


def upload(client: WorkspaceClient) -> None:
    client.workspace.mkdirs(FOLDER)
    for file in NOTEBOOKS.iterdir():
        client.workspace.import_(
            path=f"{FOLDER}/{file.stem}",
            content=base64.b64encode(file.read_bytes()).decode(),
            format=ImportFormat.SOURCE,
            language=Language.SQL if file.suffix == ".sql" else Language.PYTHON,
            overwrite=True,
        )


def create(client: WorkspaceClient, orders: str) -> int:
    tasks = [
        jobs.Task(
            task_key=key,
            depends_on=[jobs.TaskDependency(task_key=one) for one in upstream],
            notebook_task=jobs.NotebookTask(notebook_path=f"{FOLDER}/{key}"),
        )
        for key, upstream in TASKS.items()
    ]
    parameters = [
        jobs.JobParameterDefinition(name="orders", default=orders),
        jobs.JobParameterDefinition(name="least", default="200000"),
    ]
    return client.jobs.create(name="shop", tasks=tasks, parameters=parameters).job_id or 0


def tell(console: Console, run: jobs.Run, text: str) -> None:
    latest = {task.task_key: task for task in run.tasks or ()}
    states = ", ".join(f"{key} {_coloured(latest[key])}" for key in TASKS)
    console.print(f"{text}\n     {states}")


def _coloured(task: jobs.RunTask) -> str:
    state = task.state.result_state.value if task.state and task.state.result_state else "?"
    return f"[{COLOURS.get(state, 'yellow')}]{state}[/]"


def show(console: Console, *, orders: str) -> None:
    """Run the diamond, see it fail, and repair it in the same run."""
    client = WorkspaceClient()
    upload(client)
    waiter = client.jobs.run_now(create(client, orders))
    with suppress(OperationFailed):
        waiter.result()
    failed = client.jobs.get_run(waiter.run_id)
    tell(console, failed, "[b]7[/b]  job shop, five notebooks in a diamond, through the databricks-sdk:")
    culprit = next(task.run_id for task in failed.tasks or () if task.task_key == "quality")
    console.print(f"     quality: {client.jobs.get_run_output(culprit or 0).error}", style="dim", highlight=False)
    repaired = client.jobs.repair_run_and_wait(
        waiter.run_id, rerun_all_failed_tasks=True, job_parameters={"least": "50000"}
    )
    tell(console, repaired, "[b]8[/b]  the same run, repaired with least=50000:")
