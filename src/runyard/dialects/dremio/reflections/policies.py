"""When what a reflection holds must be made anew, and how long it may be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from runyard.core.cron import next_fire
from runyard.core.cron_text import parse_quartz
from runyard.core.document import Document
from runyard.core.errors import RunyardError
from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.catalog import HOME
from runyard.dialects.dremio.entities import REFRESH_POLICY
from runyard.dialects.dremio.errors import wrong

PERIOD, SCHEDULE, NEVER, ON_CHANGES = "PERIOD", "SCHEDULE", "NEVER", "REFRESH_ON_DATA_CHANGES"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
BACK_OFF_MINUTES = (1, 2, 5, 15, 30, 60, 120, 240)
MOST_TRIES, LONGEST_TRYING_MS = 24, 72 * HOUR_MS
YEARS_1000_MS = 31_536_000_000_000
OF_SOURCE: Mapping[str, str] = {
    "accelerationActivePolicyType": "activePolicyType",
    "accelerationRefreshPeriodMs": "refreshPeriodMs",
    "accelerationGracePeriodMs": "gracePeriodMs",
    "accelerationRefreshSchedule": "refreshSchedule",
    "accelerationNeverExpire": "neverExpire",
    "accelerationNeverRefresh": "neverRefresh",
}
"""What a source says of the reflections of its tables, in the words of a table."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What becomes of a reflection with time."""

    period_ms: int | None = None  # from one refresh to the next
    schedules: tuple[str, ...] = ()
    on_changes: bool = False  # it is made anew whenever its data changes, and not used in between
    grace_ms: int | None = None  # how long it may be used; None: for ever
    method: str = "FULL"

    @property
    def word(self) -> str:
        """Return how refreshes come about, as the status of a reflection says it."""
        if self.on_changes:
            return "ON_DATA_CHANGES"
        return "SCHEDULED" if self.period_ms is not None or self.schedules else "MANUAL"


def check_policies(content: Mapping[str, Any]) -> None:
    """Refuse what a table or a source says of its reflections if it could not be kept."""
    told = content.get("accelerationRefreshPolicy")
    if told is None:
        told = {word: content[name] for name, word in OF_SOURCE.items() if content.get(name) is not None}
    kind, schedule = told.get("activePolicyType") or PERIOD, told.get("refreshSchedule")
    if kind not in (PERIOD, SCHEDULE, NEVER, ON_CHANGES):
        raise wrong(f"activePolicyType is {kind!r}; it is one of {PERIOD}, {SCHEDULE}, {NEVER}, {ON_CHANGES}.")
    if kind == SCHEDULE and not schedule:
        raise wrong("refreshSchedule is missing; give it as six fields, as '0 0 8 * * ?'.")
    if schedule:
        parse_quartz(str(schedule))
    for name in ("refreshPeriodMs", "gracePeriodMs"):
        value = told.get(name)
        if value is not None and (not isinstance(value, int) or value < 0):
            raise wrong(f"{name} is {value!r}; it is a whole number of milliseconds.")


def policy_of(told: Mapping[str, Any]) -> Policy:
    """Return the policy that a table's `accelerationRefreshPolicy` tells."""
    said = {**REFRESH_POLICY, **{name: value for name, value in told.items() if value is not None}}
    kind = NEVER if said["neverRefresh"] else said["activePolicyType"]
    return Policy(
        period_ms=int(said["refreshPeriodMs"]) if kind == PERIOD else None,
        schedules=(str(said["refreshSchedule"]),) if kind == SCHEDULE and said.get("refreshSchedule") else (),
        on_changes=kind == ON_CHANGES,
        grace_ms=None if said["neverExpire"] or kind == ON_CHANGES else int(said["gracePeriodMs"]),
        method=str(said["method"]),
    )


def of_table(path: list[str], documents: Mapping[str, Document]) -> Policy:
    """Return the policy of a table: its own, or that of its source; a home's never refresh and never expire."""
    table, root = documents.get(catalog.name_of(path)), documents.get(catalog.name_of(path[:1]))
    if table is not None and "accelerationRefreshPolicy" in table.content:
        return policy_of(table.content["accelerationRefreshPolicy"])
    if root is not None and root.kind == HOME:
        return Policy()
    said = root.content if root is not None else {}
    return policy_of({word: said[name] for name, word in OF_SOURCE.items() if name in said})


def joined(policies: Iterable[Policy]) -> Policy:
    """Return the policy of what is made of several tables: as new as the most exacting of them asks."""
    every = list(policies)
    periods = [one.period_ms for one in every if one.period_ms is not None]
    graces = [one.grace_ms for one in every if one.grace_ms is not None]
    return Policy(
        period_ms=min(periods, default=None),
        schedules=tuple(dict.fromkeys(each for one in every for each in one.schedules)),
        on_changes=any(one.on_changes for one in every),
        grace_ms=min(graces, default=None),
        method="INCREMENTAL" if every and all(one.method == "INCREMENTAL" for one in every) else "FULL",
    )


def next_refresh(policy: Policy, fetched_at: int) -> int | None:
    """Return when data that was read at a moment must be read again; None: never by itself."""
    moments = [fetched_at + policy.period_ms] if policy.period_ms is not None else []
    moments += [at for each in policy.schedules if (at := _fires(each, fetched_at)) is not None]
    return min(moments, default=None)


def _fires(schedule: str, after: int) -> int | None:
    try:
        return next_fire(parse_quartz(schedule), after, UTC)
    except RunyardError:
        return None  # it is refused where it is set; an older one that cannot be read never fires


def expiry(policy: Policy, fetched_at: int, limit: int | None = None) -> int | None:
    """Return until when data may be used that was read at a moment; None: for ever."""
    own = fetched_at + policy.grace_ms if policy.grace_ms is not None else None
    return min((at for at in (own, limit) if at is not None), default=None)


def next_try(failures: int, failed_at: int) -> int:
    """Return when a refresh is tried again that has failed so often."""
    return failed_at + BACK_OFF_MINUTES[min(failures, len(BACK_OFF_MINUTES)) - 1] * MINUTE_MS


def is_hopeless(failures: int, failing_since: int, now: int) -> bool:
    """Tell whether a reflection is given up."""
    return failures >= MOST_TRIES or now - failing_since >= LONGEST_TRYING_MS
