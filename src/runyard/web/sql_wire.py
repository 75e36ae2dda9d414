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

log = logging.getLogger(__name__)

DRAIN_S = 25  # longer than the process gives its statements
SHORT_LIFE_S = 5.0  # one that ended sooner is not begun again at once
PAUSES_S = (0.1, 1.0, 5.0, 30.0)


class SqlWire:
    """Keeps the bound socket, and starts who answers on it: nobody pays for a language that nobody speaks."""

    def __init__(self, listener: socket.socket, told: Mapping[str, Any]) -> None:
        self._listener = listener
        self._told = told
        self._wake, self._alarm = socket.socketpair()
        self._is_leaving = False
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ties the process to the thread that starts it, so this one lives as long as the server.
        self._thread = threading.Thread(target=self._run, name="sql-wire", daemon=True)

    def start(self) -> None:
        """Wait for clients from now on."""
        self._thread.start()

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
        if self._thread.is_alive():
            self._thread.join(DRAIN_S)

    def _run(self) -> None:
        failures = 0
        while self._is_wanted():
            began = time.monotonic()
            status = self._serve()
            if self._is_leaving:
                return
            log.error("the process of the SQL wire ended with status %s; the next client begins another", status)
            failures = failures + 1 if time.monotonic() - began < SHORT_LIFE_S else 0
            if self._is_left_within(PAUSES_S[min(failures, len(PAUSES_S) - 1)]):
                return

    def _is_wanted(self) -> bool:
        """Wait for a client; False when the server leaves first."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake, selectors.EVENT_READ)
            selector.select()
        return not self._is_leaving

    def _is_left_within(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def _serve(self) -> int:
        number = self._listener.fileno()
        command = [sys.executable, "-m", "runyard.sql.wire.process"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number]) as process:
            self._process = process
            if self._is_leaving:
                process.terminate()
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            told = {**self._told, "listener": number, "parent": os.getpid()}
            try:
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                log.warning("the process of the SQL wire ended as it began")
            status = process.wait()
            self._process = None
        return status
