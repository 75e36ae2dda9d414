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
from itertools import groupby
from pathlib import Path
from typing import Any

from .column_types import (
    BIGINT,
    TIMESTAMP,
    VARCHAR,
    Column,
    ColumnType,
    columns_document,
    file_literal,
    from_document,
    quoted,
    spelling,
)  # fmt: skip
from .errors import DremioError
from .translation.scope import Query

MANIFEST = "manifest.json"
LOCK = ".lock"
KEPT_MS = 86_400_000  # longer than a statement takes that began before its table was changed


SNAPSHOT = (
    Column(name="committed_at", type=TIMESTAMP), Column(name="snapshot_id", type=BIGINT),
    Column(name="parent_id", type=BIGINT), Column(name="operation", type=VARCHAR),
    Column(name="manifest_list", type=VARCHAR),
    Column(name="summary", type=ColumnType(name="MAP", fields=(("key", VARCHAR), ("value", VARCHAR)))),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Part:
    """A Parquet file of a table."""

    file: str
    rows: int
    names: tuple[str | None, ...] | None = (
        None  # of the table's columns in this file, None where it has none; all alike
    )

    def told(self) -> dict[str, Any]:
        """Return it as a manifest tells it."""
        return {"file": self.file, "rows": self.rows, **({} if self.names is None else {"names": list(self.names)})}


@dataclass(frozen=True, kw_only=True)
class Retired:
    """A file that was part of the table, and may still be read by a statement that began before."""

    file: str
    at_ms: int


@dataclass(frozen=True, kw_only=True)
class Successor:
    """A column of a table from now on, and the place of the one that it was before; None: it is new."""

    column: Column
    origin: int | None
    optional: bool = False  # it may be NULL from now on, where it could not be


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a table is at a moment; swapped as a whole, so that a crash leaves the table that was."""

    version: int = 1
    columns: tuple[Column, ...]
    parts: tuple[Part, ...] = ()
    retired: tuple[Retired, ...] = ()
    layout: Mapping[str, Any] = field(default_factory=dict)  # partition_by, sort_by as they were written
    shape: int = 0  # how often its columns have become others

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return sum(part.rows for part in self.parts)

    def following(self, parts: Sequence[Part], now_ms: int) -> Manifest:
        """Return the table's next version with other parts; those that it no longer has are kept for a day."""
        gone = [Retired(file=each.file, at_ms=now_ms) for each in self.parts if each not in parts]
        kept = [each for each in self.retired if now_ms - each.at_ms < KEPT_MS]
        return replace(self, version=self.version + 1, parts=tuple(parts), retired=(*kept, *gone))

    def reshaped(self, successors: Sequence[Successor], layout: Mapping[str, Any]) -> Manifest:
        """Return the table's next version with other columns; its files stay, each with the columns that it has."""
        return replace(
            self,
            version=self.version + 1,
            shape=self.shape + 1,
            columns=tuple(each.column for each in successors),
            parts=tuple(self._reshaped(part, successors) for part in self.parts),
            layout=layout,
        )

    def _reshaped(self, part: Part, successors: Sequence[Successor]) -> Part:
        names = part.names or tuple(each.name for each in self.columns)
        return replace(part, names=tuple(None if each.origin is None else names[each.origin] for each in successors))


def read_manifest(folder: Path) -> Manifest:
    """Return what a table's folder holds."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DremioError("DATA_READ", f"The table's folder {folder} has no {MANIFEST}.") from error
    return Manifest(
        version=told["version"],
        columns=tuple(Column(name=each["name"], type=from_document(each["type"])) for each in told["columns"]),
        parts=tuple(_part(each) for each in told["parts"]),
        retired=tuple(Retired(file=each["file"], at_ms=each["at_ms"]) for each in told["retired"]),
        layout=told["layout"],
        shape=told.get("shape", 0),
    )


def newest_snapshot(folder: Path) -> tuple[Any, ...]:
    """Return what SNAPSHOT tells of a table: the one state that it has, since when, and where it is written down."""
    manifest, place = read_manifest(folder), folder / MANIFEST
    counted = {"total-data-files": str(len(manifest.parts)), "total-records": str(manifest.rows)}
    return place.stat().st_mtime_ns // 1_000_000, manifest.version, None, None, str(place), counted


def _part(told: Mapping[str, Any]) -> Part:
    names = told.get("names")
    return Part(file=told["file"], rows=told["rows"], names=None if names is None else tuple(names))


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
        "parts": [part.told() for part in manifest.parts],
        "retired": [{"file": each.file, "at_ms": each.at_ms} for each in manifest.retired],
        "layout": dict(manifest.layout),
        "shape": manifest.shape,
    }
    new = folder / f".{MANIFEST}.{uuid.uuid4().hex}"
    try:
        with new.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(folder / MANIFEST)
        sync_names(folder)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise unwritten(error.strerror or str(error)) from error


def sync_names(folder: Path) -> None:
    """Let the names of a folder's files outlast a power cut, and its own."""
    for each in (folder, folder.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unwritten(reason: str) -> DremioError:
    """Return the error of a table that could not be written, and is as it was."""
    return DremioError("DATA_WRITE", f"The table could not be written: {reason}")


def table_query(folder: Path, manifest: Manifest) -> Query:
    """Return a table as a query over its parts."""
    if not manifest.parts:
        nothing = ", ".join(f"CAST(NULL AS {spelling(each.type)}) AS {quoted(each.name)}" for each in manifest.columns)
        return Query(sql=f"SELECT {nothing} WHERE false", columns=manifest.columns)
    alike = groupby(manifest.parts, key=lambda part: part.names)
    queries = [_parts_query(folder, [*parts], manifest.columns) for _, parts in alike]
    return Query(sql=" UNION ALL ".join(queries), columns=manifest.columns)


def _parts_query(folder: Path, parts: Sequence[Part], columns: Sequence[Column]) -> str:
    """Return what some parts hold that have the same columns."""
    files = ", ".join(file_literal(folder / part.file) for part in parts)
    names = parts[0].names
    values = [quoted(each.name) for each in columns] if names is None else map(_value, names, columns)
    return f"SELECT {', '.join(values)} FROM read_parquet([{files}], hive_partitioning = false)"


def _value(name: str | None, column: Column) -> str:
    """Return a column from a file that was written when it had another name or type, or was not there."""
    return f"CAST({'NULL' if name is None else quoted(name)} AS {spelling(column.type)}) AS {quoted(column.name)}"


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
