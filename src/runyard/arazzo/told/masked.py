"""An observer that keeps secrets from those behind it: whatever they make of a run, no secret can be in it."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.running.progress import Observer, StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.masking import Masking
from runyard.arazzo.told.veils import veiled


class Masked:
    """Passes on what a run tells, masked."""

    def __init__(self, masking: Masking, behind: Sequence[Observer]) -> None:
        self._masking = masking
        self._behind = behind

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """A workflow begins."""
        for one in self._behind:
            one.workflow_began(workflows)

    def step_began(self, place: StepPlace) -> None:
        """A step begins."""
        for one in self._behind:
            one.step_began(place)

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """A request was answered, or was not; its secrets are known from now on."""
        self._masking.learn_exchange(exchange)
        masked = veiled(self._masking, exchange)
        for one in self._behind:
            one.exchanged(place, masked)

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """Nothing happens for a while."""
        for one in self._behind:
            one.waits(place, seconds, self._masking.text(why))

    def step_ended(self, report: StepReport) -> None:
        """A step is done."""
        masked = veiled(self._masking, report)
        for one in self._behind:
            one.step_ended(masked)

    def workflow_ended(self, report: WorkflowReport) -> None:
        """A workflow is done."""
        masked = veiled(self._masking, report)
        for one in self._behind:
            one.workflow_ended(masked)
