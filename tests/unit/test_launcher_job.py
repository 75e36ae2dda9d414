"""What becomes of an order in the hands of a process."""

from __future__ import annotations

import socket
from pathlib import Path

from runyard.executors.launcher.job import Job
from runyard.executors.launcher.nursery import Child
from runyard.executors.launcher.order import Order
from runyard.executors.launcher.wire import now_ms

HOUR = 3_600_000


def test_a_job_ends_no_earlier_than_it_began_though_the_clock_was_set_back(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        job = Job(Order(attempt_id=1, folder=str(tmp_path), script="script.py"), Child(ours))
        job.start(now_ms() + HOUR)
        end = job.ended(0)

    assert end.at == end.started_at
