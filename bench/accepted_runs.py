"""(c) StartJobRun accepted a second over 16 keep-alive connections, with 1,000,000 runs in the ledger against none.

Accepted means durable: the answer comes after the commit. The job runs once at a time and queues the rest,
and one long run holds its place, so that nothing but accepting is measured. Two servers stand side by side,
one on the large ledger, and only one of them is called at a time, in turn, by a process of its own that
sends one signed request again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from live import Live

from bench.caller import Caller
from bench.figures import Row, at_least
from bench.large_ledger import large_ledger
from bench.load import read_load, start_load
from bench.servers import make_job, running_server
from bench.size import Size

FIGURE = "c"
JOB = "accept-only"
CONNECTIONS = 16
LONG = "import time; time.sleep(36_000)\n"
WARM_UP_S = 0.3


def measure(size: Size) -> Iterator[Row]:
    """Yield the row of this figure."""
    with ExitStack() as servers:
        large = servers.enter_context(running_server(ledger=large_ledger(size.ledger_runs)))
        empty = servers.enter_context(running_server())
        for live in (large, empty):
            make_job(live, JOB, LONG, limit=1, JobRunQueuingEnabled=True)
            accepted_a_second(live, WARM_UP_S)
        rounds = [[accepted_a_second(live, size.accept_s) for live in (large, empty)] for _ in range(size.rounds)]
    ours, peer = zip(*rounds, strict=True)
    yield Row(
        figure=FIGURE,
        what=f"StartJobRun accepted, {size.ledger_runs:,} runs in the ledger",
        unit="runs/s",
        against="an empty ledger",
        ours=ours,
        peer=peer,
        goal=at_least(0.8),
    )


def accepted_a_second(live: Live, seconds: float) -> float:
    """Return how many calls a second are answered with a run's id."""
    caller = Caller(live)
    message = caller.message("StartJobRun", {"JobName": JOB})
    caller.close()
    return read_load(start_load(live.url, message, connections=CONNECTIONS, until=("--seconds", seconds))).rate
