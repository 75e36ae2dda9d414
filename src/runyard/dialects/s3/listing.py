"""Listing a folder tree in the order of its keys, touching only what the page needs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

from runyard.dialects.s3 import sidecars
from runyard.dialects.s3.errors import UnstorableError
from runyard.dialects.s3.folders import Folders, has_file
from runyard.dialects.s3.objects import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runyard.dialects.s3.keys import Bucket
    from runyard.dialects.s3.records import StoredObject
    from runyard.dialects.s3.store import Store


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a page should show."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    limit: int = 1000


@dataclass(frozen=True, kw_only=True)
class Page:
    """What it shows, and where the next one goes on."""

    objects: list[StoredObject]
    prefixes: list[str]
    last: str | None  # the last key or prefix shown, if there is more


def list_page(store: Store, bucket: Bucket, selection: Selection) -> Page:
    """One page of keys and common prefixes, in the order of their UTF-8 bytes."""
    objects: list[StoredObject] = []
    prefixes: list[str] = []
    last = None
    for name, is_prefix in _names(store, bucket, selection) if selection.limit else ():
        if len(objects) + len(prefixes) == selection.limit:
            return Page(objects=objects, prefixes=prefixes, last=last)
        if is_prefix:
            prefixes.append(name)
        elif (row := listed(store, bucket, name)) is not None:
            objects.append(row)
        last = name
    return Page(objects=objects, prefixes=prefixes, last=None)


def _names(store: Store, bucket: Bucket, selection: Selection) -> Iterator[tuple[str, bool]]:
    """Keys and folded prefixes after `after`."""
    if selection.delimiter == "/":
        yield from _Walk(bucket, selection, folders=store.folders, is_folding=True).names()
        return
    keys = (name for name, _ in _Walk(bucket, selection, folders=store.folders, is_folding=False).names())
    if not selection.delimiter:
        yield from ((key, False) for key in keys)
        return
    for prefix, group in groupby(keys, lambda key: _common_prefix(key, selection)):
        if prefix is None:
            yield from ((key, False) for key in group)
        elif prefix != selection.after:
            yield prefix, True


def _common_prefix(key: str, selection: Selection) -> str | None:
    start = len(selection.prefix)
    end = key.find(selection.delimiter, start)
    return None if end < 0 else key[: end + len(selection.delimiter)]


class _Walk:
    """One pass over the tree. A folder sorts as its name with a slash, as the keys below it do."""

    def __init__(self, bucket: Bucket, selection: Selection, *, folders: Folders, is_folding: bool) -> None:
        self._folders = folders
        self._bucket = bucket
        self._prefix = selection.prefix
        self._after = selection.after
        self._is_folding = is_folding

    def names(self) -> Iterator[tuple[str, bool]]:
        """(key, False) or (folder that stands for the keys below it, True)."""
        # Everything under the prefix lies in the folder that its last slash names: start there.
        start = self._prefix[: self._prefix.rfind("/") + 1]
        try:
            self._bucket.path(f"{start}x")
        except UnstorableError:
            return  # no key can begin like this
        if start and self._prefix == start and self._is_after(start) and self._is_marked(start):
            yield start, False
        yield from self._below(start)

    def _below(self, start: str) -> Iterator[tuple[str, bool]]:
        # A stack and no recursion: a key of 1,024 bytes can be 512 folders deep.
        open_folders = [self._entries(start)]
        while open_folders:
            name, is_folder = next(open_folders[-1], ("", False))
            if not name:
                open_folders.pop()
            elif not is_folder:
                yield name, False
            elif not self._is_folding:
                if self._is_after(name) and self._is_marked(name):
                    yield name, False
                open_folders.append(self._entries(name))
            elif name != self._after and self._has_key(name):
                yield name, True

    def _entries(self, base: str) -> Iterator[tuple[str, bool]]:
        """What stands in one folder and can lead to a key of the page, in order; no file is looked at."""
        names = self._folders.entries(self._bucket.folder / base)
        prefix = self._prefix[len(base) :]
        after = self._after[len(base) :] if self._after.startswith(base) else ""
        first = bisect_right(names, after) if after else 0
        if first and names[first - 1].endswith("/") and after.startswith(names[first - 1]):
            first -= 1  # the page before ended inside this folder
        for name in islice(names, max(first, bisect_left(names, prefix)), None):
            if not name.startswith(prefix):
                return
            yield base + name, name.endswith("/")

    def _has_key(self, name: str) -> bool:
        if not self._after.startswith(name) and (self._is_marked(name) or has_file(self._bucket.folder / name)):
            return True
        selection = Selection(prefix=name, after=self._after)
        rest = _Walk(self._bucket, selection, folders=self._folders, is_folding=False)
        return next(rest.names(), None) is not None

    def _is_after(self, name: str) -> bool:
        return name > self._after

    def _is_marked(self, name: str) -> bool:
        return sidecars.exists(self._bucket, name, version=sidecars.FOLDER)
