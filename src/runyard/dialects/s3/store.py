"""Buckets: folders under one root, or mounted from elsewhere."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from runyard.dialects.s3 import sidecars
from runyard.dialects.s3.errors import S3Error
from runyard.dialects.s3.files import clear_empty, force_folder
from runyard.dialects.s3.folders import Folders
from runyard.dialects.s3.keys import STATE, Bucket, check_bucket_name

if TYPE_CHECKING:
    from collections.abc import Mapping

STRIPES = 64
REMEMBERED_ETAGS = 100_000
ABANDONED_S = 24 * 3600
SMALLEST_PART = 5 * 1024 * 1024


class Store:
    """All buckets of one S3 endpoint, with the locks that order writers of one key."""

    def __init__(
        self, root: Path, *, mounts: Mapping[str, Path] | None = None, smallest_part: int = SMALLEST_PART
    ) -> None:
        self.root = root.resolve()
        self.mounts = {name: folder.resolve() for name, folder in (mounts or {}).items()}
        self.smallest_part = smallest_part
        self.folders = Folders()
        self.etags = Remembered(REMEMBERED_ETAGS)
        self._locks = [threading.Lock() for _ in range(STRIPES)]

    def lock(self, bucket: Bucket, key: str) -> threading.Lock:
        """The lock under which this key's file and description change together."""
        digest = hashlib.sha256(f"{bucket.name}/{key}".encode()).digest()
        return self._locks[digest[0] % STRIPES]

    def buckets(self) -> list[Bucket]:
        """Every bucket, by name."""
        names = set(self.mounts)
        with contextlib.suppress(FileNotFoundError):
            names.update(entry.name for entry in self.root.iterdir())
        return [found for name in sorted(names) if (found := self._find(name))]

    def bucket(self, name: str) -> Bucket:
        """One bucket, or NoSuchBucket."""
        check_bucket_name(name)
        found = self._find(name)
        if found is None:
            raise S3Error("NoSuchBucket", BucketName=name)
        return found

    def create_bucket(self, name: str) -> None:
        """Make the folder."""
        check_bucket_name(name)
        self.root.mkdir(parents=True, exist_ok=True)
        if self._find(name) is None:
            with contextlib.suppress(FileExistsError):  # another request was faster, or it is no folder
                (self.root / name).mkdir()
                force_folder(self.root)
                return
        if self._find(name) is None:
            message = f"The name is taken: {name} is there and is no folder."
            raise S3Error("BucketAlreadyExists", message, BucketName=name)
        raise S3Error("BucketAlreadyOwnedByYou", BucketName=name)

    def delete_bucket(self, name: str) -> None:
        """Remove a bucket that holds no object."""
        bucket = self.bucket(name)
        if name in self.mounts:
            message = "The bucket is mounted by the server's settings. Remove the mount there."
            raise S3Error("MethodNotAllowed", message, BucketName=name)
        if not clear_empty(bucket.folder, is_kept=lambda each: sidecars.is_marked(bucket, each)):
            raise S3Error("BucketNotEmpty", BucketName=name)
        force_folder(self.root)
        shutil.rmtree(bucket.state, ignore_errors=True)

    def discard_unfinished(self, *, now: float) -> None:
        """Remove what uploads of a process that died had written aside, a day after the last byte."""
        for bucket in self.buckets():
            for path in bucket.aside.glob("*"):
                with contextlib.suppress(FileNotFoundError):
                    if now - path.stat().st_mtime > ABANDONED_S:
                        path.unlink()

    def _find(self, name: str) -> Bucket | None:
        try:
            check_bucket_name(name)
        except S3Error:
            return None
        mounted = self.mounts.get(name)
        folder = mounted or self.root / name
        # A mounted folder may lie on another file system, and a rename cannot cross: its state stays with it.
        state = folder / STATE if mounted else self.root / STATE / name
        if not folder.is_dir() or folder.is_symlink():
            return None
        return Bucket(name=name, folder=folder, state=state)


class Remembered:
    """A bounded memory of worked-out values, the least used forgotten first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: tuple[str, str]) -> str | None:
        """The value, if it is still known."""
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
            return self._values.get(name)

    def put(self, name: tuple[str, str], value: str) -> None:
        """Remember."""
        with self._lock:
            self._values[name] = value
            if len(self._values) > self._limit:
                self._values.popitem(last=False)
