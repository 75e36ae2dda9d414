"""Which file a key is: an object is exactly the file BUCKET/KEY, because jobs read it by path."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runyard.dialects.s3.errors import S3Error, UnstorableError

if TYPE_CHECKING:
    from pathlib import Path

BUCKET_NAME = re.compile(r"(?!xn--)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]", re.ASCII)
IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)
STATE = ".runyard"  # our own folder, in no bucket's listing
LONGEST_KEY = 1024
LONGEST_SEGMENT = 255  # what common file systems allow for one name


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A folder of objects, and the folder where we remember what the files cannot say."""

    name: str
    folder: Path  # absolute and free of symbolic links
    state: Path

    def path(self, key: str) -> Path:
        """The file of a key; never outside the folder, never through a symbolic link."""
        check_key(key)
        path = self.folder / key
        # A link may lead anywhere, so none is followed: what lies behind one is no object.
        parent = str(path.parent)
        if os.path.realpath(parent) != parent:
            message = f"The key {key!r} leads through a symbolic link, which is not followed."
            raise UnstorableError("AccessDenied", message)
        return path

    @property
    def created_ms(self) -> int:
        """When the folder last got or lost an entry, which is the nearest thing that a folder remembers."""
        return self.folder.stat().st_mtime_ns // 1_000_000

    @property
    def aside(self) -> Path:
        """The folder for unfinished files: on the bucket's own file system, so that a rename suffices."""
        return self.state / "unfinished"


def check_bucket_name(name: str) -> None:
    """Refuse what S3 refuses."""
    if not BUCKET_NAME.fullmatch(name) or IP_ADDRESS.fullmatch(name):
        message = (
            f"The specified bucket is not valid: {name!r}. Use 3 to 63 lower-case letters, digits, dots and "
            "hyphens, with a letter or digit at both ends."
        )
        raise S3Error("InvalidBucketName", message, BucketName=name)


def check_key(key: str) -> None:
    """Refuse what S3 refuses, and what no file can be called."""
    size = len(key.encode())
    if size > LONGEST_KEY:
        message = f"Your key is too long: {size} bytes, at most {LONGEST_KEY}."
        raise UnstorableError("KeyTooLongError", message, Size=str(size), MaxSizeAllowed=str(LONGEST_KEY))
    segments = key.removesuffix("/").split("/")
    longest = max(len(segment.encode()) for segment in segments)
    if longest > LONGEST_SEGMENT:
        message = (
            f"Your key is too long: between two slashes stand {longest} bytes, and a file name here may have "
            f"{LONGEST_SEGMENT}."
        )
        raise UnstorableError("KeyTooLongError", message, MaxSizeAllowed=str(LONGEST_SEGMENT))
    if not {"", ".", ".."}.isdisjoint(segments) or "\0" in key or segments[0] == STATE:
        message = (
            "An object is a plain file here, so a key may not have empty, '.' or '..' segments nor a NUL, "
            f"and may not begin with {STATE}/."
        )
        raise UnstorableError("InvalidArgument", message, ArgumentName="key")
