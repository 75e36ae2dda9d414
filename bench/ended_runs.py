"""When all runs have ended, as the ledger tells who reads it from outside."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from live import Live

from bench.servers import END_S, PAUSE_S

OPEN_RUNS = "SELECT count(*) FROM run WHERE state <> 'ended'"


@contextmanager
def reading_ledger(live: Live) -> Iterator[sqlite3.Connection]:
    """Give a connection that reads the server's ledger."""
    with closing(sqlite3.connect(f"file:{live.home / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        yield ledger


def wait_until_all_ended(ledger: sqlite3.Connection) -> None:
    """Return once no run is left that has not ended."""
    deadline = time.monotonic() + END_S
    while ledger.execute(OPEN_RUNS).fetchone()[0]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"there are runs that have not ended after {END_S:g} s")
        time.sleep(PAUSE_S)
