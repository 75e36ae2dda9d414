# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""How a value of one type becomes one of another, as Dremio makes it, or is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from ..column_types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    FLOAT,
    FLOATS,
    INTEGER,
    INTEGERS,
    MONTHS,
    NESTED,
    NULL,
    NUMBERS,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    ColumnType,
    decimal,
    exactly,
    has_room,
    list_of,
    shared,
    spelling,
)  # fmt: skip
from ..errors import REFUSED, unsupported
from .scope import Typed

# Java writes 1.0E10 where DuckDB writes 10000000000.0: texts of doubles are given where both agree.
PLAIN_DOUBLE = (
    f"CASE WHEN {{0}} = 0 OR (abs({{0}}) >= 1e-3 AND abs({{0}}) < 1e7) THEN CAST({{0}} AS VARCHAR) WHEN {{0}} IS NULL "
    f"THEN NULL ELSE error('{REFUSED}the text of a floating-point number outside 0.001 to 10,000,000 is written in "
    "another notation; CAST it to DECIMAL first') END"
)
WHOLE = (
    "CASE WHEN {0} IS NULL THEN NULL WHEN regexp_full_match(trim({0}), '[+-]?[0-9]+') THEN CAST(trim({0}) AS {1}) ELSE "
    "error('Failed to cast the string ' || {0} || ' to {1}') END"
)
FRACTION = (
    "CASE WHEN {0} IS NULL THEN NULL WHEN regexp_full_match(trim({0}), "
    "'[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?|NaN|Infinity)') THEN CAST(trim({0}) AS {1}) ELSE "
    "error('Failed to cast the string ' || {0} || ' to {1}') END"
)
DAY_TEXT, TIME_OF_DAY = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
MOMENT_TEXT = f"{DAY_TEXT}([ T]{TIME_OF_DAY})?"
MILLISECONDS = "date_trunc('milliseconds', {0})"
TIMESTAMP_TEXT = "strftime({0}, '%Y-%m-%d %H:%M:%S.%g')"
TIME_TEXT = "strftime(DATE '2000-01-01' + {0}, '%H:%M:%S.%g')"


def _read(words: str, shape: str) -> str:
    """Return the cast of a text that has one form; Dremio reads others in ways of its own, as years of two digits."""
    wrong = "error('Not a valid ' || lower('{1}') || ' value: ' || {0})"
    return f"CASE WHEN regexp_full_match({{0}}, '{shape}') THEN {words} WHEN {{0}} IS NOT NULL THEN {wrong} END"


