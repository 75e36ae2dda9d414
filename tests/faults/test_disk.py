"""A disk that is full or cannot be written: calls fail clearly, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import jobs
from live import is_alive
from waiting import until

# A shell in a mount namespace of its own: it puts a small disk under the home, starts the server on it, and then
# obeys its standard input, so that the test can fill the disk or forbid writing to it.
SHELL = """
mount -t tmpfs -o size=24m tmpfs "$1" || exit 77
home=$1; shift
"$@" <&- & server=$!
while read -r line; do eval "$line"; echo done >&2; done
"""


UNSHARE = shutil.which("unshare") or "unshare of util-linux, which gives a server a disk of its own"


class SmallDisk:
    """A server whose home is a disk of 24 MB."""

    def __init__(self, folder: Path) -> None:
        serve = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--pg-port", "0", "--ready-json"]
        command = [*serve, "--home", str(folder), "--auth", "off"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.shell = subprocess.Popen([UNSHARE, "-rm", "sh", "-c", SHELL, "sh", str(folder), *command], **pipes)  # type: ignore[call-overload] # a table of options
        self.folder = folder
        first = self.shell.stdout.readline()
        assert first, self.shell.stderr.read()
        self.url = json.loads(first)["url"]

    def do(self, line: str) -> None:
        """Have the shell carry out a command and wait for it."""
        self.shell.stdin.write(line + "\n")
        self.shell.stdin.flush()
        while "done" not in self.shell.stderr.readline():
            pass

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "ws.default", "aws_secret_access_key": "any", "region_name": "us-east-1"}
        config = Config(retries={"max_attempts": 0})
        return boto3.session.Session().client(service, endpoint_url=self.url, config=config, **keys)

    def close(self) -> None:
        self.do("kill $server; wait $server")
        self.do(f"{sys.executable} -c '{END_LAUNCHER}' {self.folder}")
        self.shell.stdin.close()
        self.shell.wait(60)
        self.shell.stdout.close()
        self.shell.stderr.close()


END_LAUNCHER = (
    "import sys, pathlib; from runyard.executors.launcher.client import Launcher; "
    "Launcher(pathlib.Path(sys.argv[1]), on_event=print).shut_down()"
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "home"
    folder.mkdir()
    disk = SmallDisk(folder)
    yield disk
    disk.close()


def start_many(glue: Any, count: int) -> list[str]:
    return [glue.start_job_run(JobName="tick", Arguments={"--n": str(n)})["JobRunId"] for n in range(count)]


def make_job(disk: SmallDisk) -> Any:
    glue, s3 = disk.client("glue"), disk.client("s3")
    s3.create_bucket(Bucket="scripts")
    s3.put_object(Bucket="scripts", Key="tick.py", Body=b"print('tick')")
    command = {"Name": "pythonshell", "ScriptLocation": "s3://scripts/tick.py"}
    glue.create_job(Name="tick", Role="r", Command=command, ExecutionProperty={"MaxConcurrentRuns": 1000})
    return glue


def listed(glue: Any) -> set[str]:
    pages = glue.get_paginator("get_job_runs").paginate(JobName="tick")
    return {run["Id"] for page in pages for run in page["JobRuns"]}


def start_until_refused(glue: Any) -> tuple[list[str], ClientError]:
    accepted: list[str] = []
    for number in range(20_000):
        try:
            arguments = {"--n": str(number), "--fill": "x" * 20_000}
            accepted.append(glue.start_job_run(JobName="tick", Arguments=arguments)["JobRunId"])
        except ClientError as error:
            return accepted, error
    raise AssertionError("the disk never filled")


def test_on_a_full_disk_a_start_is_refused_and_what_was_accepted_stays(disk: SmallDisk) -> None:
    glue = make_job(disk)
    before = start_many(glue, 5)
    disk.do("dd if=/dev/zero of=$home/filling bs=64k 2>/dev/null")
    accepted, error = start_until_refused(glue)
    disk.do("rm $home/filling")
    after = start_many(glue, 2)

    assert error.response["Error"]["Code"] == "InternalServiceException"
    assert "full" in error.response["Error"]["Message"]
    assert "Nothing was recorded" in error.response["Error"]["Message"]
    assert listed(glue) == {*before, *accepted, *after}


WAITS = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1], "pid").write_text(str(os.getpid()))
while not pathlib.Path(sys.argv[1], "go").exists():
    time.sleep(0.01)
"""


def test_a_graph_that_meets_a_full_disk_goes_on_when_there_is_room(disk: SmallDisk, tmp_path: Path) -> None:
    glue = make_job(disk)
    disk.client("s3").put_object(Bucket="scripts", Key="waits.py", Body=WAITS.encode())
    client = WorkspaceClient(host=disk.url, token="ws.default")
    run_id = client.jobs.run_now(client.jobs.create(name="graph", tasks=graph(str(tmp_path))).job_id or 0).run_id
    until((tmp_path / "pid").exists)
    pid = int(until((tmp_path / "pid").read_text))
    disk.do("dd if=/dev/zero of=$home/filling bs=4k 2>/dev/null")
    start_until_refused(glue)
    (tmp_path / "go").touch()
    until(lambda: not is_alive(pid))
    _, error = start_until_refused(glue)
    disk.do("rm $home/filling")
    run = client.jobs.wait_get_run_job_terminated_or_skipped(run_id)

    assert "full" in error.response["Error"]["Message"]
    assert run.state is not None
    assert run.state.result_state is jobs.RunResultState.SUCCESS
    assert {task.attempt_number for task in run.tasks or []} == {0}


def graph(folder: str) -> list[jobs.Task]:
    """A script, conditions behind it, a loop of conditions, and a script at the end."""
    script = jobs.SparkPythonTask(python_file="s3://scripts/waits.py", parameters=[folder])
    is_so = jobs.ConditionTask(left="1", op=jobs.ConditionTaskOp.EQUAL_TO, right="1")
    each = jobs.ForEachTask(inputs="[1, 2, 3]", task=jobs.Task(task_key="part", condition_task=is_so))
    conditions = [
        jobs.Task(task_key=f"c{number}", condition_task=is_so, depends_on=after(f"c{number - 1}" if number else "a"))
        for number in range(5)
    ]
    return [
        jobs.Task(task_key="a", spark_python_task=script),
        *conditions,
        jobs.Task(task_key="loop", for_each_task=each, depends_on=after("c4")),
        jobs.Task(task_key="b", spark_python_task=script, depends_on=after("loop")),
    ]


def after(key: str) -> list[jobs.TaskDependency]:
    return [jobs.TaskDependency(task_key=key)]


def test_a_server_does_not_start_on_a_disk_it_cannot_write(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o ro,size=1m tmpfs {tmp_path} || exit 77; exec "$@"'
    serve = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--pg-port", "0"]
    serve += ["--home", str(tmp_path)]
    done = subprocess.run(
        [UNSHARE, "-rm", "sh", "-c", mount, "sh", *serve], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
