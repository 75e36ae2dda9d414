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


def test_a_server_does_not_start_on_a_disk_it_cannot_write(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o ro,size=1m tmpfs {tmp_path} || exit 77; exec "$@"'
    serve = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--home", str(tmp_path)]
    done = subprocess.run(
        [UNSHARE, "-rm", "sh", "-c", mount, "sh", *serve], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
