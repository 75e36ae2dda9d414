"""By what is seen whether that which a name leads to has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DremioError
from .sources import READ_IN_PLACE, files_of
from .tables import MANIFEST
from .translation.scope import Path_, key_of

if TYPE_CHECKING:
    from .catalog import LiveCatalog

Mark = tuple[object, ...]
CHANGING: Mark = ("changing",)
"""The mark of what may be another thing each time, or tells nobody when it changes."""
NOTHING: Mark = ("nothing",)
OF_THE_CATALOG: Mark = ("catalog",)
"""The mark of a view: it changes with the catalog alone."""


def mark_of(catalog: LiveCatalog, path: Path_) -> Mark:
    """Return the mark of what a whole path leads to; nothing has one too, for something may come to be there."""
    snapshot, key = catalog.snapshot, key_of(path)
    if key[0] == "information_schema" or key in snapshot.system or key[0] in snapshot.databases:
        return CHANGING
    if key in snapshot.views:
        return OF_THE_CATALOG
    if key in snapshot.tables:
        return (*_states([snapshot.tables[key][1] / MANIFEST]),)
    files = catalog.files(path)
    if files is None:
        return NOTHING
    return (str(files.place), *_states(files_of(files))) if files.format in READ_IN_PLACE else CHANGING


def are_unchanged(catalog: LiveCatalog, marks: Mapping[Path_, Mark]) -> bool:
    """Tell whether names still lead to what they led to when they had these marks."""
    try:
        return all(mark_of(catalog, path) == mark for path, mark in marks.items())
    except (DremioError, OSError):
        return False  # who looks again says what is wrong


def _states(files: Sequence[Path]) -> Iterator[tuple[object, ...]]:
    """Yield what the system says of each file; a file that was written or replaced has another number, size or time."""
    for file in files:
        stat = file.stat()
        yield str(file), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
