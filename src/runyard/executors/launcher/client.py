"""The server's end: starts the launcher of a home, gives it orders and hears what becomes of them."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.executors.launcher import boot, events
from runyard.executors.launcher.events import ConnectionTaken, Ended, Event, LauncherLost, Reconnected
from runyard.executors.launcher.places import Places
from runyard.executors.launcher.wire import CHUNK, PROTOCOL, Garbage, Lines, Message, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runyard.executors.launcher.order import Order

ANSWER_TIMEOUT_S = 10.0
STARTS = 2
END_TIMEOUT_S = 15.0
LOG_LIMIT = 1024 * 1024

# All that jobs could find of the server's own environment in /proc; the order brings theirs.
KEPT_VARIABLES = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class LauncherUnavailable(Exception):
    """There is no launcher to talk to; says why."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a launcher says of itself when a server comes."""

    pid: int
    version: int
    active: list[int]  # attempts it knows whose end it does not
    ended: list[int]  # attempts whose ends follow as events


class Launcher:
    """The launcher of a home as its server sees it; may be called from any thread."""

    def __init__(  # noqa: PLR0913 - each is one word about the children, and most callers need none
        self,
        home: Path,
        *,
        on_event: Callable[[Event], None],
        warm: int = 4,
        preload: Sequence[str] = (),
        rare: Sequence[str] = (),
        driver: tuple[str, int] = ("", 0),
        quick: str = "",
        idle_s: float = 0.0,
        programs: tuple[str, Sequence[str]] = ("", ()),
        python: str = sys.executable,
        version: str = "",
        mode: str = "fork" if sys.platform == "linux" else "spawn",
    ) -> None:
        self._places = Places(home.absolute())
        self._on_event = on_event
        runtime, modules = programs
        self._settings = {
            "warm": warm,
            "preload": list(preload),
            "rare": list(rare),
            "driver": driver[0],
            "drivers": driver[1],
            "quick": quick,
            "idle_s": idle_s,
            "runtime": runtime,
            "programs": list(modules),
            "python": python,
            "version": version,
            "mode": mode,
        }
        self._lock = threading.Lock()
        self._channel: socket.socket | None = None
        self._open: dict[int, list[Message]] = {}  # what was said of each attempt not ended yet

    def connect(self) -> Snapshot:
        """Reach the home's launcher, starting one if none answers; missed events follow through on_event."""
        self._make_places()
        with self._lock:
            for _ in range(STARTS):
                if snapshot := self._attach():
                    return snapshot
                self._start_process()
            if snapshot := self._attach():
                return snapshot
        raise LauncherUnavailable(f"No launcher answers; {self._places.log} may tell why.")

    def start(self, order: Order) -> None:
        """Order an attempt; the second order of the same attempt does nothing, whoever gave the first."""
        self._say(order.attempt_id, {"do": "start", "order": order.to_wire()})

    def stop(self, attempt_id: int, *, grace_ms: int, cause: str) -> None:
        """Ask the attempt to end, and kill it with all its descendants after the grace."""
        self._say(attempt_id, {"do": "stop", "attempt_id": attempt_id, "grace_ms": grace_ms, "cause": cause})

    def acknowledge(self, attempt_id: int) -> None:
        """Let the launcher forget an attempt whose end the ledger has durably."""
        with self._lock:
            self._send({"do": "acknowledge", "attempt_id": attempt_id})

    def close(self) -> None:
        """Hang up; the launcher and its jobs live on."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel:
            with contextlib.suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)

    def shut_down(self) -> None:
        """Have the launcher kill everything and exit, and wait until it has."""
        self.close()
        if channel := self._places.connect(timeout=ANSWER_TIMEOUT_S):
            with contextlib.closing(channel):
                channel.sendall(pack({"do": "shut_down"}))
                self._wait_until_gone()

    def _say(self, attempt_id: int, message: Message) -> None:
        """Send, and remember: should the line break now, it is said again on the next one."""
        with self._lock:
            if self._channel is None:
                raise LauncherUnavailable("The launcher is not connected.")
            self._open.setdefault(attempt_id, []).append(message)
            self._send(message)

    def _send(self, message: Message) -> None:
        if self._channel is None:
            raise LauncherUnavailable("The launcher is not connected.")
        with contextlib.suppress(OSError):  # the reading thread finds the break and mends or reports it
            self._channel.sendall(pack(message))

    def _make_places(self) -> None:
        try:
            self._places.make()
        except OSError as error:
            raise LauncherUnavailable(f"The folder {self._places.folder} cannot be made: {error.strerror}.") from error

    def _start_process(self) -> None:
        log = self._places.log
        how = "wb" if log.exists() and log.stat().st_size > LOG_LIMIT else "ab"
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        command = boot.command(sys.executable, "process", str(self._places.home), flags=boot.ALONE)
        with (
            log.open(how) as complaints,
            subprocess.Popen(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
            ) as starter,
        ):
            assert starter.stdout  # noqa: S101 - for mypy; it was asked for
            starter.stdout.read()  # until the launcher listens, or has left because another does

    def _attach(self) -> Snapshot | None:
        """Greet the launcher that listens, if any, and hear it from now on."""
        channel = self._places.connect(timeout=ANSWER_TIMEOUT_S)
        if channel is None:
            return None
        lines = Lines()
        try:
            channel.sendall(pack({"do": "hello", "protocol": PROTOCOL, "settings": self._settings}))
            heard = _first(channel, lines)
        except (OSError, Garbage) as error:
            channel.close()
            raise LauncherUnavailable(f"The launcher does not answer: {error}") from error
        if not heard:
            channel.close()
            return None
        snapshot = Snapshot(**{name: heard[0][name] for name in ("pid", "version", "active", "ended")})
        if snapshot.version != PROTOCOL:
            self._replace(channel, snapshot)
            return None
        channel.settimeout(None)
        self._channel = channel
        for message in [each for said in self._open.values() for each in said]:
            self._send(message)
        arguments = (channel, lines, heard[1:])
        threading.Thread(target=self._listen, args=arguments, name="launcher", daemon=True).start()
        return snapshot

    def _replace(self, channel: socket.socket, snapshot: Snapshot) -> None:
        """Have a launcher of another version leave, if it has nothing to do."""
        with contextlib.closing(channel):
            if snapshot.active:
                raise LauncherUnavailable(
                    f"The launcher of this home (pid {snapshot.pid}) speaks version {snapshot.version}, this server "
                    f"{PROTOCOL}, and {len(snapshot.active)} attempts run under it: let them end, then start again."
                )
            channel.sendall(pack({"do": "shut_down"}))
        self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        lock = self._places.lock(timeout=END_TIMEOUT_S)
        if lock is None:
            raise LauncherUnavailable("The launcher was told to leave and is still there.")
        os.close(lock)

    def _listen(self, channel: socket.socket, lines: Lines, heard: list[Message]) -> None:
        for message in heard:
            self._deliver(channel, message)
        with contextlib.suppress(OSError, Garbage):
            while data := channel.recv(CHUNK):
                for message in lines.feed(data):
                    self._deliver(channel, message)
        self._mend(channel)

    def _deliver(self, channel: socket.socket, message: Message) -> None:
        event = events.from_wire(message)
        with self._lock:
            if event is None or self._channel is not channel:
                return
            if isinstance(event, Ended):
                self._open.pop(event.attempt_id, None)
            if isinstance(event, ConnectionTaken):
                self._channel = None
        self._tell(event)

    def _mend(self, channel: socket.socket) -> None:
        """Greet a launcher that cut us off, or report that there is none any more."""
        channel.close()
        with self._lock:
            if self._channel is not channel:
                return  # closed by us, taken over, or mended already
            self._channel = None
            with contextlib.suppress(LauncherUnavailable, OSError):  # such as too many open files
                if self._attach():
                    self._tell(Reconnected())  # still with the lock, so before what is heard on the new line
                    return
            lost = tuple(sorted(self._open))
        self._tell(LauncherLost(active=lost))

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:  # outermost loop of the thread: the next event must be heard in any case
            logging.getLogger(__name__).exception("An event of the launcher was not taken: %s", event)


def _first(channel: socket.socket, lines: Lines) -> list[Message]:
    """Return the answer to a greeting and what came right behind it; nothing if the line was cut."""
    heard: list[Message] = []
    while not heard:
        data = channel.recv(CHUNK)
        if not data:
            break
        heard.extend(lines.feed(data))
    return heard
