"""What was measured: rows of samples of ours and of what we compare with, and whether they meet their goals."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PERCENT = 100


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A claim: `at most` or `at least` a limit, of the ratio, or of our own median where nothing compares."""

    word: str
    limit: float
    of_ratio: bool = True

    def __str__(self) -> str:
        return f"{SIGNS[self.word]} {self.limit:g}{'x' if self.of_ratio else ''}"


SIGNS: Mapping[str, str] = {"at most": "≤", "at least": "≥"}
COMPARE: Mapping[str, Callable[[float, float], bool]] = {"at most": operator.le, "at least": operator.ge}


def at_most(limit: float) -> Goal:
    """Claim that ours takes at most `limit` times the other's."""
    return Goal(word="at most", limit=limit)


def at_least(limit: float) -> Goal:
    """Claim that ours does at least `limit` times the other's."""
    return Goal(word="at least", limit=limit)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; samples of one place in `ours` and `peer` were taken one after the other."""

    figure: str
    what: str
    unit: str
    against: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """The median of the ratios of neighbouring samples, so that a machine that slows down changes nothing."""
        pairs = zip(self.ours, self.peer, strict=True) if self.peer else ()
        ratios = [ours / peer for ours, peer in pairs]
        return statistics.median(ratios) if ratios else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal."""
        if self.goal is None:
            return None
        measured = self.ratio if self.goal.of_ratio else statistics.median(self.ours)
        return measured is not None and COMPARE[self.goal.word](measured, self.goal.limit)


def percentile(samples: Sequence[float], percent: int) -> float:
    """Return the smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(-(-len(ordered) * percent // PERCENT), 1) - 1]


def to_record(row: Row) -> dict[str, Any]:
    """Return a row with its samples and what was worked out of them, for `--json`."""
    sides = {"ours": row.ours, "peer": row.peer}
    return {
        "figure": row.figure,
        "what": row.what,
        "unit": row.unit,
        "against": row.against,
        **{f"{side}_median": statistics.median(samples) for side, samples in sides.items() if samples},
        **{f"{side}_p99": percentile(samples, 99) for side, samples in sides.items() if samples},
        "ratio": row.ratio,
        "goal": str(row.goal) if row.goal else None,
        "met": row.is_met,
        **{side: list(samples) for side, samples in sides.items()},
    }
