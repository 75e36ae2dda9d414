"""`runyard arazzo …` in a process of its own, against a server of tests/live.py with jobs to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from databricks_live import workspace_client
from live import Live

RUNYARD = str(Path(sys.executable).parent / "runyard")
DOCUMENT = str(Path(__file__).parent / "unit" / "run-existing-job-and-wait.arazzo.yml")
SETTINGS = "grace_s = 2.0\nplaces = 8\nwarm_children = 2\npreload = []\n"
SOURCE = "azureDatabricksApi"


@dataclass
class Yard:
    """A server, and the commands that speak to it."""

    live: Live

    @property
    def token(self) -> str:
        """The secret that no output may show."""
        return self.live.credentials["token"]

    @property
    def client(self) -> WorkspaceClient:
        """A client of the server."""
        return workspace_client(self.live)

    def job(self, name: str, text: str, *, at_once: int = 1) -> int:
        """Make a job of this script that may have so many runs at once, and return its id."""
        script = jobs.SparkPythonTask(python_file=self.live.put_script(f"{name}.py", text))
        tasks = [jobs.Task(task_key="t", spark_python_task=script)]
        made = self.client.jobs.create(name=name, tasks=tasks, max_concurrent_runs=at_once).job_id
        assert made is not None
        return made

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a command: the home is known, the token is not."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(("RUNYARD", "DATABRICKS"))}
        return {**known, "RUNYARD_HOME": str(self.live.home), **more}

    def with_source(self, job_id: object, *more: str) -> list[str]:
        """Return the words that run the reference document with its source and token named."""
        source = f"{SOURCE}={self.live.url}/openapi/databricks.json"
        return ["run", DOCUMENT, "--source", source, "-i", "token=@env:THE_TOKEN", "-i", f"jobId={job_id}", *more]

    def started(self, *words: str, **more: Any) -> subprocess.Popen[str]:
        """Start a command."""
        environment = self.environment(THE_TOKEN=self.token)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([RUNYARD, "arazzo", *words], env=environment, text=True, **pipes)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; whatever it says, the token is not in it."""
        process = self.started(*words, stdin=subprocess.DEVNULL)
        out, err = process.communicate(timeout=90)
        assert self.token not in out + err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def polled(self, gate: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; what its job waits for is there once the command has seen the job run."""
        process = self.started(*words, stdin=subprocess.DEVNULL)
        told = told_of_a_run(process)
        gate.touch()
        out, rest = process.communicate(timeout=90)
        assert self.token not in out + told + rest
        return subprocess.CompletedProcess(process.args, process.returncode, out, told + rest)

    def runs(self, *words: str) -> Any:
        """Return what `runyard runs …` prints as JSON."""
        done = subprocess.run(
            [RUNYARD, "runs", *words, "--json"],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)


def told_of_a_run(process: subprocess.Popen[str]) -> str:
    """Return what a command has told once it polls a job that runs."""
    assert process.stderr is not None
    told = ""
    while "pollRun: RUNNING" not in told:
        line = process.stderr.readline()
        assert line, told
        told += line
    return told
