"""The entries of one folder in the order of their keys, remembered while the folder does not change."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from runyard.dialects.s3.keys import STATE

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST_REMEMBERED = 500  # a smaller folder is read faster than it is looked up
MOST_REMEMBERED = 16
SETTLED_NS = 2_000_000_000


class Folders:
    """Reads folders; a large one is read once for all the pages of its listing."""

    def __init__(self, *, smallest: int = SMALLEST_REMEMBERED, most: int = MOST_REMEMBERED) -> None:
        self._smallest = smallest
        self._most = most
        self._known: OrderedDict[Path, tuple[int, list[str]]] = OrderedDict()
        self._lock = threading.Lock()

    def entries(self, folder: Path) -> list[str]:
        """Names of regular files, and of folders with a slash at the end, sorted as keys are."""
        try:
            changed_ns = folder.stat().st_mtime_ns
            with self._lock:
                known = self._known.get(folder)
            if known is not None and known[0] == changed_ns:
                return known[1]
            read_ns = time.time_ns()
            names = _read(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        # Changed twice within a tick of the file system's clock, a folder would look unchanged.
        if len(names) >= self._smallest and read_ns - changed_ns > SETTLED_NS:
            self._remember(folder, changed_ns, names)
        return names

    def _remember(self, folder: Path, changed_ns: int, names: list[str]) -> None:
        with self._lock:
            self._known[folder] = (changed_ns, names)
            self._known.move_to_end(folder)
            if len(self._known) > self._most:
                self._known.popitem(last=False)


def has_file(folder: Path) -> bool:
    """Whether any file lies below a folder; looks no further than the first."""
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as scan:
                for entry in scan:
                    name = _name(entry)
                    if name.endswith("/"):
                        waiting.append(entry.path)
                    elif name:
                        return True
        except (FileNotFoundError, NotADirectoryError):
            continue
    return False


def _read(folder: Path) -> list[str]:
    with os.scandir(folder) as scan:
        # A mounted bucket has our own folder in it, which holds no object.
        return sorted(name for entry in scan if (name := _name(entry)) and name != f"{STATE}/")


def _name(entry: os.DirEntry[str]) -> str:
    """A name as it sorts; nothing for links, pipes, and bytes that no key can spell."""
    is_folder = entry.is_dir(follow_symlinks=False)
    if not (is_folder or entry.is_file(follow_symlinks=False)):
        return ""
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return ""
    return f"{entry.name}/" if is_folder else entry.name
