"""A piece of code that a session runs, and where it is in its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from runyard.core.errors import WrongState


class Phase(StrEnum):
    """Where a statement is."""

    WAITING = "waiting"
    RUNNING = "running"
    AVAILABLE = "available"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


OVER = frozenset({Phase.AVAILABLE, Phase.CANCELLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """Code of a session, which is a run, and what came of it."""

    run_id: int
    number: int  # from 1, in the order in which they were asked for, which is that in which they run
    code: str
    phase: str = Phase.WAITING
    output: Mapping[str, Any] = field(default_factory=dict)
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None


def taken(statement: Statement, *, now: int) -> Statement:
    """Return a statement that its session begins to run; one that it has begun already is the same."""
    if statement.phase != Phase.WAITING:
        return statement
    return replace(statement, phase=Phase.RUNNING, started_at=now)


def cancelled(statement: Statement, *, now: int) -> Statement:
    """Return a statement that somebody has cancelled: at once if it waits, else once its session has let go of it."""
    if statement.phase in OVER:
        raise WrongState(f"Statement {statement.number} is {statement.phase}; there is nothing to cancel.")
    if statement.phase == Phase.WAITING:
        return replace(statement, phase=Phase.CANCELLED, ended_at=now)
    return replace(statement, phase=Phase.CANCELLING)


def done(statement: Statement, output: Mapping[str, Any], *, now: int) -> Statement:
    """Return a statement with what came of it; told twice, the first time counts."""
    if statement.phase in OVER:
        return statement
    was_cancelled = output.get("status") == "cancelled"
    phase = Phase.CANCELLED if was_cancelled else Phase.AVAILABLE
    return replace(statement, phase=phase, output={} if was_cancelled else output, ended_at=now)
