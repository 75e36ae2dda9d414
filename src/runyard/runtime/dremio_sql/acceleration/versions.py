"""Which data a table holds at a moment, told from its files alone; the standard library is enough for that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TABLE, FILES = "table", "files"
MANIFEST = "manifest.json"
IN_FILES_THAT_STAY = frozenset({"parquet", "text", "csv", "json", "arrow"})
"""Formats whose rows are those of their files, so that a new file is nothing but new rows."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A table that a dataset is made of, and where its data lies."""

    path: tuple[str, ...]
    kind: str  # a table that was made here, or files of a source
    place: str
    format: str = TABLE

    @property
    def appends(self) -> bool:
        """Tell whether it can be told what has been added to it."""
        return self.kind == TABLE or self.format in IN_FILES_THAT_STAY


@dataclass(frozen=True, kw_only=True)
class Version:
    """The data of a table: its files, each with what tells it from another of the same name."""

    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        """One short text that is another as soon as anything in the table is."""
        return hashlib.sha256(json.dumps(sorted(self.files.items())).encode()).hexdigest()[:32]

    def added_to(self, earlier: Version) -> list[str] | None:
        """Return the files that have been added since; None if anything else has changed."""
        if any(self.files.get(name) != told for name, told in earlier.files.items()):
            return None
        return [name for name in self.files if name not in earlier.files]


def definition_token(sql: str, context: Sequence[str]) -> str:
    """Return one short text that is another as soon as a view says something else."""
    return hashlib.sha256(json.dumps([sql, list(context)]).encode()).hexdigest()[:32]


def version_of(base: Base) -> Version:
    """Return the data that a table holds now; of one that is gone, none."""
    place = Path(base.place)
    try:
        return _of_table(place) if base.kind == TABLE else _of_files(place)
    except OSError:
        return Version()


def _of_table(folder: Path) -> Version:
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Version(files={part["file"]: str(part["rows"]) for part in told["parts"]})


def _of_files(place: Path) -> Version:
    found = [place] if place.is_file() else sorted(each for each in place.rglob("*") if each.is_file())
    return Version(files={str(each): _state(each) for each in found})


def _state(file: Path) -> str:
    stat = file.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"
