"""An unmodified databricks-sdk against a server of tests/live.py."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks.sdk.service.workspace import ImportFormat, Language
from live import Live

FOLDER = "/Workspace/tests"


def workspace_client(live: Live) -> WorkspaceClient:
    """Return a client that knows nothing but the address and a token."""
    return WorkspaceClient(host=live.url, token=live.credentials["token"])


def put_notebook(client: WorkspaceClient, name: str, *cells: str, language: Language = Language.PYTHON) -> str:
    """Import a notebook of these cells and return its path."""
    mark = "--" if language is Language.SQL else "#"
    text = f"{mark} Databricks notebook source\n" + f"\n\n{mark} COMMAND ----------\n\n".join(cells)
    client.workspace.mkdirs(FOLDER)
    content = base64.b64encode(text.encode()).decode()
    client.workspace.import_(
        path=f"{FOLDER}/{name}", content=content, format=ImportFormat.SOURCE, language=language, overwrite=True
    )
    return f"{FOLDER}/{name}"


def notebook(key: str, path: str, *upstream: str, **more: Any) -> jobs.Task:
    """Return a task that runs a notebook."""
    return jobs.Task(
        task_key=key,
        notebook_task=jobs.NotebookTask(notebook_path=path),
        depends_on=[jobs.TaskDependency(task_key=one) for one in upstream],
        **more,
    )


def results(run: jobs.Run) -> dict[str, str]:
    """Return how the newest attempt of each task ended."""
    return {
        task.task_key or "": task.state.result_state.value
        for task in run.tasks or ()
        if task.state and task.state.result_state
    }


def legacy_command(live: Live, *arguments: str) -> Any:
    """Call the legacy command, and return the JSON that it prints."""
    return json.loads(legacy_output(live, *arguments))


def legacy_output(live: Live, *arguments: str) -> str:
    """Call the legacy command; it drops the port of its host, and therefore speaks through a proxy."""
    told = {"DATABRICKS_HOST": "http://workspace.example", "DATABRICKS_TOKEN": live.credentials["token"]}
    proxied = {"http_proxy": live.url, "HTTP_PROXY": live.url, "no_proxy": "", "NO_PROXY": ""}
    environment = {**os.environ, **told, **proxied}
    line = [str(Path(sys.executable).with_name("databricks")), *arguments]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
