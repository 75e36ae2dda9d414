"""What can be wrong with a text of a document: it cannot be read, or it cannot be decided."""

from __future__ import annotations

from runyard.core.errors import InvalidRequest

SHOWN = 120


class NotUnderstood(InvalidRequest):
    """A text that its grammar does not allow; the message shows where."""

    def __init__(self, problem: str, text: str, position: int) -> None:
        self.problem = problem
        self.line = text.count("\n", 0, position) + 1
        self.column = position - (text.rfind("\n", 0, position) + 1) + 1
        super().__init__(f"{problem} (line {self.line}, column {self.column} of {_shortened(text)})")


class NotDecided(InvalidRequest):
    """A condition that reads well and still has no answer: it took too long, or its value does not fit."""


def _shortened(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
