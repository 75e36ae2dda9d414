"""What happens in the attempt's process before its interpreter is touched: files and limits."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.executors.launcher import ends
from runyard.executors.launcher.cradle import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runyard.executors.launcher.order import Order


class PreparationFailed(Exception):
    """The order cannot be carried out; says which part of it and why."""

    category = ends.PREPARATION


class InstallationFailed(PreparationFailed):
    """The packages that the order names cannot be had."""

    category = ends.LIBRARY_INSTALLATION


def lay_out(order: Order) -> tuple[Path, bytes]:
    """Fill the working folder, go there, and return the script as it will run, with its text."""
    folder = Path(order.folder)
    work = folder / "work"
    for each in map(Path, order.files):
        with _telling(f"file {each}"):
            _copy(each, work / each.name)
    source = Path(order.script)
    with _telling(f"script {source}"):
        text = source.read_bytes()
        _write(text, folder / SCRIPT)
        script = (folder / SCRIPT).rename(work / source.name)
    os.chdir(work)
    return script, text


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise PreparationFailed(f"The {what} does not exist.") from error
    except OSError as error:
        raise PreparationFailed(f"The {what} cannot be copied: {error.strerror or error}.") from error


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _write(content: bytes, made: Path) -> None:
    """Fill an empty file, without emptying it first: ext4 would write such a file to the disk at once."""
    with made.open("r+b") as file:
        file.write(content)


def set_limits(limits: Mapping[str, int]) -> None:
    """Set the resource limits of this process and its descendants, as far as the system lets us."""
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if number is None:
            raise PreparationFailed(f"There is no resource limit {name!r} on this system.")
        _, highest = resource.getrlimit(number)
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(number, (allowed, allowed))
