"""What a run printed, with the time of each line as near as it was observed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STREAMS = ("stdout", "stderr")
LONGEST_LINE = 256 * 1024  # bytes; what is longer is given in pieces


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a log: where it begins (bytes), when it was seen (ms), and its text without the line end."""

    offset: int
    at: int
    text: str


class Log:
    """One stream of one attempt, read in place while it grows."""

    def __init__(self, folder: Path, stream: str, *, started_at: int) -> None:
        self._file = folder / stream
        self._sizes, self._times = _observations(folder / "times", STREAMS.index(stream))
        self._started_at = started_at

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.stat().st_size if self._file.exists() else 0

    @property
    def observed(self) -> int:
        """Bytes whose time is known for good; what came later has the time of its observation yet to get."""
        return self._sizes[-1] if self._sizes else 0

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset`."""
        if not self._file.exists():
            return b""
        with self._file.open("rb") as file:
            file.seek(offset)
            return file.read(limit)

    def lines(self, offset: int = 0) -> Iterator[Line]:
        """Yield the lines from a byte offset on; the last one may still be growing."""
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(offset)
            while piece := file.readline(LONGEST_LINE):
                yield Line(
                    offset=offset,
                    at=self.seen_at(offset),
                    text=piece.decode("utf-8", "replace").rstrip("\r\n"),
                )
                offset += len(piece)

    def seen_at(self, offset: int) -> int:
        """Return when the byte at this offset was first seen to be there (ms; the launcher looks once a second)."""
        position = bisect_right(self._sizes, offset)
        if position < len(self._times):
            return self._times[position]
        return max(self._times[-1] if self._times else 0, self._started_at)


def _observations(file: Path, column: int) -> tuple[list[int], list[int]]:
    sizes: list[int] = []
    times: list[int] = []
    for row in file.read_text().splitlines() if file.exists() else ():
        values = row.split()
        if len(values) == 1 + len(STREAMS):  # the last row may be half written
            times.append(int(values[0]))
            sizes.append(int(values[1 + column]))
    return sizes, times
