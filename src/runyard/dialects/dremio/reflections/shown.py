"""Reflections on the wire: as an object, as a line of the summary, and their status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import path_of
from runyard.dialects.dremio.entities import DATASET_TYPES
from runyard.dialects.dremio.reflections import policies
from runyard.dialects.dremio.reflections.policies import YEARS_1000_MS
from runyard.dialects.dremio.reflections.shelves import DEPRECATED, DONE, Reflection
from runyard.dialects.dremio.reflections.telling import Standing
from runyard.dialects.dremio.views import moment
from runyard.dialects.dremio_ids import entity_id

Shown = dict[str, Any]
OF_KIND: Mapping[str, tuple[str, ...]] = {
    "RAW": ("displayFields",),
    "AGGREGATION": ("dimensionFields", "measureFields"),
}
LAYOUT = ("distributionFields", "partitionFields", "sortFields", "partitionDistributionStrategy")
WAITING: Mapping[str, str] = {"MANUAL": "CANNOT_ACCELERATE_MANUAL"}
"""What cannot accelerate yet, by how its refreshes come about."""


def whole(reflection: Reflection, found: Standing, now: int) -> Shown:
    """Show a reflection."""
    document, content = reflection.document, reflection.document.content
    fields = (*OF_KIND[reflection.kind], *LAYOUT)
    return {
        "id": reflection.id,
        "type": reflection.kind,
        "name": reflection.name,
        "tag": catalog.tag(document),
        "createdAt": moment(document.created_at),
        "updatedAt": moment(document.updated_at),
        "datasetId": entity_id(reflection.dataset.id),
        "datasetName": dotted(reflection),
        "datasetType": dataset_type(reflection),
        **sizes(reflection),
        "enabled": reflection.is_enabled,
        "arrowCachingEnabled": bool(content["arrowCachingEnabled"]),
        "consideredCount": reflection.counts.get("considered", 0),
        "matchedCount": reflection.counts.get("matched", 0),
        "acceleratedCount": reflection.counts.get("chosen", 0),
        "status": status(reflection, found, now),
        **{name: reflection.fields[name] for name in fields},
        "entityType": "reflection",
    }


def dotted(reflection: Reflection) -> str:
    """Return the path of its dataset in one text, in which a name with a point stands in quotes."""
    return ".".join(part if part.isidentifier() else f'"{part}"' for part in path_of(reflection.dataset))


def dataset_type(reflection: Reflection) -> str:
    """Return the type of its dataset."""
    return DATASET_TYPES[reflection.dataset.kind][0]


def sizes(reflection: Reflection) -> dict[str, int]:
    """Return how much a reflection holds; what lies there to be removed counts in the whole."""
    held = reflection.current
    facts = held.content["facts"] if held is not None else {"rows": 0, "bytes": 0}
    lying = [one for one in reflection.materializations if one.kind in {DONE, DEPRECATED} and "facts" in one.content]
    return {
        "recordCount": facts["rows"],
        "currentSizeBytes": facts["bytes"],
        "totalSizeBytes": sum(one.content["facts"]["bytes"] for one in lying),
    }


def status(reflection: Reflection, found: Standing, now: int) -> Shown:
    """Show how a reflection is."""
    state, held = reflection.state, reflection.current
    failures = int(state.get("failures", 0))
    refresh = refresh_status(reflection, found)
    expires_at = expires(reflection, found)
    available = held is not None and (expires_at is None or expires_at > now)
    shown: Shown = {
        "config": "OK",
        "refresh": refresh,
        "availability": "AVAILABLE" if available else "NONE",
        "combinedStatus": combined(reflection, refresh, available=available),
        "refreshMethod": state.get("method") or "NONE",
        "failureCount": failures,
    }
    told = {
        "lastFailureMessage": state.get("message"),
        "lastDataFetch": moment(held.content["facts"]["fetched_at"]) if held is not None else None,
        "expiresAt": moment(shown_expiry(reflection, found)),
        "lastRefreshDurationMillis": state.get("duration_ms"),
        "lastRefreshFinished": moment(state.get("finished_at")),
    }
    return {**shown, **{name: value for name, value in told.items() if value is not None}}


def expires(reflection: Reflection, found: Standing) -> int | None:
    """Return until when what it holds may be used; None: for ever, or it holds nothing."""
    held = reflection.current
    if held is None:
        return None
    facts = held.content["facts"]
    return policies.expiry(found.policy(reflection), facts["fetched_at"], facts["expires_at"])


def shown_expiry(reflection: Reflection, found: Standing) -> int | None:
    """Return the same as clients read it: what never expires does so in a thousand years."""
    held = reflection.current
    if held is None:
        return None
    at = expires(reflection, found)
    return held.content["facts"]["fetched_at"] + YEARS_1000_MS if at is None else at


def refresh_status(reflection: Reflection, found: Standing) -> str:
    """Return how refreshes of a reflection stand."""
    if not reflection.is_enabled:
        return "NONE"
    if reflection.refreshing is not None:
        return "RUNNING"
    if reflection.state.get("gave_up"):
        return "GIVEN_UP"
    if reflection.state.get("wanted") or reflection.current is None:
        return "PENDING" if not reflection.state.get("failures") else "SCHEDULED"
    return found.policy(reflection).word


def combined(reflection: Reflection, refresh: str, *, available: bool) -> str:
    """Return all of a status in one word."""
    if not reflection.is_enabled:
        return "DISABLED"
    if refresh == "GIVEN_UP":
        return "FAILED"
    if available:
        return "CAN_ACCELERATE_WITH_FAILURES" if reflection.state.get("failures") else "CAN_ACCELERATE"
    if refresh == "RUNNING":
        return "REFRESHING"
    if reflection.current is None and not reflection.state.get("failures"):
        return "CANNOT_ACCELERATE_INITIALIZING"
    return WAITING.get(refresh, "CANNOT_ACCELERATE_SCHEDULED")


def summary(reflection: Reflection, found: Standing, now: int) -> Shown:
    """Show a reflection as a line of the summary."""
    shown = whole(reflection, found, now)
    told = shown["status"]
    return {
        "createdAt": shown["createdAt"],
        "updatedAt": shown["updatedAt"],
        "id": shown["id"],
        "reflectionType": shown["type"],
        "name": shown["name"],
        "currentSizeBytes": shown["currentSizeBytes"],
        "outputRecords": shown["recordCount"],
        "totalSizeBytes": shown["totalSizeBytes"],
        "datasetId": shown["datasetId"],
        "datasetType": shown["datasetType"],
        "datasetPath": path_of(reflection.dataset),
        "status": {SUMMARISED.get(name, name): value for name, value in told.items()},
        "consideredCount": shown["consideredCount"],
        "matchedCount": shown["matchedCount"],
        "chosenCount": shown["acceleratedCount"],
        "isArrowCachingEnabled": shown["arrowCachingEnabled"],
        "isCanAlter": True,
        "isCanView": True,
        "isEnabled": shown["enabled"],
    }


SUMMARISED: Mapping[str, str] = {
    "config": "configStatus",
    "refresh": "refreshStatus",
    "availability": "availabilityStatus",
    "lastDataFetch": "lastDataFetchAt",
}
"""What the summary calls otherwise."""
