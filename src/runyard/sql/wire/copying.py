"""COPY (query) TO STDOUT: rows as text, csv or PostgreSQL's binary form."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.sql.errors import INVALID_PARAMETER, SqlError
from runyard.sql.results import Heading, Row
from runyard.sql.wire.messages import copy_data
from runyard.sql.wire.rows import writers
from runyard.sql.wire.types import Write

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
END = b"\xff\xff"
FORMATS = ("text", "csv", "binary")
ESCAPES: Mapping[bytes, bytes] = {
    b"\\": b"\\\\",
    b"\b": b"\\b",
    b"\f": b"\\f",
    b"\n": b"\\n",
    b"\r": b"\\r",
    b"\t": b"\\t",
    b"\v": b"\\v",
}
SPECIAL = re.compile(rb"[\\\b\f\n\r\t\v]")
_int16 = struct.Struct(">h")
_int32 = struct.Struct(">i")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How rows are written."""

    format: str = "text"
    header: bool = False
    delimiter: bytes = b"\t"
    null: bytes = b"\\N"
    quote: bytes = b'"'
    escape: bytes = b'"'
    force: frozenset[str] | None = frozenset()  # columns that are quoted always; None: all

    @property
    def is_binary(self) -> bool:
        """Whether it is PostgreSQL's binary form."""
        return self.format == "binary"


def form_of(options: Mapping[str, Any]) -> Form:
    """How a COPY statement wants its rows."""
    name = options.get("format", "text")
    if name not in FORMATS:
        raise SqlError(INVALID_PARAMETER, f'COPY format "{name}" not recognized; there are {", ".join(FORMATS)}')
    is_csv = name == "csv"
    quote = _byte(options, "quote", '"')
    forced = options.get("force_quote", [])
    return Form(
        format=name,
        header=options.get("header", False),
        delimiter=_byte(options, "delimiter", "," if is_csv else "\t"),
        null=options.get("null", "" if is_csv else "\\N").encode(),
        quote=quote,
        escape=_byte(options, "escape", quote.decode()),
        force=None if forced == ["*"] else frozenset(forced),
    )


def _byte(options: Mapping[str, Any], name: str, default: str) -> bytes:
    value = options.get(name, default).encode()
    if len(value) != 1 or value in b"\r\n":
        raise SqlError(INVALID_PARAMETER, f"COPY {name} must be a single one-byte character, not {value.decode()!r}")
    return bytes(value)


class Copying:
    """Turns rows into CopyData messages, a row each."""

    def __init__(self, form: Form, headings: Sequence[Heading]) -> None:
        self._form = form
        self._columns = writers(headings, [int(form.is_binary)] * len(headings))
        self._finishers = [_finisher(form, one.name) for one in headings]
        # What stands before all rows comes with the first of them, or with what stands behind all.
        self._ahead = SIGNATURE if form.is_binary else b""
        self._names = tuple(one.name.encode() for one in headings)

    def head(self) -> bytes:
        """What stands before the rows."""
        if not self._form.header:
            return b""
        names = [finish(name) for finish, name in zip(self._finishers, self._names, strict=True)]
        return copy_data(self._form.delimiter.join(names) + b"\n")

    def rows(self, rows: Sequence[Row]) -> bytes:
        """Rows, of which there is at least one."""
        lines = self._binary(rows) if self._form.is_binary else self._lines(rows)
        first, self._ahead = self._ahead + next(lines), b""
        return copy_data(first) + b"".join(map(copy_data, lines))

    def tail(self) -> bytes:
        """What stands behind the rows."""
        return copy_data(self._ahead + END) if self._form.is_binary else b""

    def _lines(self, rows: Sequence[Row]) -> Iterator[bytes]:
        cells = [
            _cells(column, write, self._form.null, finish)
            for column, write, finish in zip(zip(*rows, strict=True), self._columns, self._finishers, strict=True)
        ]
        lines = map(self._form.delimiter.join, zip(*cells, strict=True)) if cells else iter([b""] * len(rows))
        return (line + b"\n" for line in lines)

    def _binary(self, rows: Sequence[Row]) -> Iterator[bytes]:
        columns = zip(zip(*rows, strict=True), self._columns, strict=True)
        cells = [list(_binary_cells(column, write)) for column, write in columns]
        count = _int16.pack(len(cells))
        return (count + b"".join(row) for row in zip(*cells, strict=True))


def _cells(column: Sequence[Any], write: Write, null: bytes, finish: Callable[[bytes], bytes]) -> list[bytes]:
    present = iter(write([value for value in column if value is not None]))
    return [null if value is None else finish(next(present)) for value in column]


def _finisher(form: Form, column: str) -> Callable[[bytes], bytes]:
    if form.format == "csv":
        is_forced = form.force is None or column in form.force
        special = re.compile(b"[" + re.escape(form.delimiter + form.quote) + rb"\r\n]|\A\\\.\Z")
        return lambda cell: _csv(cell, form, special) if not is_forced else _quoted(cell, form)
    return lambda cell: _escaped(cell, form.delimiter) if SPECIAL.search(cell) or form.delimiter in cell else cell


def _csv(cell: bytes, form: Form, special: re.Pattern[bytes]) -> bytes:
    return _quoted(cell, form) if cell == form.null or special.search(cell) else cell


def _quoted(cell: bytes, form: Form) -> bytes:
    escaped = cell if form.escape == form.quote else cell.replace(form.escape, form.escape * 2)
    return form.quote + escaped.replace(form.quote, form.escape + form.quote) + form.quote


def _escaped(cell: bytes, delimiter: bytes) -> bytes:
    written = SPECIAL.sub(lambda found: ESCAPES[found[0]], cell)
    return written if delimiter in ESCAPES else written.replace(delimiter, b"\\" + delimiter)


def _binary_cells(column: Sequence[Any], write: Write) -> Iterator[bytes]:
    present = iter(write([value for value in column if value is not None]))
    for value in column:
        if value is None:
            yield b"\xff\xff\xff\xff"
        else:
            data = next(present)
            yield _int32.pack(len(data)) + data
