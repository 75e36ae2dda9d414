"""Who is told when something happens to a run or to one of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runyard.core import retry
from runyard.core.job import Task
from runyard.core.run import Attempt, Outcome, State


class What(StrEnum):
    """What somebody may want to be told of."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LATE = "late"  # it takes longer than it should


class Channel(StrEnum):
    """How somebody is told."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    ALARM = "alarm"  # nobody yet: at its moment it is looked whether the thing still goes on


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Somebody outside: an address of mail, or a destination by its name in the settings."""

    channel: Channel
    to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """Who wants to be told of what, about a run or about a task."""

    addresses: Mapping[What, tuple[Address, ...]] = field(default_factory=dict)
    of_skipped: bool = True
    of_cancelled: bool = True
    of_every_attempt: bool = True  # False: a failure is told once no retry follows, a start but of the first
    late_after_ms: int | None = None  # its run should not take longer

    def __bool__(self) -> bool:
        return bool(self.addresses) or self.late_after_ms is not None


NONE = Wishes()


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is said, as a mail and as a document."""

    subject: str
    text: str
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something to be told to somebody, until it has been."""

    id: int
    run_id: int
    attempt_id: int | None = None  # None: it is about the whole run
    name: str  # differs from that of every other notice of the run, so that nothing is told twice
    what: What
    channel: Channel
    address: str
    body: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0
    due_at: int | None  # None: told, or given up
    created_at: int
    told_at: int | None = None
    trouble: str | None = None  # why it could not be told, last


SKIPPED = frozenset({Outcome.SKIPPED, Outcome.UPSTREAM_FAILED})
"""The ends of what never began, but was meant to."""
WAITS_MS = (10_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000)
"""How long to wait before each further try; after the last the notice is given up."""
LEASE_MS = 120_000  # a try takes less; who dies in it is followed by another try


def next_try_at(tries: int, *, now: int) -> int | None:
    """Return when to try again after that many tries, if ever."""
    return now + WAITS_MS[tries - 1] if tries <= len(WAITS_MS) else None


def what_ended(outcome: Outcome, wishes: Wishes) -> What | None:
    """Return what the end of a run or attempt is told as, if it is told at all."""
    muted = {
        Outcome.EXCLUDED: True,  # nobody needed it
        Outcome.CANCELLED: not wishes.of_cancelled,
        **dict.fromkeys(SKIPPED, not wishes.of_skipped),
    }
    if muted.get(outcome, False):
        return None
    return What.SUCCEEDED if outcome is Outcome.SUCCEEDED else What.FAILED


def what_happened(task: Task, seen: State, attempt: Attempt, wishes: Wishes) -> What | None:
    """Return what a move of an attempt is told as, if it is told at all."""
    if attempt.state is State.RUNNING:
        is_told = wishes.of_every_attempt or attempt.number == attempt.series
        return What.STARTED if is_told else None
    if attempt.state is not State.ENDED or attempt.outcome is None:
        return None
    is_retried = seen is not State.STOPPING and retry.retry_at(task, attempt, now=attempt.ended_at or 0) is not None
    return None if is_retried and not wishes.of_every_attempt else what_ended(attempt.outcome, wishes)
