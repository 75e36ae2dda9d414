# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Arithmetic, comparisons and conditions, with the types that Dremio gives them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from ..column_types import (
    BOOLEAN,
    DATE,
    DAYS,
    FLOATS,
    INTEGERS,
    INTERVALS,
    MONTHS,
    MOST_DIGITS,
    NULL,
    NUMBERS,
    TIMESTAMP,
    VARCHAR,
    ColumnType,
    added,
    as_decimal,
    divided,
    exactly,
    multiplied,
    remaining,
    shared,
    spelling,
)  # fmt: skip
from ..errors import unsupported
from .conversions import comparable, converted, literal_as
from .scope import Typed

DERIVED: dict[str, Callable[[ColumnType, ColumnType], ColumnType]] = {
    "+": added, "-": added, "*": multiplied, "/": divided, "%": remaining,
}  # fmt: skip
# Both sides as whole numbers, rounded half away from zero: DuckDB has no division of decimals, and doubles lose digits.
ROUNDED = "(2 * abs({n}) + abs({d})) // (2 * abs({d})) * sign({n}) * sign({d})"
QUOTIENT = f"CAST(CAST({ROUNDED} AS DECIMAL(38,0)) * {{unit}} AS {{kind}})"
MOST_UNITS = 37
MOST_NARROW = 18  # digits: DuckDB gives a sum or product of decimals with no more than these no more either, and fails
DAYS_ALONE = re.compile(r"\(*-?to_days\([^()]*\)\)*")


def arithmetic(sign: str, left: Typed, right: Typed, node: exp.Expression) -> Typed:
    """Return the value of an arithmetic operator."""
    left, right = literal_as(left, right.type) or left, literal_as(right, left.type) or right
    names = {left.type.name, right.type.name}
    if names == {"OTHER"} or not names <= NUMBERS | {"OTHER"}:
        return _of_moments(sign, left, right, node)
    left, right = _known(left, right.type, node), _known(right, left.type, node)
    names = {left.type.name, right.type.name}
    if "DECIMAL" in names and not names & FLOATS:
        return _decimals(sign, left, right, node)
    kind = shared(left.type, right.type)
    if kind is None:
        raise unsupported(f"{left.type.name} {sign} {right.type.name} has no faithful translation", node)
    return _plain(sign, left, right, kind)


def _known(value: Typed, other: ColumnType, node: exp.Expression) -> Typed:
    return converted(value, other, node) if value.type == NULL else value


def _plain(sign: str, left: Typed, right: Typed, kind: ColumnType) -> Typed:
    words = f"({_as(left, kind)} {sign} {_as(right, kind)})"
    # The remainder has its divisor's type, as in Calcite.
    if sign == "%" and right.type != kind and kind.name in INTEGERS:
        return Typed(sql=f"CAST({words} AS {right.type.name})", type=right.type)
    return Typed(sql=words, type=kind)


def _as(value: Typed, kind: ColumnType) -> str:
    return value.sql if value.type == kind or kind.name in INTEGERS else f"CAST({value.sql} AS {spelling(kind)})"


def _decimals(sign: str, left: Typed, right: Typed, node: exp.Expression) -> Typed:
    one, other = as_decimal(left.type), as_decimal(right.type)
    kind = DERIVED[sign](one, other)
    first, second = _exact(left, one), _exact(right, other)
    if sign == "/":
        if left.is_random or right.is_random:
            raise unsupported("The division of a random value has no faithful translation", node)
        return _quotient(first, second, (one, other), kind)
    if sign == "%":  # DuckDB would take doubles where it thinks that both together need more digits than it has
        first, second = (f"CAST({each} AS {spelling(exactly(one, other))})" for each in (first, second))
    elif max(one.precision, other.precision) <= MOST_NARROW < kind.precision - (sign == "*"):
        first = f"CAST({left.sql} AS {spelling(replace(one, precision=MOST_NARROW + 1))})"
    words = f"({first} {sign} {second})"
    natural = max(one.scale, other.scale) if sign != "*" else one.scale + other.scale
    if natural > MOST_DIGITS:
        raise unsupported(f"A product with {natural} places has no faithful translation; CAST a factor", node)
    return Typed(sql=words if natural == kind.scale else f"CAST({words} AS {spelling(kind)})", type=kind)


