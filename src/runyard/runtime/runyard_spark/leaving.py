"""How a run takes its work along that another process does: a Spark Connect server goes on when its client is gone."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from contextlib import suppress
from typing import Any, ClassVar

from .facts import read_facts

PATIENCE_S = 5.0  # less than the grace that a stopped run has by default


class Leaving:
    """What of this run is elsewhere."""

    sessions: ClassVar[list[Any]] = []

    @classmethod
    def interrupt(cls) -> None:
        """Have every session stop what it does; a server that does not answer is given up."""
        thread = threading.Thread(target=cls._interrupt, daemon=True)
        thread.start()
        thread.join(PATIENCE_S)

    @classmethod
    def _interrupt(cls) -> None:
        for session in cls.sessions:
            with suppress(Exception):  # it is closed already, or its server is gone
                session.interruptAll()


def tied(session: Any) -> Any:
    """Return a session whose work ends with this run, however the run ends, but by a kill without a word."""
    if read_facts().engine.get("kind") != "connect" or session in Leaving.sessions:
        return session
    if not Leaving.sessions:
        atexit.register(Leaving.interrupt)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _asked_to_end)
    Leaving.sessions.append(session)
    return session


def _asked_to_end(number: int, _: object) -> None:
    Leaving.interrupt()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
