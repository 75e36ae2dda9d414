"""(j) Finding the files that are new to a job among 100,000, against only walking the folder and asking each its time.

The job has read them all but one in a thousand, and they are too young to be done for good, so that each is looked up
among those it remembers. Both sides walk the same folder in turn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Row, at_most
from bench.size import Size
from runyard.core.bookmark import new_files
from runyard.engine.bookmarks import files_at

FIGURE = "j"
FOLDERS = 100
FRESH_OF = 1_000  # one file of so many is new
MS = 1000


def measure(size: Size) -> Iterator[Row]:
    """Yield the row of this figure."""
    folder = Path(tempfile.mkdtemp(prefix="runyard-bench-"))
    try:
        _fill(folder, size.bookmark_files)
        now = time.time_ns() // 1_000_000
        _, before = new_files([one for one in files_at(folder, "s3://in") if _is_old(one.name)], None, started_at=now)
        ours, peer = [], []
        for _ in range(size.rounds):
            ours.append(_ms(lambda: new_files(list(files_at(folder, "s3://in")), before, started_at=now)))
            peer.append(_ms(lambda: _walk(folder)))
        yield Row(
            figure=FIGURE,
            what=f"new files among {size.bookmark_files:,} by a bookmark",
            unit="ms",
            against="a walk that asks each file its time",
            ours=ours,
            peer=peer,
            goal=at_most(3),
        )
    finally:
        shutil.rmtree(folder)


def _fill(folder: Path, count: int) -> None:
    for number in range(FOLDERS):
        (folder / str(number)).mkdir()
    for number in range(count):
        (folder / str(number % FOLDERS) / str(number)).touch()


def _is_old(name: str) -> bool:
    return int(name.rpartition("/")[2]) % FRESH_OF != 0


def _walk(folder: Path) -> int:
    walked = (f"{place}/{name}" for place, _, names in os.walk(folder) for name in names)
    return sum(os.stat(path).st_mtime_ns for path in walked)  # noqa: PTH116 - the quickest way there is


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * MS
