# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""Files of sources as tables: Parquet, CSV, JSON, Arrow; Iceberg and Delta where their packages are installed."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from .column_types import VARCHAR, Column, ColumnType, file_literal, from_duckdb, list_of, literal, quoted, spelling
from .database import RESIDENT
from .errors import ADVICE, DremioError, unsupported
from .errors import from_duckdb as error_of
from .file_options import truth
from .translation.scope import Query

ENDINGS = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "text", ".tsv": "text", ".txt": "text", ".psv": "text",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow",
}  # fmt: skip
DELIMITERS = {".tsv": "\t", ".psv": "|"}
PACKAGES = {"arrow": "pyarrow", "iceberg": "pyiceberg", "delta": "deltalake"}
READ_IN_PLACE = frozenset({"parquet", "text", "csv", "json"})  # by DuckDB, from the files that a query's text names
MOMENTS = frozenset({"DATE", "TIME", "TIMESTAMP"})
LETTERS = 26
NUMBER = re.compile(r"v?(\d+)")  # of the metadata of an Iceberg table, at the beginning of its file's name
COMPRESSIONS = (".gz", ".zst")
WHOLE = re.compile(r"\d+")
NEWLINES = frozenset({"\n", "\r\n", "\r"})
TWIN = re.compile(r"(.+)_\d+")  # the name that DuckDB gives to a field whose name differs in case alone
UNREADABLE = (
    duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException, duckdb.NotImplementedException
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Files:
    """A file, or a folder of files of one format, with the settings to read it by."""

    place: Path
    format: str
    settings: Mapping[str, Any]
    version: tuple[str, str] | None = None  # a snapshot or a moment, where the format keeps them
    only: tuple[Path, ...] = ()  # of a folder these files alone; empty: all
    root: Path | None = None  # of the source, which no file may lead out of
    is_said: bool = False  # the format was said, so that files whose names tell none are of it too


def located(root: Path, names: Sequence[str]) -> Path | None:
    """Return the file or folder that names lead to within a source, in any case of letters; never one outside."""
    place = root
    for name in names:
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            return None
        exact = place / name
        found = exact if exact.exists() else next(_alike(place, name), None)
        if found is None:
            return None
        place = found
    return place if place.resolve().is_relative_to(root.resolve()) else None


def _alike(folder: Path, name: str) -> Iterator[Path]:
    return (
        (each for each in sorted(folder.iterdir()) if each.name.lower() == name.lower())
        if folder.is_dir()
        else iter(())
    )


def format_of(place: Path) -> str | None:
    """Return the format of a file by its ending, of a folder by what lies in it, or None."""
    if place.is_file():
        return ENDINGS.get(_ending(place))
    if (place / "_delta_log").is_dir():
        return "delta"
    if (place / "metadata").is_dir() and any((place / "metadata").glob("*.metadata.json")):
        return "iceberg"
    found = {ENDINGS[_ending(each)] for each in files_in(place) if _ending(each) in ENDINGS}
    return found.pop() if len(found) == 1 else None


def _ending(file: Path) -> str:
    name = file.name.lower()
    for compression in COMPRESSIONS:
        name = name.removesuffix(compression)
    return Path(name).suffix


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder, however deep, without those that writers hide."""
    found = sorted(each for each in folder.rglob("*") if each.is_file())
    return [each for each in found if not any(part[0] in "._" for part in each.relative_to(folder).parts)]


def read(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    """Return files as a query with Dremio's names and types of their columns."""
    try:
        with _reading(files):
            return READERS[files.format](files, connection)
    except UNREADABLE as error:
        raise DremioError("DATA_READ", ADVICE.sub("", error_of(error).message)) from error
    except duckdb.Error as error:
        raise error_of(error) from error


@contextmanager
def _reading(files: Files) -> Iterator[None]:
    """Say of what a package that reads another format refuses that it is the data."""
    try:
        yield
    except _refusals(files.format) as error:
        raise DremioError("DATA_READ", f"{files.place} cannot be read as {files.format}: {error}") from error


def _refusals(form: str) -> tuple[type[Exception], ...]:
    package = PACKAGES.get(form)
    own = vars(importlib.import_module(f"{package}.exceptions")) if package in {"pyiceberg", "deltalake"} else {}
    return OSError, ValueError, *(one for one in own.values() if isinstance(one, type) and issubclass(one, Exception))


def files_of(files: Files) -> list[Path]:
    """Return the files that are read for a place; raise DremioError where there are none."""
    if files.only:
        return list(files.only)
    found = [files.place] if files.place.is_file() else files_in(files.place)
    wanted = {files.format, None} if files.is_said else {files.format}
    kept = [each for each in found if ENDINGS.get(_ending(each)) in wanted] if files.place.is_dir() else found
    if not kept:
        raise DremioError("DATA_READ", f"{files.place} has no file of the format {files.format}.")
    if files.root is not None:
        _refuse_outside(kept, files.root)
    return kept


def _refuse_outside(paths: Sequence[Path], root: Path) -> None:
    """Refuse links that lead out of the source."""
    for link in (each for each in paths if each.is_symlink()):
        if not link.resolve().is_relative_to(root.resolve()):
            raise DremioError("DATA_READ", f"{link} leads out of its source.")


def _listed(paths: Sequence[Path]) -> str:
    """Return paths as DuckDB reads them, after a look whether what it keeps of these files still holds."""
    RESIDENT.look_at(paths)
    return "[" + ", ".join(file_literal(each) for each in paths) + "]"


def _parquet(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    united = "" if len(files_of(files)) == 1 else "union_by_name = true, "  # it costs what one file need not pay
    return _relation(
        f"read_parquet({{files}}, {united}hive_partitioning = false, filename = {{name}})", files, connection
    )


def _text(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    told = {name.lower(): value for name, value in files.settings.items()}
    header = truth(told.get("extractheader", told.get("extract_header", True)))
    usual = DELIMITERS.get(_ending(files_of(files)[0]), ",")
    delimiter = told.get("fielddelimiter", told.get("field_delimiter", usual))
    quote = told.get("quote", told.get("quote_char", '"'))
    escape = told.get("escape", told.get("escape_char", '"'))
    skip = 1 if truth(told.get("skipfirstline", False)) else int(told.get("skip_lines", told.get("skiplines", 0)))
    newline = _unescaped(str(told.get("linedelimiter", told.get("record_delimiter", "\n"))))
    if newline not in NEWLINES:
        raise unsupported(f"Lines of files that end in {newline!r} have no faithful translation")
    # DuckDB would guess that # begins a comment, and leave such lines out.
    words = (
        f"read_csv({{files}}, all_varchar = true, header = {str(header).lower()}, "
        f"delim = {literal(_unescaped(delimiter))}, quote = {literal(quote)}, "
        f"escape = {literal(escape)}, skip = {skip}, comment = '', filename = {{name}}, "
        "union_by_name = true, hive_partitioning = false)"
    )
    return _relation(words, files, connection, renamed=None if header else _letters)


def _unescaped(text: str) -> str:
    return text.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r")


def _letters(place: int) -> str:
    """Return the name of a column without header: A, B … Z, AA, as Dremio counts."""
    name = chr(ord("A") + place % LETTERS)
    return _letters(place // LETTERS - 1) + name if place >= LETTERS else name


def _json(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    listed = _listed(files_of(files))
    # All rows are looked at: a field that is met late is a column too.
    whole = "union_by_name = true, sample_size = -1, map_inference_threshold = -1"
    described = connection.execute(f"SELECT * FROM read_json({listed}, {whole}) LIMIT 0").description
    _refuse_twins([each[0] for each in described], listed, connection)
    # Texts that look like dates stay texts, as Dremio's reader leaves them.
    kinds = [(name, _plain_json(_known(name, kind))) for name, kind, *_ in described]
    columns = ", ".join(f"{quoted(name)}: {literal(spelling(kind))}" for name, kind in kinds)
    words = f"read_json({{files}}, columns = {{{{{columns}}}}}, filename = {{name}})"
    return _relation(words, files, connection)


def _refuse_twins(names: Sequence[str], listed: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse fields whose names differ in case alone: they would be one column."""
    known = {name.lower() for name in names}
    found = {name: twin[1] for name in names if (twin := TWIN.fullmatch(name)) and twin[1].lower() in known}
    if not found:
        return
    keys = f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({listed})"
    told = {name for (name,) in connection.execute(keys).fetchall()}
    for name in found.keys() - told:
        raise unsupported(f"Fields of JSON that differ in case alone have no faithful translation: {found[name]!r}")


def _plain_json(kind: ColumnType) -> ColumnType:
    if kind.name in MOMENTS:
        return VARCHAR
    if kind.name == "DECIMAL":
        return ColumnType(name="DOUBLE")
    if kind.name == "LIST":
        return list_of(_plain_json(kind.element))
    return ColumnType(name=kind.name, fields=tuple((name, _plain_json(field)) for name, field in kind.fields))


def _known(name: str, kind: Any) -> ColumnType:
    found = from_duckdb(kind)
    if found is None:
        raise unsupported(f"The column {name!r} has the type {kind}, which Dremio does not read")
    return found


def _relation(
    words: str, files: Files, connection: duckdb.DuckDBPyConnection, *, renamed: Callable[[int], str] | None = None
) -> Query:
    """Return a reading function as a query, with the columns dir0, dir1 … of folders within the folder."""
    paths = files_of(files)
    depth = max(len(each.relative_to(files.place).parts) - 1 for each in paths) if files.place.is_dir() else 0
    words = words.format(files=_listed(paths), name=literal("\x01file") if depth else "false")
    described = [
        each for each in connection.execute(f"SELECT * FROM {words} LIMIT 0").description if each[0] != "\x01file"
    ]
    values, columns = [], []
    for place, (name, kind, *_) in enumerate(described):
        column = Column(name=renamed(place) if renamed else name, type=_known(name, kind))
        values.append(f"{_normal(quoted(name), kind, column.type)} AS {quoted(column.name)}")
        columns.append(column)
    for level in range(depth):
        start = len(str(files.place)) + 2
        split = f"string_split(substring({quoted(chr(1) + 'file')}, {start}), '/')"
        values.append(f'CASE WHEN len({split}) > {level + 1} THEN {split}[{level + 1}] END AS "dir{level}"')
        columns.append(Column(name=f"dir{level}", type=VARCHAR))
    return Query(sql=f"SELECT {', '.join(values)} FROM {words}", columns=tuple(columns))


def _normal(words: str, kind: Any, known: ColumnType, depth: int = 0) -> str:
    """Return a value as DuckDB's type for Dremio's: milliseconds, no smaller integers, no zones, however deep."""
    said = str(kind).upper()
    if known.name == "TIMESTAMP":
        inner = f"({words} AT TIME ZONE 'UTC')" if "ZONE" in said else f"CAST({words} AS TIMESTAMP)"
        return f"date_trunc('milliseconds', {inner})"
    if known.name == "TIME":
        return time_of_day(words)
    if known.name == "LIST" and _has_moments(known):
        item = f"item{depth}"
        inner = _normal(item, kind.children[0][1], known.element, depth + 1)
        return f"list_transform({words}, lambda {item}: {inner})"
    if known.name == "STRUCT" and _has_moments(known):
        fields = (
            f"{literal(name)}: {_normal(f'struct_extract({words}, {literal(name)})', child, field, depth)}"
            for (name, child), (_, field) in zip(kind.children, known.fields, strict=True)
        )
        return f"CASE WHEN {words} IS NOT NULL THEN {{{', '.join(fields)}}} END"
    return words if said == spelling(known) else f"CAST({words} AS {spelling(known)})"


def _has_moments(known: ColumnType) -> bool:
    return known.name in MOMENTS or any(_has_moments(field) for _, field in known.fields)


def time_of_day(words: str) -> str:
    """Return a time of day in milliseconds, as Dremio has it."""
    return f"CAST(date_trunc('milliseconds', DATE '1970-01-01' + CAST({words} AS TIME)) AS TIME)"


def _module(name: str, kind: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = PACKAGES[kind]
        raise unsupported(f"Reading {kind} needs the package {package}: install it beside runyard") from error


def _registered(content: Any, files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    """Return an Arrow table or dataset as a query; the connection holds it under a name of its own."""
    name = f"arrow_{abs(hash((str(files.place), files.version)))}"
    connection.register(name, content)
    described = connection.execute(f"SELECT * FROM {name} LIMIT 0").description
    columns = tuple(Column(name=each[0], type=_known(each[0], each[1])) for each in described)
    values = [
        f"{_normal(quoted(each[0]), each[1], column.type)} AS {quoted(column.name)}"
        for each, column in zip(described, columns, strict=True)
    ]
    return Query(sql=f"SELECT {', '.join(values)} FROM {name}", columns=columns)


def _arrow(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    dataset = _module("pyarrow.dataset", "arrow")
    return _registered(dataset.dataset([str(each) for each in files_of(files)], format="ipc"), files, connection)


def iceberg_table(files: Files) -> Any:
    """Return an Iceberg table as its newest metadata tells it."""
    tables = _module("pyiceberg.table", "iceberg")
    newest = max((files.place / "metadata").glob("*.metadata.json"), key=_age)
    return tables.StaticTable.from_metadata(str(newest))


def _age(metadata: Path) -> tuple[int, int]:
    """Return what is larger of newer metadata: the number in its name, which copies keep, then its time."""
    number = NUMBER.match(metadata.name)
    return int(number[1]) if number else 0, metadata.stat().st_mtime_ns


# pyiceberg's inspections whose columns are those that Dremio has.
INSPECTIONS = {"snapshot": "snapshots", "history": "history"}


def inspected(files: Files, what: str, connection: duckdb.DuckDBPyConnection) -> Query:
    """Return what an Iceberg table tells of itself."""
    with _reading(files):
        told = getattr(iceberg_table(files).inspect, INSPECTIONS[what])()
    return _registered(told, replace(files, version=("INSPECTED", what)), connection)


def _iceberg(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    table = iceberg_table(files)
    snapshot = None if files.version is None else _snapshot(table, *files.version)
    return _registered(table.scan(snapshot_id=snapshot).to_arrow(), files, connection)


REFERENCES: Mapping[str, frozenset[str]] = {
    "BRANCH": frozenset({"branch"}),
    "TAG": frozenset({"tag"}),
    "REFERENCE": frozenset({"branch", "tag"}),
}
"""What of an Iceberg table's own references a word of Dremio's means."""


def _snapshot(table: Any, kind: str, version: str) -> int:
    if kind == "SNAPSHOT" and WHOLE.fullmatch(version) and table.snapshot_by_id(int(version)) is not None:
        return int(version)
    if kind == "TIMESTAMP":
        found = table.snapshot_as_of_timestamp(_milliseconds(version))
        if found is not None:
            return int(found.snapshot_id)
    reference = table.refs().get(version) if kind in REFERENCES else None
    if reference is not None and reference.snapshot_ref_type in REFERENCES[kind]:
        return int(reference.snapshot_id)
    raise DremioError("VALIDATION", f"The table has no snapshot at {kind} '{version}'.")


def _milliseconds(text: str) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 for time travel alone

    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError as error:
        raise DremioError("VALIDATION", f"{text!r} is no timestamp: write 'YYYY-MM-DD HH:MM:SS.mmm'.") from error


def _delta(files: Files, connection: duckdb.DuckDBPyConnection) -> Query:
    delta = _module("deltalake", "delta")
    return _registered(delta.DeltaTable(str(files.place)).to_pyarrow_dataset(), files, connection)


READERS: dict[str, Callable[[Files, duckdb.DuckDBPyConnection], Query]] = {
    "parquet": _parquet,
    "text": _text,
    "csv": _text,
    "json": _json,
    "arrow": _arrow,
    "iceberg": _iceberg,
    "delta": _delta,
}
