"""What a caller asks of the engine, in the words of the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.core.job import Job, Task
from runyard.core.queue import Overflow


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller wants run, in the words of the core."""

    language: str
    job_name: str
    job: Job | None = None
    tasks: Sequence[Task] = ()  # empty: the job's own
    settings: Mapping[str, Any] = field(default_factory=dict)
    overflow: Overflow = Overflow.REFUSE
    previous_run_id: int | None = None
    idempotency_key: str | None = None
    wait_ms: int | None = None  # how long it may wait for its job's limit; None: the server's setting
    notify_after_ms: int | None = None
    timeout_ms: int | None = None  # of the run as a whole, counted from its admission
    started_by: Mapping[str, Any] = field(default_factory=dict)
    parent_attempt_id: int | None = None
    tasks_at_once: int | None = None
    is_listed: bool = True
    awaited_by: int | None = None  # the attempt on a process that does nothing but wait for its end


@dataclass(frozen=True, kw_only=True)
class Repairing:
    """Which tasks of an ended run are to run again, and as what."""

    task_keys: Sequence[str]
    tasks: Sequence[Task] = ()  # all of the run, as they are defined now; empty: as they were
    settings: Mapping[str, Any] = field(default_factory=dict)  # what was asked for
    run_settings: Mapping[str, Any] | None = None  # the run's from now on; None: as they were
    after: int | None = None  # the newest repair the caller knows of
