"""The script of an application's process: spark-submit, and what it said last where it fails."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from runyard_spark.driver import properties, settle_python
from runyard_spark.facts import read_facts
from runyard_spark.java_start import Java, home_variables, java_of, last_lines, submit_command
from runyard_spark.paths import local

FLAGS = frozenset({"--verbose", "-v", "--supervise", "--usage-error", "--help", "-h", "--version"})
PATHS = frozenset({"--jars", "--py-files", "--files", "--archives", "--properties-file", "--driver-class-path"})
CLUSTER = ("--deploy-mode", "cluster")
WAIT = "spark.standalone.submit.waitAppCompletion"
DRIVER = re.compile(r"\b(driver-\d{14}-\d+)\b")
STATE = re.compile(r"State of driver driver-\S+ is (\w+)")
LINES_KEPT = 200


class Submitted:
    """An application that is on its way."""

    def __init__(self, java: Java, master: str) -> None:
        self._java = java
        self._master = master
        self.driver = ""
        self.state = ""
        self.said: list[str] = []

    def hear(self, line: str) -> None:
        """Take note of a line of spark-submit, and print it."""
        sys.stderr.write(line)
        self.said = [*self.said[-LINES_KEPT:], line]
        if found := DRIVER.search(line):
            self.driver = found[1]
        if found := STATE.search(line):
            self.state = found[1]

    def kill(self, number: int, _: object) -> None:
        """End what runs on a cluster: spark-submit alone would leave it there."""
        if self.driver:
            client = [str(self._java.home / "bin" / "spark-class"), "org.apache.spark.deploy.Client"]
            environment = {**os.environ, **home_variables(self._java)}
            subprocess.run([*client, "kill", self._master, self.driver], env=environment, check=False)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def main() -> None:
    """Submit an application and end as it ends."""
    words = json.loads(sys.argv[1])
    facts = read_facts()
    java = java_of(facts.engine)
    conf: dict[str, str] = properties(facts)
    master = conf.pop("spark.master")
    settle_python()
    if is_in_cluster(words):
        conf[WAIT] = "true"
    submitted = Submitted(java, master_of(words) or master)
    signal.signal(signal.SIGTERM, submitted.kill)
    command = [*submit_command(java, master=master, conf=conf), *located(words)]
    code = run(command, submitted, {**os.environ, **home_variables(java)})
    if code or submitted.state not in {"", "FINISHED"}:
        sys.exit(f"spark-submit ended with {submitted.state or code}: {last_lines(''.join(submitted.said))}")


def run(command: Sequence[str], submitted: Submitted, environment: dict[str, str]) -> int:
    """Run spark-submit, whose log is heard while it goes on."""
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stderr or ():
            submitted.hear(line)
    return process.returncode


def located(words: Sequence[str]) -> list[str]:
    """Return what spark-submit is told, with paths of mounts local up to the application; what follows is its own."""
    found: list[str] = []
    given = list(words)
    while given:
        word = given.pop(0)
        if not word.startswith("-"):
            return [*found, local(word), *given]
        found.append(word)
        if word not in FLAGS and given:
            value = given.pop(0)
            found.append(",".join(map(local, value.split(","))) if word in PATHS else value)
    return found


def is_in_cluster(words: Sequence[str]) -> bool:
    """Tell whether the driver is to run on the cluster."""
    pairs: Any = pairwise(words)
    return CLUSTER in pairs


def master_of(words: Sequence[str]) -> str:
    """Return the master that is named among the words."""
    return next((value for name, value in pairwise(words) if name == "--master"), "")


if __name__ == "__main__":
    main()
