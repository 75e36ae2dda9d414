"""A server with some runs in its ledger, spoken to as PostgreSQL; and the programs that speak so."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from live import Live
from waiting import until

SETTINGS = "warm_children = 2\npreload = []\n"
RUNS = 3


@dataclass(kw_only=True)
class Wire:
    """Where a server speaks PostgreSQL's protocol, and the keys to it."""

    live: Live
    address: str

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    def url(self, more: str = "", *, scheme: str = "postgresql") -> str:
        password = self.live.credentials["password"]
        return f"{scheme}://admin:{password}@127.0.0.1:{self.port}/default{more}"

    @property
    def environment(self) -> dict[str, str]:
        """What `runyard env` sets for PostgreSQL's clients."""
        return {
            **os.environ,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "admin",
            "PGPASSWORD": self.live.credentials["password"],
            "PGDATABASE": "default",
            "PSQLRC": os.devnull,
        }


def wire_of(live: Live) -> Wire:
    """Where a started server speaks PostgreSQL's protocol."""
    place = json.loads((live.home / "server.json").read_text())
    return Wire(live=live, address=place["pg"])


def started(home: Path, *arguments: str, settings: str = "") -> Wire:
    """A server of a home of its own."""
    return wire_of(Live(home, arguments, settings=SETTINGS + settings).start())


def run_jobs(live: Live) -> None:
    """Have a job run to its end a few times, and another fail."""
    glue = live.client("glue")
    for name, script, count in (("etl", "print('done')\n", RUNS), ("broken", "raise SystemExit(3)\n", 1)):
        live.make_job(name, script)
        for _ in range(count):
            run_id = glue.start_job_run(JobName=name)["JobRunId"]
            until(lambda: _state(glue, name, run_id) in {"SUCCEEDED", "FAILED"}, seconds=60)  # noqa: B023 - done before the next


def _state(glue: object, name: str, run_id: str) -> str:
    state: str = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"]  # type: ignore[attr-defined]  # a boto3 client
    return state


def program(name: str, package: str) -> str:
    """Where a program is; without it the test is skipped at home and fails in CI."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed; tools/install_clients installs Debian's {package}")
    return str(found)


def missing(reason: str) -> None:
    """Skip at home, fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
