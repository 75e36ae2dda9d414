"""The folder that a child makes while it waits, and that becomes its attempt's when the order comes.

To make the files of an attempt costs more than all else that an order asks of a warm child (1.5 ms of 3, measured on
an ext4 where files had just been deleted); to give their folder another name costs a fiftieth of that. Paths are plain
strings here: each page of memory that pathlib's objects touch is copied in every fork.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

UMASK = 0o022
SCRIPT = "script"  # until it is known what the script is called
APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND
EMPTY = os.O_WRONLY | os.O_CREAT


class Cradle:
    """An attempt's folder with its outputs open, made before anybody knows whose it will be."""

    def __init__(self, folder: str, files: Iterable[str] = (SCRIPT,)) -> None:
        os.umask(UMASK)
        _make_folder(folder)
        _make_folder(f"{folder}/work")
        self.folder = folder
        for name in files:
            os.close(os.open(f"{folder}/{name}", EMPTY, 0o644))
        outputs = [os.open(f"{folder}/{name}", APPENDING, 0o644) for name in ("stdout", "stderr")]
        self.streams = [os.open(os.devnull, os.O_RDONLY), *outputs]

    def take_streams(self) -> None:
        """Write to the folder's two files from now on, whoever writes to descriptors 1 and 2, and read nothing."""
        for target, descriptor in enumerate(self.streams):
            os.dup2(descriptor, target)
            os.close(descriptor)

    def become(self, folder: str) -> None:
        """Be this folder from now on, with what the server has put into it."""
        try:
            os.rename(self.folder, folder)
        except OSError:  # it is there already, or the one above it is not
            os.makedirs(folder, exist_ok=True)
            for name in os.listdir(self.folder):
                os.rename(f"{self.folder}/{name}", f"{folder}/{name}")
            os.rmdir(self.folder)
        self.folder = folder

    def take_back(self, script: str) -> None:
        """Be as it was before a script was laid out in it."""
        os.chdir("/")
        os.rename(script, f"{self.folder}/{SCRIPT}")

    def remove(self) -> None:
        """Leave nothing behind."""
        import shutil  # noqa: PLC0415 - few children need it, and its libraries make every fork dearer

        for descriptor in self.streams:
            os.close(descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)


def _make_folder(folder: str) -> None:
    try:
        os.mkdir(folder)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise


def made_in(cradles: str, files: Iterable[str] = (SCRIPT,)) -> Cradle | None:
    """Return a cradle of this process's own, with files that will be filled in it.

    None where none can be made, and the order's folder will tell why.
    """
    try:
        return Cradle(f"{cradles}/{os.getpid()}", files)
    except OSError:
        return None


def made_at(folder: str, cradle: Cradle | None) -> Cradle:
    """Return what the order's folder becomes: the cradle, or one made there if none can be moved there."""
    if cradle is not None:
        try:
            cradle.become(folder)
        except OSError:  # as on another disk
            cradle.remove()
        else:
            return cradle
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    return Cradle(folder)
