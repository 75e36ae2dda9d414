"""What a run knows while it goes on: of all its workflows together, and of each of them."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runyard.arazzo.http.exchange import Exchange, Send
from runyard.arazzo.language.expressions import Scope
from runyard.arazzo.language.values import MISSING
from runyard.arazzo.records import Record
from runyard.arazzo.requests.requesting import Sender
from runyard.arazzo.running.loading import Loaded
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.plans import StepPlan, WorkflowPlan
from runyard.arazzo.running.progress import Observer, StepPlace
from runyard.arazzo.running.waiting import Poll, Stopped, Timing

Results = dict[str, Mapping[str, Any]]  # inputs and outputs by the id of a workflow


class Whole:
    """A run with all its workflows."""

    def __init__(self, send: Send, options: Options, observer: Observer) -> None:
        self.send = send
        self.options = options
        self.observer = observer
        self.timing = Timing(options)
        self.steps = 0
        self.last: Exchange | None = None
        self._results: dict[Loaded, Results] = {}

    def results(self, loaded: Loaded) -> Results:
        """What the workflows of a document that have ended took and gave."""
        return self._results.setdefault(loaded, {})

    def count_step(self) -> None:
        """Count one execution of a step; refuse one too many, or one too late."""
        if self.steps >= self.options.max_steps:
            raise Stopped(f"It executed {self.steps:,} steps, which is the most that it may.")
        self.timing.check()
        self.steps += 1


class State(Record, frozen=False):
    """One workflow that is running."""

    whole: Whole
    plan: WorkflowPlan
    path: tuple[str, ...]
    depth: int
    inputs: Mapping[str, Any]
    polls: dict[tuple[WorkflowPlan, str], Poll]  # shared by workflows that go to each other
    steps: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # outputs by step
    tries: Counter[str] = field(default_factory=Counter)
    succeeded: set[str] = field(default_factory=set)
    senders: dict[tuple[str, str, str], Sender] = field(default_factory=dict)  # by source, method and path
    places: dict[StepPlan, StepPlace] = field(default_factory=dict)
    is_gone_to: bool = False  # by another workflow, which may have been gone to by this one before
    at: str = "its beginning"  # the step that is being executed
    base: dict[str, Any] = field(default_factory=dict)

    def place(self, step: StepPlan) -> StepPlace:
        """Where a step stands."""
        known = self.places.get(step)
        if known is None:
            known = self.places[step] = StepPlace(workflows=self.path, step=step.step.id)
        return known

    def scope(self, **more: Any) -> Scope:
        """What expressions reach in this workflow now, and more where a step has it."""
        if not self.base:
            self.base = self._lasting()
        return Scope(**self.base, **more)

    def _lasting(self) -> dict[str, Any]:
        loaded, components = self.plan.loaded, self.plan.loaded.document.components
        return {
            "inputs": self.inputs,
            "steps": self.steps,
            "workflows": self.whole.results(loaded),
            "sources": {name: self._source(name) for name in loaded.sources},
            "components": {
                "inputs": components.inputs,
                "parameters": components.parameters,
                "successActions": components.success_actions,
                "failureActions": components.failure_actions,
            },
            "self_uri": loaded.document.self_uri or MISSING,
        }

    def _source(self, name: str) -> Mapping[str, Any]:
        source = self.plan.loaded.sources[name]
        said = {"name": name, "url": source.url, "type": source.type or MISSING}
        other = self.plan.loaded.other_document(name)
        return said if other is None else ChainMap(said, self.whole.results(other))
