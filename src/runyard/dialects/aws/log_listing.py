"""The list of a group's streams, in either order, a page at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from runyard.core.job import Workspace
from runyard.core.run import Run
from runyard.dialects import aws_ids as ids
from runyard.dialects.aws.log_streams import ID_LENGTH, Group, Stream, run_behind, streams_of
from runyard.engine.engine import Engine
from runyard.store.ledger import Page, Value

ROWS = 200  # of the ledger, read at once
MOST_ROWS = 1000  # and for one reply
MOST_SORTED = 5000  # runs that are put in the order of their names

Position = tuple[int, int]
"""The run of the next stream, and how many of its streams were given."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Which streams, in which order.

    The ledger knows no order of names, so a workspace of more than MOST_SORTED runs lists them in the order in which
    they were made. That is also the order by time of the last event, which CloudWatch itself keeps only roughly.
    """

    engine: Engine
    workspace: Workspace
    group: Group
    prefix: str = ""
    by_name: bool = True
    descending: bool = False

    def page(self, position: Position | None, *, limit: int) -> tuple[list[Stream], Position | None]:
        """Return a page of streams, and where the next one begins."""
        found: list[Stream] = []
        first, given = position or (None, 0)
        for looked_at, run in enumerate(self._runs(first)):
            if looked_at >= MOST_ROWS:
                return found, (run.id, 0)
            skip = given if run.id == first else 0
            streams = list(self._streams(run))[skip:]
            room = limit - len(found)
            if len(streams) > room:
                return [*found, *streams[:room]], (run.id, skip + room)
            found += streams
        return found, None

    def _streams(self, run: Run) -> Iterator[Stream]:
        return (stream for stream in streams_of(self.engine, self.group, run) if stream.name.startswith(self.prefix))

    def _runs(self, first: int | None) -> Iterator[Run]:
        """Yield the runs whose streams may be listed, from one of them on."""
        if len(self.prefix) >= ID_LENGTH:
            only = run_behind(self.engine, self.workspace, self.prefix)
            return iter([only] if only else [])
        few = self._rows(limit=MOST_SORTED + 1, where={}) if self.by_name else []
        if self.by_name and len(few) <= MOST_SORTED:
            return self._sorted(few, first)
        return (run for run in self._made(first) if self._may_hold(run))

    def _sorted(self, runs: list[Run], first: int | None) -> Iterator[Run]:
        named = sorted(((ids.run_id(run.id), run) for run in runs if self._may_hold(run)), key=itemgetter(0))
        begin = bisect_left(named, ids.run_id(first), key=itemgetter(0)) if first else None
        if self.descending:
            return (run for _, run in reversed(named[: begin if begin is None else begin + 1]))
        return (run for _, run in named[begin:])

    def _made(self, first: int | None) -> Iterator[Run]:
        step, edge = ("before", 1) if self.descending else ("after", -1)
        where: dict[str, Value] = {} if first is None else {step: first + edge}
        while rows := self._rows(limit=ROWS, where=where):
            yield from rows
            where = {step: rows[-1].id}

    def _rows(self, *, limit: int, where: dict[str, Value]) -> list[Run]:
        return self.engine.runs(self.workspace, Page(limit=limit, where=where, newest_first=self.descending))

    def _may_hold(self, run: Run) -> bool:
        return self.group.may_hold(run, self.prefix)
