"""The queue of a query: chosen by rules, and waited for until one of its places is free."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import DremioError
from .rules import NOW, Facts, condition

TIMED_OUT = (
    "Query cancelled by Workload Manager. Query enqueued time of {seconds:.2f} seconds exceeded for '{queue}' queue."
)
RAN_TOO_LONG = (
    "Query cancelled by Workload Manager. Query runtime of {seconds:.2f} seconds exceeded for '{queue}' queue."
)
REJECTED = "Query cancelled by Workload Manager. {message}"
LOOK_S = 0.005  # between two looks for a free place where it cannot be told whose end would free one
LOOK_AGAIN_S = 1.0  # the longest wait for such an end before another look: somebody may have given us more places
LONGEST_S = 1_000_000_000  # that a timer can be set to
PLACE = "place-"
BELL = "bell"
RINGS = 4096  # that are heard at once
NO_LIMIT = -1  # what holds a place of a queue that has any number of them
REJECT = "REJECT"
NICENESS: Mapping[str, int] = {"BACKGROUND": 10, "LOW": 5}
"""By the CPU tier of a queue; in the higher ones nobody goes first."""
ENTERPRISE: Mapping[str, str] = {
    "low cost user queries": "small",
    "high cost user queries": "large",
    "low cost reflections": "reflection_small",
    "high cost reflections": "reflection_large",
}
"""The queues that every server of Dremio's enterprise edition has, which its examples name, to those that are here."""
TYPES: Mapping[str, str] = {
    "ACCELERATOR_CREATE": "Reflections",
    "ACCELERATOR_DROP": "Reflections",
    "ACCELERATOR_EXPLAIN": "Reflections",
    "UI_RUN": "UI Run",
    "UI_PREVIEW": "UI Preview",
    "UI_EXPORT": "UI Download",
    "FLIGHT": "Flight",
}
"""What rules call a type of query; the others they call as jobs do."""
LABELS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\s*COPY\b", re.IGNORECASE), "COPY"),
    (re.compile(r"\s*CREATE\b.*?\bTABLE\b", re.IGNORECASE | re.DOTALL), "CTAS"),
    (re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE), "DML"),
    (re.compile(r"\s*(OPTIMIZE|VACUUM)\b", re.IGNORECASE), "OPTIMIZATION"),
)


class Withdrawn(Exception):
    """The query gives up before it has begun; the message is the reason."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A queue: how many queries it lets run at once, and how long one waits for that; None: without a limit."""

    name: str
    slots: int | None
    wait_ms: int | None
    run_ms: int | None = None  # how long a query may run in it
    tier: str = "MEDIUM"
    memory: int | None = None  # bytes that a query may have
    engine: str = ""  # what carries its queries out, if not this machine
    id: str = ""

    @property
    def niceness(self) -> int:
        """Return by how much a query lets others go first."""
        return NICENESS.get(self.tier, 0)


def chosen(workload: Mapping[str, Any], context: Mapping[str, Any], cost: float) -> Lane:
    """Return the queue that the first fitting rule names; refuse the query if that is what the rule says."""
    facts = _facts(context, cost)
    if named := context.get("queue"):
        return _named(workload, named)
    rule = next(one for one in workload["rules"] if "conditions" not in one or condition(one["conditions"])(facts))
    if rule.get("action") == REJECT:
        raise Withdrawn(REJECTED.format(message=rule.get("rejectMessage", "")).strip())
    name = rule["acceptName"]
    limits = workload["queues"][name]
    return Lane(name=name, **limits)


def engine_of(workload: Mapping[str, Any], context: Mapping[str, Any], cost: float) -> str:
    """Return the engine that the first fitting rule names; empty where nobody has set rules for engines."""
    facts = _facts(context, cost)
    fitting = (
        one for one in workload.get("engine_rules", ()) if not one["condition"] or condition(one["condition"])(facts)
    )
    rule = next(fitting, None)
    if rule is None:
        return ""
    if rule["action"] == REJECT:
        raise Withdrawn(REJECTED.format(message=rule["rejectMessage"]).strip())
    return str(rule["engineName"])


