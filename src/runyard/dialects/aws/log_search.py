"""The search through many logs at once: events in the order of their time, page by page at the same cost.

Streams are searched in cohorts, in the order in which their runs were made: inside a cohort all events come in the
order of their time. A position is the cohort's beginning and the last event looked at: its time, attempt and end.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runyard.core.job import Workspace
from runyard.core.run import Run
from runyard.dialects.aws.filter_pattern import Matches
from runyard.dialects.aws.log_events import LogEvent, forward, page_filler
from runyard.dialects.aws.log_streams import ID_LENGTH, Group, Stream, run_behind, stream_named, streams_of
from runyard.engine.engine import Engine

COHORT = 200  # runs whose logs are open at once
LOOKED_THROUGH = 500  # rows of the ledger read for a cohort
MOST_LOOKED_THROUGH = 5000  # and for a reply
MOST_BYTES = 4 * 1024 * 1024  # searched for a reply that finds nothing
AHEAD_MS = 1000  # by which ids may run ahead of the clock
SETTLING_MS = 100  # two logs are looked at moments apart: what is this young may yet get an older neighbour
BEGINNING = (0, 0, 0)
BEFORE_ALL = (0, *BEGINNING)

Position = tuple[int, int, int, int]
Found = tuple[Stream, LogEvent]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is searched for, and where."""

    engine: Engine
    workspace: Workspace
    group: Group
    names: Sequence[str] = ()
    prefix: str = ""
    since: int = 0
    until: int  # the last moment that counts
    now: int
    matches: Matches

    def page(self, position: Position | None, *, limit: int) -> tuple[list[Found], Position | None]:
        """Return the next events, and where to go on if there may be more.

        As in CloudWatch, a page with events always says where to go on: who keeps it resumes there without a repeat.
        """
        after, *seen = position or BEFORE_ALL
        looked_through = 0
        while looked_through < MOST_LOOKED_THROUGH:
            streams, following = self._cohort(after)
            found, last = self._merge(streams, tuple(seen), limit=limit)
            if last is not None:
                return found, (after, *last)
            if following is None:
                return [], None
            after, seen = following, list(BEGINNING)
            looked_through += LOOKED_THROUGH
        return [], (after, *BEGINNING)

    def _cohort(self, after: int) -> tuple[list[Stream], int | None]:
        """Return the streams of the next runs, and after which run the next cohort begins."""
        if self.names:
            named = dict.fromkeys(self.names)
            return [stream_named(self.engine, self.workspace, group=self.group, name=name) for name in named], None
        if len(self.prefix) >= ID_LENGTH:
            run = run_behind(self.engine, self.workspace, self.prefix)
            return self._streams([run] if run else []), None
        rows = self.engine.runs_alive(
            self.workspace, since=self.since, until=self.until + AHEAD_MS, after=after, limit=LOOKED_THROUGH
        )
        fitting = [place for place, run in enumerate(rows) if self._may_hold(run)]
        cut = fitting[COHORT - 1] + 1 if len(fitting) >= COHORT else len(rows)
        is_last = cut == len(rows) < LOOKED_THROUGH
        chosen = [rows[place] for place in fitting[:COHORT]]
        return self._streams(chosen), None if is_last else rows[cut - 1].id

    def _may_hold(self, run: Run) -> bool:
        return self.group.may_hold(run, self.prefix)

    def _streams(self, runs: Sequence[Run]) -> list[Stream]:
        found = (stream for run in runs for stream in streams_of(self.engine, self.group, run))
        return [stream for stream in found if stream.name.startswith(self.prefix)]

    def _merge(
        self, streams: Sequence[Stream], seen: tuple[int, ...], *, limit: int
    ) -> tuple[list[Found], tuple[int, int, int] | None]:
        """Return what matches of the next events in time, and the last one looked at if there may be more."""
        found: list[Found] = []
        last, searched, is_full = BEGINNING, 0, page_filler(limit)
        for stream, event in heapq.merge(*(self._events(one, seen) for one in streams), key=_place):
            last, searched = _place((stream, event)), searched + event.size
            if self.matches(event.text):
                found.append((stream, event))
                if is_full(event):
                    break
            if searched >= MOST_BYTES:
                return found, last
        return found, last if found else None

    def _events(self, stream: Stream, seen: tuple[int, ...]) -> Iterator[Found]:
        moment, attempt, end = seen
        place = stream.attempt.id, attempt
        since = max(self.since, moment + 1 if place[0] < place[1] else moment)
        part = stream.extent(since=since, before=self._before(stream))
        start = end if place[0] == place[1] else part.start
        return ((stream, event) for event in forward(part, start))

    def _before(self, stream: Stream) -> int:
        settled = self.until + 1 if stream.attempt.ended_at is not None else self.now - SETTLING_MS
        return min(self.until + 1, settled)


def _place(found: Found) -> tuple[int, int, int]:
    stream, event = found
    return event.at, stream.attempt.id, event.end
