"""What only the C library can do: the calls that tie a tree of processes together, Linux's alone, and a flush."""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36

HAS_SUBREAPERS = sys.platform == "linux"


_libc = ctypes.CDLL(None, use_errno=True)
_call = _libc.prctl if HAS_SUBREAPERS else None  # found once: it is called in every fork


def _prctl(option: int, value: int | bytes) -> None:
    if _call is None:
        return
    if _call(option, value if isinstance(value, bytes) else ctypes.c_ulong(value), 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal when the parent dies; who calls checks getppid() afterwards."""
    _prctl(PR_SET_PDEATHSIG, signal_number)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """Show this name in ps and top."""
    _prctl(PR_SET_NAME, name.encode()[:15])


def flush_native_streams() -> None:
    """Write out what native code has printed: os._exit would lose it."""
    _libc.fflush(None)
