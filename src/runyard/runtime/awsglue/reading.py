"""What every format's reader gives back, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .places import Part


@dataclass(frozen=True, kw_only=True)
class Found:
    """A frame that was read, and what its schema alone does not tell."""

    dataframe: Any
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nulls: frozenset[str] = frozenset()


Reader = Callable[[Any, list[Part], Mapping[str, Any], Mapping[str, str]], Found]
"""Given a session, the files, `format_options` with those of the connection, and the types of partition columns."""


def together(frames: Sequence[Any]) -> Any:
    """Return the rows of several frames, halved and halved again, so that the plan is no deep chain."""
    if len(frames) == 1:
        return frames[0]
    middle = len(frames) // 2
    return together(frames[:middle]).unionByName(together(frames[middle:]), allowMissingColumns=True)
