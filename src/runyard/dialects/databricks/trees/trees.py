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
        clean = "/" + "/".join(part for part in rest.split("/") if part not in ("", "."))
        if "\0" in clean:
            raise InvalidRequest("A path cannot hold a NUL character.")
        if self.required and not f"{clean}/".startswith(f"{self.required}/"):
            raise InvalidRequest(f"Invalid path {path!r}: it must begin with {self.required}/.")
        return clean

    def file(self, mounts: Mounts, path: str) -> Path:
        """Return where a path lies on this machine; nothing need be there."""
        return mounts.resolve(self.mount + self.plain(path).removeprefix(self.required).lstrip("/"))

    def entries(self, mounts: Mounts, path: str) -> list[Path]:
        """Return the files and folders in a folder, by name: those that a path of the tree can name."""
        base = self.plain(path)
        found = (each for each in self.file(mounts, path).iterdir() if not each.name.startswith(HIDDEN))
        return sorted(each for each in found if is_there(each) and self._is_named(mounts, f"{base}/{each.name}", each))

    def _is_named(self, mounts: Mounts, path: str, file: Path) -> bool:
        """Tell whether a name is one in UTF-8, and no link that leads out of the tree."""
        try:
            file.name.encode()
            return not file.is_symlink() or bool(self.file(mounts, path))
        except (UnicodeEncodeError, InvalidRequest):
            return False


def is_there(file: Path) -> bool:
    """Tell whether there is a file or a folder; whoever opened a pipe would wait for its writer for ever."""
    return file.is_file() or file.is_dir()


WORKSPACE = Tree(mount="/Workspace/", optional="/Workspace", relative="Path ({path}) doesn't start with '/'")
DBFS = Tree(mount="dbfs:/", optional="dbfs:")
VOLUMES = Tree(mount="/Volumes/", optional="dbfs:", required="/Volumes")
