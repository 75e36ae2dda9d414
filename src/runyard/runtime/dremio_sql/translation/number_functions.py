# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Functions of numbers, of conditions and of hashes."""

from __future__ import annotations

from collections.abc import Sequence

from ..column_types import BIGINT, BOOLEAN, DOUBLE, INTEGER, VARBINARY, VARCHAR, ColumnType, decimal
from .functions import Function, row, same
from .scope import Typed


def _whole_decimal(arguments: Sequence[Typed]) -> ColumnType:
    kind = arguments[0].type
    return decimal(kind.precision - kind.scale + (1 if kind.scale else 0), 0)


def _scaled(arguments: Sequence[Typed]) -> ColumnType:
    kind, places = arguments[0].type, int(arguments[1].sql)
    scale = min(max(places, 0), kind.scale)
    return decimal(kind.precision - kind.scale + scale + 1, scale)


def _double(words: str) -> list[Function]:
    return [row("double", DOUBLE, words)]


MATHEMATICS = {
    name: _double(f"{name.lower()}({{0}})")
    for name in ("SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "SINH", "COSH", "TANH", "COT", "SQRT", "EXP",
                 "DEGREES", "RADIANS", "LN", "LOG10")
}  # fmt: skip
# One step after Newton, for the root of 27 is 3 and not a bit more.
CUBE_ROOT = (
    "CASE WHEN pow(round(cbrt({0})), 3) = {0} THEN round(cbrt({0})) "
    "ELSE cbrt({0}) - (pow(cbrt({0}), 3) - {0}) / (3 * pow(cbrt({0}), 2)) END"
)
# As Gandiva counts: 2.675 * 100 is 267.5, whatever 2.675 is exactly.
ROUNDED = "trunc({0} * pow(CAST(10 AS DOUBLE), {1}) + CASE WHEN {0} >= 0 THEN 0.5 ELSE -0.5 END)"
ROUNDED = f"({ROUNDED} / pow(CAST(10 AS DOUBLE), {{1}}))"
BYTES = (
    "CASE WHEN length({0}) % 2 = 0 THEN unhex({0}) WHEN {0} IS NOT NULL THEN "
    "error('Failure parsing hex string, length was not a multiple of two.') END"
)
NUMBERS: dict[str, list[Function]] = {
    **MATHEMATICS,
    "LOG": [row("double", DOUBLE, "ln({0})"), row("double double", DOUBLE, "log({0}, {1})")],
    "CBRT": _double(CUBE_ROOT),
    "ATAN2": [row("double double", DOUBLE, "atan2({0}, {1})")],
    "POW": [row("double double", DOUBLE, "pow({0}, {1})")],
    "POWER": [row("double double", DOUBLE, "pow({0}, {1})")],
    "PI": [row("", DOUBLE, "pi()")],
    "E": [row("", DOUBLE, "exp(CAST(1 AS DOUBLE))")],
    "RAND": [row("", DOUBLE, "random()")],
    "RANDOM": [row("", DOUBLE, "random()")],
    "ABS": [row("number", same, "abs({0})")],
    "SIGN": [
        row("whole", same, "CAST(sign({0}) AS INTEGER)"),
        row("float", same, "CAST(sign({0}) AS DOUBLE)"),
        row("decimal", INTEGER, "CAST(sign({0}) AS INTEGER)"),
    ],
    "CEIL": [row("whole", same, "{0}"), row("float", same, "ceil({0})"), row("decimal", _whole_decimal, "ceil({0})")],
    "FLOOR": [
        row("whole", same, "{0}"),
        row("float", same, "floor({0})"),
        row("decimal", _whole_decimal, "floor({0})"),
    ],
    "ROUND": [
        row("whole", same, "{0}"),
        row("float", same, "round({0})"),
        row("decimal", _whole_decimal, "round({0}, 0)"),
        row("decimal whole", _scaled, "round({0}, {1})", literals=(1,)),
        row("single whole", same, f"CAST({ROUNDED} AS FLOAT)", literals=(1,)),
        row("whole whole", same, "CAST(round(CAST({0} AS DECIMAL(38,0)), {1}) AS BIGINT)", literals=(1,)),
        row("double whole", DOUBLE, ROUNDED, literals=(1,)),
    ],
    "TRUNCATE": [
        row("whole", same, "{0}"),
        row("float", same, "trunc({0})"),
        row("decimal", _whole_decimal, "trunc({0})"),
        row("decimal whole", _scaled, "trunc({0}, {1})", literals=(1,)),
    ],
    "BITWISE_AND": [row("whole whole", BIGINT, "CAST({0} AS BIGINT) & {1}")],
    "BITWISE_OR": [row("whole whole", BIGINT, "CAST({0} AS BIGINT) | {1}")],
    "BITWISE_XOR": [row("whole whole", BIGINT, "xor(CAST({0} AS BIGINT), {1})")],
    "BITWISE_NOT": [row("whole", same, "~{0}")],
    "ISNAN": [row("float", BOOLEAN, "isnan({0})")],
    "TO_HEX": [row("binary", VARCHAR, "hex({0})")],
    "HEX": [row("binary", VARCHAR, "hex({0})"), row("text", VARCHAR, "hex({0})")],
    "UNHEX": [row("text", VARBINARY, BYTES)],
    "MD5": [row("text", VARCHAR, "md5({0})"), row("binary", VARCHAR, "md5({0})")],
    "SHA1": [row("text", VARCHAR, "sha1({0})"), row("binary", VARCHAR, "sha1({0})")],
    "SHA256": [row("text", VARCHAR, "sha256({0})"), row("binary", VARCHAR, "sha256({0})")],
    "COALESCE": [row("any*", same, "coalesce({*})", alike=True)],
    "NVL": [row("any any", same, "coalesce({*})", alike=True)],
    "IFNULL": [row("any any", same, "coalesce({*})", alike=True)],
    "ISNULL": [row("any", BOOLEAN, "({0} IS NULL)")],
    "ISNOTNULL": [row("any", BOOLEAN, "({0} IS NOT NULL)")],
    "ISTRUE": [row("boolean", BOOLEAN, "({0} IS TRUE)")],
    "ISFALSE": [row("boolean", BOOLEAN, "({0} IS FALSE)")],
}
