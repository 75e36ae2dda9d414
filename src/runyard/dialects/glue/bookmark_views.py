"""Bookmarks as Glue's records: entries, and in each the document that AWS keeps of what a job has read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from runyard.core.bookmark import BAND_MS, FILES, ROWS, Bookmark, Element
from runyard.dialects import aws_ids as ids
from runyard.dialects.view import View, field, shown


class Entry(NamedTuple):
    """A version of a job's bookmark, and the job's name."""

    job_name: str
    bookmark: Bookmark

    @property
    def settings(self) -> Mapping[str, Any]:
        """Nothing is kept as it came."""
        return {}


def _run_id(run_id: int | None, attempt: int) -> str | None:
    return None if run_id is None else ids.run_id(run_id, attempt)


def _document(entry: Entry) -> str:
    """Write what was read, by transformation context, in the layout that AWS's own bookmarks have."""
    number = entry.bookmark.run_number - 1 if entry.bookmark.is_committed else entry.bookmark.run_number
    shown = {name: _ELEMENTS[one["kind"]](one, number) for name, one in sorted(entry.bookmark.elements.items())}
    return json.dumps(shown, separators=(",", ":"))


def _files(element: Element, number: int) -> Mapping[str, Any]:
    started = datetime.fromtimestamp(element["started_at"] / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "jsonClass": "HadoopDataSourceJobBookmarkState",
        "timestamps": {
            "RUN": str(number),
            "HIGH_BAND": str(BAND_MS),
            "CURR_LATEST_PARTITION": "0",
            "CURR_LATEST_PARTITIONS": "",
            "CURR_RUN_START_TIME": started.replace("+00:00", "Z"),
            "INCLUDE_LIST": ",".join(element["marks"]),
        },
    }


def _rows(element: Element, number: int) -> Mapping[str, Any]:
    return {
        "jsonClass": "JdbcDataSourceJobBookmarkState",
        "RUN": str(number),
        "jobBookmarkKeys": element["keys"],
        "jobBookmarkKeysSortOrder": element["order"],
        "lastValues": element["last"],
    }


_ELEMENTS: Mapping[str, Callable[[Element, int], Mapping[str, Any]]] = {FILES: _files, ROWS: _rows}

JOB_BOOKMARK = View(
    (
        field("JobName", "job_name"),
        field("Version", "bookmark.version"),
        field("Run", "bookmark.run_number"),
        field("Attempt", "bookmark.try_number"),
        shown("PreviousRunId", lambda one: _run_id(one.bookmark.previous_run_id, one.bookmark.previous_attempt)),
        shown("RunId", lambda one: _run_id(one.bookmark.run_id, one.bookmark.run_attempt)),
        shown("JobBookmark", _document),
    ),
    not_shown={},
)
