"""What a run is: its states, how it may move between them, and the records of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runyard.core.errors import WrongState
from runyard.core.job import TOLD, Task


class State(StrEnum):
    """Where in its life a run or an attempt is."""

    BLOCKED = "blocked"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    RETRYING = "retrying"
    ENDED = "ended"


class Outcome(StrEnum):
    """How it ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    EXCLUDED = "excluded"
    CRASHED = "crashed"


NEXT: Mapping[State, frozenset[State]] = {
    State.BLOCKED: frozenset({State.QUEUED, State.ENDED}),
    State.QUEUED: frozenset({State.STARTING, State.ENDED}),
    State.STARTING: frozenset({State.RUNNING, State.STOPPING, State.ENDED}),
    State.RUNNING: frozenset({State.STOPPING, State.ENDED}),
    State.STOPPING: frozenset({State.ENDED}),
    State.RETRYING: frozenset({State.QUEUED, State.ENDED}),
    State.ENDED: frozenset(),
}
"""Which state an attempt may take next. A run follows its attempts (see graph.py)."""

ON_A_PROCESS = frozenset({State.STARTING, State.RUNNING, State.STOPPING})
"""The states in which an attempt has a process, and holds one of the server's places unless it waits."""

PHASES: tuple[str, ...] = tuple(s for s in State if s is not State.ENDED) + tuple(Outcome)
"""Every phase: the state, or the outcome once ended. Dialects map all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try of one task of a run: one process."""

    id: int
    run_id: int
    task_key: str
    number: int = 0
    series: int = 0  # the number with which its series of retries began: 0, or later after a repair
    state: State
    outcome: Outcome | None = None
    created_at: int
    updated_at: int
    retry_at: int | None = None
    taken_at: int | None = None  # when it got a place, or needed none: what came before was waiting
    running_at: int | None = None
    waits_since: int | None = None  # its process waits for a turn of its own, and gives its place to others
    ended_at: int | None = None
    owner: str | None = None  # the server that has it
    exit_code: int | None = None
    signal: int | None = None
    category: str | None = None  # what kind of failure, for dialects with codes
    message: str | None = None
    trace: str | None = None
    output: Mapping[str, Any] = field(default_factory=dict)  # what it told on ending: `result` (text), `values`

    @property
    def phase(self) -> str:
        """The state, or the outcome once ended."""
        return phase(self.state, self.outcome)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One request to execute a job (or a plan without a job): a row of the ledger.

    Times of the newest attempt of a one-task run stand here too, so that a page of runs needs one table.
    """

    id: int
    workspace_id: int
    job_id: int | None = None
    job_name: str
    language: str  # the dialect in which it was asked for
    settings: Mapping[str, Any] = field(default_factory=dict)  # what was asked, in that dialect's words
    tasks: tuple[Task, ...] = ()
    state: State
    outcome: Outcome | None = None
    reason: str | None = None  # why it waits, or why it was skipped
    message: str | None = None  # what went wrong
    attempt: int = 0  # number of the newest attempt, over all tasks
    previous_run_id: int | None = None
    parent_attempt_id: int | None = None  # the attempt whose work this run is
    is_listed: bool = True  # False: only a part of another run
    tasks_at_once: int | None = None  # how many of its tasks may go on together; None: all
    awaited_by: int | None = None  # the attempt whose process waits for its end, and gives it its place meanwhile
    repairs: int = 0  # how often tasks of it were run again
    started_by: Mapping[str, Any] = field(default_factory=dict)  # what started it if nobody did: `kind`, …
    idempotency_key: str | None = None
    created_at: int
    updated_at: int
    admitted_at: int | None = None
    wait_until: int | None = None  # a queued run gives up then
    notify_at: int | None = None  # tell somebody then if it has not ended
    timeout_ms: int | None = None  # counted from its admission
    timeout_at: int | None = None  # it is stopped then, whatever its tasks do
    attempt_at: int  # when the newest attempt was made, or its wait before a retry was over
    running_at: int | None = None  # when its code began: the newest attempt's, or of many tasks the first's
    ended_at: int | None = None

    @property
    def phase(self) -> str:
        """The state, or the outcome once ended."""
        return phase(self.state, self.outcome)

    @property
    def is_told(self) -> bool:
        """Tell whether its work is done elsewhere, by a client that tells of it."""
        return bool(self.tasks) and self.tasks[0].kind == TOLD


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """One round of a run: the original (number 0), written when the first repair follows it, or a repair.

    Its attempts are those whose id lies between its own and the next repair's: ids are ordered by time.
    """

    id: int
    run_id: int
    number: int
    settings: Mapping[str, Any] = field(default_factory=dict)  # what was asked for, in the words of the run's language
    task_keys: tuple[str, ...] = ()
    created_at: int
    ended_at: int | None = None
    outcome: Outcome | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One change of a run, kept for ever beside it."""

    id: int
    run_id: int
    attempt_id: int | None
    at: int
    kind: str
    detail: Mapping[str, Any]


def phase(state: State, outcome: Outcome | None) -> str:
    """Join state and outcome into the one word that dialects map."""
    return outcome.value if outcome is not None else state.value


def check_move(attempt: Attempt, to: State) -> None:
    """Refuse a step that NEXT does not allow."""
    if to not in NEXT[attempt.state]:
        raise WrongState(f"Attempt {attempt.id} is {attempt.phase}; it cannot become {to}.")
