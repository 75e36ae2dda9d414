# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Makes what a reflection holds: sorted, partitioned Parquet, as a whole or with what has been added to its data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from ..column_types import Column, ColumnType, literal, quoted
from ..database import RESIDENT
from ..errors import DremioError, unsupported
from ..translation.scope import Path_
from ..translation.translate import Session
from .datasets import Described, check_lasting, described
from .definition import AGGREGATION, DATE_GRANULARITY, WrongDefinition, checked, number_of
from .increments import Increment, increment_of
from .materialization import (
    DAY,
    DIMENSION,
    DISPLAY,
    ROWS,
    SUM,
    Manifest,
    Output,
    Reflected,
    read_manifest,
    write_manifest,
)
from .planning import Accelerated, Accelerator
from .versions import Base, Version, version_of

FULL, INCREMENTAL = "FULL", "INCREMENTAL"
UNHELD = "APPROX_COUNT_DISTINCT"  # its sketches cannot be put together again; it is worked out of dimensions
INTEGERS = frozenset({"INTEGER", "BIGINT"})
Planned = tuple[Accelerated, tuple[Output, ...]]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A materialisation to make."""

    reflection: str
    materialization: str
    kind: str
    path: Path_
    fields: Mapping[str, Any]  # in the words of the API
    folder: Path
    previous: Path | None = None  # what the reflection holds now
    method: str = FULL

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Order:
        """Return the order that a server gives."""
        return cls(
            reflection=told["reflection"],
            materialization=told["materialization"],
            kind=told["kind"],
            path=tuple(told["path"]),
            fields=told["fields"],
            folder=Path(told["folder"]),
            previous=Path(told["previous"]) if told.get("previous") else None,
            method=told.get("method", FULL),
        )


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A materialisation that is planned: the query whose rows it holds, and what else will be known of it."""

    order: Order
    found: Described
    versions: tuple[tuple[Base, Version], ...]  # as they were before anything was read
    outputs: tuple[Output, ...]
    accelerated: Accelerated
    now_ms: int  # when it was begun
    increment: Increment | None = None

    @property
    def sql(self) -> str:
        """The query in DuckDB's words."""
        return self.accelerated.translation.sql


def prepare(order: Order, accelerator: Accelerator) -> Prepared:
    """Return a materialisation with all that can be wrong found out."""
    catalog = accelerator.catalog
    # What this look has opened is opened again below, so that no data is older than its version says.
    found = described(order.path, replace(catalog, described={}, manifests={}))
    check_lasting(order.path, found)
    versions = tuple((base, version_of(base)) for base in found.bases)
    fields = _checked(order, found.columns)
    increment = None
    if order.method == INCREMENTAL and order.previous is not None:
        increment = increment_of(order.previous, found, versions, catalog, order.path)
    order, items = replace(order, fields=fields), list(_items(order.kind, fields, found.columns))
    planned = _added(order, items, accelerator, increment) if increment is not None else None
    if planned is None:
        increment, planned = None, _planned(order, items, accelerator)
    accelerated, outputs = planned
    return Prepared(
        order=order,
        found=found,
        versions=_oldest(versions, accelerated.used),
        outputs=outputs,
        accelerated=accelerated,
        now_ms=catalog.session.now_ms,
        increment=increment,
    )


def _added(order: Order, items: Sequence[Item], accelerator: Accelerator, increment: Increment) -> Planned | None:
    """Return how new rows alone are made; None if other fields are asked for now, or new files have other columns."""
    alone = replace(accelerator, catalog=increment.catalog(accelerator.catalog), reflections=())
    try:
        accelerated, outputs = _planned(order, items, alone)
    except DremioError:
        return None
    is_alike = (increment.manifest.outputs, increment.manifest.details) == (outputs, order.fields)
    return (accelerated, outputs) if is_alike else None


