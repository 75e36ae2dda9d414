"""Files that are whole or absent: written aside, forced to disk, then renamed into place."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from runyard.dialects.s3.errors import S3Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ATTEMPTS = 10
CONFLICT = "An object is a plain file here: '{name}' cannot be an object and the folder of others at once."


def new_file(folder: Path) -> tuple[Path, BinaryIO]:
    """A file of our own to write aside."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    return path, cast("BinaryIO", path.open("xb", buffering=0))


def force_file(file: BinaryIO) -> None:
    """Return only when the file's bytes are on the disk."""
    file.flush()
    os.fsync(file.fileno())


def force_folder(folder: Path) -> None:
    """Return only when the folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def force_folders(folders: Iterable[Path | None]) -> None:
    """Force each folder to disk once, or what is left above it."""
    standing = set()
    for folder in filter(None, folders):
        standing.add(next(each for each in (folder, *folder.parents) if each.is_dir()))
    for folder in standing:
        force_folder(folder)


def write_whole(path: Path, content: bytes, *, aside: Path) -> None:
    """Put a small file into place durably."""
    written, file = new_file(aside)
    with file:
        file.write(content)
        force_file(file)
    move(written, path, top=aside.parent)


def make_folders(folder: Path, *, top: Path) -> None:
    """Make a folder and what leads to it, below `top`, durably."""
    missing = []
    while folder != top and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        force_folder(each.parent)


def move(written: Path, path: Path, *, top: Path) -> None:
    """Rename a finished file into place and make the name durable."""
    attempts = 0
    while True:
        attempts += 1
        try:
            make_folders(path.parent, top=top)
            written.rename(path)
        except FileNotFoundError:
            # Somebody deleted the last object beside us and with it the folder: make it again.
            if attempts == ATTEMPTS:
                raise
        else:
            force_folder(path.parent)
            return


def place(written: Path, path: Path, *, top: Path, is_kept: Callable[[Path], bool]) -> None:
    """Move an object's file into place; what is kept does not give way to it."""
    try:
        move(written, path, top=top)
    except (NotADirectoryError, IsADirectoryError, FileExistsError):
        # A folder without any file in it is no key; what looks like one may be cleared away.
        if not clear_empty(path, is_kept=is_kept):
            raise S3Error("KeyConflict", CONFLICT.format(name=path.relative_to(top))) from None
        move(written, path, top=top)


def clear_empty(folder: Path, *, is_kept: Callable[[Path], bool]) -> bool:
    """Remove a tree of folders, none of them kept; False if there was anything else in it."""
    try:
        for each, folders, names in os.walk(folder, topdown=False):
            below = [Path(each, name) for name in folders]
            if names or any(is_kept(one) for one in below):
                return False
            for one in below:
                one.rmdir()
        if is_kept(folder):
            return False
        folder.rmdir()
    except OSError:
        return False
    return True


def prune(folder: Path, *, top: Path, is_kept: Callable[[Path], bool]) -> None:
    """Remove the folders that a deleted object left empty, up to `top` or the first that is kept."""
    while folder != top and not is_kept(folder):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def open_plain(path: Path) -> BinaryIO | None:
    """Open a regular file for reading; None for anything else (a link, a pipe, a folder, nothing)."""
    if plain_status(path) is None:
        return None
    try:
        # It may have become something else: no link is followed, and no pipe's writer is waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return os.fdopen(descriptor, "rb", buffering=0)


def plain_status(path: Path | str) -> os.stat_result | None:
    """The status of a regular file; None for anything else."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None
