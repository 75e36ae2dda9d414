"""Glue's operations on job bookmarks."""

from __future__ import annotations

from runyard.core.bookmark import Bookmark
from runyard.core.errors import InvalidRequest, NotFound
from runyard.core.ids import LARGEST
from runyard.core.job import Job
from runyard.dialects import aws_ids as ids
from runyard.dialects.glue.bookmark_views import JOB_BOOKMARK, Entry
from runyard.dialects.glue.calls import Call, Members

MOST = 100
ALL_RETURNED = 1
"""What NextToken says of a list's end; a larger number is where the list goes on."""


def get_job_bookmark(call: Call) -> Members:
    """Shows what a job has read so far, or had read when a run of it was last heard of."""
    job = _job(call)
    return _entry(job, call.engine.bookmarks.last(job, _run_id(call)))


def get_job_bookmarks(call: Call) -> Members:
    """Lists the versions of a job's bookmark that are kept, the last first."""
    job, limit = _job(call), call.members.get("MaxResults", MOST)
    if not 1 <= limit <= MOST:
        raise InvalidRequest(f"MaxResults must be between 1 and {MOST}, not {limit}.")
    token = call.members.get("NextToken", 0)
    before = token if token > ALL_RETURNED else LARGEST
    found = call.engine.bookmarks.page(job, before=before, limit=limit + 1)
    if not found and before == LARGEST:
        raise NotFound("bookmark", job.name)
    shown = [JOB_BOOKMARK.show(Entry(job_name=job.name, bookmark=one)) for one in found[:limit]]
    return {"JobBookmarkEntries": shown, "NextToken": found[limit - 1].version if len(found) > limit else ALL_RETURNED}


def reset_job_bookmark(call: Call) -> Members:
    """Turns a job's bookmark back to the end of a run, or without one lets the job read everything again."""
    job = _job(call)
    return _entry(job, call.engine.bookmarks.reset(job, _run_id(call)))


def _job(call: Call) -> Job:
    try:
        return call.job(call["JobName"])
    except NotFound as error:
        raise NotFound("bookmark", call["JobName"]) from error


def _run_id(call: Call) -> int | None:
    if "RunId" not in call.members:
        return None
    found = ids.from_run_id(call["RunId"])
    if found is None:
        raise NotFound("bookmark", call["JobName"])
    return found[0]


def _entry(job: Job, bookmark: Bookmark) -> Members:
    return {"JobBookmarkEntry": JOB_BOOKMARK.show(Entry(job_name=job.name, bookmark=bookmark))}
