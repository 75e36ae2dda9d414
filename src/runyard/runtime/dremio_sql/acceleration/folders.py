"""Where what reflections hold lies, and whether anybody reads it; the standard library is enough for that."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

MANIFEST, READERS = "materialization.json", ".readers"
ACCELERATOR = "accelerator"  # below a workspace's folder: a folder a reflection, in it one a materialisation


def is_read(folder: Path) -> bool:
    """Tell whether a query reads a materialisation at this moment."""
    try:
        lock = os.open(folder / READERS, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not is_alone(lock)
    finally:
        os.close(lock)


def is_alone(lock: int) -> bool:
    """Take a lock for oneself, and tell whether that was possible."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def materializations(home: Path) -> list[Path]:
    """Return every folder of a materialisation that lies below a workspace's folder."""
    top = home / ACCELERATOR
    return sorted(each for each in top.glob("*/*") if each.is_dir()) if top.is_dir() else []
