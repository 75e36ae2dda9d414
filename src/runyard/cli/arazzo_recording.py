"""`runyard arazzo run --record`: the ledger of a server has the run while it goes on, with a task for each step."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from runyard.arazzo.http.exchange import Exchange
from runyard.arazzo.running.loading import Loaded
from runyard.arazzo.running.progress import StepPlace, StepReport, WorkflowReport
from runyard.arazzo.running.reach import reached
from runyard.arazzo.running.waiting import Stopped
from runyard.arazzo.told.executions import Executions
from runyard.cli.arazzo_documents import tell

if TYPE_CHECKING:
    from runyard.client.recording import Recording

MS = 1000
LARGEST_OUTPUT = 64 * 1024
LARGEST_RECORD = 256 * 1024  # characters of the executions of one attempt
LONGEST_MESSAGE = 10_000
LONGEST_KEY = 100
Record = dict[str, Any]
Open = Callable[[Sequence[str], str], "Recording"]
"""Begins a record of these tasks, of which one stands for the whole."""


@contextmanager
def recorded(loaded: Loaded, workflow: str, open_recording: Open) -> Iterator[Recorder]:
    """Give an observer that records a run; what it hears is masked before."""
    recorder = Recorder(task_keys(loaded, workflow), workflow, open_recording)
    try:
        yield recorder
    finally:
        recorder.close()


class Recorder:
    """Hears of a run, and says of each step how it stands; polls of one step are one execution of its task."""

    def __init__(self, tasks: Sequence[str], workflow: str, open_recording: Open) -> None:
        self.recording: Recording | None = None
        self._tasks = frozenset(tasks)
        self._workflow = workflow.rpartition(".")[2]
        self._verdict = self._workflow if self._workflow not in tasks else f"workflow {self._workflow}"
        self._open = partial(open_recording, tasks, self._verdict)
        self._numbers: dict[str, int] = {}
        self._going_on: dict[str, Record] = {}
        self._executions = Executions()
        self._executed: dict[str, list[Record]] = {}  # of what goes on

    def workflow_began(self, workflows: tuple[str, ...]) -> None:
        """Begin the record with the outermost workflow, before anything is sent to any API."""
        if len(workflows) == 1:
            self.recording = self._open()
            tell(f"recorded as run {self.recording.run_id}; see it with: runyard runs show {self.recording.run_id}")
            self._begin(self._verdict)

    def step_began(self, place: StepPlace) -> None:
        """A step begins; one that polls has begun already."""
        if self.recording is not None and self.recording.is_over:
            raise Stopped(f"Its record, run {self.recording.run_id}, has ended on the server.")
        key = self._key(place)
        if key in self._tasks and key not in self._going_on:
            self._begin(key)

    def step_ended(self, report: StepReport) -> None:
        """A step is done, unless it goes on polling."""
        key = self._key(report.place)
        if (executed := self._executions.take(report)) is not None:
            self._executed.setdefault(key, []).append(executed)
        polls = report.succeeded and report.follows == f"goto {report.place.step}"
        if not polls:
            self._end(key, report)

    def workflow_ended(self, report: WorkflowReport) -> None:
        """The end of the outermost workflow is that of the run."""
        if len(report.workflows) == 1:
            self._end(self._verdict, report)

    def exchanged(self, place: StepPlace, exchange: Exchange) -> None:
        """The step's report follows."""

    def waits(self, place: StepPlace, seconds: float, why: str) -> None:
        """The step goes on."""

    def close(self) -> None:
        """Tell the last word; a server that does not hear it gives the run up by itself."""
        if self.recording is not None and not self.recording.close() and not self.recording.is_over:
            why = f" ({self.recording.trouble})" if self.recording.trouble else ""
            tell(f"warning: the record of run {self.recording.run_id} is not complete{why}.")

    def _key(self, place: StepPlace) -> str:
        own = place.workflows[-1]
        return _shortened(place.step if own == self._workflow else f"{own}.{place.step}")

    def _begin(self, key: str) -> None:
        number = self._numbers[key] = self._numbers.get(key, -1) + 1
        self._going_on[key] = {"task": key, "number": number, "began_at": time.time_ns() // 1_000_000}
        self._say(self._going_on[key])

    def _end(self, key: str, report: StepReport | WorkflowReport) -> None:
        begun = self._going_on.pop(key, None)
        if begun is None:
            return
        ended_at = max(round((report.began_at + report.took_s) * MS), begun["began_at"])
        output = {**_output(report.outputs), **_executions(self._executed.pop(key, []))}
        told = {**begun, "ended_at": ended_at, "outcome": _outcome(report), "output": output}
        self._say({**told, "message": report.message[:LONGEST_MESSAGE]} if report.message else told)

    def _say(self, told: Record) -> None:
        if self.recording is not None:
            self.recording.say(told)


def _outcome(report: StepReport | WorkflowReport) -> str:
    # Reports are told while Ctrl-C is on its way up.
    is_interrupted = isinstance(sys.exc_info()[1], KeyboardInterrupt)
    return "succeeded" if report.succeeded else "cancelled" if is_interrupted else "failed"


def _output(outputs: Mapping[str, Any]) -> Record:
    """Return outputs as later readers of the ledger expect them; very large ones are left out."""
    try:
        is_small = len(json.dumps(outputs)) <= LARGEST_OUTPUT
    except (RecursionError, ValueError):
        is_small = False
    return {"values": dict(outputs)} if is_small else {"left_out": f"more than {LARGEST_OUTPUT} characters"}


def _executions(executed: list[Record]) -> Record:
    """Return the executions that one attempt was; of very many the first and the last."""
    size = 0
    for number, one in enumerate(reversed(executed)):
        size += len(json.dumps(one))
        if size > LARGEST_RECORD:
            return {"executions": [executed[0], *executed[len(executed) - number :]]}
    return {"executions": executed} if executed else {}


def task_keys(loaded: Loaded, workflow: str) -> list[str]:
    """Return a key for each step of a workflow, and of all workflows that it may lead to."""
    first, *others = reached(loaded, workflow)
    keys = [step.id for step in first.workflow.steps]
    keys += [f"{place.workflow.id}.{step.id}" for place in others for step in place.workflow.steps]
    return list(dict.fromkeys(map(_shortened, keys)))


def _shortened(key: str) -> str:
    return key[:LONGEST_KEY]
