"""Rows as DataRow messages, a batch at a time and within it a column at a time: what C code loops over is fast."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import add
from typing import Any

from runyard.sql.results import Heading, Row
from runyard.sql.wire.messages import ColumnShape, per_column, row_description
from runyard.sql.wire.types import WRITERS, Write, named

BATCH = 512  # rows
FIRST_BATCH = 16  # rows: somebody waits for these
MOST_KNOWN = 64  # shapes
SHORT = 1024  # bytes of a value whose length is at hand already packed
NULL = b"\xff\xff\xff\xff"

_int32 = struct.Struct(">i")
_lengths = [_int32.pack(length) for length in range(SHORT)]
_head = struct.Struct(">cih")

Encode = Callable[[Sequence[Row]], bytes]


def shapes(headings: Sequence[Heading], formats: Iterable[int]) -> list[ColumnShape]:
    """What RowDescription tells of columns."""
    return [
        ColumnShape(name=one.name, oid=named(one.type).oid, size=named(one.type).size, format=form)
        for one, form in zip(headings, formats, strict=True)
    ]


def writers(headings: Sequence[Heading], formats: Iterable[int]) -> list[Write]:
    """How each column is written."""
    return [WRITERS[form](named(one.type)) for one, form in zip(headings, formats, strict=True)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How the rows of one shape are announced and written."""

    headings: Sequence[Heading]
    description: bytes
    encode: Encode


class Manners:
    """The manners of the shapes that a client has been sent of late: many statements have the same."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[int, ...]], Manner] = {}

    def of(self, headings: Sequence[Heading], formats: tuple[int, ...]) -> Manner:
        """The manner of a shape."""
        known = self._known.get((id(headings), formats))
        if known is not None and known.headings is headings:
            return known
        made = _manner(headings, formats)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[id(headings), formats] = made
        return made


def _manner(headings: Sequence[Heading], formats: tuple[int, ...]) -> Manner:
    spread = tuple(per_column(formats, len(headings)))
    return Manner(
        headings=headings,
        description=row_description(shapes(headings, spread)),
        encode=encoder(writers(headings, spread)),
    )


def encoder(columns: Sequence[Write]) -> Encode:
    """Make what turns a batch of rows into DataRow messages."""
    count = len(columns)
    fixed = 6 + 4 * count  # the length itself, the number of columns, each column's length
    if not count:
        return lambda rows: _head.pack(b"D", fixed, 0) * len(rows)

    def encode(rows: Sequence[Row]) -> bytes:
        return row(rows[0]) if len(rows) == 1 else batch(rows)

    def row(values: Row) -> bytes:
        """One row, as most answers have: a column at a time would cost more."""
        parts = [b""]
        size = fixed
        for write, value in zip(columns, values, strict=True):
            if value is None:
                parts.append(NULL)
                continue
            (cell,) = write((value,))
            length = len(cell)
            size += length
            parts += (_lengths[length] if length < SHORT else _int32.pack(length), cell)
        parts[0] = _head.pack(b"D", size, count)
        return b"".join(parts)

    def batch(rows: Sequence[Row]) -> bytes:
        parts: list[Iterable[bytes]] = []
        sizes: Iterable[int] = repeat(fixed)
        for write, column in zip(columns, zip(*rows, strict=True), strict=True):
            lengths, prefixes, values = written(write, column)
            sizes = map(add, sizes, lengths)
            parts += (prefixes, values)
        heads = map(_head.pack, repeat(b"D"), sizes, repeat(count))
        return b"".join(chain.from_iterable(zip(heads, *parts, strict=False)))

    return encode


def written(write: Write, column: Sequence[Any]) -> tuple[Sequence[int], Iterable[bytes], Iterable[bytes]]:
    """A column's values: their lengths, those packed, and they themselves."""
    if None in column:
        return _with_nulls(write, column)
    values = write(column)
    lengths = list(map(len, values))
    if max(lengths) < SHORT:
        return lengths, map(_lengths.__getitem__, lengths), values
    return lengths, map(_int32.pack, lengths), values


def _with_nulls(write: Write, column: Sequence[Any]) -> tuple[Sequence[int], Iterable[bytes], Iterable[bytes]]:
    present = iter(write([value for value in column if value is not None]))
    values = [b"" if value is None else next(present) for value in column]
    lengths = list(map(len, values))
    prefixes = [NULL if value is None else _int32.pack(size) for value, size in zip(column, lengths, strict=True)]
    return lengths, prefixes, values
