"""What a figure depends on besides the code."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from typing import Any

from bench.servers import working_folder

SYNCS = 50
BLOCK = b"\0" * 4096
MS = 1000


def describe_machine() -> dict[str, Any]:
    """Return what a reader needs to judge the figures."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "fsync_ms": round(_fsync_ms(), 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
    }


def _fsync_ms() -> float:
    """Return the median time to append a block durably where the homes of the bench lie."""
    with (working_folder() / "block").open("wb", buffering=0) as file:
        return statistics.median(_sync_ms(file.fileno()) for _ in range(SYNCS))


def _sync_ms(file: int) -> float:
    began = time.perf_counter()
    os.write(file, BLOCK)
    os.fsync(file)
    return (time.perf_counter() - began) * MS
