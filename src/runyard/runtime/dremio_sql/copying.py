# ruff: noqa: S608 - SQL of our own words, of quoted names and of literals
"""COPY INTO: which files it reads, by which settings, and what it does with records that do not fit the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from .assignments import as_table
from .catalog import LiveCatalog
from .column_types import VARCHAR, Column, literal, quoted
from .errors import DremioError, invalid, unsupported
from .file_options import truth
from .sources import TWIN, Files, files_in, files_of, format_of, located, read
from .statements import Statement
from .tables import Part
from .translation.scope import Query

TEXTUAL = frozenset({"empty_as_null", "null_if", "on_error", "trim_space"})
SETTINGS: Mapping[str, frozenset[str]] = {
    "text": TEXTUAL
    | {"field_delimiter", "quote_char", "escape_char", "extract_header", "skip_lines", "record_delimiter"},
    "json": TEXTUAL,
    "parquet": frozenset({"on_error"}),
}
ON_ERROR: Mapping[str, tuple[str, ...]] = {
    "text": ("abort", "continue", "skip_file"),
    "json": ("abort", "continue", "skip_file"),
    "parquet": ("abort", "skip_file"),
}
SWITCHES = frozenset({"empty_as_null", "extract_header", "trim_space"})
# What a value says that does not fit. A full disk is none of these.
UNFIT = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)
RECORDS, FITTING = "records", "fitting"  # of a file as they are, and as rows of the table those that fit
Write = Callable[[str], Part]


@dataclass(frozen=True, kw_only=True)
class Records:
    """The records of a file, and the columns of the table that they have."""

    query: Query
    columns: tuple[Column, ...]
    own: tuple[Column, ...]

    def rows(self, records: str) -> str:
        """Return some records, in DuckDB's words, as rows of the table."""
        known = {each.name.lower(): each for each in self.columns}
        listed = ", ".join(quoted(each.name) for each in self.own)
        kept = Query(sql=f"SELECT {listed} FROM {records}", columns=self.own)
        return as_table(kept, [known[each.name.lower()] for each in self.own], self.columns, exp.Null())


@dataclass(frozen=True, kw_only=True)
class Copying:
    """The records of files, and what becomes of those that do not fit the table."""

    files: tuple[Records, ...]
    on_error: str
    skipped: int = 0  # files that could not be read at all

    @classmethod
    def of(cls, statement: Statement, catalog: LiveCatalog, columns: Sequence[Column]) -> Copying:
        """Return what a statement copies."""
        chosen = _chosen(statement, catalog)
        on_error = _checked(statement.options["settings"], {each.format for each in chosen})
        found, skipped = [], 0
        for files in chosen:
            try:
                query = read(files, catalog.connection)
            except DremioError as error:
                if on_error != "skip_file" or error.kind != "DATA_READ":
                    raise
                skipped += 1
                continue
            own = _shared(query, columns, files.place)
            found.append(Records(query=_shaped(query, files), columns=tuple(columns), own=own))
        return cls(files=tuple(found), on_error=on_error, skipped=skipped)

    @property
    def query(self) -> str:
        """All that is read, as one query."""
        return " UNION ALL ".join(each.rows(f"({each.query.sql}) AS read") for each in self.files) or "SELECT 1"

    def written(self, write: Write, connection: duckdb.DuckDBPyConnection) -> tuple[list[Part], int]:
        """Write the rows, and return their parts with how many records were rejected, or files where those are."""
        if self.on_error == "abort":
            return [write(self.query)], 0
        parts, rejected = [], self.skipped
        for each in self.files:
            if self.on_error == "continue":
                rejected += _fitting(each, connection)
                parts.append(write(f"SELECT * FROM {FITTING}"))
                connection.execute(f"DROP TABLE {FITTING}")
                continue
            try:
                parts.append(write(each.rows(f"({each.query.sql}) AS read")))
            except UNFIT:
                rejected += 1
        return parts, rejected


