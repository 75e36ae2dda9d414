# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""What a reflection holds on disk: a folder of Parquet files with a manifest, kept while anybody reads it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..column_types import Column, ColumnType, document, file_literal, from_document, quoted, spelling
from ..errors import DremioError
from ..translation.scope import Query
from .folders import MANIFEST, READERS, is_alone
from .versions import Base, Version

ROWS = "rows"
DISPLAY, DIMENSION, DAY = "display", "dimension", "day"
GROUPING = frozenset({DISPLAY, DIMENSION, DAY})
SUM, COUNT, MIN, MAX = "SUM", "COUNT", "MIN", "MAX"
FLOATING = frozenset({"FLOAT", "DOUBLE"})


@dataclass(frozen=True, kw_only=True)
class Output:
    """A column that is held: which field of the dataset it is, and as what."""

    field: str  # empty of the count of rows
    role: str  # DISPLAY, DIMENSION, DAY (of a timestamp), a measure's type, or ROWS
    column: str  # its name in the files
    type: ColumnType
    of: str = ""  # the name of the field's own type

    @property
    def is_exact(self) -> bool:
        """Tell whether adding it up gives the same bits in any order."""
        return self.role != SUM or self.of not in FLOATING


@dataclass(frozen=True, kw_only=True)
class Reflected:
    """A reflection that a query may use: where its rows lie, and what its dataset was when they were made."""

    reflection: str
    dataset: str
    materialization: str
    path: tuple[str, ...]
    folder: Path
    shares: frozenset[tuple[str, ...]] = frozenset()  # keys of the tables and views that its dataset is made of
    strict: bool = False  # it may be read only while the data is what it was
    expires_at: int | None = None
    fetched_at: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Reflected:
        """Return a reflection as a server tells it."""
        return cls(
            reflection=told["reflection"],
            dataset=told["dataset"],
            materialization=told["materialization"],
            path=tuple(told["path"]),
            folder=Path(told["folder"]),
            shares=frozenset(tuple(each) for each in told["shares"]),
            strict=bool(told.get("strict")),
            expires_at=told.get("expires_at"),
            fetched_at=told.get("fetched_at", 0),
        )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is held, and of which data."""

    kind: str
    fingerprint: str  # of the dataset's definition
    outputs: tuple[Output, ...]
    files: tuple[str, ...]
    rows: int
    bases: tuple[tuple[Base, Version], ...]
    layout: tuple[str, ...] = ()  # the columns by which it is partitioned and sorted, the first first
    increments: int = 0  # how often rows were added to it since it was made as a whole
    details: Mapping[str, Any] = field(default_factory=dict)  # what was asked for: the fields in the API's words

    def output(self, name: str, *roles: str) -> Output | None:
        """Return the column that holds a field in one of some roles."""
        return next((each for each in self.outputs if each.field == name and each.role in roles), None)


def relation(manifest: Manifest, folder: Path, wanted: Sequence[tuple[Output, str]]) -> Query:
    """Return held columns under other names as a query."""
    columns = tuple(Column(name=name, type=output.type) for output, name in wanted)
    if not manifest.files:
        nothing = ", ".join(f"CAST(NULL AS {spelling(each.type)}) AS {quoted(each.name)}" for each in columns)
        # The comment tells from which reflection its emptiness comes.
        return Query(sql=f"SELECT {nothing} /* {_plain(folder)} */ WHERE false", columns=columns)
    files = ", ".join(file_literal(folder / each) for each in manifest.files)
    values = ", ".join(f"{quoted(output.column)} AS {quoted(name)}" for output, name in wanted)
    return Query(sql=f"SELECT {values} FROM read_parquet([{files}], hive_partitioning = false)", columns=columns)


def _plain(folder: Path) -> str:
    return str(folder).replace("*/", "")


def is_read_in(sql: str, folder: Path) -> bool:
    """Tell whether a translated query reads what lies in a folder; its name is a number that no other has."""
    return f"/{folder.name}/" in sql or _plain(folder) in sql


class Held:
    """Folders that nobody may remove while this process uses them."""

    def __init__(self) -> None:
        self._locks: dict[Path, int] = {}

    def take(self, folder: Path) -> bool:
        """Keep a folder from being removed; tell whether it is still there."""
        if folder in self._locks:
            return True
        try:
            lock = os.open(folder / READERS, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # it is being removed
            os.close(lock)
            return False
        if not (folder / MANIFEST).exists():
            os.close(lock)
            return False
        self._locks[folder] = lock
        return True

    def release(self) -> None:
        """Let the folders go."""
        for lock in self._locks.values():
            os.close(lock)
        self._locks.clear()


def read_manifest(folder: Path) -> Manifest:
    """Return what a folder holds."""
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    outputs = [Output(**{**each, "type": from_document(each["type"])}) for each in told["outputs"]]
    bases = [(Base(**{**each["base"], "path": tuple(each["base"]["path"])}), each["files"]) for each in told["bases"]]
    return Manifest(
        kind=told["kind"],
        fingerprint=told["fingerprint"],
        outputs=tuple(outputs),
        files=tuple(told["files"]),
        rows=told["rows"],
        bases=tuple((base, Version(files=files)) for base, files in bases),
        layout=tuple(told["layout"]),
        increments=told["increments"],
        details=told["details"],
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make a folder of files a materialisation: before this it is none, after it whole."""
    told = {
        "kind": manifest.kind,
        "fingerprint": manifest.fingerprint,
        "outputs": [
            {"field": each.field, "role": each.role, "column": each.column, "type": document(each.type), "of": each.of}
            for each in manifest.outputs
        ],
        "files": list(manifest.files),
        "rows": manifest.rows,
        "bases": [{"base": _base(base), "files": dict(version.files)} for base, version in manifest.bases],
        "layout": list(manifest.layout),
        "increments": manifest.increments,
        "details": dict(manifest.details),
    }
    (folder / READERS).touch()
    new = folder / f".{MANIFEST}"
    with new.open("w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / MANIFEST)


def _base(base: Base) -> dict[str, Any]:
    return {"path": list(base.path), "kind": base.kind, "place": base.place, "format": base.format}


def remove(folder: Path, *, seconds: float) -> None:
    """Remove a materialisation once nobody reads it; give up after a while."""
    import shutil  # noqa: PLC0415 of those that remove alone
    import time  # noqa: PLC0415 as above

    deadline = time.monotonic() + seconds
    try:
        lock = os.open(folder / READERS, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        while not is_alone(lock):
            if time.monotonic() > deadline:
                raise DremioError("RESOURCE", f"{folder.name} is still read by a query; it is removed later.")
            time.sleep(PAUSE_S)
        (folder / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)


PAUSE_S = 0.05
