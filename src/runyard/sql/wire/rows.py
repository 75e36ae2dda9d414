"""Rows as DataRow messages, a batch at a time and within it a column at a time: what C code loops over is fast."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from operator import add
from typing import Any

from runyard.sql.results import Heading, Row
from runyard.sql.wire.messages import ColumnShape
from runyard.sql.wire.types import WRITERS, Write, named

BATCH = 512  # rows
FIRST_BATCH = 16  # rows: somebody waits for these
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


def encoder(columns: Sequence[Write]) -> Encode:
    """Make what turns a batch of rows into DataRow messages."""
    count = len(columns)
    fixed = 6 + 4 * count  # the length itself, the number of columns, each column's length
    if not count:
        return lambda rows: _head.pack(b"D", fixed, 0) * len(rows)

    def encode(rows: Sequence[Row]) -> bytes:
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
