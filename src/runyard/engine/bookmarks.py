"""The verbs about what jobs have read: for the runs that read, and for those who look at it or turn it back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.core import bookmark as rules
from runyard.core.bookmark import Bookmark, Bound, Element, File, Reader, Span
from runyard.core.errors import InvalidRequest, NotFound, WrongState
from runyard.core.ids import moment_of
from runyard.core.job import Job, Workspace
from runyard.core.run import State
from runyard.store.ledger import Ledger
from runyard.store.store import Store

if TYPE_CHECKING:
    from runyard.engine.engine import Engine

KEPT = 200  # versions of a job's bookmark; an older run cannot be turned back to
MOST_FILES = 2_000_000
HIDDEN = (".", "_")  # what Spark and its writers do not take for data


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a run says when it reads: who it is, and whether its bookmark counts."""

    attempt_id: int
    option: str = rules.DISABLED
    since: int | None = None  # a pause's window: the runs whose input lies at its ends
    until: int | None = None


class Bookmarks:
    """What the engine does with bookmarks."""

    def __init__(self, engine: Engine, store: Store, *, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock

    # for the run that reads

    def begin(self, workspace: Workspace, reading: Reading) -> int | None:
        """Let a run begin to read; return the version on which its commit builds. None: nothing will be kept."""
        self._check(reading)
        if reading.option != rules.ENABLED:
            return None
        reader = self._reader(workspace, reading)

        def begin(ledger: Ledger) -> int:
            last = _held(ledger, reader.job_id)
            bookmark = rules.begun(last, reader, now=self._clock())
            if bookmark is not last:
                ledger.add_bookmark(replace(bookmark, elements={}))
                ledger.remove_bookmarks_before(reader.job_id, bookmark.version - KEPT)
            return bookmark.version

        return self._store.write(begin)

    def new_files(
        self,
        workspace: Workspace,
        reading: Reading,
        context: str,
        uris: Sequence[str],
        *,
        bound: Bound | None = None,
    ) -> tuple[list[File], Element | None]:
        """Return the files below some places that the run is to read, and what it is to commit then."""
        self._check(reading)
        files = [file for uri in uris for file in files_at(self._engine.mounts.resolve(uri), uri)]
        if reading.option == rules.DISABLED or not context:
            return bound.within(files) if bound else files, None
        reader = self._reader(workspace, reading)
        if reading.since is not None and reading.until is not None:
            since, until = (
                self._as_of(reader.job_id, run_id).get(context) for run_id in (reading.since, reading.until)
            )
            return rules.files_between(files, since, until), None
        last, started_at = self._standing(reader)
        fresh, element = rules.new_files(files, last.get(context), started_at=started_at)
        if bound is not None:
            fresh, element = rules.bounded(files, fresh, element, bound)
        return fresh, element if reading.option == rules.ENABLED else None

    def new_rows(
        self, workspace: Workspace, reading: Reading, context: str, *, keys: Sequence[str], order: str
    ) -> Span:
        """Return which rows the run is to read."""
        self._check(reading)
        rules.check_keys(keys, order)
        if reading.option == rules.DISABLED or not context:
            return Span()
        reader = self._reader(workspace, reading)
        if reading.since is not None and reading.until is not None:
            found = [self._as_of(reader.job_id, run_id).get(context) for run_id in (reading.since, reading.until)]
            return rules.rows_between(*(rules.last_row(element, keys, order) for element in found))
        return Span(after=rules.last_row(self._standing(reader)[0].get(context), keys, order))

    def commit(self, workspace: Workspace, reading: Reading, version: int, elements: Mapping[str, Element]) -> int:
        """Keep all that a run has read, at once, if its version is still the last one."""
        reader = self._reader(workspace, reading)
        _check_elements(elements)

        def commit(ledger: Ledger) -> int:
            last = _held(ledger, reader.job_id)
            bookmark = rules.committed(last, reader, version, elements, now=self._clock())
            if last is not None and bookmark is not last:
                ledger.remove_bookmark(last.job_id, last.version)
                ledger.add_bookmark(bookmark)
            return bookmark.version

        return self._store.write(commit)

    # for those who look

    def last(self, job: Job, run_id: int | None = None) -> Bookmark:
        """Return the last version of a job's bookmark, or of one of its runs."""

        def find(ledger: Ledger) -> Bookmark | None:
            known = ledger.bookmark(job.id) if run_id is None else ledger.bookmark_of_run(job.id, run_id)
            return known and _whole(ledger, known)

        return self._found(job, self._store.read(find))

    def page(self, job: Job, *, before: int, limit: int) -> list[Bookmark]:
        """Return versions below one, the last first."""
        return self._store.read(
            lambda ledger: [_whole(ledger, one) for one in ledger.bookmarks(job.id, before=before, limit=limit)]
        )

    def reset(self, job: Job, run_id: int | None = None) -> Bookmark:
        """Turn a job's bookmark back: to the end of a run, or to its beginning."""

        def turn(ledger: Ledger) -> Bookmark | None:
            last = _held(ledger, job.id)
            known = None if run_id is None else ledger.bookmark_of_run(job.id, run_id)
            if last is None or (run_id is not None and known is None):
                return None
            to = known and ledger.committed_bookmark(job.id, known.version)
            bookmark = rules.rewound(last, to, now=self._clock())
            ledger.add_bookmark(bookmark)
            return bookmark

        return self._found(job, self._store.write(turn))

    # how the verbs do it

    def _check(self, reading: Reading) -> None:
        if reading.option not in rules.OPTIONS:
            raise InvalidRequest(
                f"{reading.option!r} is no way to use a bookmark; known are {', '.join(rules.OPTIONS)}."
            )
        ends = [one for one in (reading.since, reading.until) if one is not None]
        if ends and (reading.option != rules.PAUSED or len(ends) == 1):
            raise InvalidRequest(
                "A window from one run to another belongs to a bookmark that is paused, with both ends."
            )

    def _reader(self, workspace: Workspace, reading: Reading) -> Reader:
        run, attempt = self._engine.attempt(workspace, reading.attempt_id)
        if run.job_id is None:
            raise InvalidRequest(
                f"Run {run.id} is of no job, and only jobs have bookmarks; create a job for its script."
            )
        if attempt.state is State.ENDED:
            raise WrongState(f"Attempt {attempt.number} of run {run.id} has ended; it reads and commits no more.")
        return Reader(job_id=run.job_id, run_id=run.id, attempt=attempt.number)

    def _standing(self, reader: Reader) -> tuple[Mapping[str, Element], int]:
        """Return what the job has read, and when this run began to read."""

        def find(ledger: Ledger) -> tuple[Mapping[str, Element], int]:
            last = ledger.bookmark(reader.job_id)
            if last is None:
                return {}, self._clock()
            started_at = last.created_at if reader.is_of(last) and not last.is_committed else self._clock()
            return _whole(ledger, last).elements, started_at

        return self._store.read(find)

    def _as_of(self, job_id: int, run_id: int) -> Mapping[str, Element]:
        """Return what the job had read at the end of the last run that committed, before and including this one."""

        def find(ledger: Ledger) -> Mapping[str, Element]:
            known = ledger.bookmark_of_run(job_id, run_id) or ledger.bookmark_at(job_id, moment_of(run_id))
            return _whole(ledger, known).elements if known else {}

        return self._store.read(find)

    def _found(self, job: Job, bookmark: Bookmark | None) -> Bookmark:
        if bookmark is None:
            raise NotFound("bookmark", job.name)
        return bookmark


def _held(ledger: Ledger, job_id: int) -> Bookmark | None:
    """Return the last version whole, while nobody else can add another."""
    ledger.hold_job(job_id)
    last = ledger.bookmark(job_id)
    return last and _whole(ledger, last)


def _whole(ledger: Ledger, bookmark: Bookmark) -> Bookmark:
    """Return a version with what was committed before it; one of a run that only began has nothing of its own."""
    if bookmark.is_committed:
        return bookmark
    before = ledger.committed_bookmark(bookmark.job_id, bookmark.version)
    return replace(bookmark, elements=before.elements if before else {})


def _check_elements(elements: Mapping[str, Element]) -> None:
    known = {rules.FILES: ("started_at", "marks"), rules.ROWS: ("keys", "order", "last")}
    for context, element in elements.items():
        if not context or not set(known.get(str(element.get("kind")), ("kind of",))) <= element.keys():
            raise InvalidRequest(f"What was read in the context {context!r} is not in a form that is kept.")


def files_at(place: Path, uri: str) -> Iterator[File]:
    """Yield the file at a place, or those below it, under the names by which they were asked for."""
    if place.is_file():
        facts = place.stat()
        yield File(name=uri, modified_ns=facts.st_mtime_ns, size=facts.st_size)
        return
    above, cut = uri.rstrip("/"), len(str(place).rstrip("/"))  # a hundred thousand names are cut, not worked out
    for number, entry in enumerate(_entries(place)):
        if number >= MOST_FILES:
            raise InvalidRequest(f"{uri} holds more than {MOST_FILES} files; name a folder with fewer.")
        try:
            facts = entry.stat()
        except OSError:  # it went while we looked
            continue
        yield File(above + entry.path[cut:], facts.st_mtime_ns, facts.st_size)


def _entries(place: Path) -> Iterator[os.DirEntry[str]]:
    folders = [str(place)]
    while folders:
        try:
            entries = sorted(os.scandir(folders.pop()), key=lambda entry: entry.name)
        except OSError:  # no such folder: there is nothing to read yet
            continue
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            if entry.is_dir():
                folders.append(entry.path)
            elif entry.is_file():
                yield entry