PLAIN: dict[tuple[str, str], str] = {
    ("VARCHAR", "DATE"): "CAST({0} AS DATE)",
    ("VARCHAR", "TIME"): "CAST(" + MILLISECONDS.replace("{0}", "DATE '2000-01-01' + CAST({0} AS TIME)") + " AS TIME)",
    ("VARCHAR", "TIMESTAMP"): MILLISECONDS.replace("{0}", "CAST({0} AS TIMESTAMP)"),
}
"""Casts of texts whose form is known."""
# From and to; what stands in neither this table nor a rule below is refused.
CASTS: dict[tuple[str, str], str] = {
    ("BOOLEAN", "VARCHAR"): "CAST({0} AS VARCHAR)",
    ("DATE", "VARCHAR"): "strftime({0}, '%Y-%m-%d')",
    ("TIME", "VARCHAR"): TIME_TEXT,
    ("TIMESTAMP", "VARCHAR"): TIMESTAMP_TEXT,
    ("INTEGER", "VARCHAR"): "CAST({0} AS VARCHAR)",
    ("BIGINT", "VARCHAR"): "CAST({0} AS VARCHAR)",
    ("DECIMAL", "VARCHAR"): "CAST({0} AS VARCHAR)",
    ("DOUBLE", "VARCHAR"): PLAIN_DOUBLE,
    ("FLOAT", "VARCHAR"): PLAIN_DOUBLE,
    ("VARBINARY", "VARCHAR"): "decode({0})",
    ("VARCHAR", "VARBINARY"): "encode({0})",
    ("VARCHAR", "INTEGER"): WHOLE,
    ("VARCHAR", "BIGINT"): WHOLE,
    ("VARCHAR", "FLOAT"): FRACTION,
    ("VARCHAR", "DOUBLE"): FRACTION,
    ("VARCHAR", "DECIMAL"): FRACTION.replace("|NaN|Infinity", ""),
    ("VARCHAR", "BOOLEAN"): "CASE lower({0}) WHEN 'true' THEN true WHEN 't' THEN true WHEN '1' THEN true WHEN 'false' "
    "THEN false WHEN 'f' THEN false WHEN '0' THEN false ELSE CASE WHEN {0} IS NOT NULL THEN error('Invalid value for "
    "boolean: ' || {0}) END END",
    ("VARCHAR", "DATE"): _read(PLAIN["VARCHAR", "DATE"], MOMENT_TEXT),
    ("VARCHAR", "TIME"): _read(PLAIN["VARCHAR", "TIME"], TIME_OF_DAY),
    ("VARCHAR", "TIMESTAMP"): _read(PLAIN["VARCHAR", "TIMESTAMP"], MOMENT_TEXT),
    ("DATE", "TIMESTAMP"): "CAST({0} AS TIMESTAMP)",
    ("TIMESTAMP", "DATE"): "CAST({0} AS DATE)",
    ("TIMESTAMP", "TIME"): "CAST({0} AS TIME)",
    ("INTEGER", "BIGINT"): "CAST({0} AS BIGINT)",
    ("BIGINT", "INTEGER"): "CAST({0} AS INTEGER)",
}  # fmt: skip
INTERVAL_UNITS = {
    "YEAR": ("to_years", MONTHS), "MONTH": ("to_months", MONTHS), "DAY": ("to_days", DAYS), "HOUR": ("to_hours", DAYS),
    "MINUTE": ("to_minutes", DAYS), "SECOND": ("to_seconds", DAYS),
}  # fmt: skip
TYPES: dict[str, ColumnType] = {
    "INT": INTEGER, "BIGINT": BIGINT, "FLOAT": FLOAT, "DOUBLE": DOUBLE, "BOOLEAN": BOOLEAN, "VARCHAR": VARCHAR,
    "VARBINARY": VARBINARY, "DATE": DATE, "TIME": TIME, "TIMESTAMP": TIMESTAMP,
}  # fmt: skip
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d+)?")
WHOLE_TEXT = re.compile(r"[+-]?\d{1,18}")


def converted(value: Typed, wanted: ColumnType, node: exp.Expression) -> Typed:
    """Return a value as another type."""
    if value.type == wanted:
        return value
    if value.type == NULL:
        return Typed(sql=f"CAST({value.sql} AS {spelling(wanted)})", type=wanted)
    template = _template(value, wanted)
    if template is None:
        raise unsupported(f"A value of type {value.type.name} cannot be cast to {wanted.name}", node)
    if template.count("{0}") > 1:
        value = value.steady(node)
    return Typed(sql=template.replace("{1}", spelling(wanted)).replace("{0}", value.sql), type=wanted)


FORMS = {"DATE": re.compile(MOMENT_TEXT), "TIME": re.compile(TIME_OF_DAY), "TIMESTAMP": re.compile(MOMENT_TEXT)}


def _template(value: Typed, wanted: ColumnType) -> str | None:
    given = value.type
    if value.text is not None and wanted.name in FORMS and FORMS[wanted.name].fullmatch(value.text):
        return PLAIN[given.name, wanted.name]
    if (given.name, wanted.name) in CASTS:
        return CASTS[given.name, wanted.name]
    if {given.name, wanted.name} <= NUMBERS:
        # Dremio rounds half away from zero where DuckDB rounds doubles to even.
        return "CAST(round({0}) AS {1})" if given.name in FLOATS and wanted.name in INTEGERS else "CAST({0} AS {1})"
    if given.name == wanted.name == "LIST" and shared(given, wanted) == wanted:
        return "CAST({0} AS {1})"
    return None


