"""Running the workflows of a document: the few names that a caller needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.arazzo.http.exchange import Exchange, HttpRequest, HttpResponse, Send, Unreachable
from runyard.arazzo.running.calls import find_workflow
from runyard.arazzo.running.flow import Flow
from runyard.arazzo.running.inputs import Schema
from runyard.arazzo.running.loading import Loaded, SourceUnavailable, open_document
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.plans import only_workflow, plan
from runyard.arazzo.running.progress import Observer, StepPlace, StepReport, WorkflowReport

__all__ = [
    "Exchange",
    "HttpRequest",
    "HttpResponse",
    "Loaded",
    "Observer",
    "Options",
    "Send",
    "SourceUnavailable",
    "StepPlace",
    "StepReport",
    "Unreachable",
    "WorkflowReport",
    "inputs_of",
    "open_document",
    "run_workflow",
]


def run_workflow(
    loaded: Loaded,
    workflow_id: str | None,
    inputs: Mapping[str, Any],
    *,
    send: Send,
    options: Options | None = None,
    observer: Observer | None = None,
) -> WorkflowReport:
    """Run a workflow of a document, the only one if none is named; refuse what cannot work before anything is sent."""
    options = options or Options()
    planned = plan(loaded, workflow_id, lenient=options.jsonpath == "lenient")
    return Flow(send, options, observer or Silent()).run(planned, inputs)


def inputs_of(loaded: Loaded, workflow_id: str | None) -> Schema:
    """The schema of a workflow's inputs: what it declares, and what a text on a command line means there."""
    place = find_workflow(loaded, workflow_id or only_workflow(loaded))
    return Schema(place.loaded, place.workflow)


class Silent:
    """An observer whom nothing interests."""

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Hear nothing."""

    def step_began(self, place: StepPlace) -> None:
        """Hear nothing."""

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """Hear nothing."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """Hear nothing."""

    def step_ended(self, report: StepReport) -> None:
        """Hear nothing."""

    def workflow_ended(self, report: WorkflowReport) -> None:
        """Hear nothing."""
