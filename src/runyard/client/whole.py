"""Records of Databricks that come in pages of their arrays, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from runyard.client.errors import BrokenAnswer

Record = dict[str, Any]

TOKEN, NEXT = "page_token", "next_page_token"
ITERATIONS = "iterations"
OF_RUN = ("tasks", "job_clusters", "job_parameters", "repair_history")
OF_JOB = ("tasks", "job_clusters", "parameters", "environments")
SETTINGS = "settings"


def whole(call: Callable[[Mapping[str, Any]], Record], members: Mapping[str, Any], *, place: str) -> Record:
    """Return a run or a job with its arrays to their end."""
    first, *rest = _pages(call, members, place)
    record = dict(first)
    for page in rest:
        _extend(record, page)
    for name in (NEXT, "prev_page_token"):
        record.pop(name, None)
    if rest:
        record.pop("has_more", None)
    return record


def _pages(call: Callable[[Mapping[str, Any]], Record], members: Mapping[str, Any], place: str) -> Iterator[Record]:
    seen: set[str] = set()
    asked = dict(members)
    while True:
        page = call(asked)
        yield page
        token = page.get(NEXT)
        if not token:
            return
        if token in seen:
            raise BrokenAnswer(f"{place}: the page token {str(token)[:80]!r} came twice; the record has no end.")
        seen.add(token)
        asked[TOKEN] = token


def _extend(record: Record, page: Record) -> None:
    if record.get(ITERATIONS):  # of a loop's task run: its tasks come again on every page
        _add(record, page, (ITERATIONS,))
    elif isinstance(record.get(SETTINGS), dict):
        record[SETTINGS] = dict(record[SETTINGS])
        _add(record[SETTINGS], page.get(SETTINGS) or {}, OF_JOB)
    else:
        _add(record, page, OF_RUN)


def _add(record: Record, page: Record, names: tuple[str, ...]) -> None:
    for name in names:
        if page.get(name):
            record[name] = [*record.get(name, ()), *page[name]]
