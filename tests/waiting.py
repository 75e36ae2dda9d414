"""Wait for what other processes do, without guessing how long they take."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.01


def until(condition: Callable[[], T], *, seconds: float = 60) -> T:
    """Return the first true answer of the condition; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: the last answer was {answer!r}"
        time.sleep(POLL_S)


def held_by(gate: Path) -> str:
    """Return a script that goes on once there is a file."""
    return f"import pathlib, time\nwhile not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\n"
