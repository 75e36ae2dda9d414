"""What a trigger is shown when it is looked at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What there is to see at a moment, of what the trigger's kind asks to see."""

    now: int
    poll_ms: int = 60_000  # how often to look at what tells nobody that it changed
    files: Mapping[str, int] = field(default_factory=dict)  # name → when it was changed last
    tables: Mapping[str, str] = field(default_factory=dict)  # name → a mark that differs once it was changed
    is_busy: bool = False  # a run of the job has not ended


@dataclass(frozen=True, kw_only=True, slots=True)
class Fire:
    """A run is to be started, for a moment."""

    at: int
    started_by: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a trigger remembers from now on, when to look again, and whether it fires."""

    memory: Mapping[str, Any]
    next_at: int | None
    fire: Fire | None = None
    text: str = ""  # why it did not fire, where somebody may ask