def _fitting(file: Records, connection: duckdb.DuckDBPyConnection) -> int:
    """Gather the records of a file that fit, by halves where one does not, and return how many do not."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RECORDS} AS {file.query.sql}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FITTING} AS {file.rows(f'{RECORDS} LIMIT 0')}")
    count = int(connection.execute(f"SELECT count(*) FROM {RECORDS}").fetchall()[0][0])
    rejected, open_ = 0, [(0, count)] if count else []
    while open_:
        start, size = open_.pop()
        try:
            connection.execute(f"INSERT INTO {FITTING} {file.rows(f'{RECORDS} LIMIT {size} OFFSET {start}')}")
        except UNFIT:
            half = size // 2
            open_ += [(start + half, size - half), (start, half)] if half else []
            rejected += not half
    connection.execute(f"DROP TABLE {RECORDS}")
    return rejected


def _chosen(statement: Statement, catalog: LiveCatalog) -> list[Files]:
    """Return the files that a statement means, each by itself: their columns may be others."""
    options = statement.options
    name, *rest = options["location"].lstrip("@/").split("/")
    source = catalog.snapshot.sources.get(name.lower())
    place = located(source[1], [part for part in rest if part]) if source else None
    if source is None or place is None:
        raise invalid(f"The location '{options['location']}' of COPY INTO leads to no file of a source")
    said = {"csv": "text", "json": "json", "parquet": "parquet", None: None}.get(options["format"], "")
    if said == "":
        raise invalid(f"FILE_FORMAT '{options['format']}' is none of 'csv', 'json' and 'parquet'")
    settings = options["settings"]
    return [
        Files(place=each, format=_format(each, said), settings=settings, root=source[1])
        for each in _paths(options, place, said, source[1])
    ]


def _paths(options: Mapping[str, Any], place: Path, said: str | None, root: Path) -> list[Path]:
    if options["files"]:
        found = [located(place, each.split("/")) for each in options["files"]]
        for path, name in zip(found, options["files"], strict=True):
            if path is None or not path.is_file():
                raise invalid(f"The file '{name}' is not at '{options['location']}'")
        return [each for each in found if each is not None]
    if options["regex"] is not None:
        return _matching(options["regex"], place, options["location"])
    if place.is_file():
        return [place]
    return files_of(Files(place=place, format=_format(place, said), settings={}, root=root, is_said=said is not None))


def _matching(pattern: str, place: Path, location: str) -> list[Path]:
    """Return the files whose path below a place is matched as a whole."""
    try:
        form = re.compile(pattern)
    except re.error as error:
        raise invalid(f"The REGEX '{pattern}' cannot be read: {error}") from error
    found = [each for each in files_in(place) if form.fullmatch(each.relative_to(place).as_posix())]
    if not found:
        raise invalid(f"No file at '{location}' matches the REGEX '{pattern}'")
    return found


def _format(place: Path, said: str | None) -> str:
    form = said or format_of(place)
    if form is None or form not in SETTINGS:
        raise invalid(f"'{place.name}' is not known to be of CSV, JSON or Parquet; say FILE_FORMAT")
    return form


def _checked(settings: Mapping[str, Any], formats: set[str]) -> str:
    """Return what is to be done about errors; refuse settings that files of these formats have not."""
    for form in formats:
        for name, value in settings.items():
            if name not in SETTINGS[form]:
                raise unsupported(f"COPY INTO with {name} = {value!r} has no faithful translation")
    for name in SWITCHES & settings.keys():
        if str(settings[name]).lower() not in {"true", "false"}:
            raise invalid(f"Specified value '{settings[name]}' is not valid for Format Option '{name.upper()}'")
    lines = str(settings.get("skip_lines", 0))
    if not lines.isdecimal():
        raise invalid(f"Invalid value for SKIP_LINES: must be a non-negative integer, but got '{lines}'")
    on_error = str(settings.get("on_error", "abort")).lower()
    for form in formats:
        if on_error not in ON_ERROR[form]:
            raise invalid(f"ON_ERROR '{on_error}' is none of {', '.join(ON_ERROR[form])}")
    return on_error


def _shaped(query: Query, files: Files) -> Query:
    """Return the records of a file with its texts trimmed, and NULL where that is said."""
    settings = files.settings
    empty = truth(settings.get("empty_as_null", True))
    values = []
    for column in query.columns:
        value = quoted(column.name)
        if column.type == VARCHAR and files.format != "parquet":
            value = f"trim({value})" if truth(settings.get("trim_space", False)) else value
            for text in settings.get("null_if", ()):
                value = f"nullif({value}, {literal(text)})"
            if empty:
                value = f"nullif({value}, '')"
            elif files.format == "text":  # whose empty values are read as NULL
                value = f"CASE WHEN {quoted(column.name)} IS NULL THEN '' ELSE {value} END"
        values.append(f"{value} AS {quoted(column.name)}")
    return Query(sql=f"SELECT {', '.join(values)} FROM ({query.sql}) AS records", columns=query.columns)


def _shared(query: Query, columns: Sequence[Column], file: Path) -> tuple[Column, ...]:
    """Return the columns of a file that the table has too; what the table has not is left out."""
    known = {each.name.lower() for each in columns}
    names = {each.name.lower() for each in query.columns}
    for name in names - known:
        if (twin := TWIN.fullmatch(name)) and twin[1] in names:
            raise invalid(f"Two columns of '{file.name}' have the name '{twin[1]}'")
    own = tuple(each for each in query.columns if each.name.lower() in known)
    if not own:
        raise invalid(f"No column of '{file.name}' has the name of one of {[each.name for each in columns]}")
    return own
