from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runyard.executors.launcher.wire import Message


@dataclass(frozen=True, kw_only=True)
class Order:
    """One attempt to run: all that its process needs to know."""

    attempt_id: int
    folder: str  # the attempt's own; made if missing: stdout, stderr, times, result.json, work/ (the cwd)
    script: str  # copied to folder/work and run from there: what ran is what is kept; not one of a process that stays
    cwd: str = ""  # where it runs, if not in folder/work; the script's own place, among what lies beside it
    argv: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)  # the whole of it
    context: str = ""  # what its process is told, laid into folder/context.json; to one that stays by word (runner.py)
    timeout_ms: int | None = None  # counted from the first line of user code
    grace_ms: int = 10_000  # between SIGTERM and SIGKILL
    quiet_ms: int = 50  # a job that takes no longer is told as a whole: a start of its own costs a transaction
    preloaded: bool = True  # serve it with the imports done beforehand; False: a bare interpreter starts sooner
    rare: bool = False  # and with those imports that only some jobs want
    driver: str = ""  # or by a process that has made ready what this text says: "module:function:what"
    stays: bool = False  # and that may carry out another such order afterwards: see runner.py for what its script has
    python: str | None = None  # another interpreter than the warm one
    python_path: list[str] = field(default_factory=list)  # goes before the rest of sys.path
    begin: list[str] = field(default_factory=list)  # modules found there that are imported before the script runs
    files: list[str] = field(default_factory=list)  # copied into the cwd first
    packages: list[str] = field(default_factory=list)  # pip requirements or wheels
    package_options: list[str] = field(default_factory=list)
    environments: str = ""  # where the cached virtual environments are
    limits: dict[str, int] = field(default_factory=dict)  # {"as": bytes, "nofile": n, …}: RLIMIT_ names

    def to_wire(self) -> Message:
        """Return the order as a JSON object."""
        return dict(vars(self))  # not asdict(), which copies each variable of the environment

    @classmethod
    def from_wire(cls, message: Message) -> Order:
        """Return the order that a JSON object names; fields of a newer sender are left out."""
        return cls(**{name: value for name, value in message.items() if name in _KNOWN})


_KNOWN = frozenset(each.name for each in fields(Order))
