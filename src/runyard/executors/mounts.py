"""Where the paths that jobs name lie on this machine: each mount is a URI prefix and a folder."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from runyard.core.errors import InvalidRequest

# Spark's spellings of S3 mean the same bucket.
SAME = {"s3a://": "s3://", "s3n://": "s3://"}


@dataclass(frozen=True)
class Mounts:
    """Resolves URIs and plain paths; nothing named below a mount leads out of its folder."""

    folders: Mapping[str, Path]

    def resolve(self, uri: str) -> Path:
        """Return the file or folder that a URI names here; it need not exist."""
        for other, prefix in SAME.items():
            if uri.startswith(other):
                uri = prefix + uri.removeprefix(other)
        for prefix in sorted(self.folders, key=len, reverse=True):
            if _is_at_or_below(uri, prefix):
                return _below(self.folders[prefix], uri.removeprefix(prefix), uri)
        if uri.startswith("file:"):
            return Path("/" + unquote(uri.removeprefix("file:")).lstrip("/"))
        if "://" in uri or not uri.startswith("/"):
            known = ", ".join([*sorted(self.folders), "file:///", "/"])
            raise InvalidRequest(f"{uri!r} lies under no mount of this server; known are {known}.")
        return Path(uri)


def default_mounts(home: Path, more: Mapping[str, str]) -> Mounts:
    """Return the mounts every home has, and those of its settings."""
    folders = {
        "s3://": home / "s3",
        "dbfs:/": home / "dbfs",
        "/dbfs/": home / "dbfs",
        "/Workspace/": home / "workspace",
        "/Volumes/": home / "volumes",
        "dbfs:/Volumes/": home / "volumes",
    }
    return Mounts({**folders, **{prefix: Path(folder).expanduser() for prefix, folder in more.items()}})


def _is_at_or_below(uri: str, prefix: str) -> bool:
    """Tell whether a URI names a mount or something in it; `s3://data` is not the mount of `s3://database/key`."""
    return uri.startswith(prefix) and (prefix.endswith("/") or uri[len(prefix) :][:1] in {"", "/"})


def _below(folder: Path, rest: str, uri: str) -> Path:
    clean = posixpath.normpath("/" + rest).lstrip("/")
    path = folder / clean
    if ".." in rest.split("/") or _leads_out(path, folder):
        raise InvalidRequest(f"{uri!r} leads out of its mount.")
    return path


def _leads_out(path: Path, folder: Path) -> bool:
    """Tell whether a link on the way from the folder down leads out of it; without a link nothing does."""
    steps = [path, *path.parents][: len(path.parts) - len(folder.parts)]
    return any(map(os.path.islink, steps)) and not _is_inside(os.path.realpath(path), os.path.realpath(folder))


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
