"""What a statement brought, as much of it as is kept."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

KEPT_ROWS = 1_000
KEPT_BYTES = 64 * 1024
OUTPUT_BYTES = 48 * 1024
CHUNK = 10_000
NOTHING = ["Count"]  # the one column of a statement that brings nothing, as CREATE TABLE

Result = dict[str, Any]


def fetched(connection: duckdb.DuckDBPyConnection) -> Result:
    """Read all that the last statement brings, and keep its first rows."""
    columns = [{"name": name, "type": str(kind)} for name, kind, *_ in connection.description or ()]
    rows: list[list[Any]] = []
    count = size = 0
    for row in _rows(connection):
        count += 1
        if len(rows) == count - 1 and count <= KEPT_ROWS:
            plain = [_plain(value) for value in row]
            size += len(json.dumps(plain))
            if size <= KEPT_BYTES:
                rows.append(plain)
    if not rows and [column["name"] for column in columns] == NOTHING:
        columns = []
    return {"schema": columns, "rows": rows, "row_count": count, "truncated": count > len(rows)}


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while chunk := connection.fetchmany(CHUNK):
        yield from chunk


def output_of(result: Mapping[str, Any]) -> Result:
    """Return a result as later tasks refer to it: rows by the names of their columns."""
    names = [column["name"] for column in result["schema"]]
    rows = [dict(zip(names, row, strict=True)) for row in result["rows"]]
    return {
        "rows": list(_first_bytes(rows, OUTPUT_BYTES)),
        "first_row": rows[0] if rows else None,
        "row_count": result["row_count"],
    }


def _first_bytes(rows: list[Result], limit: int) -> Iterator[Result]:
    for row in rows:
        limit -= len(json.dumps(row)) + 2
        if limit < 0:
            return
        yield row


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what JSON has no form for becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)