def target(kind: exp.DataType, node: exp.Expression | None = None) -> ColumnType:
    """Return the type that a CAST names."""
    if isinstance(kind.this, exp.Interval):
        return INTERVAL_UNITS[kind.this.text("unit").upper()][1]
    name = kind.this.value if isinstance(kind.this, exp.DType) else str(kind.this)
    sizes = [int(each.this.this) for each in kind.expressions if isinstance(each, exp.DataTypeParam)]
    if name == "DECIMAL":
        return decimal(sizes[0] if sizes else 38, sizes[1] if len(sizes) > 1 else 0)
    if name in {"ARRAY", "LIST"} and len(kind.expressions) == 1:
        return list_of(target(kind.expressions[0], node))
    if name not in TYPES or (sizes and name not in {"VARCHAR", "TIMESTAMP", "TIME", "VARBINARY"}):
        raise unsupported(f"The type {kind.sql()} is not known to runyard's Dremio engine", node)
    return TYPES[name]


def cast(value: Typed, kind: exp.DataType, node: exp.Expression) -> Typed:
    """Return what CAST brings."""
    if isinstance(kind.this, exp.Interval):
        return _interval(value, kind.this.text("unit").upper(), node)
    wanted = converted(value, target(kind, node), node)
    sizes = [int(each.this.this) for each in kind.expressions if isinstance(each, exp.DataTypeParam)]
    if wanted.type == VARCHAR and sizes:
        return Typed(sql=f"substring({wanted.sql}, 1, {sizes[0]})", type=VARCHAR)
    if wanted.type in {TIMESTAMP, TIME} and sizes not in ([], [3]):
        raise unsupported(f"{kind.sql()}: moments have milliseconds, nothing finer or coarser", node)
    return wanted


def _interval(value: Typed, unit: str, node: exp.Expression) -> Typed:
    if unit not in INTERVAL_UNITS or value.type.name not in INTEGERS:
        raise unsupported(f"A value of type {value.type.name} cannot be cast to INTERVAL {unit}", node)
    function, kind = INTERVAL_UNITS[unit]
    return Typed(sql=f"{function}({value.sql})", type=kind)


def unified(values: list[Typed], node: exp.Expression) -> list[Typed]:
    """Return values as the one type that holds all of them."""
    kind = NULL
    for value in values:
        common = shared(kind, value.type)
        if common is None:
            raise unsupported(f"{kind.name} and {value.type.name} have no type in common; CAST one of them", node)
        kind = common
    return [converted(value, kind, node) for value in values]


def comparable(left: Typed, right: Typed, node: exp.Expression) -> tuple[Typed, Typed]:
    """Return two values so that comparing them is what Dremio compares."""
    if left.type.name in NESTED or right.type.name in NESTED:
        raise unsupported(f"{left.type.name} and {right.type.name} cannot be compared", node)
    left, right = literal_as(left, right.type) or left, literal_as(right, left.type) or right
    names = {left.type.name, right.type.name}
    if "OTHER" in names or (len(names) == 1 and has_room(left.type, right.type)):
        return left, right
    moment = next((each for each in (left.type, right.type) if each in {DATE, TIME, TIMESTAMP}), None)
    if moment and "VARCHAR" in names:
        return converted(left, moment, node), converted(right, moment, node)
    kind = shared(left.type, right.type)
    if kind is None:
        raise unsupported(f"{left.type.name} and {right.type.name} cannot be compared; CAST one of them", node)
    if kind.name == "DECIMAL":
        kind = max(kind, exactly(left.type, right.type), key=lambda each: each.scale)
    return converted(left, kind, node), converted(right, kind, node)


READINGS: tuple[tuple[Callable[[ColumnType], bool], re.Pattern[str]], ...] = (
    (lambda kind: kind == DATE, ISO_DATE),
    (lambda kind: kind == TIMESTAMP, re.compile(f"{ISO_DATE.pattern}|{ISO_MOMENT.pattern}")),
    (lambda kind: kind == TIME, re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?")),
    (lambda kind: kind.name in NUMBERS, WHOLE_TEXT),
)


def literal_as(value: Typed, kind: ColumnType) -> Typed | None:
    """Return a literal text as the type that it stands beside, where it reads as one."""
    if value.text is None or kind == VARCHAR:
        return None
    for suits, pattern in READINGS:
        if suits(kind) and pattern.fullmatch(value.text):
            return Typed(sql=f"CAST({value.sql} AS {spelling(kind)})", type=kind)
    return None
