"""The folder that a child makes while it waits, and that becomes its attempt's when the order comes.

To make the files of an attempt costs more than all else that an order asks of a warm child (1.5 ms of 3, measured on
an ext4 where files had just been deleted); to give their folder another name costs a fiftieth of that.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

UMASK = 0o022
SCRIPT = "script"  # until it is known what the script is called
APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class Cradle:
    """An attempt's folder with its outputs open, made before anybody knows whose it will be."""

    def __init__(self, folder: Path) -> None:
        os.umask(UMASK)
        folder.mkdir(exist_ok=True)
        (folder / "work").mkdir(exist_ok=True)
        (folder / SCRIPT).touch()
        self.folder = folder
        outputs = [os.open(folder / name, APPENDING, 0o644) for name in ("stdout", "stderr")]
        self._streams = [os.open(os.devnull, os.O_RDONLY), *outputs]

    def take_streams(self) -> None:
        """Write to the folder's two files from now on, whoever writes to descriptors 1 and 2, and read nothing."""
        for target, descriptor in enumerate(self._streams):
            os.dup2(descriptor, target)
            os.close(descriptor)

    def become(self, folder: Path) -> None:
        """Be this folder from now on, with what the server has put into it."""
        try:
            self.folder.rename(folder)
        except OSError:  # it is there already, or the one above it is not
            folder.mkdir(parents=True, exist_ok=True)
            for each in list(self.folder.iterdir()):
                each.rename(folder / each.name)
            self.folder.rmdir()
        self.folder = folder

    def take_back(self, script: Path) -> None:
        """Be as it was before a script was laid out in it."""
        os.chdir("/")
        script.rename(self.folder / SCRIPT)

    def remove(self) -> None:
        """Leave nothing behind."""
        for descriptor in self._streams:
            os.close(descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)


def made_in(cradles: Path) -> Cradle | None:
    """Return a cradle of this process's own; None where none can be made, and the order's folder will tell why."""
    try:
        return Cradle(cradles / str(os.getpid()))
    except OSError:
        return None


def made_at(folder: Path, cradle: Cradle | None) -> Cradle:
    """Return what the order's folder becomes: the cradle, or one made there if none can be moved there."""
    if cradle is not None:
        try:
            cradle.become(folder)
        except OSError:  # as on another disk
            cradle.remove()
        else:
            return cradle
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Cradle(folder)
