"""Queries in Dremio's language as the console shows them: which there were, and who waits for which place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from runyard.dialects.dremio.reflections.shelves import every
from runyard.dialects.dremio.told import jobs_of
from runyard.dialects.dremio.views import LANGUAGE as DREMIO
from runyard.dialects.dremio.views import Job
from runyard.dialects.native.calls import Call
from runyard.dialects.native.parameters import Id, Nothing, check_phase
from runyard.engine.engine import now_ms
from runyard.store.ledger import Page
from runyard.web.console.insight.queries import query_line
from runyard.web.console.languages import asked_of_dremio
from runyard.web.console.run_lists import BUDGET_S, condition_of_phase

Answer = dict[str, Any]

FOR_EVER_MS = 100 * 365 * 86_400_000  # clients are told of a thousand years where something never expires
FIELDS = ("dimensionFields", "measureFields", "displayFields")
MOST_ACTIVE = 500  # queries that are looked at for the queues


class ListQueries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which queries, and from where on."""

    phase: str | None = None
    queue: str | None = None
    before: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


def show_queues(call: Call, _: Nothing) -> Answer:
    """Shows each queue with the queries that hold its places and those that wait for one."""
    page = Page(limit=MOST_ACTIVE, where={"language": DREMIO, "active": True}, newest_first=False)
    active = jobs_of(call.engine, call.engine.runs(call.workspace, page))
    return {
        "queues": [_queue(one, active) for one in _told(call, "wlm/queue").get("data", ())],
        "rules": _rules(_told(call, "wlm/rule")),
        "on_the_way": [query_line(job) for job in active if not job.told.queue],
        "places": call.engine.places,
        "load": call.engine.load(),
    }


def list_queries(call: Call, asked: ListQueries) -> Answer:
    """Lists queries, the newest first."""
    check_phase(None if asked.phase == "active" else asked.phase)
    where = {
        "language": DREMIO,
        **condition_of_phase(asked.phase),
        **({"before": asked.before} if asked.before else {}),
    }
    page = Page(limit=asked.limit + 1, where=where)
    runs, rest = call.engine.search_runs(call.workspace, page, budget_s=BUDGET_S)
    shown = jobs_of(call.engine, runs[: asked.limit])
    following = shown[-1].run.id if len(runs) > asked.limit else rest
    lines = [query_line(job) for job in shown if asked.queue in (None, job.told.queue)]
    return {"queries": lines} if following is None else {"queries": lines, "next": following}


def _queue(told: Mapping[str, Any], active: Iterable[Job]) -> Answer:
    own = sorted(
        (job for job in active if job.told.queue == told["name"]), key=lambda job: job.told.scheduling_started_at or 0
    )
    return {
        "name": told["name"],
        "tier": told.get("cpuTier"),
        "slots": told.get("maxAllowedRunningJobs"),
        "wait_ms": told.get("maxStartTimeoutMs"),
        "run_ms": told.get("maxRunTimeoutMs"),
        "memory": told.get("maxQueryMemoryPerNodeBytes"),
        "running": [query_line(job) for job in own if job.told.scheduling_ended_at is not None],
        "waiting": [query_line(job) for job in own if job.told.scheduling_ended_at is None],
    }


def _rules(told: Mapping[str, Any]) -> Sequence[Answer]:
    """Return the rules in their order; the first that fits counts, and the last fits always."""
    rules = [*told.get("rules", ()), *filter(None, [told.get("defaultRule")])]
    return [
        {
            "name": rule.get("name"),
            "conditions": rule.get("conditions", ""),
            "queue": rule.get("acceptName"),
            "action": rule.get("action"),
            "message": rule.get("rejectMessage", ""),
        }
        for rule in rules
    ]


def _told(call: Call, path: str) -> Mapping[str, Any]:
    reply = asked_of_dremio(call, f"/api/v3/{path}")
    told: Mapping[str, Any] = msgspec.json.decode(reply.body)
    return told


def show_reflections(call: Call, _: Nothing) -> Answer:
    """Shows the reflections with their state and what they saved."""
    told = _told(call, "reflection").get("data", ())
    saved = {one.id: one.counts.get("saved_rows", 0) for one in call.engine.documents.read(call.workspace, every)}
    return {"reflections": [{**_reflection(one), "saved_rows": saved.get(one["id"], 0)} for one in told]}


def _reflection(told: Mapping[str, Any]) -> Answer:
    status = told["status"]
    expires_at = _moment(status.get("expiresAt"))
    return {
        "id": told["id"],
        "name": told["name"],
        "type": told["type"],
        "dataset": told["datasetName"],
        "fields": ", ".join(one["name"] for name in FIELDS for one in told.get(name) or ()),
        "status": status["combinedStatus"],
        "method": status["refreshMethod"],
        "failure": status.get("lastFailureMessage"),
        "records": told["recordCount"],
        "bytes": told["currentSizeBytes"],
        "fetched_at": _moment(status.get("lastDataFetch")),
        "expires_at": None if expires_at is None or expires_at - now_ms() > FOR_EVER_MS else expires_at,
        "refresh_ms": status.get("lastRefreshDurationMillis"),
        "considered": told["consideredCount"],
        "matched": told["matchedCount"],
        "chosen": told["acceleratedCount"],
    }


def _moment(text: str | None) -> int | None:
    """Return the moment that an ISO text means."""
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else None
