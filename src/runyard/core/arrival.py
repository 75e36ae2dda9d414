"""Triggers that fire when data comes: new files in a folder, or tables that were changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.sight import Fire, Seen, Step

LEAST_WAIT_MS = 60_000
MOST_FILES = 10_000
MOST_TABLES = 10
WAITS = {
    "rest_ms": "The least time between two firings",
    "quiet_ms": "The wait after the last change",
}
NOTHING_NEW = "Nothing new has come since it fired last."


def check(spec: Mapping[str, Any]) -> None:
    """Refuse waits shorter than files are looked at."""
    for name, meant in WAITS.items():
        if 0 < spec.get(name, 0) < LEAST_WAIT_MS:
            given = f"{spec[name] / 1000:g} s"
            raise InvalidRequest(f"{meant} is {given}; it must be at least {LEAST_WAIT_MS // 1000} s.")


def check_tables(spec: Mapping[str, Any]) -> None:
    """Refuse no tables, too many, and an unknown condition."""
    check(spec)
    if not 1 <= len(spec["tables"]) <= MOST_TABLES:
        raise InvalidRequest(f"A trigger can watch 1 to {MOST_TABLES} tables, not {len(spec['tables'])}.")
    if spec["needs"] not in {"any", "all"}:
        raise InvalidRequest(f"{spec['needs']!r} is no condition; known are any, all.")


def look_for_files(spec: Mapping[str, Any], memory: Mapping[str, Any], seen: Seen) -> Step:
    """Fire for files whose names were not there before; one that is written again under its name is not new."""
    if len(seen.files) > MOST_FILES:
        raise InvalidRequest(
            f"{spec['url']} holds {len(seen.files)} files, more than the {MOST_FILES} that can be watched; "
            "move those away that are dealt with, or watch a folder below."
        )
    if "known" not in memory:  # what lay there when the trigger was made is not new
        return Step(memory={"known": sorted(seen.files)}, next_at=seen.now + seen.poll_ms, text=NOTHING_NEW)
    known = set(memory["known"]) & seen.files.keys()
    fresh = seen.files.keys() - known
    appeared = seen.now if fresh - set(memory.get("fresh", ())) else 0
    changed_at = max([appeared, memory.get("changed_at", 0), *(min(seen.files[name], seen.now) for name in fresh)])
    waiting = {**memory, "known": sorted(known), "fresh": sorted(fresh), "changed_at": changed_at if fresh else 0}
    if not fresh:
        return Step(memory=waiting, next_at=seen.now + seen.poll_ms, text=NOTHING_NEW)
    fired = {"known": sorted(seen.files), "fired_at": seen.now}
    return _fire_or_wait(spec, waiting, fired, seen=seen, facts={"kind": "file_arrival", "location": spec["url"]})


def look_at_tables(spec: Mapping[str, Any], memory: Mapping[str, Any], seen: Seen) -> Step:
    """Fire when any, or all, of the tables were changed since it fired last."""
    if "known" not in memory:
        return Step(memory={"known": dict(seen.tables)}, next_at=seen.now + seen.poll_ms, text=NOTHING_NEW)
    marks = memory["known"]
    last = memory.get("marks", marks)
    changed = [name for name in spec["tables"] if seen.tables.get(name) != marks.get(name)]
    moved = [name for name in spec["tables"] if seen.tables.get(name) != last.get(name)]
    updated_at = {**memory.get("updated_at", {}), **dict.fromkeys(moved, seen.now)}
    changed_at = max([0, *(updated_at.get(name, 0) for name in changed)])
    waiting = {**memory, "marks": dict(seen.tables), "changed_at": changed_at, "updated_at": updated_at}
    if not changed or (spec["needs"] == "all" and len(changed) < len(spec["tables"])):
        return Step(memory=waiting, next_at=seen.now + seen.poll_ms, text=NOTHING_NEW)
    fired = {"known": dict(seen.tables), "fired_at": seen.now, "updated_at": updated_at}
    return _fire_or_wait(spec, waiting, fired, seen=seen, facts={"kind": "table", "tables": changed})


def _fire_or_wait(
    spec: Mapping[str, Any],
    waiting: Mapping[str, Any],
    fired: Mapping[str, Any],
    *,
    seen: Seen,
    facts: Mapping[str, Any],
) -> Step:
    """Fire once nothing has changed for long enough, and it has rested long enough."""
    quiet_at = waiting["changed_at"] + spec.get("quiet_ms", 0)
    rested_at = waiting.get("fired_at", 0) + spec.get("rest_ms", 0)
    ready_at = max(quiet_at, rested_at)
    if seen.now >= ready_at:
        fire = Fire(at=seen.now, started_by={**facts, "at": seen.now})
        return Step(memory=fired, next_at=seen.now + seen.poll_ms, fire=fire)
    text = f"Something new has come; it waits {(ready_at - seen.now) / 1000:g} s more before it fires."
    return Step(memory=waiting, next_at=min(ready_at, seen.now + seen.poll_ms), text=text)
