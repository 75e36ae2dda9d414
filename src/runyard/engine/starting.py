"""What it takes to start a job as its language would, whoever asks: a trigger, a task of another run, a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runyard.core.job import Job, Workspace
    from runyard.core.run import Run
    from runyard.core.trigger import Trigger
    from runyard.engine.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Starting:
    """A job to start, with parameters (name without dashes → text)."""

    engine: Engine
    workspace: Workspace
    job: Job
    parameters: Mapping[str, str] = field(default_factory=dict)
    started_by: Mapping[str, Any] = field(default_factory=dict)  # `kind` and its facts; empty: a caller
    parent_attempt_id: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A trigger with a name whose firing is decided; `pending` of it says for what, under which key."""

    engine: Engine
    workspace: Workspace
    trigger: Trigger


Fire = Callable[[Firing], "Sequence[Run]"]
"""Starts what a trigger starts, the same runs however often it is asked; nothing if nothing could be started."""

Start = Callable[[Starting], "Run"]
"""Starts a job as the language that made it would."""