def _exact(value: Typed, kind: ColumnType) -> str:
    return value.sql if value.type == kind else f"CAST({value.sql} AS {spelling(kind)})"


def _quotient(first: str, second: str, kinds: tuple[ColumnType, ColumnType], kind: ColumnType) -> Typed:
    one, other = kinds
    shift = kind.scale + other.scale - one.scale
    numerator, denominator = _whole(first, one.scale), _whole(second, other.scale)
    if shift >= 0:
        numerator = f"({numerator} * {_power(shift)})"
    else:
        denominator = f"({denominator} * {_power(-shift)})"
    unit = f"CAST('{10**-kind.scale:.{kind.scale}f}' AS DECIMAL({kind.scale + 1},{kind.scale}))"
    words = QUOTIENT.format(n=numerator, d=denominator, unit=unit, kind=spelling(kind))
    return Typed(sql=words, type=kind)


def _whole(words: str, scale: int) -> str:
    return (
        f"CAST(CAST({words} AS DECIMAL(38,{scale})) * {_power(scale)} AS HUGEINT)"
        if scale
        else f"CAST({words} AS HUGEINT)"
    )


def _power(places: int) -> str:
    return f"CAST('1{'0' * min(places, MOST_UNITS)}' AS HUGEINT)"


def _of_moments(sign: str, left: Typed, right: Typed, node: exp.Expression) -> Typed:
    one, other = left.type, right.type
    if sign == "+" and one.name in INTERVALS and other in {DATE, TIMESTAMP}:
        left, right, one, other = right, left, other, one
    if sign in "+-" and one in {DATE, TIMESTAMP} and other.name in INTERVALS:
        if one == DATE and not _whole_days(right):
            raise unsupported("A DATE and an interval of hours has no faithful translation; CAST it to TIMESTAMP", node)
        return Typed(sql=f"CAST({left.sql} {sign} {right.sql} AS {one.name})", type=one)
    if sign == "-" and one == other == DATE:
        return Typed(sql=f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))", type=DAYS)
    if sign == "-" and one == other == TIMESTAMP:
        return Typed(sql=f"({left.sql} - {right.sql})", type=DAYS)
    if sign in "+-" and one == other and one in {DAYS, MONTHS}:
        return Typed(sql=f"({left.sql} {sign} {right.sql})", type=one)
    if sign == "*" and one.name in INTERVALS and other.name in INTEGERS:
        return Typed(sql=f"({left.sql} * CAST({right.sql} AS BIGINT))", type=one)
    raise unsupported(f"{one.name} {sign} {other.name} has no faithful translation", node)


def _whole_days(value: Typed) -> bool:
    """Tell whether an interval is one of days, months or years by the way it is written."""
    return value.type == MONTHS or bool(DAYS_ALONE.fullmatch(value.sql))


def comparison(sign: str, left: Typed, right: Typed, node: exp.Expression) -> Typed:
    """Return whether two values compare so."""
    first, second = comparable(left, right, node)
    return Typed(sql=f"({first.sql} {sign} {second.sql})", type=BOOLEAN)


def one_of(pairs: Sequence[tuple[Typed, Typed]], node: exp.Expression) -> Typed:
    """Return whether a value is one of some; where it is one type with all of them, as a list, which is quick."""
    if len({left.sql for left, _ in pairs}) == 1:
        return Typed(sql=f"({pairs[0][0].sql} IN ({', '.join(right.sql for _, right in pairs)}))", type=BOOLEAN)
    return Typed(
        sql=f"({' OR '.join(f'{left.steady(node).sql} = {right.sql}' for left, right in pairs)})", type=BOOLEAN
    )


def condition(value: Typed, node: exp.Expression) -> str:
    """Return a value that must be true or false."""
    if value.type not in {BOOLEAN, NULL}:
        raise unsupported(f"A value of type {value.type.name} is no condition", node)
    return value.sql if value.type == BOOLEAN else "CAST(NULL AS BOOLEAN)"


def joined(left: Typed, right: Typed, node: exp.Expression) -> Typed:
    """Return two texts as one."""
    first, second = converted(left, VARCHAR, node), converted(right, VARCHAR, node)
    return Typed(sql=f"({first.sql} || {second.sql})", type=VARCHAR)
