"""A run in the lines of a log: one for each step, and of what is executed again and again only what is new."""

from __future__ import annotations

from collections.abc import Callable

from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.rows import Row, Rows
from runyard.arazzo.told.telling import ended_it, explanation

INDENT = "    "


def failure_lines(report: StepReport) -> list[str]:
    """Explain the failure of a step, set in from the left."""
    return [INDENT + line for line in explanation(report)]


class Lines:
    """One line for each step, and for one that is executed again and again only those that say something new."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._told: dict[StepPlace, str] = {}  # the word of the last line of each step
        self._untold: dict[StepPlace, Row] = {}
        self.rows = Rows(changed=self._changed, ended=self._ended)

    def _changed(self, row: Row, report: StepReport | None) -> None:
        if report is None:
            return
        if report.tries > 1 and self._told.get(row.place) == row.word and not ended_it(report):
            self._untold[row.place] = row
            return
        self._tell(row)
        if not report.succeeded:
            for line in failure_lines(report) if ended_it(report) else [f"{INDENT}{report.message}; {report.follows}"]:
                self._write(line)

    def _tell(self, row: Row) -> None:
        self._told[row.place] = row.word
        self._untold.pop(row.place, None)
        depth = len(row.place.workflows) - 1
        self._write("  " * depth + row.text(self.rows.clock()))

    def _ended(self, report: WorkflowReport) -> None:
        for row in [row for row in self._untold.values() if row.place.workflows == report.workflows]:
            self._tell(row)
