"""(a) From StartJobRun to the first line of user code, against `subprocess.Popen([python, script])`.

The script's first statement takes the time and its next tells it through a named pipe, so that nobody polls
while the script starts. Ours begins before the request is signed and goes over one keep-alive connection of
the standard library's http.client, signed by our own signer: what boto3 does before it sends stands in a
row of its own. The other begins before Popen. Both are taken in turn, each on an idle server: the run
before has ended and another child is forked. The second script imports pandas before its first statement; a
server's children have it imported already.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from live import Live

from bench.caller import Caller
from bench.figures import Row, at_most
from bench.servers import make_job, running_server, wait_until_ended
from bench.size import Size

FIGURE = "a"
PLAIN = "first-line"
PANDAS = "first-line-pandas"
TELL = "import time; at = time.time_ns()\nopen({pipe!r}, 'w').write(str(at))\n"
SCRIPTS = {PLAIN: TELL, PANDAS: f"import pandas\n{TELL}"}
POPEN = "Popen([python, script])"
REST_S = 0.02  # for what a server does after a run has ended
LONGEST_S = 60.0
NS_A_MS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Starts:
    """What the starts share: a server, two ways to call it, and where scripts tell their time."""

    live: Live
    caller: Caller
    boto3: Any
    ear: int

    def hear(self) -> int:
        """Return what the script tells."""
        if not select.select([self.ear], [], [], LONGEST_S)[0]:
            raise TimeoutError(f"the script has not begun after {LONGEST_S:g} s")
        return int(os.read(self.ear, 64))


Start = Callable[[Starts, str], float]


def measure(size: Size) -> Iterator[Row]:
    """Yield the rows of this figure."""
    with running_server() as live:
        pipe = live.home / "pipe"
        os.mkfifo(pipe)
        ear = os.open(pipe, os.O_RDWR)  # for writing too, so that it does not end when a script closes it
        starts = Starts(live=live, caller=Caller(live), boto3=live.client("glue"), ear=ear)
        for job, script in SCRIPTS.items():
            make_job(live, job, script.format(pipe=str(pipe)))
        try:
            yield from _rows(starts, size)
        finally:
            os.close(ear)
            starts.caller.close()


def _rows(starts: Starts, size: Size) -> Iterator[Row]:
    http, boto3, popen = _samples(starts, PLAIN, (start_over_http, start_with_boto3, start_with_popen), size)
    yield _row("StartJobRun over HTTP → first line", http, popen, limit=0.5)
    yield _row("the same, called with boto3", boto3, popen)
    http, popen = _samples(starts, PANDAS, (start_over_http, start_with_popen), size)
    yield _row("StartJobRun → first line after import pandas", http, popen, limit=0.05)


def _row(what: str, ours: list[float], peer: list[float], *, limit: float | None = None) -> Row:
    goal = at_most(limit) if limit else None
    return Row(figure=FIGURE, what=what, unit="ms", against=POPEN, ours=ours, peer=peer, goal=goal)


def _samples(starts: Starts, job: str, ways: tuple[Start, ...], size: Size) -> list[list[float]]:
    for way in ways * size.warm_up:
        way(starts, job)
    rounds = [[way(starts, job) for way in ways] for _ in range(size.starts)]
    return [list(samples) for samples in zip(*rounds, strict=True)]


def start_over_http(starts: Starts, job: str) -> float:
    """Return how many ms StartJobRun over plain HTTP takes to the first line."""
    began = time.time_ns()
    run_id = json.loads(starts.caller.call("StartJobRun", {"JobName": job}))["JobRunId"]
    return _to_the_first_line(starts, job, run_id, began=began)


def start_with_boto3(starts: Starts, job: str) -> float:
    """Return how many ms StartJobRun with boto3 takes to the first line."""
    began = time.time_ns()
    run_id = starts.boto3.start_job_run(JobName=job)["JobRunId"]
    return _to_the_first_line(starts, job, run_id, began=began)


def _to_the_first_line(starts: Starts, job: str, run_id: str, *, began: int) -> float:
    at = starts.hear()
    wait_until_ended(starts.caller, job, run_id)
    time.sleep(REST_S)
    return (at - began) / NS_A_MS


def start_with_popen(starts: Starts, job: str) -> float:
    """Return how many ms a new interpreter takes to the first line."""
    script = starts.live.home / "s3" / "scripts" / f"{job}.py"
    began = time.time_ns()
    with subprocess.Popen([sys.executable, str(script)]):
        at = starts.hear()
    time.sleep(REST_S)
    return (at - began) / NS_A_MS
