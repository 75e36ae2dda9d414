"""What lies in a source and is not in the catalog: folders and files below the place that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from runyard.core.document import Document
from runyard.core.errors import RunyardError
from runyard.dialects.dremio.catalog import SOURCE, path_of
from runyard.dialects.dremio.entities import outside, state_of
from runyard.executors.mounts import Mounts

MOST = 1_000  # of a folder's entries that are listed
PREFIX = "dremio:/"  # how the id of something begins that is not in the catalog
PLACES = ("path", "mountPath", "rootPath")  # members of a configuration that name a folder or a URI
NAS, S3 = "NAS", "S3"
BUCKETS = "s3://"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A folder or a file of a source."""

    path: list[str]
    file: Path

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder."""
        return self.file.is_dir()


def folder_of(source: Document, mounts: Mounts) -> Path | None:
    """Return the folder that a source's configuration names; None if it names none of this machine."""
    try:
        return mounts.resolve(place) if (place := _place(source)) else None
    except RunyardError:
        return None


def state(source: Document, mounts: Mounts) -> dict[str, Any]:
    """Return how a source is: bad where the folder is not there that it names."""
    place = _place(source)
    if place in ("", BUCKETS):  # it has a folder of its own, or every bucket that will be
        return state_of("")
    try:
        folder = mounts.resolve(place)
    except RunyardError as error:
        return state_of(str(error))
    return state_of("" if folder.is_dir() else f"There is no folder {folder}, which config names.")


def _place(source: Document) -> str:
    """Return what a source's configuration names, a path or a URI; empty if nothing."""
    config: Mapping[str, Any] = source.content.get("config") or {}
    place = next((str(config[name]) for name in PLACES if config.get(name)), "")
    return BUCKETS + place.strip("/") if source.content.get("type") == S3 else place


def found(source: Document | None, path: Sequence[str], mounts: Mounts) -> Found | None:
    """Return what lies at a path of a source, if something does; nothing above the source's own folder does."""
    folder = folder_of(source, mounts) if source is not None and source.kind == SOURCE else None
    below = list(path[1:])
    if folder is None or not below or any(part in ("", ".", "..") or "/" in part for part in below):
        return None
    file = folder.joinpath(*below)
    if not file.exists() or not file.resolve().is_relative_to(folder.resolve()):
        return None
    return Found(path=list(path), file=file)


def shown(one: Found, mounts: Mounts, source: Document) -> dict[str, Any]:
    """Show a folder or file that is not in the catalog."""
    if one.is_folder:
        children = lines(one.path, source, mounts)
        return outside("folder", id_of(one.path), one.path) | {"children": children}
    return outside("file", id_of(one.path), one.path)


def lines(path: Sequence[str], source: Document, mounts: Mounts) -> list[dict[str, Any]]:
    """Return the lines of what lies in a folder of a source, by name."""
    top = folder_of(source, mounts)
    folder = top.joinpath(*path[1:]) if top is not None else None
    if folder is None or not folder.is_dir():
        return []
    entries = sorted(islice((one for one in folder.iterdir() if not one.name.startswith((".", "_"))), MOST))
    return [_line([*path, entry.name], entry) for entry in entries]


def id_of(path: Sequence[str]) -> str:
    """Return the id of something that is not in the catalog: its path."""
    return PREFIX + "/".join(path)


def path_in(identifier: str) -> list[str] | None:
    """Return the path that such an id names; None if it is no such id."""
    return identifier.removeprefix(PREFIX).split("/") if identifier.startswith(PREFIX) else None


def of_root(source: Document, mounts: Mounts) -> list[dict[str, Any]]:
    """Return the lines of what lies in a source itself."""
    return lines(path_of(source), source, mounts)


def _line(path: list[str], entry: Path) -> dict[str, Any]:
    kind = {"type": "CONTAINER", "containerType": "FOLDER"} if entry.is_dir() else {"type": "FILE"}
    return {"id": id_of(path), "path": path, **kind}
