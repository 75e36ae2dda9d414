"""`dbutils.fs`: files of the server's mounts, by the names that the vendor's clients use."""

from __future__ import annotations

import shutil
import sys
from collections import namedtuple
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .places import Places
from .utility import Utility

OWN = ".runyard"  # what the server keeps in a bucket beside its objects
MOUNTS = (
    "Mounts are settings of the server: add the folder to [mounts] in its settings.toml, for instance "
    '\'"dbfs:/mnt/data" = "/srv/data"\', and start it again.'
)


class FileInfo(namedtuple("FileInfo", ["path", "name", "size", "modificationTime"])):  # noqa: PYI024 - what the vendor returns, field for field
    """One entry of a folder."""

    __slots__ = ()

    def isDir(self) -> bool:
        """Tell whether it is a folder."""
        return str(self.name).endswith("/")

    def isFile(self) -> bool:
        """Tell whether it is a file."""
        return not self.isDir()


class MountInfo(namedtuple("MountInfo", ["mountPoint", "source", "encryptionType"])):  # noqa: PYI024 - as above
    """One mount of the server."""

    __slots__ = ()


class FileSystem(Utility):
    """Reads and changes files below the mounts."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def ls(self, dir: str = "/") -> Sequence[FileInfo]:  # noqa: A002 - the vendor's name
        """List the contents of a folder."""
        folder = self._existing(dir)
        base = self.places.full(dir)
        if folder.is_file():
            return [_entry(folder, base)]
        found = sorted(each for each in folder.iterdir() if each.name != OWN)
        return [_entry(each, f"{base.rstrip('/')}/{each.name}") for each in found]

    def head(self, file: str, maxBytes: int = 65536) -> str:
        """Return the beginning of a file as text."""
        with self._existing(file).open("rb") as opened:
            data = opened.read(maxBytes + 1)
        if len(data) > maxBytes:
            sys.stdout.write(f"[Truncated to first {maxBytes} bytes]\n")
        return data[:maxBytes].decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:  # noqa: FBT001, FBT002 - the vendor's order
        """Write a text to a file."""
        path = self.places.resolve(file)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{file} exists already; pass overwrite=True to write over it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        data = contents.encode()
        path.write_bytes(data)
        sys.stdout.write(f"Wrote {len(data)} bytes.\n")
        return True

    def mkdirs(self, dir: str) -> bool:  # noqa: A002 - the vendor's name
        """Make a folder and those above it."""
        self.places.resolve(dir).mkdir(parents=True, exist_ok=True)
        return True

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002 - the vendor's order
        """Copy a file, or with recurse a folder."""
        found = self._existing(source)
        target = self._target(found, dest)
        if found.is_file():
            shutil.copyfile(found, target)
        elif recurse:
            shutil.copytree(found, target, dirs_exist_ok=True, symlinks=True)
        else:
            raise IsADirectoryError(f"{source} is a folder; pass recurse=True to copy all of it.")
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002 - the vendor's order
        """Move a file, or with recurse a folder."""
        found = self._existing(source)
        self._refuse_root(source)
        if found.is_dir() and not recurse:
            raise IsADirectoryError(f"{source} is a folder; pass recurse=True to move all of it.")
        shutil.move(found, self._target(found, dest))
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:  # noqa: A002, FBT001, FBT002 - the vendor's name and order
        """Remove a file, or with recurse a folder; tell whether there was one."""
        path = self.places.resolve(dir)
        self._refuse_root(dir)
        if not path.is_dir() or path.is_symlink():
            is_there = path.exists() or path.is_symlink()
            path.unlink(missing_ok=True)
            return is_there
        if recurse:
            shutil.rmtree(path)
        elif any(path.iterdir()):
            raise OSError(f"{dir} is a folder that is not empty; pass recurse=True to remove all of it.")
        else:
            path.rmdir()
        return True

    def mounts(self) -> Sequence[MountInfo]:
        """Return what is mounted where."""
        return [MountInfo(prefix, folder, "") for prefix, folder in sorted(self.places.mounts.items())]

    def refreshMounts(self) -> bool:
        """Do nothing: the mounts are read when a run starts."""
        return True

    def mount(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse, and say where mounts are set."""
        raise NotImplementedError(MOUNTS)

    updateMount = mount  # noqa: N815 - the vendor's name
    unmount = mount

    def _existing(self, uri: str) -> Path:
        path = self.places.resolve(uri)
        if not path.exists():
            raise FileNotFoundError(f"No such file or directory: {self.places.full(uri)}")
        return path

    def _target(self, source: Path, uri: str) -> Path:
        """Return where a copy goes: into a folder that is there, or to the place that is named."""
        target = self.places.resolve(uri)
        if source.is_file() and (target.is_dir() or uri.endswith("/")):
            target /= source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _refuse_root(self, uri: str) -> None:
        if self.places.is_root(uri):
            raise PermissionError(f"{uri} is all of a mount, which a job may not take away.")


def _entry(path: Path, uri: str) -> FileInfo:
    status = path.stat() if path.exists() else path.lstat()
    at = status.st_mtime_ns // 1_000_000
    if path.is_dir():
        return FileInfo(f"{uri}/", f"{path.name}/", 0, at)
    return FileInfo(uri, path.name, status.st_size, at)
