"""An observer that leaves in a folder what was run, and each execution of a step as it has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.executions import Executions

ABOUT, STEPS = "workflow.json", "executions.jsonl"
LARGEST = 16 << 20  # bytes of the file; later executions are no longer kept


class KeptSteps:
    """Hears of a run; what it hears is masked before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._executions = Executions()
        self._left = LARGEST

    def begin(self, about: Mapping[str, Any]) -> None:
        """Keep what is run."""
        new = self._folder / f"{ABOUT}.new"
        new.write_text(json.dumps(about), encoding="utf-8")
        new.replace(self._folder / ABOUT)

    def step_ended(self, report: StepReport) -> None:
        """Keep an execution, if it says anything new."""
        executed = self._executions.take(report)
        if executed is None or self._left <= 0:
            return
        line = json.dumps(executed) + "\n"
        self._left -= len(line)
        with (self._folder / STEPS).open("a", encoding="utf-8") as file:
            file.write(line)

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Its steps follow."""

    def step_began(self, place: StepPlace) -> None:
        """Its report follows."""

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """The step's report has it."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """The times of the steps show it."""

    def workflow_ended(self, report: WorkflowReport) -> None:
        """The task's output has it."""
