"""What an executor is given, and what it returns: an order for the launcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.core.run import Attempt, Run
from runyard.executors.launcher.order import Order
from runyard.executors.mounts import Mounts


@dataclass(frozen=True, kw_only=True)
class Work:
    """One attempt that is about to start."""

    run: Run
    attempt: Attempt
    spec: Mapping[str, Any]
    timeout_ms: int | None
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Place:
    """The machine as executors see it."""

    attempt_folder: Callable[[int], Path]
    environments: Path
    databases: Path
    mounts: Mounts
    grace_ms: int
    limits: Mapping[str, int]


Executor = Callable[[Work, Place], Order]
