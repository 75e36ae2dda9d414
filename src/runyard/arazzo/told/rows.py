"""Where the steps of a workflow's run stand, one row a step however often it is executed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import field

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.records import Record
from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport
from runyard.arazzo.told.telling import length, newest_word, place_text

RUNNING, WAITING, DONE, FAILED = "running", "waiting", "done", "failed"


class Row(Record, frozen=False):
    """One step."""

    place: StepPlace
    began: float
    state: str = RUNNING
    word: str = ""  # the newest that its criteria saw
    polls: int = 0  # executions that asked the same again
    tries: int = 0  # those that followed a failure
    executions: int = 0  # in all, also where other steps lie between
    took_s: float = 0.0
    waits: str = ""

    def text(self, now: float) -> str:
        """Say it in one line: `pollRun: RUNNING, 14 polls, 1m12s`."""
        took = self.took_s if self.state in (DONE, FAILED) else now - self.began
        known = ((self.polls, "polls"), (self.tries, "tries"))
        counts = [f"{count} {what}" for count, what in known if count > 1]
        if self.executions > max(self.polls, self.tries, 1):
            counts.append(f"{self.executions} executions")
        waits = [self.waits] if self.state == WAITING and self.waits else []
        words = [word for word in (self.word, *counts, length(max(took, 0.0)), *waits) if word]
        return f"{place_text(self.place)}: {', '.join(words)}"


class Rows(Record, frozen=False):
    """Hears of a run, and keeps a row for each of its steps; what it hears is masked before."""

    changed: Callable[[Row, StepReport | None], None] = lambda _row, _report: None
    ended: Callable[[WorkflowReport], None] = lambda _report: None
    clock: Callable[[], float] = time.monotonic
    rows: dict[StepPlace, Row] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self.rows.values()))

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Its steps are told one by one."""

    def step_began(self, place: StepPlace) -> None:
        """A step begins, or begins again."""
        row = self._row(place)
        if row.state in (DONE, FAILED):
            row.began, row.polls, row.tries = self.clock(), 0, 0
        row.state, row.waits = RUNNING, ""
        self.changed(row, None)

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """The step's report tells of it."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """A step waits before it is executed once more."""
        row = self._row(place)
        row.state, row.waits = WAITING, f"waits {length(seconds)} ({why})"
        self.changed(row, None)

    def step_ended(self, report: StepReport) -> None:
        """A step has been executed; what follows says whether its row goes on."""
        row = self._row(report.place, report.took_s)
        action, _, goal = report.follows.partition(" ")
        comes_back = goal == report.place.step and action in ("goto", "retry")
        row.polls += 1 if report.succeeded else 0
        row.tries += 0 if report.succeeded and not row.tries else 1
        row.word, row.waits = _word(report), ""
        row.executions = report.tries
        row.took_s = self.clock() - row.began
        if comes_back:
            row.state = WAITING
        else:
            row.state = DONE if report.succeeded else FAILED
        self.changed(row, report)

    def workflow_ended(self, report: WorkflowReport) -> None:
        """A workflow has ended, and with it what still waited."""
        for row in self.rows.values():
            if row.place.workflows == report.workflows and row.state in (RUNNING, WAITING):
                row.state = DONE if report.succeeded else FAILED
                row.took_s = self.clock() - row.began
        self.ended(report)

    def _row(self, place: StepPlace, ago_s: float = 0.0) -> Row:
        """The row of a step; a new one is as old as that."""
        row = self.rows.get(place)
        if row is None:
            row = self.rows[place] = Row(place=place, began=self.clock() - ago_s)
        return row


def _word(report: StepReport) -> str:
    """What a person wants to see of a step: what is waited for, else how it was answered."""
    word = newest_word((*report.criteria, *report.asked))
    if word or report.exchange is None:
        return word or ("" if report.succeeded else "failed")
    response = report.exchange.response
    return f"{response.status} {response.reason}".strip() if response else "no answer"
