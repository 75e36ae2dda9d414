"""A command on a terminal: what comes to its screen, and what is done once something has come there."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x08")  # a prompt drawn over the whole height ends with a step back
PATIENCE_S = 120  # a machine under load


def plain(shown: str) -> str:
    """Return what was shown without its colours and the ways of its cursor."""
    return CODES.sub("", shown)


def watched(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    once: str | None = None,
    then: Callable[[], object] = lambda: None,
) -> tuple[int, str]:
    """Return the exit status and everything that came to the screen; `then` is done once a pattern is seen there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + PATIENCE_S
    try:
        while came := _read(ours, deadline):
            shown += came
            if once is not None and re.search(once, plain(shown.decode(errors="replace"))):
                once = None
                then()
        return process.wait(PATIENCE_S), shown.decode()
    except TimeoutError as late:
        raise AssertionError(shown.decode(errors="replace")) from late
    finally:
        os.close(ours)
        process.kill()
        process.wait()


def _read(descriptor: int, deadline: float) -> bytes:
    if not select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))[0]:
        raise TimeoutError
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""
