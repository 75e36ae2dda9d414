"""Our own operations for the code of a job that reads by its bookmark: runtime/runyard_bookmarks.py asks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.core.bookmark import Bound
from runyard.core.errors import InvalidRequest
from runyard.dialects import aws_ids
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id
from runyard.engine.bookmarks import Reading

Answer = dict[str, Any]
Context = Annotated[str, Meta(max_length=1000)]
Most = Annotated[int, Meta(ge=1)]


class Begin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempt reads, and how: `enable`, `pause` (perhaps from one run to another) or `disable`."""

    attempt: Id
    option: str = "disable"
    since: str | None = None
    until: str | None = None


class NewFiles(Begin, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to look for files, and how many of them, or how much, to read at most: the oldest first."""

    paths: list[str]
    context: Context = ""
    most_files: Most | None = None
    most_bytes: Most | None = None


class NewRows(Begin, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which columns rows grow."""

    keys: list[str]
    context: Context = ""
    order: str = "asc"


class Commit(Begin, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was read, by context, over the version that the run began with."""

    version: Id
    elements: dict[str, dict[str, Any]]


def begin(call: Call, asked: Begin) -> Answer:
    """Begins to read by a job's bookmark; the version is what the commit builds on."""
    return {"version": call.engine.bookmarks.begin(call.workspace, _reading(asked))}


def new_files(call: Call, asked: NewFiles) -> Answer:
    """Names the files that a job has not read, and what its commit is to say of them."""
    is_bounded = asked.most_files is not None or asked.most_bytes is not None
    bound = Bound(files=asked.most_files, size=asked.most_bytes) if is_bounded else None
    files, element = call.engine.bookmarks.new_files(
        call.workspace, _reading(asked), asked.context, asked.paths, bound=bound
    )
    return {"files": [file.name for file in files], "element": element}


def new_rows(call: Call, asked: NewRows) -> Answer:
    """Tells behind which row a job has not read, and up to which it is to read."""
    reading = _reading(asked)
    span = call.engine.bookmarks.new_rows(call.workspace, reading, asked.context, keys=asked.keys, order=asked.order)
    return msgspec.to_builtins(span)  # type: ignore[no-any-return]  # a record becomes a dict


def commit(call: Call, asked: Commit) -> Answer:
    """Keeps what a run has read, all of it or nothing."""
    return {"version": call.engine.bookmarks.commit(call.workspace, _reading(asked), asked.version, asked.elements)}


def _reading(asked: Begin) -> Reading:
    return Reading(attempt_id=asked.attempt, option=asked.option, since=_run(asked.since), until=_run(asked.until))


def _run(named: str | None) -> int | None:
    """Return the run of an id as Glue spells it, or of a plain number."""
    if named is None:
        return None
    found = aws_ids.from_run_id(named)
    if found is None and not (named.isascii() and named.isdigit()):
        raise InvalidRequest(f"{named!r} is not the id of a run; write one such as jr_0123… of the runs of this job.")
    return found[0] if found else int(named)


TABLE: Sequence[tuple[str, str, Callable[[Call, Any], Answer], type[Struct]]] = (
    ("POST", "/bookmarks/begin", begin, Begin),
    ("POST", "/bookmarks/files", new_files, NewFiles),
    ("POST", "/bookmarks/rows", new_rows, NewRows),
    ("POST", "/bookmarks/commit", commit, Commit),
)
