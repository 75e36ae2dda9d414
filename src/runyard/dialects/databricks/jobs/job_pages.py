"""Lists of jobs, newest first, a page at a time, in either direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.ids import LARGEST
from runyard.core.job import Job, Workspace
from runyard.dialects.databricks import versions
from runyard.dialects.databricks.jobs.settings import LANGUAGE
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.engine import Engine
from runyard.store.ledger import Page

LARGEST_OFFSET = 10_000
_READ_AT_ONCE = 200
_OLDER, _NEWER = 0, 1
_OFFSET_TEXT = (
    "The supplied offset {offset} has exceeded the value of {most} allowed for this parameter."
    "Please use the page_token parameter to paginate: pass the next_page_token of the page before."
)


def jobs_page(
    engine: Engine, workspace: Workspace, members: Mapping[str, Any], version: str
) -> tuple[list[Job], dict[str, str]]:
    """Return a page of jobs, and the tokens of the pages around it."""
    limit, name = _limit(members, version), members.get("name") or None
    scope = f"jobs {name.casefold() if name else ''}"
    towards, edge = read_token(scope, members["page_token"], size=2) if members.get("page_token") else (_OLDER, LARGEST)
    if towards not in (_OLDER, _NEWER):
        raise InvalidRequest("The page token is not one that this list gave out. Ask for the first page again.")
    found = _jobs(engine, workspace, edge, newest_first=towards == _OLDER)
    fitting = (job for job in found if name is None or job.name.casefold() == name.casefold())
    start = offset_of(members)
    page = list(islice(fitting, start, start + limit + 1))
    goes_on, page = len(page) > limit, page[:limit]
    if towards == _NEWER:
        page.reverse()
    more = {"older": goes_on or towards == _NEWER, "newer": goes_on if towards == _NEWER else edge < LARGEST}
    return page, _tokens(scope, page, more)


def _tokens(scope: str, page: list[Job], more: Mapping[str, bool]) -> dict[str, str]:
    if not page:
        return {}
    older = {"next_page_token": write_token(scope, (_OLDER, page[-1].id))} if more["older"] else {}
    newer = {"prev_page_token": write_token(scope, (_NEWER, page[0].id))} if more["newer"] else {}
    return {**older, **newer}


def _jobs(engine: Engine, workspace: Workspace, edge: int, *, newest_first: bool) -> Iterator[Job]:
    """Yield the jobs behind an id, reading only as far as somebody asks."""
    bound = "before" if newest_first else "after"
    while page := engine.jobs(
        workspace,
        Page(limit=_READ_AT_ONCE, where={"language": LANGUAGE, bound: edge}, newest_first=newest_first),
    ):
        yield from page
        edge = page[-1].id


def _limit(members: Mapping[str, Any], version: str) -> int:
    most = versions.LARGEST_LIST[version]
    limit: int = members.get("limit") or versions.DEFAULT_LIST[version]
    if limit > most:
        raise InvalidRequest(f"Invalid limit {limit} - it has to be no more than {most}.")
    if limit < 1:
        raise InvalidRequest(f"Invalid limit {limit} - it has to be at least 1.")
    return limit


def offset_of(members: Mapping[str, Any]) -> int:
    """Return how many of a list are passed over, in the older way to page."""
    offset: int = members.get("offset") or 0
    if offset > LARGEST_OFFSET:
        raise InvalidRequest(_OFFSET_TEXT.format(offset=offset, most=LARGEST_OFFSET))
    if offset < 0:
        raise InvalidRequest(f"Invalid offset {offset} - it has to be at least 0.")
    return offset
