"""Values bound to the question marks of a prepared statement, written into its text as literals of their types."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from runyard.runtime.dremio_sql.errors import DremioError, unsupported

# A text, a name or a comment, whole, so that a question mark within it is none of ours; or the mark.
PIECE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|//[^\n]*|/\*.*?\*/|\?", re.DOTALL)
LEAST_INTEGER, LEAST_BIGINT = -(2**31), -(2**63)
MARK = "?"
UNKNOWN = "NULL"


def marks_in(sql: str) -> int:
    """Count the question marks for which values are wanted."""
    return sum(found[0] == MARK for found in PIECE.finditer(sql))


def bound(sql: str, values: Sequence[Any]) -> str:
    """Return a text with a literal in the place of each question mark."""
    wanted = marks_in(sql)
    if len(values) != wanted:
        raise DremioError("VALIDATION", f"The statement has {wanted} parameters, and {len(values)} values are bound.")
    left = iter(values)
    return PIECE.sub(lambda found: literal_of(next(left)) if found[0] == MARK else found[0], sql)


def without_values(sql: str) -> str:
    """Return a text whose parameters are not known yet."""
    return PIECE.sub(lambda found: UNKNOWN if found[0] == MARK else found[0], sql)


def literal_of(value: Any) -> str:
    """Return a value as a literal of Dremio's SQL."""
    known = next((write for kind, write in LITERALS.items() if isinstance(value, kind)), None)
    if known is None:
        raise unsupported(f"A parameter of type {type(value).__name__} has no literal; bind text and CAST it")
    return known(value)


def _whole(value: int) -> str:
    if LEAST_INTEGER <= value <= -LEAST_INTEGER - 1:
        return str(value) if value >= 0 else f"({value})"
    return f"CAST({value} AS BIGINT)" if LEAST_BIGINT <= value <= -LEAST_BIGINT - 1 else f"({value})"


def _number(value: float) -> str:
    """Return a number by its text, which can also be that of -0.0, of what is endless, and of no number."""
    return f"CAST('{repr(value).replace('inf', 'Infinity').replace('nan', 'NaN')}' AS DOUBLE)"


def _decimal(value: Decimal) -> str:
    _, digits, exponent = value.as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + max(int(exponent), 0), scale)
    return f"CAST({value:f} AS DECIMAL({max(precision, 1)}, {scale}))"


def _moment(value: dt.datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(dt.UTC)
    return f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}'"


LITERALS: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    bool: lambda value: "TRUE" if value else "FALSE",
    int: _whole,
    float: _number,
    Decimal: _decimal,
    str: lambda value: "'" + value.replace("'", "''") + "'",
    bytes: lambda value: f"UNHEX('{value.hex()}')",
    dt.datetime: _moment,
    dt.date: lambda value: f"DATE '{value:%Y-%m-%d}'",
    dt.time: lambda value: f"TIME '{value:%H:%M:%S}.{value.microsecond // 1000:03d}'",
    list: lambda value: f"ARRAY[{', '.join(map(literal_of, value))}]",
}
"""How the values that Arrow hands out are written; the more exact type first."""
