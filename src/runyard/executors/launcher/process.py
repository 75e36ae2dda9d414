"""The launcher's processes: one that starts and leaves, a guard, and under the guard the launcher."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

from runyard.executors.launcher import system, tree
from runyard.executors.launcher.loop import Loop
from runyard.executors.launcher.places import Places

LOCK_TIMEOUT_S = 10.0
PRIVATE = 0o077
READY = b"ready\n"


def main(arguments: list[str]) -> None:
    """Leave a launcher behind for this home, unless one is there already."""
    if os.fork():
        return
    os.setsid()
    os.umask(PRIVATE)
    places = Places(Path(arguments[0]))
    if places.lock(timeout=LOCK_TIMEOUT_S) is None:
        return
    if system.HAS_SUBREAPERS:
        _stay_under_guard()
    loop = Loop(places, places.listen())
    os.write(1, READY)
    _hang_up()
    loop.run()


def _stay_under_guard() -> None:
    """Return in a child whose parent ends all that is left when this child dies, however that comes."""
    system.adopt_orphans()
    launcher = os.fork()
    if launcher:
        _guard(launcher)
    system.name_process("runyard-launch")
    system.adopt_orphans()


def _guard(launcher: int) -> None:
    # It shares our lock, so that the next launcher begins when everything of this one is gone.
    system.name_process("runyard-guard")
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    _hang_up()
    os.waitpid(launcher, 0)
    with contextlib.suppress(ChildProcessError):
        while True:
            tree.end_all(lambda process: process.parent == os.getpid() and not process.is_zombie)
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass  # many die at once
    os._exit(0)


def _hang_up() -> None:
    """Let go of the pipe on which the client waits for us."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (sys.stdin.fileno(), sys.stdout.fileno()):
        os.dup2(nothing, descriptor)
    os.close(nothing)
