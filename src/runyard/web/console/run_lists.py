"""Lists of runs as the console asks for them, and what of them is worth a picture."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.core.ids import first_of, moment_of
from runyard.core.job import Workspace
from runyard.core.run import Outcome, Run
from runyard.dialects import aws_ids, dremio_ids
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, Moment, Nothing, check_phase
from runyard.engine.engine import Engine, now_ms
from runyard.engine.overview import HOUR_MS, Failure, Hour
from runyard.store.ledger import Page, Value
from runyard.web.console.run_lines import run_lines

Answer = dict[str, Any]

ACTIVE = "active"  # beside the phases: all that has not ended
REQUEST = "request"  # beside the kinds of triggers: somebody asked
MOST_NAMES = 40  # jobs whose newest runs are merged; a text that fits more is found soon in all runs
BUDGET_S = 0.25  # how long a search takes before it tells how far it came
HOURS = 48
MOST_ERRORS = 8
LONGEST_ERROR = 300
_UNINDEXED = frozenset({"language", "begun_by", "named_like"})
_VARYING = re.compile(r"0x[0-9a-f]+|\d+|'[^']*'|\"[^\"]*\"", re.IGNORECASE)


class ListRuns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs, and from where on."""

    job: str | None = None
    phase: str | None = None
    language: str | None = None
    trigger: str | None = None
    text: Annotated[str, Meta(max_length=200)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What to ask the ledger: one list, or one of each name, merged."""

    where: Mapping[str, Value]
    names: Sequence[str] | None = field(default=None)


class ListNames(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the names have in them."""

    text: Annotated[str, Meta(max_length=255)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


def list_names(call: Call, asked: ListNames) -> Answer:
    """Lists the names of jobs that runs have."""
    text = asked.text.strip().lower()
    names = [name for name in call.engine.job_names(call.workspace) if text in name.lower()]
    return {"names": names[: asked.limit], "count": len(names)}


def list_runs(call: Call, asked: ListRuns) -> Answer:
    """Lists runs, the newest first, from one end of the ledger to the other."""
    number = run_number(asked.text) if asked.text else None
    if number is not None and (run := _known(call, number)) is not None:
        return {"runs": run_lines(call.engine, [run])}
    runs, rest = _found(call, _conditions(call, asked), asked.limit + 1)
    shown = run_lines(call.engine, runs[: asked.limit])
    if len(runs) > asked.limit:
        return {"runs": shown, "next": shown[-1]["id"]}
    return {"runs": shown} if rest is None else {"runs": shown, "next": rest, "searched_to": moment_of(rest)}


def run_number(text: str) -> int | None:
    """Return the number of a run that a text names in any of the languages."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 16:  # noqa: PLR2004 - digits of 2^53
        return int(text)
    glue = aws_ids.from_run_id(text)
    return glue[0] if glue else dremio_ids.from_job_id(text)


def _known(call: Call, number: int) -> Run | None:
    return next((run for run in call.engine.runs_by_ids([number]) if run.workspace_id == call.workspace.id), None)


def _found(call: Call, conditions: Conditions, limit: int) -> tuple[list[Run], int | None]:
    """Return runs, and before which id to go on if those that were looked through were not all."""
    if conditions.names is None and _UNINDEXED.intersection(conditions.where):
        page = Page(limit=limit, where=conditions.where)
        return call.engine.search_runs(call.workspace, page, budget_s=BUDGET_S)
    if conditions.names is None:
        return call.engine.runs(call.workspace, Page(limit=limit, where=conditions.where)), None
    lists = [
        call.engine.runs(call.workspace, Page(limit=limit, where={**conditions.where, "job_name": name}))
        for name in conditions.names
    ]
    return list(heapq.merge(*lists, key=lambda run: run.id, reverse=True))[:limit], None


def _conditions(call: Call, asked: ListRuns) -> Conditions:
    where: dict[str, Value] = {**condition_of_phase(asked.phase), **_trigger(asked.trigger)}
    if asked.language is not None:
        where["language"] = asked.language
    if asked.since is not None:
        where["after"] = first_of(asked.since) - 1
    before = [number for number in (asked.before, asked.until and first_of(asked.until)) if number]
    if before:
        where["before"] = min(before)
    if asked.job is not None:
        return Conditions(where={**where, **call.runs_of(asked.job)})
    return _with_text(call, where, asked.text.strip().lower()) if asked.text else Conditions(where=where)


def _with_text(call: Call, where: Mapping[str, Value], text: str) -> Conditions:
    """Look for a text by the names that have it: what few runs have is found without reading the many others."""
    names = [name for name in call.engine.job_names(call.workspace) if text in name.lower()]
    if len(names) <= MOST_NAMES:
        return Conditions(where=where, names=names)
    escaped = re.sub(r"([!%_])", r"!\1", text)
    return Conditions(where={**where, "named_like": f"%{escaped}%"})


def condition_of_phase(name: str | None) -> dict[str, Value]:
    """Return the condition for runs of a phase, or for all that have not ended."""
    if name == ACTIVE:
        return {"active": True}
    check_phase(name)
    return {} if name is None else {"outcome" if name in set(Outcome) else "state": name}


def _trigger(kind: str | None) -> dict[str, Value]:
    """Return the condition for what started a run; its record begins with the kind."""
    if kind is None:
        return {}
    return {"begun_by": "{}" if kind == REQUEST else msgspec.json.encode({"kind": kind}).decode()[:-1]}


# pictures


def show_picture(call: Call, _: Nothing) -> Answer:
    """Counts what ended in each of the last 48 hours, and names what went wrong most."""
    now = now_ms()
    first = (now // HOUR_MS - HOURS + 1) * HOUR_MS
    hours = [_hour(call, first + number * HOUR_MS, now) for number in range(HOURS)]
    failures = call.engine.failures(call.workspace, since=first)
    return {"hours": [asdict(hour) for hour in hours], "errors": top_errors(failures), "load": call.engine.load()}


def _hour(call: Call, at: int, now: int) -> Hour:
    if now - at < 2 * HOUR_MS:
        return call.engine.ended_in_hour(call.workspace, at)
    return _past_hour(call.engine, call.workspace, at, now // (HOUR_MS // 6))


@lru_cache(4096)
def _past_hour(engine: Engine, workspace: Workspace, at: int, _: int) -> Hour:
    """Return an hour that is over; what repairs and deletions change of it is seen ten minutes later."""
    return engine.ended_in_hour(workspace, at)


def top_errors(failures: Sequence[Failure]) -> list[Answer]:
    """Return what went wrong most, each with the newest run of which it is told."""
    newest: dict[tuple[str, str], Failure] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for failure in failures:
        if failure.outcome in (Outcome.CANCELLED, Outcome.SKIPPED):
            continue
        kind = (failure.job_name, _VARYING.sub("…", failure.message.partition("\n")[0]))
        counts[kind] += 1
        newest.setdefault(kind, failure)
    return [
        {
            "count": count,
            "job_name": job_name,
            "message": newest[job_name, kind].message.partition("\n")[0][:LONGEST_ERROR],
            "outcome": newest[job_name, kind].outcome,
            "run_id": newest[job_name, kind].run_id,
        }
        for (job_name, kind), count in counts.most_common(MOST_ERRORS)
    ]
