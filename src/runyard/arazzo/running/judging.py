"""Lists of criteria: read once, decided as often as a run asks, and told as a person wants to hear it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runyard.arazzo.documents.document import Criterion
from runyard.arazzo.language.criteria import Judge, Judging, Verdict, reader
from runyard.arazzo.language.expressions import Scope
from runyard.arazzo.language.values import MISSING, as_text
from runyard.arazzo.records import Record
from runyard.arazzo.running.progress import Judged

SHOWN = 80


class Read(Record):
    """A criterion, and how to decide it."""

    criterion: Criterion
    judge: Judge


def read_all(criteria: Iterable[Criterion], judging: Judging) -> tuple[Read, ...]:
    """Read criteria."""
    return tuple(Read(criterion=criterion, judge=reader(criterion, judging)) for criterion in criteria)


def decide(criteria: Iterable[Read], scope: Scope) -> tuple[Judged, ...]:
    """Decide each of them; all are told, though one is enough to fail."""
    return tuple([_judged(read.criterion, read.judge(scope)) for read in criteria])


def all_hold(criteria: Iterable[Read], scope: Scope, asked: list[Judged]) -> bool:
    """Whether all of them hold, asked until one does not; each that was asked is added to `asked`."""
    for read in criteria:
        judged = _judged(read.criterion, read.judge(scope))
        if judged.error:  # no step fails by it, so that nobody else would tell
            judged = judged.but(advice=f"It could not be decided, and counts as not holding. {judged.error}")
        asked.append(judged)
        if not judged.holds:
            return False
    return True


def _judged(criterion: Criterion, verdict: Verdict) -> Judged:
    return Judged(
        condition=criterion.condition,
        type=criterion.type,
        holds=verdict.passed,
        saw={text: None if value is MISSING else value for text, value in verdict.seen},
        error=verdict.error,
        advice=verdict.advice,
    )


def why(judged: Judged) -> str:
    """Why a criterion does not hold, in one line."""
    if judged.error:
        return f"`{judged.condition}` could not be decided: {judged.error}"
    saw = ", ".join(f"{text} is {_short(value)}" for text, value in judged.saw.items())
    return f"`{judged.condition}` does not hold{': ' if saw else ''}{saw}"


def _short(value: Any) -> str:
    text = "null" if value is None else repr(value) if isinstance(value, str) else as_text(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
