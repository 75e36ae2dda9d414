"""The lines of a log as events, read in place and a block at a time, so that the end of a large one costs no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from runyard.engine.logs import LONGEST_LINE, Log

BLOCK = 64 * 1024
LARGEST_PAGE = 1024 * 1024  # bytes of messages in one reply
MOST_EVENTS = 10_000
OVERHEAD = 26  # what CloudWatch counts for an event beside its text


class LogEvent(NamedTuple):
    """One whole line: its bytes in the log, when its end was seen (ms), and its text without the line end.

    A tuple, not a dataclass: a search makes tens of thousands of them, and a tuple is made in a third of the time.
    """

    start: int
    end: int
    at: int
    text: str

    @property
    def size(self) -> int:
        """What it takes of a page."""
        return self.end - self.start + OVERHEAD


@dataclass(frozen=True, kw_only=True)
class Extent:
    """The part of a log that may be read: whole lines from byte `start` to byte `end`."""

    log: Log
    start: int
    end: int
    is_closed: bool  # nothing will follow, so the last line may lack its line end


def extent(log: Log, *, is_closed: bool, since: int = 0, before: int | None = None) -> Extent:
    """Return the part of a log that was seen from `since` (ms) until just before `before`.

    A line's time is known once the launcher has looked at the file after its end was written; until then it is not
    an event, because a time that still changes would show a line twice to who polls by time.
    """
    end = log.size if is_closed else log.observed
    if before is not None:
        end = min(end, log.first_seen(before))
    start = line_start(log, min(log.first_seen(since), end)) if since else 0
    return Extent(log=log, start=min(start, end), end=end, is_closed=is_closed)


def line_start(log: Log, place: int) -> int:
    """Return where the line of a byte begins; a line too long to be one event begins where its search ended."""
    window = max(0, place - LONGEST_LINE)
    newline = log.read(window, place - window).rfind(b"\n")
    return window + newline + 1


def forward(part: Extent, start: int) -> Iterator[LogEvent]:
    """Yield the events from a line's beginning on."""
    rest, read_to = b"", start
    while block := part.log.read(read_to, max(0, min(BLOCK, part.end - read_to))):
        rest, read_to = rest + block, read_to + len(block)
        for piece in _whole_lines(rest):
            yield _event(part.log, start, piece)
            start += len(piece)
        rest = rest[len(rest) - (read_to - start) :]
    if rest and part.is_closed and part.end == part.log.size:
        yield _event(part.log, start, rest)


def _whole_lines(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        newline = data.find(b"\n", start, start + LONGEST_LINE)
        end = newline + 1 if newline >= 0 else start + LONGEST_LINE
        if end > len(data):
            return
        yield data[start:end]
        start = end


def _event(log: Log, start: int, piece: bytes) -> LogEvent:
    end = start + len(piece)
    text = piece.decode("utf-8", "replace").rstrip("\r\n")
    return LogEvent(start=start, end=end, at=log.seen_at(end - 1), text=text)


def last_moment(part: Extent) -> int:
    """Return when the end of the last line was seen."""
    end = part.end if part.is_closed else line_start(part.log, part.end)
    return part.log.seen_at(end - 1)


def page_forward(part: Extent, place: int, *, limit: int) -> list[LogEvent]:
    """Return a page of events from a place on."""
    return list(_fitting(forward(part, max(place, part.start)), limit))


def page_backward(part: Extent, place: int, *, limit: int) -> list[LogEvent]:
    """Return the page of events that ends at a place."""
    end = min(place, part.end)
    start = max(part.start, line_start(part.log, max(0, end - LARGEST_PAGE)))
    last = deque(forward(replace(part, end=max(start, end)), start), maxlen=limit)
    return list(_fitting(reversed(last), limit))[::-1]


def _fitting(events: Iterable[LogEvent], limit: int) -> Iterator[LogEvent]:
    """Yield events as long as they fit on one page; the first always does."""
    is_full = page_filler(limit)
    for event in events:
        yield event
        if is_full(event):
            return


def page_filler(limit: int) -> Callable[[LogEvent], bool]:
    """Return what counts events onto a page and tells when no other may follow."""
    count = size = 0

    def is_full(event: LogEvent) -> bool:
        nonlocal count, size
        count, size = count + 1, size + event.size
        return count >= limit or size >= LARGEST_PAGE - LONGEST_LINE

    return is_full
