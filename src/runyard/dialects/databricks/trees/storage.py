"""Files that are whole or absent: written aside, forced to disk, then renamed into place."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from runyard.core.errors import RunyardError
from runyard.dialects.databricks.trees.trees import HIDDEN

NOT_REPLACED = (errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR)

Refuse = Callable[[], RunyardError]
"""What is said where something is already there."""


def write(path: Path, content: bytes, *, overwrite: bool, refuse: Refuse, mode: int = 0o666) -> None:
    """Put a file with this content into place, and the folders that lead to it."""
    with replacing(path, overwrite=overwrite, refuse=refuse, mode=mode) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, overwrite: bool, refuse: Refuse, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Give a file to write, and put it into place when that is done."""
    make_folders(path.parent, refuse=refuse)
    draft = path.with_name(f"{HIDDEN}{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _into_place(draft, path, overwrite=overwrite, refuse=refuse)
    finally:
        draft.unlink(missing_ok=True)


def move_in(spool: Path, path: Path, *, overwrite: bool, refuse: Refuse) -> None:
    """Put a file that was written elsewhere in this home into place; copied if that is another disk."""
    make_folders(path.parent, refuse=refuse)
    if os.stat(spool).st_dev == os.stat(path.parent).st_dev:  # noqa: PTH116 - the pair reads better so
        with spool.open("rb") as file:
            os.fsync(file.fileno())
        _into_place(spool, path, overwrite=overwrite, refuse=refuse)
        return
    with replacing(path, overwrite=overwrite, refuse=refuse) as target, spool.open("rb") as source:
        shutil.copyfileobj(source, target)


def make_folders(folder: Path, *, refuse: Refuse) -> None:
    """Make a folder and what leads to it; refuse where a file is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise refuse() from None


def remove(path: Path, *, recursive: bool, refuse: Refuse) -> None:
    """Remove a file or a folder; `recursive` also one that is not empty. A link goes, not what it leads to."""
    if not path.is_dir() or path.is_symlink():
        path.unlink()
    elif recursive:
        shutil.rmtree(path)
    else:
        try:
            path.rmdir()
        except OSError as error:
            if error.errno not in NOT_REPLACED:
                raise
            raise refuse() from None
    _force(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename a file or a folder, to another disk if need be."""
    shutil.move(source, target)
    _force(target.parent)
    _force(source.parent)


def _into_place(draft: Path, path: Path, *, overwrite: bool, refuse: Refuse) -> None:
    try:
        if overwrite:
            draft.replace(path)
        else:
            os.link(draft, path)  # fails if somebody else was first, where a rename would replace
    except OSError as error:
        if error.errno not in NOT_REPLACED:
            raise
        raise refuse() from None
    _force(path.parent)


def _force(folder: Path) -> None:
    """Return only when the folder's names are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
