"""(e) The server's resident memory with 1,000,000 runs in the ledger, after a start, a listing and 100 runs.

The listing walks every page of one job of the large ledger; the runs are started and waited for one by one.
Beside it stands a server that did the same on a ledger without those runs. Only the server's process
counts: launcher and jobs have their own.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from live import Live

from bench.caller import Caller
from bench.figures import Goal, Row
from bench.large_ledger import JOBS, large_ledger
from bench.listed_pages import record
from bench.servers import make_job, running_server, wait_until_ended
from bench.size import Size

FIGURE = "e"
JOB = "memory"
KIB_A_MIB = 1024


def measure(size: Size) -> Iterator[Row]:
    """Yield the row of this figure."""
    large = large_ledger(size.ledger_runs)
    small = large_ledger(JOBS)
    ours, peer = (resident_mib(ledger, size) for ledger in (large, small))
    yield Row(
        figure=FIGURE,
        what=f"server's memory, {size.ledger_runs:,} runs in the ledger",
        unit="MiB",
        against=f"{JOBS} runs in the ledger",
        ours=(ours,),
        peer=(peer,),
        goal=Goal(word="at most", limit=200, of_ratio=False),
    )


def resident_mib(ledger: Path, size: Size) -> float:
    """Return what a server on this ledger holds of the machine's memory once it has worked a little."""
    with running_server(ledger=ledger) as live:
        record(live)
        _run_some(live, size.memory_runs)
        assert live.process is not None
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(live.process.pid)],  # noqa: S607 - wherever the system keeps it
            capture_output=True,
            check=True,
        )
    return int(told.stdout) / KIB_A_MIB


def _run_some(live: Live, count: int) -> None:
    make_job(live, JOB, "pass\n")
    caller = Caller(live)
    for _ in range(count):
        wait_until_ended(caller, JOB, json.loads(caller.call("StartJobRun", {"JobName": JOB}))["JobRunId"])
    caller.close()
