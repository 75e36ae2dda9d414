"""The process that speaks PostgreSQL's protocol: begun by the first client who knocks, and again if it dies."""

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
from collections.abc import Mapping
from typing import Any

from runyard.web.sql_refusing import drop_waiting, refuse_waiting

log = logging.getLogger(__name__)

DRAIN_S = 25  # longer than the process gives its statements
SHORT_LIFE_S = 5.0  # one that ended sooner is not begun again at once
PAUSES_S = (0.1, 1.0, 5.0, 30.0)
CANNOT_START = (
    "The process that speaks SQL ended with status {status} before it could serve: the server's log says why. "
    "Another one is begun for whoever comes in {pause:g} s."
)


class SqlWire:
    """Keeps the bound socket, and starts who answers on it: nobody pays for a language that nobody speaks."""

    def __init__(self, listener: socket.socket, told: Mapping[str, Any]) -> None:
        self._listener = listener
        self._told = told
        self._wake, self._alarm = socket.socketpair()
        # Through it the console's calls are handed over: who holds the other end is the process, or will be.
        self._hatch, self._handed = socket.socketpair()
        self._hatch.setblocking(False)
        self._is_leaving = False
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ties the process to the thread that starts it, so this one lives as long as the server.
        self._thread = threading.Thread(target=self._run, name="sql-wire", daemon=True)

    def start(self) -> None:
        """Wait for clients from now on."""
        self._thread.start()

    def reach(self) -> socket.socket:
        """Return a connection to the process as only this server has one; with the first of them it begins."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._hatch, [b"."], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def stop(self) -> None:
        """Let the process finish its statements and end."""
        self._is_leaving = True
        self._alarm.close()
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(DRAIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._listener.close()
        self._hatch.close()
        if self._thread.is_alive():
            self._thread.join(DRAIN_S)

    def _run(self) -> None:
        failures = 0
        while self._is_wanted():
            began = time.monotonic()
            status, has_served = self._serve()
            if self._is_leaving:
                return
            log.error("the process of the SQL wire ended with status %s; the next client begins another", status)
            failures = failures + 1 if time.monotonic() - began < SHORT_LIFE_S else 0
            pause = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
            told = "" if has_served else CANNOT_START.format(status=status, pause=pause)
            if self._is_left_within(pause, told):
                return

    def _is_wanted(self) -> bool:
        """Wait for a client; False when the server leaves first."""
        with selectors.DefaultSelector() as selector:
            for source in (self._listener, self._handed, self._wake):
                selector.register(source, selectors.EVENT_READ)
            selector.select()
        return not self._is_leaving

    def _is_left_within(self, seconds: float, told: str) -> bool:
        """Wait before another process is begun; where a text is given, it answers whoever comes meanwhile."""
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            if told:
                selector.register(self._listener, selectors.EVENT_READ)
                selector.register(self._handed, selectors.EVENT_READ)
            while (left := end - time.monotonic()) > 0:
                ready = {key.fileobj for key, _ in selector.select(left)}
                if self._wake in ready:
                    return True
                if self._listener in ready:
                    refuse_waiting(self._listener, told)
                if self._handed in ready:
                    drop_waiting(self._handed)
        return False

    def _serve(self) -> tuple[int, bool]:
        """Let a process serve until it ends; return its status, and whether it came to serve at all."""
        number, hatch = self._listener.fileno(), self._handed.fileno()
        command = [sys.executable, "-m", "runyard.sql.wire.process"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[number, hatch]) as process:
            self._process = process
            if self._is_leaving:
                process.terminate()
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            assert process.stdout is not None  # noqa: S101 - same
            told = {**self._told, "listener": number, "hatch": hatch, "parent": os.getpid()}
            try:
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                log.warning("the process of the SQL wire ended as it began")
            has_served = bool(process.stdout.read())
            status = process.wait()
            self._process = None
        return status, has_served
