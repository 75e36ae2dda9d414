"""Where descriptions are kept: beside the bucket, one small file per version of an object's file.

The name of a sidecar holds the modification time and size of the file it describes. It is written before the
file comes into place, so a reader finds the description that belongs to the very bytes it opened, a crash in
between changes nothing, and a file that a job rewrote is no longer described by what was said of the old one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runyard.dialects.s3.files import write_whole
from runyard.dialects.s3.records import Description

if TYPE_CHECKING:
    from runyard.dialects.s3.keys import Bucket

FOLDER = "folder"  # instead of time and size: a folder's time changes with its entries


def version_of(status: os.stat_result) -> str:
    """What tells this file from the one before it."""
    return f"{status.st_mtime_ns}-{status.st_size}"


def write(bucket: Bucket, description: Description, *, version: str) -> None:
    """Remember, durably."""
    write_whole(_path(bucket, description.key, version), msgspec.json.encode(description), aside=bucket.aside)


def read(bucket: Bucket, key: str, *, version: str) -> Description | None:
    """What was said of this version of the object; None of a file that came by another way."""
    try:
        descriptor = os.open(_name(bucket, key, version), os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb", buffering=0) as file, contextlib.suppress(msgspec.MsgspecError):
        return msgspec.json.decode(file.read(), type=Description)
    return None  # somebody wrote nonsense here: that must not make the object unreadable


def exists(bucket: Bucket, key: str, *, version: str) -> bool:
    """Whether there is one, without reading it."""
    return _path(bucket, key, version).exists()


def is_marked(bucket: Bucket, folder: Path) -> bool:
    """Whether somebody put this folder as an object of its own."""
    if folder == bucket.folder:
        return False
    return exists(bucket, f"{folder.relative_to(bucket.folder).as_posix()}/", version=FOLDER)


def written_ns(bucket: Bucket, key: str, *, version: str) -> int:
    """When it was written."""
    return _path(bucket, key, version).stat().st_mtime_ns


def forget(bucket: Bucket, key: str, *, version: str) -> None:
    """Remove what was said of a version that is gone."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        _path(bucket, key, version).unlink()


def _path(bucket: Bucket, key: str, version: str) -> Path:
    return Path(_name(bucket, key, version))


def _name(bucket: Bucket, key: str, version: str) -> str:
    # Text and no Path: a listing reads a thousand of these, and building a Path costs as much as the reading.
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{bucket.state}/descriptions/{digest[:2]}/{digest[2:]}.{version}.json"
