"""What a job has read, version by version, and what of it a run has read."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from runyard.core.bookmark import FILES, Bookmark, Element
from runyard.core.errors import NotFound
from runyard.core.ids import LARGEST
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, OneJob, OneRun

Answer = dict[str, Any]


class Versions(OneJob, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the versions of a job's bookmark."""

    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


def show_bookmark(call: Call, asked: OneRun) -> Answer:
    """Shows up to where a run has read, if it reads by a bookmark."""
    run = call.engine.run(call.workspace, asked.run)
    if run.job_id is None:
        return {"bookmark": None}
    try:
        job = call.engine.job(call.workspace, run.job_id)
        return {"bookmark": _shown(call.engine.bookmarks.last(job, run.id))}
    except NotFound:
        return {"bookmark": None}


def list_versions(call: Call, asked: Versions) -> Answer:
    """Lists the versions of a job's bookmark, the last one first."""
    job = call.job(asked.job)
    before = LARGEST if asked.before is None else asked.before
    found = call.engine.bookmarks.page(job, before=before, limit=asked.limit + 1)
    shown = [_shown(one) for one in found[: asked.limit]]
    return {"versions": shown, "next": shown[-1]["version"]} if len(found) > asked.limit else {"versions": shown}


def _shown(bookmark: Bookmark) -> Answer:
    return {
        "version": bookmark.version,
        "run_number": bookmark.run_number,
        "run_id": bookmark.run_id,
        "attempt": bookmark.run_attempt,
        "previous_run_id": bookmark.previous_run_id,
        "is_committed": bookmark.is_committed,
        "at": bookmark.created_at,
        "read": [{"context": context, **_read(one)} for context, one in sorted(bookmark.elements.items())],
    }


def _read(element: Element) -> Answer:
    """Say in a few words what was read: up to which row, or which files."""
    if element["kind"] == FILES:
        return {"kind": "files", "until": element["started_at"], "remembered": len(element["marks"])}
    return {"kind": "rows", "keys": element["keys"], "order": element["order"], "last": element["last"]}
