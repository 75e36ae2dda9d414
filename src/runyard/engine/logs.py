"""What a run printed, with the time of each line as near as it was observed."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

STREAMS = ("stdout", "stderr")
PROGRESS = "progress"
"""What a job's own process may tell of how far it is, with its own rows of time (runtime/runyard_spark/progress.py)."""
LONGEST_LINE = 256 * 1024  # bytes; what is longer is given in pieces
BLOCK = 8 * 1024  # bytes of `times` held at once: some 300 rows
TWO_ROWS = 128  # bytes that hold at least one whole row, wherever they begin
AT, SIZE = 0, 1

_ROW = re.compile(rb"(?<=\n)(\d+) (\d+) (\d+)\n")


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
        is_watched = stream in STREAMS
        times = folder / ("times" if is_watched else f"{stream}.times")
        self._observations = Observations(times, 1 + STREAMS.index(stream) if is_watched else 1)
        self._after = max(self._observations.last[AT], started_at)  # the time of what nobody has looked at yet

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.stat().st_size if self._file.exists() else 0

    @property
    def observed(self) -> int:
        """Bytes whose time is known for good; what came later has the time of its observation yet to get."""
        return self._observations.last[SIZE]

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset`."""
        if offset >= self.size:  # where a system may not even seek
            return b""
        with self._file.open("rb") as file:
            file.seek(offset)
            return file.read(limit)

    def tail(self, limit: int) -> bytes:
        """Return the last `limit` bytes, however long the log is."""
        return self.read(max(0, self.size - limit), limit)

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
        at = self._observations.moment_of(offset)
        return self._after if at is None else at

    def first_seen(self, moment: int) -> int:
        """Return the first byte that was seen at a moment or later, or the size; times only grow along a log."""
        before = self._observations.length_before(moment)
        if before is not None:
            return before
        return self.observed if self._after >= moment else self.size


def ends_of(logs: Sequence[Log], limit: int) -> tuple[bytes, bool]:
    """Return the ends of several logs one after the other, `limit` bytes in all, and whether anything is left out.

    A short log is given whole; what it leaves of its share goes to the longer ones.
    """
    room = limit
    shares: dict[int, bytes] = {}
    for place, log in sorted(enumerate(logs), key=lambda each: each[1].size):
        shares[place] = log.tail(room // (len(logs) - len(shares)))
        room -= len(shares[place])
    ends = [shares[place] for place in range(len(logs))]
    return b"".join(ends), any(log.size > len(end) for log, end in zip(logs, ends, strict=True))


class Observations:
    """How long an output had become at which moment: the rows of `times`, of which one block at a time is held.

    A week of constant output leaves 18 MB of them. What is appended after the opening is not looked at, so that all
    that is read of a log belongs to one moment; what a broken disk left between the rows is passed over.
    """

    def __init__(self, file: Path, column: int) -> None:
        self._file = file
        self._column = column
        self._end = file.stat().st_size if file.exists() else 0
        self._hold(max(0, self._end - BLOCK))
        moments, sizes = self._held
        self.last = (moments[-1], sizes[-1]) if sizes else (0, 0)

    def moment_of(self, offset: int) -> int | None:
        """Return when the byte at an offset was first seen, or None if it was not."""
        place = self._find(SIZE, offset)
        return None if place is None else self._held[AT][place]

    def length_before(self, moment: int) -> int | None:
        """Return how long the output was before the first look at a moment or later, or None if there was none."""
        place = self._find(AT, moment - 1)
        if place is None:
            return None
        return self._held[SIZE][place - 1] if place else 0

    def _find(self, key: int, value: int) -> int | None:
        """Hold the first row with more than a value, and return its place among those held."""
        if value >= self.last[key]:
            return None
        held = self._held[key]
        if not held or held[-1] <= value or (self._start and held[0] > value):
            self._hold(self._block_of(key, value))
        place = bisect_right(self._held[key], value)
        return place if place < len(self._held[key]) else None

    def _block_of(self, key: int, value: int) -> int:
        """Return where the last block begins whose first row has no more than a value."""

        def first_of_block(number: int) -> int:
            first = self._rows(number * BLOCK, 0)[key]
            return first[0] if first else value + 1  # no row follows: the wanted one comes before

        return BLOCK * max(0, bisect_right(range(self._end // BLOCK + 1), value, key=first_of_block) - 1)

    def _hold(self, start: int) -> None:
        self._start = start
        self._held = self._rows(start, BLOCK)

    def _rows(self, start: int, length: int) -> tuple[list[int], list[int]]:
        """Return the rows that begin in a part of the file, and at least the first one after it."""
        data = b"" if start else b"\n"
        begin = max(0, start - 1)  # with the line end before the part, which tells that a row begins there
        with suppress(FileNotFoundError), self._file.open("rb") as file:
            file.seek(begin)
            data += file.read(min(self._end, start + length + TWO_ROWS) - begin)
        rows = _ROW.findall(data)
        return [int(row[0]) for row in rows], [int(row[self._column]) for row in rows]
