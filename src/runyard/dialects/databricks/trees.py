"""The trees of files that the API shows, each of them a mount; no path leads out of its tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runyard.core.errors import InvalidRequest
from runyard.executors.mounts import Mounts

HIDDEN = ".runyard-"  # what the names of unfinished files begin with; no list shows them


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One tree: where it is mounted, and what a caller may or must write before its paths."""

    mount: str
    optional: str = ""  # `/Workspace/Users` and `/Users` are the same folder
    required: str = ""
    relative: str = "Path must be absolute: {path}"  # the service's words for a path without a slash in front

    def plain(self, path: str) -> str:
        """Return a path in its one spelling: `/a/b`."""
        rest = path
        if self.optional and (path == self.optional or path.startswith(f"{self.optional.rstrip('/')}/")):
            rest = path.removeprefix(self.optional)
        if rest and not rest.startswith("/"):
            raise InvalidRequest(self.relative.format(path=path))
        clean = "/" + "/".join(part for part in rest.split("/") if part)
        if "\0" in clean:
            raise InvalidRequest("A path cannot hold a NUL character.")
        if self.required and not f"{clean}/".startswith(f"{self.required}/"):
            raise InvalidRequest(f"Invalid path {path!r}: it must begin with {self.required}/.")
        return clean

    def file(self, mounts: Mounts, path: str) -> Path:
        """Return where a path lies on this machine; nothing need be there."""
        return mounts.resolve(self.mount + self.plain(path).removeprefix(self.required).lstrip("/"))


WORKSPACE = Tree(mount="/Workspace/", optional="/Workspace", relative="Path ({path}) doesn't start with '/'")
DBFS = Tree(mount="dbfs:/", optional="dbfs:")
VOLUMES = Tree(mount="/Volumes/", optional="dbfs:", required="/Volumes")
