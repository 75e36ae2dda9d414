# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""What has been added to the data of a reflection since it was made, where that alone need be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..catalog import LiveCatalog
from ..sources import Files, read
from ..tables import Manifest as TableManifest
from ..tables import read_manifest as read_table
from ..tables import table_query
from ..translation.scope import Path_, Query, View, key_of
from .datasets import Described
from .expressions import NoMatch
from .levels import Looking
from .materialization import Manifest, read_manifest
from .versions import TABLE, Base, Version


@dataclass(frozen=True, kw_only=True)
class Increment:
    """The new rows of one table, and the materialisation that they are added to."""

    base: Base
    added: tuple[str, ...]  # files
    previous: Path
    manifest: Manifest

    @property
    def has_rows(self) -> bool:
        """Tell whether anything has been added."""
        return bool(self.added)

    @property
    def rows(self) -> int:
        """How many rows are held already."""
        return self.manifest.rows

    @property
    def number(self) -> int:
        """How often rows were added, this time among them."""
        return self.manifest.increments + (1 if self.added else 0)

    def link(self, folder: Path) -> list[str]:
        """Give a folder the files that are held already; they are there once, however many folders have them."""
        for each in self.manifest.files:
            (folder / each).parent.mkdir(parents=True, exist_ok=True)
            os.link(self.previous / each, folder / each)
        return list(self.manifest.files)

    def catalog(self, catalog: LiveCatalog) -> LiveCatalog:
        """Return a catalog in which the table has its new rows alone."""
        return Partial(
            snapshot=catalog.snapshot,
            connection=catalog.connection,
            session=catalog.session,
            base=self.base,
            added=self.added,
        )


@dataclass(frozen=True, kw_only=True)
class Partial(LiveCatalog):
    """A catalog in which one table has the rows of some of its files alone."""

    base: Base
    added: tuple[str, ...]

    def _at(self, path: Path_) -> Query | View | None:
        if key_of(path) != key_of(self.base.path) or not self.added:
            return super()._at(path)
        if self.base.kind == TABLE:
            return self._new_parts()
        files = self.files(path)
        return None if files is None else self._new_files(files)

    def _new_parts(self) -> Query:
        folder = Path(self.base.place)
        table: TableManifest = read_table(folder)
        return table_query(folder, replace(table, parts=tuple(each for each in table.parts if each.file in self.added)))

    def _new_files(self, files: Files) -> Query:
        return read(replace(files, only=tuple(map(Path, self.added))), self.connection)


def increment_of(
    previous: Path, found: Described, versions: Sequence[tuple[Base, Version]], catalog: LiveCatalog, path: Path_
) -> Increment | None:
    """Return what has been added since a materialisation was made; None where all must be read again."""
    if len(versions) != 1 or not found.is_tracked:
        return None
    manifest = read_manifest(previous)
    (base, version), earlier = versions[0], dict(manifest.bases)
    if manifest.fingerprint != found.fingerprint or base not in earlier or not base.appends:
        return None
    added = version.added_to(earlier[base])
    if added is None or not _is_row_by_row(path, base, catalog):
        return None
    return Increment(base=base, added=tuple(added), previous=previous, manifest=manifest)


def _is_row_by_row(path: Path_, base: Base, catalog: LiveCatalog) -> bool:
    """Tell whether each row of a dataset comes of one row of its table, so that new ones make new ones alone."""
    looking = Looking(catalog=replace(catalog, looked_up={}))
    try:
        levels = looking.levels(looking.at(path))
    except NoMatch:
        return False
    return levels[-1].key == key_of(base.path)
