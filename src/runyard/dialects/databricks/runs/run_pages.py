"""Runs page by page: lists of runs in either direction, and the long arrays of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.ids import LARGEST, first_of
from runyard.core.job import Workspace
from runyard.core.run import Run, State
from runyard.dialects.databricks import versions
from runyard.dialects.databricks.jobs.job_pages import offset_of
from runyard.dialects.databricks.views import JOB_RUN, SUBMIT_RUN, WORKFLOW_RUN
from runyard.dialects.tokens import read_token, write_token
from runyard.engine.engine import Engine
from runyard.store.ledger import Page

LARGEST_LIST: Mapping[str, int] = {"2.0": 1000, "2.1": 26, "2.2": 26}
"""Documented as 25; the service's own refusal says 26."""
DEFAULT_LIST: Mapping[str, int] = {"2.0": 20, "2.1": 25, "2.2": 20}
RUN_TYPES: Mapping[str, Mapping[str, Any]] = {
    JOB_RUN: {"of_a_job": True},
    SUBMIT_RUN: {"of_no_job": True},
    WORKFLOW_RUN: {"of_a_task": True},
}
ARRAYS = ("tasks", "iterations", "job_clusters", "job_parameters", "repair_history")
LATER_MS = 1_000  # an id may be given this much after the moment at which a run was asked for
_OLDER, _NEWER = 0, 1

Members = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunsPage:
    """One page of a list of runs, and the tokens of the pages around it."""

    runs: Sequence[Run] = ()
    tokens: Mapping[str, str]


def runs_page(engine: Engine, workspace: Workspace, members: Members, version: str) -> RunsPage:
    """Return the runs that fit, newest first, from where a token or an offset says."""
    limit, start, where = _limit(members, version), offset_of(members), _where(members)
    scope = f"runs of {workspace.id}"
    token = members.get("page_token")
    towards, edge = read_token(scope, token, size=2) if token else (_OLDER, LARGEST)
    is_older = towards == _OLDER
    bounds = _between(where, {"before" if is_older else "after": edge})
    found = engine.runs(workspace, Page(limit=start + limit + 1, where=bounds, newest_first=is_older))[start:]
    goes_on, page = len(found) > limit, found[:limit]
    page = page if is_older else page[::-1]
    more = {"older": goes_on or not is_older, "newer": goes_on if not is_older else edge < LARGEST or start > 0}
    return RunsPage(runs=_started_in_time(page, members), tokens=_tokens(scope, page, more))


def part(shown: Mapping[str, Any], page_token: str | None) -> dict[str, Any]:
    """Return a run with a page of each of its arrays, and the token of the next page if any goes on."""
    scope = f"arrays of run {shown['run_id']}"
    start = read_token(scope, page_token, size=1)[0] if page_token else 0
    end = start + versions.ELEMENTS_ON_A_PAGE
    paged = {name: shown[name][start:end] for name in ARRAYS if name in shown}
    if not any(len(shown.get(name, ())) > end for name in ARRAYS):
        return {**shown, **paged}  # no token at all: clients take an empty one for one more page
    return {**shown, **paged, "next_page_token": write_token(scope, (end,))}


def first_part(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run of a list with the first page of each of its arrays, and a mark if any goes on."""
    paged = {name: shown[name][: versions.ELEMENTS_ON_A_PAGE] for name in ARRAYS if name in shown}
    is_cut = any(len(paged[name]) < len(shown[name]) for name in paged)
    return {**shown, **paged, **({"has_more": True} if is_cut else {})}


def _where(members: Members) -> dict[str, Any]:
    """Return what the list asks of its runs."""
    if members.get("active_only") and members.get("completed_only"):
        raise InvalidRequest("active_only and completed_only cannot both be true; choose one of them.")
    run_type = members.get("run_type") or None
    if run_type is not None and run_type not in RUN_TYPES:
        raise InvalidRequest(f"Invalid run_type {run_type!r}; it must be one of: {', '.join(RUN_TYPES)}.")
    where: dict[str, Any] = dict(RUN_TYPES[run_type]) if run_type else {}
    where |= {"job_id": members["job_id"]} if members.get("job_id") else {}
    where |= {"active": True} if members.get("active_only") else {}
    where |= {"state": State.ENDED.value} if members.get("completed_only") else {}
    where |= {"after": first_of(since) - 1} if (since := members.get("start_time_from")) else {}
    where |= {"before": first_of(until + LATER_MS)} if (until := members.get("start_time_to")) else {}
    return where


def _between(where: dict[str, Any], edge: Mapping[str, int]) -> dict[str, Any]:
    """Narrow the bounds that times set by where the page begins."""
    bounds = dict(where)
    if "before" in edge:
        bounds["before"] = min(edge["before"], where.get("before", LARGEST))
    else:
        bounds["after"] = max(edge["after"], where.get("after", 0))
    return bounds


def _started_in_time(page: Sequence[Run], members: Members) -> list[Run]:
    """Leave out what was asked for just outside of the times: ids tell moments a little late."""
    since, until = members.get("start_time_from") or 0, members.get("start_time_to") or LARGEST
    return [run for run in page if since <= run.created_at <= until]


def _tokens(scope: str, page: Sequence[Run], more: Mapping[str, bool]) -> dict[str, str]:
    if not page:
        return {}
    older = {"next_page_token": write_token(scope, (_OLDER, page[-1].id))} if more["older"] else {}
    newer = {"prev_page_token": write_token(scope, (_NEWER, page[0].id))} if more["newer"] else {}
    return {**older, **newer}


def _limit(members: Members, version: str) -> int:
    most = LARGEST_LIST[version]
    asked = members.get("limit")
    limit: int = DEFAULT_LIST[version] if asked is None else asked or most  # 0 asks for the most
    if limit > most:
        raise InvalidRequest(f"Invalid limit {limit} - it has to be no more than {most}.")
    if limit < 1:
        raise InvalidRequest(f"Invalid limit {limit} - it has to be at least 1.")
    return limit
