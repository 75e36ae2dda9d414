"""A real server for tests: `runyard serve` in a process of its own, with its own home and a free port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from runyard.executors.launcher.client import Launcher

START_S = 120  # a machine under load


@dataclass
class Live:
    """A server under test."""

    home: Path
    arguments: tuple[str, ...] = ()
    settings: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    url: str = ""
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)  # a client takes boto3 half a second to make

    def start(self) -> Live:
        """Start the server and return once it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.settings:
            (self.home / "settings.toml").write_text(self.settings)
        command = [sys.executable, "-m", "runyard.cli.main", "serve", "--port", "0", "--pg-port", "0", "--ready-json"]
        self.process = subprocess.Popen(
            [*command, "--home", str(self.home), *self.arguments],
            stdout=subprocess.PIPE,
            stderr=(self.home / "server.log").open("a"),
            env={**os.environ, **self.environment},
            text=True,
        )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, (self.home / "server.log").read_text()
        self.url = json.loads(first)["url"]
        return self

    def kill(self) -> None:
        """End the server as a power cut would; its launcher and jobs go on."""
        assert self.process is not None
        self.process.kill()
        self._reap()

    def stop(self) -> int:
        """End the server as an administrator would, and return its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        status = self.process.wait(START_S)
        self.process.stdout.close()
        return status

    def close(self) -> None:
        """Leave nothing behind: neither server, nor launcher, nor jobs."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        end_launcher(self.home)

    @property
    def credentials(self) -> dict[str, str]:
        """The administrator's keys."""
        known: dict[str, str] = json.loads((self.home / "credentials.json").read_text())
        return known

    def client(self, service: str, **more: Any) -> Any:
        """Return an unmodified boto3 client that talks to this server."""
        known = (service, self.url, *(f"{name}={value}" for name, value in more.items()))
        if known not in self._clients:
            self._clients[known] = self._new_client(service, **more)
        return self._clients[known]

    def _new_client(self, service: str, **more: Any) -> Any:
        keys = self.credentials
        given = {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": keys["access_key"],
            "aws_secret_access_key": keys["secret_key"],
            "config": Config(retries={"max_attempts": 0}),
        }
        return _session().client(service, **{**given, **more})

    @property
    def aws_environment(self) -> dict[str, str]:
        """What `runyard env` sets for AWS's clients."""
        keys = self.credentials
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": keys["access_key"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_key"],
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def put_script(self, name: str, text: str) -> str:
        """Lay a script where jobs find it, and return its URI."""
        file = self.home / "s3" / "scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return f"s3://scripts/{name}"

    def make_job(self, name: str, script: str, **more: Any) -> str:
        """Create a Python shell job of this script text, and return its name."""
        command = {
            "Name": "pythonshell",
            "PythonVersion": "3.9",
            "ScriptLocation": self.put_script(f"{name}.py", script),
        }
        self.client("glue").create_job(**{"Name": name, "Role": "runner", "Command": command, **more})
        return name


@cache
def _session() -> boto3.session.Session:
    """Return what makes boto3's clients: it reads their services' models once."""
    return boto3.session.Session()


def end_launcher(home: Path) -> None:
    """Shut down a home's launcher and all that it runs."""
    if not (home / "launcher").exists():
        return
    launcher = Launcher(home, on_event=lambda _: None, warm=0)
    launcher.connect()
    launcher.shut_down()


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # it ended as it was read
        return False


def launcher_pid(live: Live) -> int:
    """Return the process of a home's launcher."""
    found = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _is_launcher(entry, os.fsencode(live.home))
    ]
    assert len(found) == 1, found
    return found[0]


def _is_launcher(entry: Path, home: bytes) -> bool:
    try:
        name = (entry / "comm").read_text().strip()
        words = (entry / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return name == "runyard-launch" and home in words