def _planned(order: Order, items: Sequence[Item], accelerator: Accelerator) -> Planned:
    session = Session(user=accelerator.catalog.session.user, now_ms=accelerator.catalog.session.now_ms)
    accelerated = accelerator.accelerated(_text(order, items), session)
    outputs = tuple(
        Output(field=item.field, role=item.role, column=column.name, type=column.type, of=item.of)
        for item, column in zip(items, accelerated.translation.columns, strict=True)
    )
    return accelerated, outputs


def _checked(order: Order, columns: Sequence[Column]) -> dict[str, Any]:
    try:
        return checked(order.kind, order.fields, {each.name: each.type.name for each in columns})
    except WrongDefinition as error:
        raise DremioError("VALIDATION", str(error)) from error


def _oldest(versions: Sequence[tuple[Base, Version]], used: Sequence[Reflected]) -> tuple[tuple[Base, Version], ...]:
    """Return the data that is really held: what another reflection brought is as old as that was."""
    told = {base.place: version for each in used for base, version in read_manifest(each.folder).bases}
    return tuple((base, told.get(base.place, version)) for base, version in versions)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A column to hold: what it is, and its expression in Dremio's words."""

    field: str
    role: str
    words: str
    of: str = ""


def _items(kind: str, fields: Mapping[str, Any], columns: Sequence[Column]) -> Iterator[Item]:
    types = {each.name: each.type for each in columns}
    if kind != AGGREGATION:
        for each in fields["displayFields"]:
            yield _displayed(each["name"], types[each["name"]])
        return
    for each in fields["dimensionFields"]:
        yield _dimension(each, types[each["name"]])
    for each in fields["measureFields"]:
        for measure in _measures(each["measureTypeList"]):
            yield _measured(each["name"], measure, types[each["name"]])
    yield Item(field="", role=ROWS, words="COUNT(*)")


def _displayed(name: str, kind: ColumnType) -> Item:
    if kind.name.startswith("INTERVAL"):
        raise unsupported(f"The field {name} is an interval, which no file can hold")
    return Item(field=name, role=DISPLAY, words=quoted(name), of=kind.name)


def _dimension(field: Mapping[str, Any], kind: ColumnType) -> Item:
    name = field["name"]
    if kind.name.startswith("INTERVAL"):
        raise unsupported(f"The field {name} is an interval, which no file can hold")
    if kind.name == "TIMESTAMP" and field["granularity"] == DATE_GRANULARITY:
        return Item(field=name, role=DAY, words=f"CAST({quoted(name)} AS DATE)", of=kind.name)
    return Item(field=name, role=DIMENSION, words=quoted(name), of=kind.name)


def _measures(wanted: Sequence[str]) -> list[str]:
    return [each for each in wanted if each != UNHELD]


def _measured(name: str, measure: str, kind: ColumnType) -> Item:
    # Wide enough that no group is refused whose parts come to more than a BIGINT before they come to less.
    inner = f"CAST({quoted(name)} AS DECIMAL(38,0))" if measure == SUM and kind.name in INTEGERS else quoted(name)
    return Item(field=name, role=measure, words=f"{measure}({inner})", of=kind.name)


def _text(order: Order, items: Sequence[Item]) -> str:
    listed = ", ".join(f'{item.words} AS "c{place}"' for place, item in enumerate(items))
    keys = [item.words for item in items if item.role in {DIMENSION, DAY}]
    grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
    return f"SELECT {listed} FROM {'.'.join(map(quoted, order.path))}{grouped}"


def write(prepared: Prepared, connection: duckdb.DuckDBPyConnection, threads: int) -> Manifest:
    """Write the files and, last, the manifest that makes them a materialisation; nothing stays of what fails."""
    order = prepared.order
    try:
        return _written(prepared, connection, threads)
    except BaseException:
        shutil.rmtree(order.folder, ignore_errors=True)
        raise


