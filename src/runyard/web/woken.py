"""Processes that speak a language of their own: begun by the first client who knocks, and again if they die."""

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
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)

DRAIN_S = 25  # longer than such a process gives what is under way
SHORT_LIFE_S = 5.0  # one that ended sooner is not begun again at once
PAUSES_S = (0.1, 1.0, 5.0, 30.0)


class WokenProcess(ABC):
    """One language's process: nobody pays for a language that nobody speaks."""

    title = ""  # as people call it
    module = ""  # what the process runs

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._wake, self._alarm = socket.socketpair()
        self._is_leaving = False
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ties the process to the thread that starts it, so this one lives as long as the server.
        self._thread = threading.Thread(target=self._run, name=self.module, daemon=True)

    @abstractmethod
    def is_wanted(self) -> bool:
        """Wait for a client; False when the server leaves first."""

    @abstractmethod
    def is_left_within(self, seconds: float, failure: str) -> bool:
        """Wait before another process is begun; True when the server leaves meanwhile.

        `failure` says why nobody could be served, empty if the one that ended did serve.
        """

    @abstractmethod
    def handed(self) -> Mapping[str, int]:
        """Return the descriptors that the process gets, by the names that it is told."""

    @abstractmethod
    def let_go(self) -> None:
        """Close what clients come by: the server leaves."""

    def is_begun(self) -> None:  # noqa: B027 - only who lets a port go has something to do
        """Take note that the process has what was handed to it."""

    def start(self) -> None:
        """Wait for clients from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Let the process finish what is under way and end."""
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
        self.let_go()

    def _woken_by(self, *sources: socket.socket, seconds: float | None = None) -> set[Any]:
        """Wait until somebody knocks on one of these or the server leaves; return where, nothing when time is over."""
        with selectors.DefaultSelector() as selector:
            for source in (self._wake, *sources):
                selector.register(source, selectors.EVENT_READ)
            return {key.fileobj for key, _ in selector.select(seconds)}

    def _run(self) -> None:
        failures = 0
        while self.is_wanted():
            began = time.monotonic()
            status, has_served = self._serve()
            if self._is_leaving:
                return
            log.error("the process of %s ended with status %s; the next client begins another", self.title, status)
            is_short = not has_served or time.monotonic() - began < SHORT_LIFE_S
            failures = failures + 1 if is_short else 0
            pause = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
            if self.is_left_within(pause, "" if has_served else self._failure(status, pause)):
                return

    def _failure(self, status: int, pause: float) -> str:
        return (
            f"The process of {self.title} ended with status {status} before it could serve: the server's log says why. "
            f"Another one is begun for whoever comes in {pause:g} s."
        )

    def _serve(self) -> tuple[int, bool]:
        """Let a process serve until it ends; return its status, and whether it came to serve at all."""
        handed = self.handed()
        command = [sys.executable, "-m", self.module]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, pass_fds=[*handed.values()]) as process:
            self._process = process
            self.is_begun()
            if self._is_leaving:
                process.terminate()
            assert process.stdin is not None  # noqa: S101 - a pipe was asked for
            assert process.stdout is not None  # noqa: S101 - same
            told = {**self._told, **handed, "parent": os.getpid()}
            try:
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                log.warning("the process of %s ended as it began", self.title)
            has_served = bool(process.stdout.read())
            status = process.wait()
            self._process = None
        return status, has_served
