"""(b) Finished no-op runs a second, against a loop of Popen with the same concurrency.

Ours: a process of its own sends StartJobRun N times with 8 calls in flight; the server has 8 places, so
that at most 8 job processes run at once. Each run is a process of its own and durable in the ledger, start
and end. The time goes from the first request to the moment when the ledger, read from outside, has no run
left that has not ended; all must have succeeded. The other: 8 threads that start the same script with Popen
and wait for it, N times in all; it records nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from live import Live

from bench.caller import Caller
from bench.ended_runs import reading_ledger, wait_until_all_ended
from bench.figures import Row, at_least
from bench.load import read_load, start_load
from bench.servers import PAUSE_S, make_job, running_server
from bench.size import Size

FIGURE = "b"
JOB = "no-op"
AT_ONCE = 8
LIMIT = 1_000_000  # of the job: only the server's places limit
NS = 1_000_000_000
SUCCEEDED = "SELECT count(*) FROM run WHERE outcome = 'succeeded'"


def measure(size: Size) -> Iterator[Row]:
    """Yield the row of this figure."""
    with running_server(settings=f"places = {AT_ONCE}\n") as live:
        make_job(live, JOB, "pass\n", limit=LIMIT)
        runs_a_second(live, size.warm_up * AT_ONCE)
        count = size.finished_runs
        rounds = [(runs_a_second(live, count), popens_a_second(live, count)) for _ in range(size.rounds)]
    ours, peer = zip(*rounds, strict=True)
    yield Row(
        figure=FIGURE,
        what=f"finished runs, {AT_ONCE} at once",
        unit="runs/s",
        against=f"Popen, {AT_ONCE} at once",
        ours=ours,
        peer=peer,
        goal=at_least(1.5),
    )


def runs_a_second(live: Live, count: int) -> float:
    """Return how many runs a second go from the request to the recorded end."""
    caller = Caller(live)
    message = caller.message("StartJobRun", {"JobName": JOB})
    caller.close()
    with reading_ledger(live) as ledger:
        (before,) = ledger.execute(SUCCEEDED).fetchone()
        generator = start_load(live.url, message, connections=AT_ONCE, until=("--calls", count))
        while generator.poll() is None:
            time.sleep(PAUSE_S)
        wait_until_all_ended(ledger)
        ended_at = time.time_ns()
        (after,) = ledger.execute(SUCCEEDED).fetchone()
    assert after - before == count, f"{count} runs were started and {after - before} succeeded"
    return count * NS / (ended_at - read_load(generator).began_at)


def popens_a_second(live: Live, count: int) -> float:
    """Return how many new interpreters a second run the same script to its end."""
    command = [sys.executable, str(live.home / "s3" / "scripts" / f"{JOB}.py")]
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda _: subprocess.run(command, check=True), range(count)))
    return count / (time.perf_counter() - began)
