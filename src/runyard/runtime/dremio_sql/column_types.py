"""Dremio's column types: their names, what arithmetic makes of them, and how DuckDB spells them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_DIGITS = 38
PATTERN = re.compile(r"[*?\[]")
LEAST_SCALE = 6  # of a decimal whose digits were cut


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """A type by Dremio's name."""

    name: str
    precision: int = 0
    scale: int = 0
    fields: tuple[tuple[str, ColumnType], ...] = ()  # of a LIST its element, of a MAP key and value, of a STRUCT all

    @property
    def element(self) -> ColumnType:
        """What a LIST holds, or the values of a MAP."""
        return self.fields[-1][1]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table or of a result."""

    name: str
    type: ColumnType


INTEGER = ColumnType(name="INTEGER")
BIGINT = ColumnType(name="BIGINT")
FLOAT = ColumnType(name="FLOAT")
DOUBLE = ColumnType(name="DOUBLE")
BOOLEAN = ColumnType(name="BOOLEAN")
VARCHAR = ColumnType(name="VARCHAR")
VARBINARY = ColumnType(name="VARBINARY")
DATE = ColumnType(name="DATE")
TIME = ColumnType(name="TIME")
TIMESTAMP = ColumnType(name="TIMESTAMP")
DAYS = ColumnType(name="INTERVAL DAY TO SECOND")
MONTHS = ColumnType(name="INTERVAL YEAR TO MONTH")
NULL = ColumnType(name="OTHER")  # of a bare NULL

INTEGERS = frozenset({"INTEGER", "BIGINT"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})
NUMBERS = INTEGERS | FLOATS | {"DECIMAL"}
INTERVALS = frozenset({DAYS.name, MONTHS.name})
NESTED = frozenset({"LIST", "STRUCT", "MAP"})
DIGITS = {"INTEGER": 10, "BIGINT": 19}  # of a whole number that meets a decimal

SPELLINGS = {
    "VARBINARY": "BLOB",
    DAYS.name: "INTERVAL",
    MONTHS.name: "INTERVAL",
    "OTHER": "INTEGER",
}
# DuckDB's names as Dremio's: Parquet's small integers are read as INTEGER, and what is wider than BIGINT as DECIMAL.
NAMES = {
    "boolean": BOOLEAN, "tinyint": INTEGER, "smallint": INTEGER, "integer": INTEGER, "utinyint": INTEGER,
    "usmallint": INTEGER, "uinteger": BIGINT, "bigint": BIGINT, "float": FLOAT, "double": DOUBLE,
    "varchar": VARCHAR, "enum": VARCHAR, "uuid": VARCHAR, "json": VARCHAR, "blob": VARBINARY, "date": DATE,
    "time": TIME, "time_ns": TIME, "timestamp": TIMESTAMP, "timestamp_s": TIMESTAMP, "timestamp_ms": TIMESTAMP,
    "timestamp_ns": TIMESTAMP, "timestamp with time zone": TIMESTAMP, "interval": DAYS, "null": NULL, "sqlnull": NULL,
    '"null"': NULL,
}  # fmt: skip


def decimal(precision: int, scale: int) -> ColumnType:
    """Return a decimal; digits beyond 38 are taken from the scale, of which six stay."""
    if precision > MOST_DIGITS:
        scale = max(scale - (precision - MOST_DIGITS), min(scale, LEAST_SCALE))
        precision = MOST_DIGITS
    return ColumnType(name="DECIMAL", precision=precision, scale=scale)


def list_of(element: ColumnType) -> ColumnType:
    """Return the type of a list."""
    return ColumnType(name="LIST", fields=(("", element),))


def as_decimal(kind: ColumnType) -> ColumnType:
    """Return an exact number's type as the decimal it is among decimals."""
    return kind if kind.name == "DECIMAL" else decimal(DIGITS[kind.name], 0)


