"""Servers to measure: real ones, each with a home of its own on the project's disk, where durable means durable."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live import Live

CACHE = Path(__file__).parent / ".cache"
END_S = 120.0
PAUSE_S = 0.004
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")


@contextmanager
def running_server(*, ledger: Path | None = None, settings: str = "") -> Iterator[Live]:
    """Give a server on a copy of `ledger`, or on an empty one."""
    live = Live(working_folder() / "home", settings=settings)
    if ledger is not None:
        _lay_down(ledger, live.home / "ledger.db")
    try:
        yield live.start()
    finally:
        live.close()


def working_folder() -> Path:
    """Give a folder on the project's disk, which stays until all is measured.

    ext4 searches longer for a free inode while those of many files deleted in the last minutes are held back
    (a fifth fewer runs a second, measured): one figure must not pay for what another left.
    """
    CACHE.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(dir=CACHE, prefix="work-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _lay_down(ledger: Path, target: Path) -> None:
    """Copy a ledger, and wait for the disk: what it still writes later would slow what is measured."""
    target.parent.mkdir(parents=True)
    shutil.copyfile(ledger, target)
    with target.open("rb+") as copy:
        os.fsync(copy.fileno())


def make_job(live: Live, name: str, script: str, *, limit: int = 1000, **more: Any) -> str:
    """Create a job that may run `limit` times at once."""
    return live.make_job(name, script, ExecutionProperty={"MaxConcurrentRuns": limit}, **more)


def wait_until_ended(glue: Any, job_name: str, run_id: str) -> Mapping[str, Any]:
    """Return a run once it has succeeded; a bench of failing runs would measure something else."""
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        run: Mapping[str, Any] = glue.get_job_run(JobName=job_name, RunId=run_id)["JobRun"]
        if run["JobRunState"] in ENDED:
            assert run["JobRunState"] == "SUCCEEDED", run
            return run
        time.sleep(PAUSE_S)
    raise TimeoutError(f"run {run_id} of {job_name} has not ended after {END_S:g} s")
