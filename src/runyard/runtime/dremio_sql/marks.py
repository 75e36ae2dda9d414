"""By what is seen whether that which a name leads to has changed since."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import DremioError
from .file_states import SIZE, State, state_of
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


def size_of(catalog: LiveCatalog) -> int | None:
    """Return how many bytes all files have together that have been looked at; None if that cannot be told."""
    if CHANGING in catalog.marks.values():
        return None
    try:
        return sum(_size(catalog, path, mark) for path, mark in catalog.marks.items())
    except OSError:
        return None  # who reads them says what is wrong


def states_in(marks: Iterable[Mark]) -> Iterator[State]:
    """Yield the states of the files that marks were made of."""
    return (state for mark in marks for state in mark if isinstance(state, tuple))


def _size(catalog: LiveCatalog, path: Path_, mark: Mark) -> int:
    if (table := catalog.snapshot.tables.get(key_of(path))) is not None:
        return sum(each.stat().st_size for each in table[1].iterdir())
    return sum(state[SIZE] for state in states_in([mark]))


def are_unchanged(catalog: LiveCatalog, marks: Mapping[Path_, Mark]) -> bool:
    """Tell whether names still lead to what they led to when they had these marks."""
    try:
        return all(_is_unchanged(catalog, path, mark) for path, mark in marks.items())
    except (DremioError, OSError):
        return False  # who looks again says what is wrong


def _is_unchanged(catalog: LiveCatalog, path: Path_, mark: Mark) -> bool:
    """Compare marks; of a file that was found by its exact name, a look at what has that name now is enough."""
    source = catalog.snapshot.sources.get(path[0].lower())
    if source is not None:
        file = os.path.join(source[1], *path[1:])  # noqa: PTH118 a quarter of the time
        if mark[0] == file and os.path.isfile(file):  # noqa: PTH113 same
            return mark == (file, state_of(file))
    return mark_of(catalog, path) == mark


def _states(files: Sequence[Path]) -> Iterator[State]:
    return (state_of(str(file)) for file in files)
