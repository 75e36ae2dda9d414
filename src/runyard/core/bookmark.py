"""What a job has already read: which files and rows are new to it, and how its bookmark goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, NamedTuple

from runyard.core.errors import InvalidRequest, WrongState

NS = 1_000_000  # in a millisecond
BAND_MS = 15 * 60_000
"""Files this much older than the run that read them are done for good; younger ones are remembered one by one."""
ENABLED, PAUSED, DISABLED = "enable", "pause", "disable"
OPTIONS = (ENABLED, PAUSED, DISABLED)
FILES, ROWS = "files", "rows"
ASCENDING, DESCENDING = "asc", "desc"
ORDERS = (ASCENDING, DESCENDING)
MISMATCH = "GLUE_JOB_BOOKMARK_VERSION_MISMATCH_ERROR"
OVERTAKEN = (
    f"{MISMATCH}: the bookmark of the job is at version {{now}}, and this run began with version {{seen}}: another run "
    "of the job has begun or committed meanwhile. Nothing of this run's bookmark was kept. Let only one run of the job "
    "go on at a time (MaxConcurrentRuns 1)."
)

Element = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bookmark:
    """One version of what a job has read: of a run that began, or of one that committed, or after a reset."""

    job_id: int
    version: int
    run_number: int = 1  # the runs that committed, and one
    try_number: int = 0  # runs that began since the last commit, less one
    run_id: int | None = None
    run_attempt: int = 0
    previous_run_id: int | None = None
    previous_attempt: int = 0
    is_committed: bool = False
    elements: Mapping[str, Element] = field(default_factory=dict)  # by transformation context; of what was committed
    created_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads: a try of a run of a job."""

    job_id: int
    run_id: int
    attempt: int

    def is_of(self, bookmark: Bookmark) -> bool:
        """Tell whether a version is this reader's."""
        return (bookmark.run_id, bookmark.run_attempt) == (self.run_id, self.attempt)


class File(NamedTuple):
    """A file as it was found.

    A tuple, not a dataclass: a folder holds a hundred thousand, and a tuple is made in a fifth of the time.
    """

    name: str
    modified_ns: int
    size: int

    @property
    def modified_at(self) -> int:
        """When it was changed last, in ms."""
        return self.modified_ns // NS

    def mark(self) -> str:
        """Name this very state of the file: one that is written again is another."""
        text = f"{self.name}\0{self.modified_ns}\0{self.size}"
        return blake2b(text.encode(errors="surrogateescape"), digest_size=8).hexdigest()


# versions


def begun(last: Bookmark | None, reader: Reader, *, now: int) -> Bookmark:
    """Return the version with which a run begins; asked again by the same try, it is the same one."""
    if last is None:
        return Bookmark(
            job_id=reader.job_id, version=1, run_id=reader.run_id, run_attempt=reader.attempt, created_at=now
        )
    if reader.is_of(last) and not last.is_committed:
        return last
    return replace(
        _following(last, now=now),
        try_number=0 if last.is_committed else last.try_number + 1,
        run_id=reader.run_id,
        run_attempt=reader.attempt,
        is_committed=False,
    )


def committed(
    last: Bookmark | None, reader: Reader, version: int, elements: Mapping[str, Element], *, now: int
) -> Bookmark:
    """Return the version that a run commits, over the one with which it began; refuse it if that is not the last."""
    if last is not None and reader.is_of(last):
        if last.is_committed and last.version == version + 1:
            return last  # told twice
        if last.version == version and not last.is_committed:
            return replace(
                last,
                version=version + 1,
                run_number=last.run_number + 1,
                try_number=0,
                is_committed=True,
                elements={**last.elements, **elements},
                created_at=now,
            )
    raise WrongState(OVERTAKEN.format(now=last.version if last else 0, seen=version))


def rewound(last: Bookmark, to: Bookmark | None, *, now: int) -> Bookmark:
    """Return the version after a reset: as it was then, or without a then as if nothing was ever read."""
    after = replace(_following(last, now=now), try_number=0, is_committed=True)
    if to is None:
        return replace(after, run_number=1, run_id=None, run_attempt=0, elements={})
    return replace(after, run_number=to.run_number, run_id=to.run_id, run_attempt=to.run_attempt, elements=to.elements)


def _following(last: Bookmark, *, now: int) -> Bookmark:
    return replace(
        last,
        version=last.version + 1,
        previous_run_id=last.run_id,
        previous_attempt=last.run_attempt,
        created_at=now,
    )


# files


