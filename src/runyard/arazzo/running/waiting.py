"""When a run waits, and when it has waited or worked enough: pauses between polls, deadlines, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from runyard.arazzo.records import Record
from runyard.arazzo.running.options import Options
from runyard.arazzo.running.progress import WorkflowReport
from runyard.core.errors import RunyardError

FIRST_PAUSE_S = 0.25
GROWTH = 1.5
LONGEST_PAUSE_S = 10.0
SPREAD = 0.2


class Stopped(RunyardError):
    """A limit ended the run; the message says which, and the report how far it came."""

    report: WorkflowReport | None = None


class TimeOver(Stopped):
    """A time is over: that of the run, or that of a step with a `timeout`."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__(f"It took longer than {deadline.seconds:g} s, {deadline.whose}.")
        self.deadline = deadline


class Deadline(Record, eq=False):
    """A moment, and what it is the end of."""

    at: float
    seconds: float
    whose: str


class Poll(Record, frozen=False):
    """The last request of a step, and how often the same one has followed it."""

    request: Any
    repeated: int = 0


class Timing:
    """The clock of a run with its deadlines and its manners."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._deadlines: list[Deadline] = []
        if options.timeout_s is not None:
            self._add(options.timeout_s, "the timeout of the run")

    def _add(self, seconds: float, whose: str) -> Deadline:
        deadline = Deadline(at=self._options.clock() + seconds, seconds=seconds, whose=whose)
        self._deadlines.append(deadline)
        return deadline

    @contextmanager
    def within(self, seconds: float, whose: str) -> Iterator[Deadline]:
        """Let what happens inside take so long at most."""
        deadline = self._add(seconds, whose)
        try:
            yield deadline
        finally:
            self._deadlines.remove(deadline)

    def check(self) -> None:
        """Give up when a time is over."""
        if self._deadlines:
            first = min(self._deadlines, key=lambda deadline: deadline.at)
            if self._options.clock() >= first.at:
                raise TimeOver(first)

    def request_timeout_s(self) -> float:
        """How long a request may take now."""
        if not self._deadlines:
            return self._options.request_timeout_s
        ends = [deadline.at - self._options.clock() for deadline in self._deadlines]
        return max(min([self._options.request_timeout_s, *ends]), 0.001)

    def wait(self, seconds: float, why: str, tell: Callable[[float, str], None]) -> None:
        """Wait, but no longer than there is time; refuse to wait longer than anybody should ask for."""
        if seconds > self._options.longest_wait_s:
            raise Stopped(
                f"It would wait {seconds:,.0f} s ({why}), and at most {self._options.longest_wait_s:,.0f} s are waited."
            )
        if seconds <= 0:
            return
        tell(seconds, why)
        ends = [deadline.at - self._options.clock() for deadline in self._deadlines]
        self._options.sleep(max(min([seconds, *ends]), 0.0))
        self.check()

    def pause(self, poll: Poll, retry_after: float | None) -> tuple[float, str]:
        """How long to wait before a step is executed once more, and why."""
        options = self._options
        if options.poll_interval is not None:
            return (options.poll_interval if poll.repeated else 0.0), "the poll interval"
        if retry_after is not None:
            return retry_after, "the server's Retry-After"
        if not poll.repeated:
            return 0.0, "another request"
        grown = FIRST_PAUSE_S * GROWTH ** min(poll.repeated - 1, 50)
        spread = 1 + SPREAD * (2 * options.chance() - 1)
        return min(grown, LONGEST_PAUSE_S) * spread, "the same request again"
