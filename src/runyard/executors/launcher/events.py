from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runyard.executors.launcher.wire import Message


@dataclass(frozen=True, kw_only=True)
class Started:
    """User code begins now, in the process `pid`."""

    attempt_id: int
    pid: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Waits:
    """The attempt's process waits for its turn and gives its place to others; told again to each new server."""

    attempt_id: int
    at: int


@dataclass(frozen=True, kw_only=True)
class GoesOn:
    """The attempt's process no longer waits."""

    attempt_id: int
    at: int


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The attempt's process and all its descendants are gone, or it never came to life.

    A process that stays for another order (order.py: `stays`) goes on; what its script begot is its own to end.
    """

    attempt_id: int
    at: int
    started_at: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    cause: str | None = None  # "cancelled", "timed_out" or "launcher_lost"; None: it ended by itself
    message: str | None = None
    trace: str | None = None
    category: str | None = None  # "preparation" or "library_installation": no user code ran
    # What the job told in output.json: `result` (text), `values`. It may be confidential, and events are logged.
    output: dict[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class LauncherLost:
    """The launcher is dead and with it these attempts; connect() starts another and tells their ends."""

    active: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Reconnected:
    """The line broke and the launcher was greeted again: who went on meanwhile is not known, who waits is told."""


@dataclass(frozen=True, kw_only=True)
class ConnectionTaken:
    """Another server took this home's launcher over; this client hears nothing more."""


OfAttempt = Started | Waits | GoesOn | Ended
OnWire = OfAttempt | ConnectionTaken
Event = OnWire | LauncherLost | Reconnected

TOLD_BY_LAUNCHER: dict[str, type[OnWire]] = {
    "started": Started,
    "waits": Waits,
    "goes_on": GoesOn,
    "ended": Ended,
    "taken": ConnectionTaken,
}


def from_wire(message: Message) -> OnWire | None:
    """Return the event a message tells, None if it tells none."""
    kind = TOLD_BY_LAUNCHER.get(str(message.get("kind")))
    if kind is None:
        return None
    return kind(**{each.name: message[each.name] for each in fields(kind) if each.name in message})


def to_wire(event: OnWire) -> Message:
    """Return the message that tells the event, without the fields that say nothing."""
    kind = next(name for name, each in TOLD_BY_LAUNCHER.items() if isinstance(event, each))
    return {"kind": kind} | {name: value for name, value in vars(event).items() if value is not None}
