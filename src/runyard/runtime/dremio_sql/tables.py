# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Tables made here: a folder of Parquet parts, and a manifest that says which of them are the table."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .column_types import Column, columns_document, file_literal, from_document, quoted, spelling
from .errors import DremioError
from .translation.scope import Query

MANIFEST = "manifest.json"
LOCK = ".lock"
KEPT_MS = 86_400_000  # longer than a statement takes that began before its table was changed


@dataclass(frozen=True, kw_only=True)
class Part:
    """A Parquet file of a table."""

    file: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Retired:
    """A file that was part of the table, and may still be read by a statement that began before."""

    file: str
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a table is at a moment; swapped as a whole, so that a crash leaves the table that was."""

    version: int = 1
    columns: tuple[Column, ...]
    parts: tuple[Part, ...] = ()
    retired: tuple[Retired, ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)  # partition_by, sort_by as they were written

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(part.rows for part in self.parts)

    def following(self, parts: Sequence[Part], now_ms: int) -> Manifest:
        """Return the table's next version with other parts; those that it no longer has are kept for a day."""
        gone = [Retired(file=each.file, at_ms=now_ms) for each in self.parts if each not in parts]
        kept = [each for each in self.retired if now_ms - each.at_ms < KEPT_MS]
        return replace(self, version=self.version + 1, parts=tuple(parts), retired=(*kept, *gone))


def read_manifest(folder: Path) -> Manifest:
    """Return what a table's folder holds."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DremioError("DATA_READ", f"The table's folder {folder} has no {MANIFEST}.") from error
    return Manifest(
        version=told["version"],
        columns=tuple(Column(name=each["name"], type=from_document(each["type"])) for each in told["columns"]),
        parts=tuple(Part(file=each["file"], rows=each["rows"]) for each in told["parts"]),
        retired=tuple(Retired(file=each["file"], at_ms=each["at_ms"]) for each in told["retired"]),
        layout=told["layout"],
    )


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Hold a table among the statements that change it, while its manifest is read and swapped."""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Swap a table's manifest: before this the table is the old one, after it the new one, never something between."""
    told = {
        "version": manifest.version,
        "columns": columns_document(manifest.columns),
        "parts": [{"file": part.file, "rows": part.rows} for part in manifest.parts],
        "retired": [{"file": each.file, "at_ms": each.at_ms} for each in manifest.retired],
        "layout": dict(manifest.layout),
    }
    new = folder / f".{MANIFEST}.{uuid.uuid4().hex}"
    with new.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / MANIFEST)


def table_query(folder: Path, manifest: Manifest) -> Query:
    """Return a table as a query over its parts."""
    if not manifest.parts:
        nothing = ", ".join(f"CAST(NULL AS {spelling(each.type)}) AS {quoted(each.name)}" for each in manifest.columns)
        return Query(sql=f"SELECT {nothing} WHERE false", columns=manifest.columns)
    files = ", ".join(file_literal(folder / part.file) for part in manifest.parts)
    names = ", ".join(quoted(each.name) for each in manifest.columns)
    return Query(
        sql=f"SELECT {names} FROM read_parquet([{files}], hive_partitioning = false)", columns=manifest.columns
    )


def clear(folder: Path, manifest: Manifest, now_ms: int) -> None:
    """Delete old files that no version of the last day names, as changes and crashes left them."""
    named = {each.file for each in manifest.parts} | {each.file for each in manifest.retired}
    for file in folder.glob("part-*.parquet"):
        if file.name not in named and now_ms - file.stat().st_mtime * 1000 > KEPT_MS:
            file.unlink(missing_ok=True)


def new_part(folder: Path) -> Path:
    """Return where a new part of a table goes."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"part-{uuid.uuid4().hex}.parquet"
