"""What a run of a workflow tells while it goes on, and in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, NamedTuple, Protocol

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.records import Record


class StepPlace(NamedTuple):
    """Where in a run a step stands: the workflows that lead to it, outermost first, and its own id."""

    workflows: tuple[str, ...]
    step: str


class Judged(Record):
    """A criterion as it was decided, so that a person can be told why."""

    condition: str
    type: str
    holds: bool
    saw: Mapping[str, Any] = field(default_factory=dict)  # the values of the condition's expressions, by their text
    error: str | None = None  # why it could not be decided, with line and column
    advice: str | None = None  # what its author should be told, though it was decided


class StepReport(Record):
    """How one execution of a step ended."""

    place: StepPlace
    succeeded: bool
    tries: int  # executions of this step so far in this workflow run, this one included
    outputs: Mapping[str, Any]
    criteria: tuple[Judged, ...] = ()  # those of its success
    asked: tuple[Judged, ...] = ()  # those of the actions that might have followed, up to the one that does
    exchange: Exchange | None = None  # none of a step that runs a workflow
    message: str | None = None  # why it failed
    follows: str = "next"  # next, end, goto STEP or WORKFLOW, retry STEP
    began_at: float  # seconds since 1970
    took_s: float


class WorkflowReport(Record):
    """How a workflow ended."""

    workflows: tuple[str, ...]  # as in StepPlace; its own id is the last
    succeeded: bool
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    steps: int  # executions of steps, those of its sub-workflows included
    message: str | None = None  # why it failed
    began_at: float  # seconds since 1970
    took_s: float


class Observer(Protocol):
    """Whoever wants to hear of it: a terminal, a log, the ledger. Called from the run's own thread."""

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """A workflow begins; the last id is its own."""
        ...

    def step_began(self, place: StepPlace) -> None:
        """A step begins."""
        ...

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """A request was answered, or was not."""
        ...

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """Nothing happens for a while: a poll backs off, or a retry waits."""
        ...

    def step_ended(self, report: StepReport) -> None:
        """A step is done."""
        ...

    def workflow_ended(self, report: WorkflowReport) -> None:
        """A workflow is done."""
        ...
