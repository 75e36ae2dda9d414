"""Our phases in Dremio's words, and the steps that a job's own process tells."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.core.run import Outcome, State

STATES: Mapping[str, str] = {
    State.BLOCKED: "PENDING",
    State.QUEUED: "PENDING",
    State.STARTING: "PENDING",
    State.RUNNING: "RUNNING",
    State.STOPPING: "CANCELLATION_REQUESTED",
    State.RETRYING: "PENDING",
    Outcome.SUCCEEDED: "COMPLETED",
    Outcome.FAILED: "FAILED",
    Outcome.CANCELLED: "CANCELED",
    Outcome.TIMED_OUT: "CANCELED",
    Outcome.SKIPPED: "CANCELED",
    Outcome.UPSTREAM_FAILED: "FAILED",
    Outcome.EXCLUDED: "CANCELED",
    Outcome.CRASHED: "FAILED",
}
"""Phase of a run to jobState.

What waits for a place of the server, or for its process, has not been looked at: PENDING, Dremio's first state. QUEUED
is what its process tells, once the plan is made and waits for its queue; ENQUEUED, which strict clients do not know, is
never said.
"""

STEPS = (
    "PENDING", "METADATA_RETRIEVAL", "PLANNING", "ENGINE_START", "QUEUED", "EXECUTION_PLANNING", "STARTING", "RUNNING"
)  # fmt: skip
"""What a job's process goes through, in this order; statements that only change the catalog skip the queue.

ENGINE_START is the first contact with an engine elsewhere; this machine has nothing to start.
"""
FIRST_STEP = STEPS[0]

PHASES: Mapping[str, str] = {
    "NOT_SUBMITTED": State.QUEUED,
    "PENDING": State.QUEUED,
    "QUEUED": State.QUEUED,
    "ENQUEUED": State.QUEUED,
    "METADATA_RETRIEVAL": State.RUNNING,
    "PLANNING": State.RUNNING,
    "ENGINE_START": State.STARTING,
    "EXECUTION_PLANNING": State.RUNNING,
    "STARTING": State.STARTING,
    "RUNNING": State.RUNNING,
    "CANCELLATION_REQUESTED": State.STOPPING,
    "COMPLETED": Outcome.SUCCEEDED,
    "CANCELED": Outcome.CANCELLED,
    "FAILED": Outcome.FAILED,
    "INVALID_STATE": Outcome.CRASHED,
}
"""jobState to the phase that says the same, complete over the documented states."""


def job_state(phase: str, step: str | None) -> str:
    """Return the jobState: of a process at work, its own word."""
    if phase == State.RUNNING:
        return step or FIRST_STEP
    return STATES[phase]
