"""The children that wait for orders, and where they come from."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from runyard.executors.launcher import boot, tree
from runyard.executors.launcher.wire import CHUNK, WORD_LIMIT, Garbage, Lines
from runyard.executors.launcher.zygote import MOST_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAILURES_UNTIL_SPAWN = 3
FAILURES_UNTIL_HOPELESS = 6
FIRST_PAUSE_S = 0.05
SEND_TIMEOUT_S = 5.0
MOST_RETURNED = 4  # of those that idle where processes come back; the memory that each has grown to is its own


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What kind of children there shall be, and how many that idle."""

    warm: int
    preload: list[str]
    rare: list[str] = field(default_factory=list)  # modules that only some jobs want: imported when the first comes
    driver: str = ""  # "module:function:what": called by each child before it is ready, when a job has wanted it
    drivers: int = 0  # how many of those idle
    quick: str = ""  # another of these, for jobs of another kind
    idle_s: float = 0.0  # after which what only some jobs want is let go; 0 keeps it
    runtime: str = ""  # a folder that every job finds on its path
    programs: list[str] = field(default_factory=list)  # modules of it that every child imports, as they are light
    python: str
    version: str = ""  # of what they import of ours: an upgrade in place makes all of them anew
    mode: str  # "fork" from a zygote, or "spawn" each for itself where there are no subreapers


@dataclass(eq=False)
class Child:
    """Our end of the line to a process that has no order yet."""

    channel: socket.socket
    pid: int = 0  # until it has told us
    birth: int = 0  # with the pid a name that nobody else ever has
    lines: Lines = field(default_factory=lambda: Lines(WORD_LIMIT))
    limits: dict[str, int] | None = None  # that an order which it has carried out has set, as they cannot be raised


