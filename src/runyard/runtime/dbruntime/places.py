"""Where the paths that notebooks name lie on this machine: below the mounts of the server, and nowhere else."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path

SAME = {"s3a://": "s3://", "s3n://": "s3://"}
ROOT = "dbfs:/"


class OutOfMount(PermissionError):
    """A path leads to where its mount does not reach."""


class Places:
    """Finds files by the names that the vendor's clients use."""

    def __init__(self, mounts: Mapping[str, str]) -> None:
        self.mounts = mounts

    def full(self, uri: str) -> str:
        """Return a path with its scheme: a plain one belongs to DBFS unless a mount begins with it."""
        for other, prefix in SAME.items():
            if uri.startswith(other):
                uri = prefix + uri.removeprefix(other)
        if uri.startswith("file:"):
            plain = "/" + uri.removeprefix("file:").lstrip("/")
            return plain if self._mount_of(plain) else f"file:{plain}"
        if self._mount_of(uri) or "://" in uri:
            return uri
        return ROOT + uri.removeprefix(ROOT).lstrip("/")

    def resolve(self, uri: str) -> Path:
        """Return the file or folder that a path names; it need not exist."""
        full = self.full(uri)
        prefix = self._mount_of(full)
        if prefix is None:
            if full.startswith("file:"):
                return Path(full.removeprefix("file:"))
            known = ", ".join([*sorted(self.mounts), "file:/"])
            raise OutOfMount(f"{uri!r} lies under no mount of this server; known are {known}.")
        return _below(Path(self.mounts[prefix]), full[len(prefix) :], uri)

    def is_root(self, uri: str) -> bool:
        """Tell whether a path names all of a mount."""
        full = self.full(uri)
        prefix = self._mount_of(full)
        return prefix is not None and not posixpath.normpath("/" + full[len(prefix) :]).strip("/")

    def _mount_of(self, uri: str) -> str | None:
        named = uri.rstrip("/") + "/"
        fitting = [
            prefix for prefix in self.mounts if named.startswith(prefix if prefix.endswith("/") else prefix + "/")
        ]
        return max(fitting, key=len, default=None)


def _below(folder: Path, rest: str, uri: str) -> Path:
    path = folder / posixpath.normpath("/" + rest).lstrip("/")
    inside = os.path.realpath(folder)
    real = os.path.realpath(path)
    if ".." in rest.split("/") or not (real == inside or real.startswith(inside.rstrip("/") + "/")):
        raise OutOfMount(f"{uri!r} leads out of its mount.")
    return path