def new_files(files: Iterable[File], before: Element | None, *, started_at: int) -> tuple[list[File], Element]:
    """Return the files that are new to a run, and what it has read once it has read them."""
    _check_kind(before, FILES)
    done_before, known = _read_so_far(before)
    started_at = max(started_at, before["started_at"] if before else 0)
    remembered_from = (started_at - BAND_MS) * NS  # never before what was done for good already
    fresh, marks = [], []
    for file in files:
        if file.modified_ns < done_before:
            continue
        mark = file.mark() if known or file.modified_ns >= remembered_from else ""
        if mark not in known:
            fresh.append(file)
        if file.modified_ns >= remembered_from:
            marks.append(mark)
    return fresh, {"kind": FILES, "started_at": started_at, "marks": sorted(marks)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """How much a run reads at most, the oldest files first; at least one, or it would never go on."""

    files: int | None = None
    size: int | None = None  # bytes

    def within(self, files: Iterable[File]) -> list[File]:
        """Return the oldest of some files."""
        taken: list[File] = []
        size = 0
        for file in sorted(files, key=lambda one: (one.modified_ns, one.name)):
            size += file.size
            if taken and ((self.files and len(taken) >= self.files) or (self.size and size > self.size)):
                break
            taken.append(file)
        return taken


def bounded(files: Iterable[File], fresh: Sequence[File], element: Element, bound: Bound) -> tuple[list[File], Element]:
    """Return those of the new files that a bound allows, and what is read then; the others stay new."""
    taken = bound.within(fresh)
    left = {one.name: one for one in fresh}
    for one in taken:
        del left[one.name]
    if not left:
        return taken, element
    # What is older than the oldest that is left was read, now or before, and is done for good.
    started_at = min(element["started_at"], min(one.modified_at for one in left.values()) + BAND_MS)
    remembered_from = (started_at - BAND_MS) * NS
    marks = [one.mark() for one in files if one.modified_ns >= remembered_from and one.name not in left]
    return taken, {"kind": FILES, "started_at": started_at, "marks": sorted(marks)}


def files_between(files: Sequence[File], since: Element | None, until: Element | None) -> list[File]:
    """Return the files that one state has read and an earlier one had not."""
    _check_kind(since, FILES)
    _check_kind(until, FILES)
    left = {one.name for one in unread(files, until)}
    return [one for one in unread(files, since) if one.name not in left]


def unread(files: Iterable[File], element: Element | None) -> list[File]:
    """Return the files that a state has not read: young ones it does not remember as they are now."""
    done_before, known = _read_so_far(element)
    return [one for one in files if one.modified_ns >= done_before and (not known or one.mark() not in known)]


def _read_so_far(element: Element | None) -> tuple[float, frozenset[str]]:
    """Return before which moment (ns) files are done for good, and which younger ones are done too."""
    if element is None:
        return float("-inf"), frozenset()
    return (element["started_at"] - BAND_MS) * NS, frozenset(element["marks"])


# rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Which rows are to be read: those behind one, up to another, by their keys."""

    after: Sequence[Any] | None = None
    until: Sequence[Any] | None = None
    is_empty: bool = False


def rows_between(since: Sequence[Any] | None, until: Sequence[Any] | None) -> Span:
    """Return the rows that one state has read and an earlier one had not."""
    return Span(is_empty=True) if until is None else Span(after=since, until=until)


def check_keys(keys: Sequence[str], order: str) -> None:
    """Refuse no keys, keys twice, and an unknown order."""
    if not keys or len(set(keys)) != len(keys):
        raise InvalidRequest(
            f"The keys of a bookmark are {', '.join(keys) or 'missing'}; name at least one, each once."
        )
    if order not in ORDERS:
        raise InvalidRequest(f"The sort order of a bookmark's keys is {order!r}; it must be asc or desc.")


def last_row(element: Element | None, keys: Sequence[str], order: str) -> list[Any] | None:
    """Return the keys of the last row that was read; None: none was."""
    _check_kind(element, ROWS)
    if element is None:
        return None
    if (list(element["keys"]), element["order"]) != (list(keys), order):
        raise InvalidRequest(
            f"The bookmark was kept by {', '.join(element['keys'])} {element['order']}, and now it is asked for by "
            f"{', '.join(keys)} {order}. Ask as before, name another transformation context, or reset the bookmark."
        )
    return list(element["last"])


def _check_kind(element: Element | None, kind: str) -> None:
    if element is not None and element["kind"] != kind:
        raise InvalidRequest(
            f"The transformation context was used for {element['kind']} before and now for {kind}; "
            "give each source a context of its own."
        )