def _facts(context: Mapping[str, Any], cost: float) -> Facts:
    return {
        "query_type": lambda: TYPES.get(context["query_type"], context["query_type"]),
        "query_cost": lambda: cost,
        "query_label": lambda: next((label for shape, label in LABELS if shape.match(context["sql"])), ""),
        "user": lambda: context["user"],
        "is_member": lambda _: False,  # there are no groups here
        "tag": lambda: context.get("tag", ""),
        NOW: lambda: datetime.now(UTC),
    }


def _named(workload: Mapping[str, Any], name: str) -> Lane:
    """Return the queue that a session has chosen for itself, past all rules."""
    known = {each.lower(): each for each in workload["queues"]}
    own = name.lower() if name.lower() in known else ENTERPRISE.get(name.lower(), "")
    if own not in known:
        told = f"There is no queue {name!r}, which the session's routing_queue names"
        raise DremioError("RESOURCE", f"{told}; there are {', '.join(known.values())}.")
    found = known[own]
    return Lane(name=found, **workload["queues"][found])


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place of a queue, which the kernel holds for this process until it is given back or the process dies."""

    lock: int = NO_LIMIT
    folder: Path = Path()

    def give_back(self) -> None:
        """Let the next query have it, and wake who waits for one."""
        if self.lock != NO_LIMIT:
            os.close(self.lock)
            with suppress(OSError):  # nobody waits
                bell = os.open(self.folder / BELL, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                try:
                    os.write(bell, b".")
                finally:
                    os.close(bell)


def free_place(lane: Lane, folder: Path) -> Place | None:
    """Return a place of the queue, or None where none is free or others are before us."""
    if lane.slots is None:
        return Place()
    turn = _line(folder)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _free(folder, lane.slots)
    except BlockingIOError:
        return None
    finally:
        os.close(turn)


def wait_for_place(lane: Lane, folder: Path) -> Place:
    """Return a place of the queue once there is one.

    Who waits stands in line for the lock `turn`; its holder waits for the bell, which who gives a place back rings, and
    for the end of a process that has one. A process that dies leaves line or place by that.
    """
    if lane.slots is None:
        return Place()
    with _patience(lane):
        turn = _line(folder)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            with _bell(folder) as bell:
                while (place := _free(folder, lane.slots)) is None:
                    _wait_for_an_end(bell, [folder / f"{PLACE}{number}" for number in range(lane.slots)])
            return place
        finally:
            os.close(turn)


def _line(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    return os.open(folder / "turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _bell(folder: Path) -> Iterator[int]:
    """Open what is rung when a place is given back; who opens it before they look for a place misses none."""
    with suppress(FileExistsError):
        os.mkfifo(folder / BELL, 0o600)
    bell = os.open(folder / BELL, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # for writing too: it never ends
    try:
        yield bell
    finally:
        os.close(bell)


def _free(folder: Path, slots: int) -> Place | None:
    taken = (_taken(folder / f"{PLACE}{number}") for number in range(slots))
    return next((Place(lock=place, folder=folder) for place in taken if place is not None), None)


def _taken(file: Path) -> int | None:
    place = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(place)
        return None
    os.pwrite(place, b"%-20d" % os.getpid(), 0)
    return place


def _wait_for_an_end(bell: int, places: Sequence[Path]) -> None:
    """Wait until a place is given back or a process ends that has one; a moment where it cannot be told who has."""
    with ExitStack() as stack:
        ends = [end for each in places if (end := _end_of(each)) is not None]
        for end in ends:
            stack.callback(os.close, end)
        ready, _, _ = select.select([bell, *ends], [], [], LOOK_AGAIN_S if len(ends) == len(places) else LOOK_S)
        if bell in ready:
            os.read(bell, RINGS)


def _end_of(file: Path) -> int | None:
    """Return a descriptor that becomes readable when the process ends that has this place; None if none can be had."""
    try:
        return os.pidfd_open(int(file.read_bytes()))
    except (AttributeError, ValueError, OSError):  # not on every system; not written yet; ended just now
        return None


@contextmanager
def _patience(lane: Lane) -> Iterator[None]:
    """Give up, wherever in it, when the queue's time is over."""
    if lane.wait_ms is None:
        yield
        return

    def give_up(*_: object) -> None:
        raise Withdrawn(TIMED_OUT.format(seconds=(lane.wait_ms or 0) / 1000, queue=lane.name.lower()))

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, min(max(lane.wait_ms / 1000, 0.001), LONGEST_S))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
