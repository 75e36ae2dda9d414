"""What an executor is given, and what it returns: an order for the launcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
class SparkPlace:
    """What an administrator set for Spark jobs (see Spark in engine/settings.py)."""

    engine: str = "sail"
    home: str = ""
    drivers: int = 0
    shares_files: bool = True
    environments: Path | None = None  # where what is made once for all JVMs is kept


@dataclass(frozen=True, kw_only=True)
class Place:
    """The machine as executors see it."""

    attempt_folder: Callable[[int], Path]
    environments: Path
    databases: Path
    mounts: Mounts
    grace_ms: int
    limits: Mapping[str, int]
    spark: SparkPlace = field(default_factory=SparkPlace)


Executor = Callable[[Work, Place], Order]
