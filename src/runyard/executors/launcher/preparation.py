"""What happens in the attempt's process before its interpreter is touched: folder, outputs, files, limits."""

from __future__ import annotations

import os
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.executors.launcher import ends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runyard.executors.launcher.order import Order

UMASK = 0o022


class PreparationFailed(Exception):
    """The order cannot be carried out; says which part of it and why."""

    category = ends.PREPARATION


class InstallationFailed(PreparationFailed):
    """The packages that the order names cannot be had."""

    category = ends.LIBRARY_INSTALLATION


def open_outputs(folder: Path) -> None:
    """Make the folder and write to its two files from now on, whoever writes to descriptors 1 and 2."""
    os.umask(UMASK)
    folder.mkdir(parents=True, exist_ok=True)
    reading, appending = os.O_RDONLY, os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for target, (path, flags) in enumerate(
        ((Path(os.devnull), reading), (folder / "stdout", appending), (folder / "stderr", appending))
    ):
        descriptor = os.open(path, flags, 0o644)
        os.dup2(descriptor, target)
        os.close(descriptor)


def lay_out(order: Order) -> Path:
    """Fill the working folder, go there, and return the script as it will run."""
    work = Path(order.folder) / "work"
    work.mkdir(exist_ok=True)
    for each in order.files:
        _copy(Path(each), work, what="file")
    script = _copy(Path(order.script), work, what="script")
    os.chdir(work)
    return script


def _copy(source: Path, work: Path, *, what: str) -> Path:
    target = work / source.name
    try:
        if source.is_dir() and what == "file":
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif what == "file":
            shutil.copy2(source, target)
        else:
            target.write_bytes(source.read_bytes())
    except FileNotFoundError as error:
        raise PreparationFailed(f"The {what} {source} does not exist.") from error
    except OSError as error:
        raise PreparationFailed(f"The {what} {source} cannot be copied: {error.strerror or error}.") from error
    return target


def set_limits(limits: Mapping[str, int]) -> None:
    """Set the resource limits of this process and its descendants, as far as the system lets us."""
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if number is None:
            raise PreparationFailed(f"There is no resource limit {name!r} on this system.")
        _, highest = resource.getrlimit(number)
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(number, (allowed, allowed))
