"""What happens in the attempt's process before its interpreter is touched: files and limits."""

from __future__ import annotations

import contextlib
import os
import resource
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


def lay_out(order: Order) -> tuple[str, bytes]:
    """Fill the working folder, go there, and return the script as it will run, with its text."""
    work = f"{order.folder}/work"
    for each in order.files:
        with _telling("file", each):
            _copy(each, f"{work}/{os.path.basename(each)}")
    with _telling("script", order.script):
        text = read(order.script)
        made = f"{order.folder}/{SCRIPT}"
        script = f"{work}/{os.path.basename(order.script)}"
        if order.stays:
            with contextlib.suppress(FileNotFoundError):  # it is made for scripts that are copied
                os.unlink(made)
            script = order.script
        else:
            write(text, made)
            os.rename(made, script)
    if order.context and not order.stays:
        tell(order)
    os.chdir(order.cwd or work)
    return script, text


def tell(order: Order) -> None:
    """Lay what the process is told into its folder, for the owner's eyes only: parameters may be secrets."""
    told = f"{order.folder}/context.json"
    os.close(os.open(told, os.O_WRONLY | os.O_CREAT, 0o600))
    write(order.context.encode(), told)


@contextlib.contextmanager
def _telling(what: str, path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise PreparationFailed(f"The {what} {path} does not exist.") from error
    except OSError as error:
        raise PreparationFailed(f"The {what} {path} cannot be copied: {error.strerror or error}.") from error


def _copy(source: str, target: str) -> None:
    import shutil  # noqa: PLC0415 - few orders need it, and its libraries make every fork dearer

    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def read(path: str) -> bytes:
    """Return what a file holds."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def write(content: bytes, made: str) -> None:
    """Fill an empty file, without emptying it first: ext4 would write such a file to the disk at once."""
    with open(made, "r+b", buffering=0) as file:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]


def set_limits(limits: Mapping[str, int]) -> None:
    """Set the resource limits of this process and its descendants, as far as the system lets us."""
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name.upper()}", None)
        if number is None:
            raise PreparationFailed(f"There is no resource limit {name!r} on this system.")
        _, highest = resource.getrlimit(number)
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(number, (allowed, allowed))