def _written(prepared: Prepared, connection: duckdb.DuckDBPyConnection, threads: int) -> Manifest:
    order, increment = prepared.order, prepared.increment
    order.folder.mkdir(parents=True)
    kept = increment.link(order.folder) if increment else []
    layout = _layout(prepared)
    rows = 0
    if increment is None or increment.has_rows:
        rows = _copied(prepared, layout, connection, threads)
    files = sorted(str(each.relative_to(order.folder)) for each in order.folder.rglob("*.parquet"))
    _flush([order.folder / each for each in files if each not in kept])
    manifest = Manifest(
        kind=order.kind,
        fingerprint=prepared.found.fingerprint,
        outputs=prepared.outputs,
        files=tuple(files),
        rows=rows + (increment.rows if increment else 0),
        bases=prepared.versions,
        layout=(*(column for column, _ in layout.partitions), *layout.sorts),
        increments=increment.number if increment else 0,
        details=order.fields,
    )
    write_manifest(order.folder, manifest)
    return manifest


def _flush(files: Sequence[Path]) -> None:
    for file in files:
        with file.open("rb") as written:
            os.fsync(written.fileno())


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the rows lie: each partition's column and expression, and the columns by which they are sorted."""

    partitions: tuple[tuple[str, str], ...]
    sorts: tuple[str, ...]


def _layout(prepared: Prepared) -> Layout:
    fields = prepared.order.fields
    held = {each.field: each for each in prepared.outputs if each.role in {DISPLAY, DIMENSION, DAY}}
    partitions = [(held[each["name"]], each["transform"]) for each in fields["partitionFields"]]
    return Layout(
        partitions=tuple((output.column, _transformed(output, transform)) for output, transform in partitions),
        sorts=tuple(held[each["name"]].column for each in fields["sortFields"]),
    )


FORMATS = {"YEAR": "%Y", "MONTH": "%Y-%m", "DAY": "%Y-%m-%d", "HOUR": "%Y-%m-%d-%H"}
OF_NUMBERS = frozenset({"INTEGER", "BIGINT", "DECIMAL"})


def _transformed(output: Output, transform: Mapping[str, Any]) -> str:
    kind, column = transform["type"], quoted(output.column)
    if kind in FORMATS:
        return f"strftime(CAST({column} AS TIMESTAMP), '{FORMATS[kind]}')"
    if kind == "BUCKET":
        return f"hash({column}) % {number_of(transform)}"
    if kind == "TRUNCATE" and output.type.name in OF_NUMBERS:
        return f"{column} - {column} % {number_of(transform)}"
    text = f"CAST({column} AS VARCHAR)"
    return _short(f"substring({text}, 1, {number_of(transform)})" if kind == "TRUNCATE" else text)


def _short(text: str) -> str:
    """Return a text as far as it can be the name of a folder, in which a letter may take twelve bytes."""
    return f"CASE WHEN length(url_encode({text})) > 240 THEN substring({text}, 1, 20) ELSE {text} END"


def _copied(prepared: Prepared, layout: Layout, connection: duckdb.DuckDBPyConnection, threads: int) -> int:
    folder = prepared.order.folder
    names = [f"p{place}" for place, _ in enumerate(layout.partitions)]
    keys = [*names, *map(quoted, layout.sorts)]
    values = "".join(f", {words} AS {name}" for name, (_, words) in zip(names, layout.partitions, strict=True))
    order = f" ORDER BY {', '.join(keys)}" if keys else ""
    sql = f"SELECT *{values} FROM ({prepared.sql}) AS held{order}"
    number = prepared.increment.number if prepared.increment else 0
    if not names:
        place = literal(str(folder / f"rows-{number}.parquet"))
        return int(connection.execute(f"COPY ({sql}) TO {place} (FORMAT parquet)").fetchall()[0][0])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE held AS {sql}")
    # Several threads write the parts of a partition in whichever order they come to them.
    RESIDENT.limit(connection, "threads", "1")
    options = (
        f"FORMAT parquet, PARTITION_BY ({', '.join(names)}), WRITE_PARTITION_COLUMNS false, "
        f"FILENAME_PATTERN 'rows-{number}-{{i}}', OVERWRITE_OR_IGNORE true"
    )
    copied = connection.execute(f"COPY (FROM held) TO {literal(str(folder))} ({options})").fetchall()
    connection.execute("DROP TABLE held")
    RESIDENT.limit(connection, "threads", str(threads or ""))
    return int(copied[0][0])