def added(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the decimal of a sum or a difference."""
    scale = max(left.scale, right.scale)
    return decimal(max(left.precision - left.scale, right.precision - right.scale) + scale + 1, scale)


def multiplied(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the decimal of a product."""
    return decimal(left.precision + right.precision + 1, left.scale + right.scale)


def divided(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the decimal of a quotient."""
    scale = max(LEAST_SCALE, left.scale + right.precision + 1)
    return decimal(left.precision - left.scale + right.scale + scale, scale)


def remaining(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the decimal of a remainder."""
    scale = max(left.scale, right.scale)
    return decimal(min(left.precision - left.scale, right.precision - right.scale) + scale, scale)


def has_room(left: ColumnType, right: ColumnType) -> bool:
    """Tell whether one decimal has room for every digit of two."""
    return max(left.precision - left.scale, right.precision - right.scale) + max(left.scale, right.scale) <= MOST_DIGITS


def exactly(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the decimal with every place of two exact numbers, whatever is left for the digits before the point."""
    return decimal(MOST_DIGITS, max(left.scale, right.scale))


def shared(left: ColumnType, right: ColumnType) -> ColumnType | None:
    """Return the one type that holds both, or None."""
    if right in {left, NULL}:
        return left
    if left == NULL:
        return right
    names = {left.name, right.name}
    if names <= NUMBERS:
        return _shared_number(left, right)
    if names == {"DATE", "TIMESTAMP"}:
        return TIMESTAMP
    if names == {"LIST"}:
        element = shared(left.element, right.element)
        return list_of(element) if element else None
    return None


def _shared_number(left: ColumnType, right: ColumnType) -> ColumnType:
    names = {left.name, right.name}
    if names <= INTEGERS:
        return BIGINT
    if names & FLOATS:
        return FLOAT if names <= INTEGERS | {"FLOAT"} else DOUBLE
    left, right = as_decimal(left), as_decimal(right)
    scale = max(left.scale, right.scale)
    return decimal(max(left.precision - left.scale, right.precision - right.scale) + scale, scale)


def spelling(kind: ColumnType) -> str:
    """Return DuckDB's spelling of a type."""
    match kind.name:
        case "DECIMAL":
            return f"DECIMAL({kind.precision},{kind.scale})"
        case "LIST":
            return f"{spelling(kind.element)}[]"
        case "MAP":
            return f"MAP({spelling(kind.fields[0][1])}, {spelling(kind.element)})"
        case "STRUCT":
            return "STRUCT(" + ", ".join(f"{quoted(name)} {spelling(field)}" for name, field in kind.fields) + ")"
    return SPELLINGS.get(kind.name, kind.name)


def from_duckdb(kind: Any) -> ColumnType | None:
    """Return a DuckDB type as Dremio reads it, or None for what it cannot hold."""
    name = str(kind.id).lower()
    if name == "decimal":
        digits = dict(kind.children)
        return ColumnType(name="DECIMAL", precision=int(digits["precision"]), scale=int(digits["scale"]))
    if name in {"hugeint", "uhugeint", "ubigint"}:
        return ColumnType(name="DECIMAL", precision=20 if name == "ubigint" else MOST_DIGITS)
    if name in {"list", "array", "struct", "map"}:
        return _nested(name, dict(kind.children))
    return NAMES.get(str(kind).lower()) or NAMES.get(name)


def _nested(name: str, children: Mapping[str, Any]) -> ColumnType | None:
    if name == "array":
        children = {"child": children["child"]}
    fields = [(field, from_duckdb(child)) for field, child in children.items()]
    known = tuple((field, child) for field, child in fields if child)
    if len(known) < len(fields):
        return None
    if name == "map":
        return ColumnType(name="MAP", fields=(("key", known[0][1]), ("value", known[1][1])))
    return ColumnType(name="STRUCT", fields=known) if name == "struct" else list_of(known[0][1])


def document(kind: ColumnType) -> dict[str, Any]:
    """Return a type as the schema of a job's results tells it."""
    told: dict[str, Any] = {"name": kind.name}
    if kind.name == "DECIMAL":
        told |= {"precision": kind.precision, "scale": kind.scale}
    if kind.name == "LIST":
        told["subSchema"] = [{"type": document(kind.element)}]
    elif kind.fields:
        told["subSchema"] = [{"name": name, "type": document(field)} for name, field in kind.fields]
    return told


def columns_document(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return columns as the schema of a job's results tells them."""
    return [{"name": column.name, "type": document(column.type)} for column in columns]


def from_document(told: Mapping[str, Any]) -> ColumnType:
    """Return the type that a document tells."""
    fields = tuple((str(each.get("name", "")), from_document(each["type"])) for each in told.get("subSchema", ()))
    return ColumnType(name=told["name"], precision=told.get("precision", 0), scale=told.get("scale", 0), fields=fields)


def quoted(name: str) -> str:
    """Return a name as DuckDB reads it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as one literal of DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """Return a path as a literal that names this file alone, whatever its name holds that could be a pattern."""
    return literal(PATTERN.sub(r"[\g<0>]", str(path)))
