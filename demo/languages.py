"""The same runs in the other languages: SQL by a PostgreSQL driver, and a workflow of Arazzo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from rich.console import Console
from rich.table import Table

FOLDER = "/Workspace/demo"
DOCUMENT = Path(__file__).parents[1] / "tests" / "unit" / "run-existing-job-and-wait.arazzo.yml"
QUERY = """
SELECT job_name AS job, language, phase, count(*) AS runs, round(avg(ended_at - running_at)) AS average_ms
FROM runyard.ledger.runs GROUP BY 1, 2, 3 ORDER BY runs DESC, job
"""
JOINED = """
SELECT g.JobName AS job, g.JobRunState AS in_glue, d.state ->> 'result_state' AS in_databricks
FROM aws.glue.job_runs g JOIN databricks_workspace.jobs.job_runs d ON d.run_name = g.JobName
WHERE g.JobName = 'broken'
"""


def show_sql(console: Console, *, address: str, password: str) -> None:
    """Ask with an ordinary PostgreSQL driver, over all languages at once."""
    with psycopg.connect(address, password=password, autocommit=True) as connection:
        answer = connection.execute(QUERY)
        table = Table(*(column.name for column in answer.description or ()), title_justify="left")
        for row in answer:
            table.add_row(*(str(value) for value in row))
        same = connection.execute(JOINED).fetchone()
    console.print("[b]9[/b]  psycopg asks in SQL over the runs of all languages:")
    console.print(table)
    console.print(f"     one run in two languages, joined: {same}", highlight=False)


def show_workflow(console: Console, *, home: Path) -> None:
    """Run the published workflow "run an existing job and wait", byte for byte."""
    notebook = jobs.NotebookTask(notebook_path=f"{FOLDER}/extract")
    job = WorkspaceClient().jobs.create(
        name="nightly",
        tasks=[jobs.Task(task_key="extract", notebook_task=notebook)],
        parameters=[jobs.JobParameterDefinition(name="orders", default=str(home / "s3" / "shop" / "orders.csv"))],
    )
    command = [sys.executable, "-m", "runyard.cli.main", "arazzo", "run", str(DOCUMENT), "--home", str(home)]
    source = f"azureDatabricksApi={os.environ['DATABRICKS_HOST']}/openapi/databricks.json"
    inputs = ["-i", f"jobId={job.job_id}", "-i", "token=@env:DATABRICKS_TOKEN", "--source", source]
    done = subprocess.run([*command, *inputs], capture_output=True, text=True, check=False)
    console.print("[b]10[/b] an Arazzo document, unchanged, runs that job and waits:")
    for line in (done.stdout + done.stderr).splitlines():
        console.print(f"     {line}", style="dim", highlight=False, markup=False)
