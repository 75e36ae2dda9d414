"""What is kept of a workflow's run until its end: how it ended, and for programs each execution of a step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.language.values import as_text
from runyard.arazzo.running.progress import Judged, StepPlace, StepReport, WorkflowReport

Record = dict[str, Any]


class Kept:
    """Hears of a run; what it hears is masked before."""

    def __init__(self, *, with_steps: bool) -> None:
        self._with_steps = with_steps
        self.executions: list[Record] = []
        self.advice: dict[str, list[str]] = {}  # what authors should be told, and of which conditions
        self.report: WorkflowReport | None = None

    def step_ended(self, report: StepReport) -> None:
        """Keep one more execution."""
        for judged in (*report.criteria, *report.asked):
            if judged.advice and judged.condition not in self.advice.setdefault(judged.advice, []):
                self.advice[judged.advice].append(judged.condition)
        if self._with_steps:
            self.executions.append(execution(report))

    def workflow_ended(self, report: WorkflowReport) -> None:
        """Keep how the outermost workflow ended."""
        if len(report.workflows) == 1:
            self.report = report

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Its steps follow."""

    def step_began(self, place: StepPlace) -> None:
        """Its report follows."""

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """The step's report has it."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """The times of the steps show it."""


def execution(report: StepReport) -> Record:
    """Return one execution of a step as a program reads it; criteria are told where they failed."""
    exchange = report.exchange
    told: Record = {
        "workflows": list(report.place.workflows),
        "step": report.place.step,
        "execution": report.tries,
        "succeeded": report.succeeded,
        "message": report.message,
        "follows": report.follows,
        "began_at": moment(report.began_at),
        "took_s": round(report.took_s, 4),
        "outputs": dict(report.outputs),
    }
    if exchange is not None:
        told["request"] = {"method": exchange.request.method, "url": exchange.request.url}
        told["status"] = exchange.response.status if exchange.response else None
    if not report.succeeded:
        told["criteria"] = [_criterion(judged) for judged in report.criteria]
    return told


def _criterion(judged: Judged) -> Record:
    facts = {"condition": judged.condition, "type": judged.type, "holds": judged.holds, "saw": dict(judged.saw)}
    return {**facts, "error": judged.error} if judged.error else facts


def whole(report: WorkflowReport) -> Record:
    """Return how a workflow ended as a program reads it."""
    return {
        "workflow": report.workflows[-1],
        "succeeded": report.succeeded,
        "message": report.message,
        "inputs": dict(report.inputs),
        "outputs": dict(report.outputs),
        "steps": report.steps,
        "began_at": moment(report.began_at),
        "took_s": round(report.took_s, 4),
    }


def moment(at: float) -> str:
    """Return a time as ISO 8601 says it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def facts(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Return outputs as lines of a name and a value."""
    return {name: as_text(value) for name, value in outputs.items()}
