"""A body on its way to becoming an object: written aside, digested as it passes, then forced to disk."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

from runyard.dialects.s3 import sidecars
from runyard.dialects.s3.checksums import Digests
from runyard.dialects.s3.files import force_file, new_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Spool:
    """One unfinished file; whoever makes it discards it, which does nothing once it is in its place."""

    def __init__(self, folder: Path, algorithms: Iterable[str] = ()) -> None:
        self.path, self._file = new_file(folder)
        self.digests = Digests(algorithms)
        self.version = ""

    def write(self, data: bytes) -> None:
        """Take more bytes."""
        self.digests.update(data)
        rest = memoryview(data)
        while rest:
            # An unbuffered write may take less than it was given, and says so.
            rest = rest[self._file.write(rest) :]

    def finish(self) -> None:
        """Force the file to disk and give it the time by which its description will know it."""
        # The kernel's clock for files ticks in milliseconds: two writes of one size could look the same.
        now = time.time_ns()
        os.utime(self._file.fileno(), ns=(now, now))
        force_file(self._file)
        self.version = sidecars.version_of(os.fstat(self._file.fileno()))
        self._file.close()

    def discard(self) -> None:
        """Leave nothing behind of a body that became nothing."""
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
