"""A Spark cluster of this machine's own: a standalone master and workers from the package, on loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import java_spark
from waiting import until

START_S = 180  # three JVMs under load
MASTER = "org.apache.spark.deploy.master.Master"
OWN = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
WORKER = "org.apache.spark.deploy.worker.Worker"


@dataclass
class Cluster:
    """The processes of a cluster."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    url: str = ""
    page: str = ""

    def start(self) -> None:
        """Start a master and two workers, and wait until they know each other."""
        self._start("master", MASTER)
        self.url = until(lambda: self._said("master", r"Starting Spark master at (spark://\S+)"), seconds=START_S)
        self.page = until(lambda: self._said("master", r"MasterWebUI.*started at (http://\S+)"), seconds=START_S)
        for name in ("one", "two"):
            work = ["-c", "1", "-m", "1g", "-d", str(self.folder / name)]
            self._start(name, WORKER, *work, self.url)
        until(lambda: len(self.alive_workers()) == 2, seconds=START_S)

    def kill(self, name: str) -> None:
        """End a process as a power cut would, with its executors."""
        process = self.processes.pop(name)
        os.killpg(process.pid, 9)
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def asked(self) -> Any:
        """What the master says of itself."""
        page = self.page.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - what it calls itself
        with urllib.request.urlopen(f"{page}/json/", timeout=START_S) as answer:  # noqa: S310 - http
            return json.load(answer)

    def alive_workers(self) -> list[str]:
        return [worker["id"] for worker in self.asked()["workers"] if worker["state"] == "ALIVE"]

    def applications(self, kind: str = "activeapps") -> list[str]:
        return [one["name"] for one in self.asked()[kind]]

    def _start(self, name: str, main: str, *words: str) -> None:
        home = java_spark.spark_home()
        address = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        self.processes[name] = subprocess.Popen(
            [str(home / "bin" / "spark-class"), main, *address, *words],
            env={**os.environ, "JAVA_HOME": str(java_spark.java_home()), "SPARK_HOME": str(home), **OWN},
            stdout=(self.folder / f"{name}.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _said(self, name: str, pattern: str) -> str:
        assert self.processes[name].poll() is None, (self.folder / f"{name}.log").read_text()[-2000:]
        found = re.search(pattern, (self.folder / f"{name}.log").read_text())
        return found[1] if found else ""


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
