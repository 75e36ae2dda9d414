"""From what a recording client says to a run whose work is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from runyard.core.errors import InvalidRequest
from runyard.core.run import Outcome
from runyard.dialects.native.parameters import Executed, Record
from runyard.dialects.native.submission import LANGUAGE
from runyard.engine.recording import Told, told_tasks
from runyard.engine.requests import Request
from runyard.executors.launcher.depth import DEEPEST, is_too_deep


def recorded(asked: Record) -> Request:
    """Return the run of a recording."""
    (key, count), *_ = Counter([*asked.tasks, asked.verdict]).most_common(1)
    if count > 1:
        raise InvalidRequest(f"Parameter tasks: {key!r} is named twice; tasks and the verdict must differ.")
    check_depth("settings", asked.settings)
    return Request(
        language=LANGUAGE,
        job_name=asked.name,
        tasks=told_tasks(asked.tasks, verdict=asked.verdict),
        settings=asked.settings,
        wait_ms=int(asked.lease_s * 1000),
        idempotency_key=f"{LANGUAGE}/{asked.idempotency_key}" if asked.idempotency_key else None,
    )


def executed(said: Executed) -> Told:
    """Return one execution of a task, in the words of the engine."""
    if (said.outcome is None) != (said.ended_at is None):
        raise InvalidRequest(f"Parameter told: the execution of {said.task!r} has outcome and ended_at, or neither.")
    check_depth("told", said.output)
    return Told(
        task_key=said.task,
        number=said.number,
        began_at=said.began_at,
        ended_at=said.ended_at,
        outcome=Outcome(said.outcome) if said.outcome else None,
        message=said.message,
        output=said.output,
    )


def check_depth(name: str, document: Mapping[str, Any]) -> None:
    """Refuse what those who read it later could not follow."""
    if is_too_deep(document):
        raise InvalidRequest(f"Parameter {name}: it is nested deeper than {DEEPEST} levels; tell it flatter.")
