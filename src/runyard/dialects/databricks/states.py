"""Our phases in the words of runs and task runs: life cycle and result, the newer status, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from runyard.core.graph import UPSTREAM_CANCELLED
from runyard.core.run import Outcome, State


class Words(NamedTuple):
    """What this language says of a phase."""

    life_cycle: str
    status: str  # the newer word
    result: str | None = None  # and how it ended: result, code and type of the termination
    code: str = ""
    type: str = ""


class Cause(NamedTuple):
    """Why something failed, in the words of a termination."""

    code: str
    type: str


TASK: Mapping[str, Words] = {
    State.BLOCKED: Words("BLOCKED", "BLOCKED"),
    State.QUEUED: Words("QUEUED", "QUEUED"),
    State.STARTING: Words("PENDING", "PENDING"),
    State.RUNNING: Words("RUNNING", "RUNNING"),
    State.STOPPING: Words("TERMINATING", "TERMINATING"),
    State.RETRYING: Words("WAITING_FOR_RETRY", "WAITING"),
    Outcome.SUCCEEDED: Words("TERMINATED", "TERMINATED", "SUCCESS", "SUCCESS", "SUCCESS"),
    Outcome.FAILED: Words("TERMINATED", "TERMINATED", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    Outcome.CANCELLED: Words("TERMINATED", "TERMINATED", "CANCELED", "USER_CANCELED", "CLIENT_ERROR"),
    Outcome.TIMED_OUT: Words("TERMINATED", "TERMINATED", "TIMEDOUT", "CANCELED", "CLIENT_ERROR"),
    Outcome.SKIPPED: Words(
        "SKIPPED", "TERMINATED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"
    ),
    Outcome.UPSTREAM_FAILED: Words("TERMINATED", "TERMINATED", "UPSTREAM_FAILED", "SKIPPED", "CLIENT_ERROR"),
    Outcome.EXCLUDED: Words("TERMINATED", "TERMINATED", "EXCLUDED", "SKIPPED", "SUCCESS"),
    Outcome.CRASHED: Words("INTERNAL_ERROR", "TERMINATED", "FAILED", "INTERNAL_ERROR", "INTERNAL_ERROR"),
}
"""Phase of a task run to its words."""

RUN: Mapping[str, Words] = {
    **TASK,
    State.RETRYING: TASK[State.RUNNING],  # it goes on; which of its tasks wait, they say themselves
    Outcome.FAILED: TASK[Outcome.FAILED]._replace(life_cycle="INTERNAL_ERROR"),
}
"""Phase of a run to its words: of a run as a whole, a failure counts as internal."""

SUCCESS_WITH_FAILURES = Words("TERMINATED", "TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS")
UPSTREAM_CANCELED = Words("TERMINATED", "TERMINATED", "UPSTREAM_CANCELED", "SKIPPED", "CLIENT_ERROR")

PHASES: Mapping[tuple[str, str | None], str] = {
    **{(words.life_cycle, words.result): phase for phase, words in TASK.items()},
    ("INTERNAL_ERROR", "FAILED"): Outcome.FAILED,
    ("INTERNAL_ERROR", None): Outcome.CRASHED,
    ("SKIPPED", None): Outcome.SKIPPED,
    ("TERMINATED", "SUCCESS_WITH_FAILURES"): Outcome.SUCCEEDED,
    ("TERMINATED", "UPSTREAM_CANCELED"): Outcome.UPSTREAM_FAILED,
    ("TERMINATED", "DISABLED"): Outcome.EXCLUDED,
    ("TERMINATED", "MAXIMUM_CONCURRENT_RUNS_REACHED"): Outcome.SKIPPED,
}
"""Life cycle and result to the phase that says the same."""

CAUSES: Mapping[str | None, Cause] = {
    "preparation": Cause("INVALID_RUN_CONFIGURATION", "CLIENT_ERROR"),
    "not_found": Cause("RESOURCE_NOT_FOUND", "CLIENT_ERROR"),
    "library_installation": Cause("LIBRARY_INSTALLATION_ERROR", "CLIENT_ERROR"),
    "feature_disabled": Cause("FEATURE_DISABLED", "CLIENT_ERROR"),
    "queue_wait": Cause("MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR"),
}
"""Category of a failure to why it failed; any other failure is one of the code that ran."""

IN_RUN = "In run"
CANCELED_TEXT = "Run cancelled."
FAILED_TEXT = "Workload failed, see run output for details"
FAILED_TASK = "Task {key} failed with message: {message}."
DOWNSTREAM_SKIPPED = " This caused all downstream tasks to get skipped."
SKIPPED_TEXT = "Skipping this run because the limit of {limit} maximum concurrent runs has been reached."
QUEUED_TEXT = "Queued due to reaching maximum concurrent runs of {limit}."
AT_JOB_LIMIT = "MAX_CONCURRENT_RUNS_REACHED"
AT_SERVER_LIMIT = "ACTIVE_RUNS_LIMIT_REACHED"
ENDED_BY_SOMEBODY = frozenset({"CANCELED", "TIMEDOUT"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a run or a task run stands, in words."""

    words: Words
    message: str = ""
    queue_code: str | None = None  # why it waits in a queue; the message says more
    cause: Cause | None = None  # why it failed, if it was not the code that ran

    @property
    def state(self) -> dict[str, Any]:
        """Spell it the older way."""
        state: dict[str, Any] = {"life_cycle_state": self.words.life_cycle}
        if self.words.result is not None:
            state["result_state"] = self.words.result
        state["state_message"] = "" if self.queue_code else self.message
        state["user_cancelled_or_timedout"] = self.words.result in ENDED_BY_SOMEBODY
        if self.queue_code:
            state["queue_reason"] = self.message
        return state

    @property
    def status(self) -> dict[str, Any]:
        """Spell it the newer way."""
        status: dict[str, Any] = {"state": self.words.status}
        if self.queue_code:
            status["queue_details"] = {"code": self.queue_code, "message": self.message}
        if self.words.code:
            code, kind = self.cause or self.words[3:]
            status["termination_details"] = {"code": code, "type": kind, "message": self.message}
        return status


def task_words(phase: str, category: str | None) -> Words:
    """Return the words for a task run."""
    is_upstream = phase == Outcome.UPSTREAM_FAILED and category == UPSTREAM_CANCELLED
    return UPSTREAM_CANCELED if is_upstream else TASK[phase]
