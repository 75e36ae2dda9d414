"""The process that speaks Arrow Flight: begun by the first client who knocks, and again if it dies."""

from __future__ import annotations

import json
import logging
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

DRAIN_S = 25  # longer than the process gives its streams
SHORT_LIFE_S = 5.0  # one that ended sooner is not begun again at once
PAUSES_S = (0.1, 1.0, 5.0, 30.0)

Listen = Callable[[], socket.socket]


def is_spoken() -> bool:
    """Tell whether Arrow's Flight is installed, without loading it: that is for its process alone."""
    found = find_spec("pyarrow")
    folder = Path(found.origin).parent if found is not None and found.origin else None
    return folder is not None and any(folder.glob("_flight.*"))


class FlightWire:
    """Keeps the port while nobody speaks on it, and hands it to a process as soon as somebody knocks.

    Arrow takes no socket from others, so that the port is let go for the moment in which its process binds it; those
    who have knocked before are taken in by that process, and handed on.
    """

    def __init__(self, listener: socket.socket, told: Mapping[str, Any], *, listen: Listen) -> None:
        self._listener: socket.socket | None = listener
        self._told = told
        self._listen = listen
        self._wake, self._alarm = socket.socketpair()
        self._is_leaving = False
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ties the process to the thread that starts it, so this one lives as long as the server.
        self._thread = threading.Thread(target=self._run, name="flight-wire", daemon=True)

    def start(self) -> None:
        """Wait for clients from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Let the process finish its streams and end."""
        self._is_leaving = True
        self._alarm.close()
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(DRAIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread.is_alive():
            self._thread.join(DRAIN_S)
        if self._listener is not None:
            self._listener.close()

    def _run(self) -> None:
        failures = 0
        while self._is_wanted():
            began = time.monotonic()
            status, has_served = self._serve()
            if self._is_leaving:
                return
            log.error("the process of Arrow Flight ended with status %s; the next client begins another", status)
            is_short = not has_served or time.monotonic() - began < SHORT_LIFE_S
            failures = failures + 1 if is_short else 0
            if self._is_left_within(PAUSES_S[min(failures, len(PAUSES_S) - 1)]):
                return

    def _is_wanted(self) -> bool:
        """Wait for a client; False when the server leaves first."""
        while self._listener is None:
            with suppress(OSError):  # somebody else has taken the port meanwhile
                self._listener = self._listen()
            if self._listener is None and self._is_left_within(PAUSES_S[-1]):
                return False
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            selector.select()
        return not self._is_leaving

    def _is_left_within(self, seconds: float) -> bool:
        """Wait before another try; True when the server leaves meanwhile."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            return bool(selector.select(seconds)) or self._is_leaving

    def _serve(self) -> tuple[int, bool]:
        """Let a process serve until it ends; return its status, and whether it came to serve at all."""
        listener, self._listener = self._listener, None
        assert listener is not None  # noqa: S101 - somebody has knocked on it
        number = listener.fileno()
        command = [sys.executable, "-m", "runyard.web.flight.process"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[number]) as process:
            self._process = process
            listener.close()  # the process has it now, and whoever waits in it
            if self._is_leaving:
                process.terminate()
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            assert process.stdout is not None  # noqa: S101 - same
            told = {**self._told, "listener": number, "parent": os.getpid()}
            try:
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                log.warning("the process of Arrow Flight ended as it began")
            has_served = bool(process.stdout.read())
            status = process.wait()
            self._process = None
        return status, has_served
