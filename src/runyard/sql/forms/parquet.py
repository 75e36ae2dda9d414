"""Results as Parquet, written by DuckDB from a file of rows, so that none are held."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runyard.sql.errors import INVALID_TEXT, SqlError
from runyard.sql.forms.values import NULL, Style, moment, plain, texts
from runyard.sql.results import Heading, Result, Row, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS: Mapping[str, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "json": "VARCHAR",
    "timestamp": "TIMESTAMPTZ",
    "bytes": "VARCHAR",
}


def write_parquet(result: Result, file: Path, style: Style) -> int:
    """Write a file and return how many rows came."""
    import duckdb  # noqa: PLC0415 - see cli/main.py

    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        rows = Path(folder) / "rows.jsonl"
        count = _as_rows(result, rows, style)
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as database:
            try:
                database.execute(_copying(result.headings, rows, file, style))
            except duckdb.Error as error:
                problem = str(error).partition("\n")[0]
                raise SqlError(INVALID_TEXT, f"The rows do not fit the types of their columns: {problem}") from error
    return count


def _copying(headings: Sequence[Heading], rows: Path, file: Path, style: Style) -> str:
    kinds = ["VARCHAR" if style.strings else KINDS[heading.type] for heading in headings]
    columns = ", ".join(f"c{at}: '{kind}'" for at, kind in enumerate(kinds))
    shown = ", ".join(
        f'{_read(heading, at, style)} AS "{name}"'
        for at, (heading, name) in enumerate(zip(headings, _names(headings), strict=True))
    )
    source = f"read_json({_quoted(rows)}, format = 'newline_delimited', columns = {{{columns}}})"
    return f"COPY (SELECT {shown} FROM {source}) TO {_quoted(file)} (FORMAT parquet)"  # noqa: S608 - names are quoted


def _read(heading: Heading, at: int, style: Style) -> str:
    return f"unhex(c{at})" if heading.type == "bytes" and not style.strings else f"c{at}"


def _names(headings: Sequence[Heading]) -> list[str]:
    """The names of the columns, each its own: a file has no two alike."""
    found: list[str] = []
    for heading in headings:
        name, again = heading.name, 1
        while name.lower() in {one.lower() for one in found}:
            again += 1
            name = f"{heading.name}_{again}"
        found.append(name)
    return [name.replace('"', '""') for name in found]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _as_rows(result: Result, file: Path, style: Style) -> int:
    of = texts(result.headings, null=NULL) if style.strings else _values(result.headings)
    count = 0
    with file.open("wb") as out:
        for count, row in enumerate(result.rows, 1):  # noqa: B007 - it is what is returned
            out.write(msgspec.json.encode({f"c{at}": value for at, value in enumerate(of(row))}) + b"\n")
    return count


def _values(headings: Sequence[Heading]) -> Callable[[Row], list[Value]]:
    writers = [WRITERS.get(heading.type, plain) for heading in headings]
    return lambda row: [None if value is None else write(value) for write, value in zip(writers, row, strict=True)]


WRITERS: Mapping[str, Callable[[Value], Value]] = {
    "bigint": lambda value: value,
    "double": lambda value: value,
    "boolean": lambda value: bool(value) if isinstance(value, int) else plain(value),
    "timestamp": moment,
}