class Nursery:
    """Keeps as many idle children as the settings say, and one more for each order that waits."""

    def __init__(self, selector: selectors.BaseSelector, *, cradles: Path, on_ready: Callable[[], None]) -> None:
        self._selector = selector
        self._cradles = cradles
        self._on_ready = on_ready
        self._settings: Settings | None = None
        self._zygote: tuple[int, socket.socket] | None = None
        self._idle: deque[Child] = deque()
        self._unborn: set[Child] = set()
        self._lent: set[Child] = set()  # with orders whose processes stay
        self._resting: set[Child] = set()  # back from one, and not ready yet for another
        self._pids: set[int] = set()
        self.has_borne = False  # whether a child of this kind was ever ready
        self._failures = 0  # since a child was last ready
        self._pause_until = 0.0

    @property
    def is_hopeless(self) -> bool:
        """Tell whether again and again no child came to life."""
        return self._failures >= FAILURES_UNTIL_HOPELESS

    def use(self, settings: Settings) -> None:
        """Keep children of this kind from now on."""
        if settings != self._settings:
            self.empty()
            self._settings = settings
            self.has_borne = False
        self._failures = 0
        self._pause_until = 0.0

    @property
    def has_idle(self) -> bool:
        """Tell whether a child is ready at this moment."""
        return bool(self._idle)

    def has(self, pid: int) -> bool:
        """Tell whether this process is the zygote, or a child that idles."""
        return pid in self._pids

    def listen(self) -> None:
        """Take the word of every child that has come to life by now."""
        for child in list(self._unborn):
            self._take_word(child)

    def empty(self) -> None:
        """Let all idle children and the zygote go: they end when their lines do."""
        for child in (*self._idle, *self._unborn, *self._resting):
            self._drop(child)
        self._lent.clear()
        self._leave_zygote()

    def release(self) -> None:
        """Be as if nobody had ever wanted children of this kind."""
        self.empty()
        self._settings = None
        self.has_borne = False

    def take(self, limits: dict[str, int]) -> Child | None:
        """Hand out an idle child that can have these limits."""
        while self._idle:
            child = self._idle[0]
            if child.limits in (None, limits):
                self._idle.popleft()
                self._pids.discard(child.pid)
                self._selector.unregister(child.channel)
                return child
            self._drop(child)
        return None

    def lend(self, child: Child, limits: dict[str, int]) -> None:
        """Expect a child back from an order with these limits."""
        child.limits = limits
        self._lent.add(child)

    def take_back(self, child: Child) -> None:
        """Let a child rest until it says that it is ready for another order."""
        child.channel.settimeout(SEND_TIMEOUT_S)
        self._selector.register(child.channel, selectors.EVENT_READ, lambda: self._hear(child))
        self._resting.add(child)
        self._pids.add(child.pid)
        if child not in self._lent:
            self._drop(child)  # meanwhile such ones are no longer wanted
        self._lent.discard(child)

    def refill(self, *, waiting: int) -> None:
        """Have as many children made as are missing; they come when they come."""
        if self._settings is None or time.monotonic() < self._pause_until:
            return
        # Who comes back needs no other in its place; one is there for who cannot wait for that.
        wanted = max(self._settings.warm - len(self._lent) - len(self._resting), min(self._settings.warm, 1))
        missing = wanted + waiting - len(self._idle) - len(self._unborn)
        # A fork is dear and its middle process dearer: rather some at once than each at its time.
        if missing <= 0 or (missing * 2 < self._settings.warm and not waiting):
            return
        if self._settings.mode == "fork" and self._failures < FAILURES_UNTIL_SPAWN:
            self._fork(min(missing, MOST_AT_ONCE))
        else:
            self._spawn(min(missing, MOST_AT_ONCE))

    def bury(self, pid: int) -> None:
        """Take note that a process is dead that was not a job."""
        for child in [each for each in (*self._idle, *self._resting) if each.pid == pid]:
            self._drop(child)
        self._lent -= {each for each in self._lent if each.pid == pid}
        if self._zygote and self._zygote[0] == pid:
            self._leave_zygote()
            self._fail()

    def _leave_zygote(self) -> None:
        if self._zygote:
            pid, channel = self._zygote
            self._pids.discard(pid)
            channel.close()
            self._zygote = None

    def _fork(self, count: int) -> None:
        channel = self._zygote[1] if self._zygote else self._start_zygote()
        theirs = [self._expect() for _ in range(count)]
        with contextlib.suppress(OSError):  # a dead zygote is noticed by its burial
            socket.send_fds(channel, [b"+"], [each.fileno() for each in theirs])
        for each in theirs:
            each.close()

    def _start_zygote(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(SEND_TIMEOUT_S)
        self._zygote = (self._start("zygote", theirs), ours)
        self._pids.add(self._zygote[0])
        return ours

    def _spawn(self, count: int) -> None:
        for _ in range(count):
            self._start("child", self._expect())

    def _start(self, module: str, theirs: socket.socket) -> int:
        """Start a process of our own code that has this end of a line."""
        settings = self._settings
        assert settings  # noqa: S101 - for mypy; nobody starts anything before the settings came
        ours = (str(theirs.fileno()), str(os.getpid()), str(self._cradles))
        waits = (settings.driver,) if settings.driver else ()
        modules = (*waits, *settings.programs, *settings.preload)
        command = boot.command(settings.python, module, *ours, settings.runtime, *modules)
        pid = os.fork()
        if not pid:
            _execute(command, theirs)
        theirs.close()
        return pid

    def _expect(self) -> socket.socket:
        """Register a child that is yet to be born, and return its end of the line."""
        ours, theirs = socket.socketpair()
        ours.settimeout(SEND_TIMEOUT_S)
        child = Child(ours)
        self._unborn.add(child)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(child))
        return theirs

    def _hear(self, child: Child) -> None:
        self._take_word(child)
        self._on_ready()

    def _take_word(self, child: Child) -> None:
        if not _has_come(child.channel):
            return  # it was taken already, or is yet to come
        try:
            data = child.channel.recv(CHUNK)
            heard = list(child.lines.feed(data))
        except (OSError, Garbage):
            data = b""
        if not data:
            if child in self._unborn:
                self._fail()
            self._drop(child)
            return
        for message in heard:
            if child in self._unborn:
                self._welcome(child, message["pid"])
            else:
                self.welcome_back(child)

    def _welcome(self, child: Child, pid: int) -> None:
        child.pid = pid
        child.birth = process.birth if (process := tree.look_up(pid)) else 0
        self._failures = 0
        self.has_borne = True
        self._unborn.discard(child)
        self._idle.append(child)
        self._pids.add(pid)

    def welcome_back(self, child: Child) -> None:
        """Let a child idle that has rested; the next order is for who has carried out the last one."""
        if child in self._resting:
            self._resting.discard(child)
            self._idle.appendleft(child)
            if len(self._idle) > MOST_RETURNED:
                self._drop(self._idle[-1])

    def _drop(self, child: Child) -> None:
        self._selector.unregister(child.channel)
        child.channel.close()
        self._unborn.discard(child)
        self._resting.discard(child)
        self._pids.discard(child.pid)
        with contextlib.suppress(ValueError):
            self._idle.remove(child)

    def _fail(self) -> None:
        """Wait longer after each failure, so that a broken interpreter does not eat the machine."""
        now = time.monotonic()
        if now < self._pause_until:
            return  # several that died of one cause count once
        self._failures += 1
        self._pause_until = now + FIRST_PAUSE_S * 2**self._failures


def _has_come(channel: socket.socket) -> bool:
    """Tell whether there is something to read, also on a descriptor beyond those that select() takes."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(0))


def _execute(command: list[str], theirs: socket.socket) -> NoReturn:
    """Become the command, in the fork that was made for it."""
    try:
        theirs.set_inheritable(True)
        os.execve(command[0], command, os.environ)  # noqa: S606 - there is no shell to be fooled
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be started: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)
