# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Functions whose arguments are words or formats, which no row of a table could say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from ..column_types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGERS,
    NESTED,
    NULL,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    ColumnType,
    literal,
)  # fmt: skip
from ..errors import invalid, unsupported
from .conversions import ISO_DATE, MILLISECONDS, comparable, converted, literal_as, unified
from .formats import moment_read, moment_text, number_text
from .moment_functions import (
    EPOCH,
    MONTHS_BETWEEN,
    MONTHS_OF,
    NEXT_DAY,
    OF_DAY,
    PARTS,
    SINCE_1970,
    TRUNCATED,
    UNITS,
    WEEKDAYS,
)
from .scope import Scope, Typed

Compile = Callable[[exp.Expression, Scope], Typed]
Special = Callable[[exp.Expression, list[exp.Expression], Scope, Compile], Typed]


def _moment(value: Typed, node: exp.Expression) -> Typed:
    if value.text is not None:
        value = literal_as(value, DATE if ISO_DATE.fullmatch(value.text) else TIMESTAMP) or value
    if value.type not in {DATE, TIMESTAMP, NULL}:
        raise unsupported(f"A value of type {value.type.name} is no date or timestamp", node)
    return converted(value, TIMESTAMP, node) if value.type == NULL else value


def _format(given: Sequence[exp.Expression], place: int, scope: Scope, compiled: Compile) -> str:
    value = compiled(given[place], scope)
    if value.text is None:
        raise unsupported("A format must be written as a literal text", given[place])
    return value.text


def _unit(node: exp.Expression, known: Sequence[str]) -> str:
    word = node.name.upper().removeprefix("SQL_TSI_")
    if word not in known:
        raise invalid(f"{node.name!r} is no unit of time; known are: {', '.join(known)}", node)
    return word.lower()


def expect(node: exp.Expression, given: Sequence[exp.Expression], *counts: int) -> None:
    """Refuse a call with another number of arguments than a function takes."""
    if len(given) not in counts:
        wanted = " or ".join(map(str, counts))
        raise invalid(f"{node.name.upper()} takes {wanted} arguments, and {len(given)} are given", node)


def to_char(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Write a moment or an exact number in a format."""
    expect(node, given, 2)
    value, form = compiled(given[0], scope), _format(given, 1, scope, compiled)
    if value.type.name in INTEGERS or value.type.name == "DECIMAL":
        return Typed(sql=number_text(value.steady(node).sql, value.type.scale, form, node), type=VARCHAR)
    if value.type == TIME:
        value = Typed(sql=f"(DATE '2000-01-01' + {value.sql})", type=TIMESTAMP)
    if value.type not in {DATE, TIMESTAMP}:
        raise unsupported(f"TO_CHAR of a {value.type.name} has no faithful translation; CAST it to DECIMAL first", node)
    return Typed(sql=moment_text(value.steady(node).sql, form, node), type=VARCHAR)


def _read(kind: ColumnType) -> Special:
    def read(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
        expect(node, given, 2, 3)
        value, form = compiled(given[0], scope), _format(given, 1, scope, compiled)
        if value.type not in {VARCHAR, NULL}:
            raise unsupported(f"{node.name.upper()} of a {value.type.name} with a format has no translation", node)
        lenient = len(given) == 3 and _flag(given[2])  # noqa: PLR2004 the third argument: replace errors with NULL
        parsed = moment_read(value.steady(node).sql, form, node, kind=kind.name, lenient=lenient)
        words = MILLISECONDS.replace("{0}", parsed) if kind == TIMESTAMP else f"CAST({parsed} AS {kind.name})"
        return Typed(sql=words, type=kind)

    return read


def _flag(node: exp.Expression) -> bool:
    if node.name not in {"0", "1"} or not isinstance(node, exp.Literal):
        raise unsupported("The argument that replaces errors must be 0 or 1", node)
    return node.name == "1"


def to_number(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Read a number in a format of digits alone; it is rounded to as many places as the format has."""
    expect(node, given, 2)
    value, form = compiled(given[0], scope).steady(node), _format(given, 1, scope, compiled)
    known = re.fullmatch(r"#*0*(?:\.(0*#*))?", form)
    if value.type != VARCHAR or known is None or not set(form) & {"#", "0"}:
        raise unsupported(f"TO_NUMBER with the format {form!r} has no faithful translation", node)
    words = (
        f"CASE WHEN regexp_full_match({value.sql}, '-?[0-9]+([.][0-9]+)?') THEN "
        f"CAST(CAST({value.sql} AS DECIMAL(38,{len(known[1] or '')})) AS DOUBLE) WHEN {value.sql} IS NOT NULL THEN "
        f"error('Cannot parse input: ' || {value.sql}) END"
    )
    return Typed(sql=words, type=DOUBLE)


def next_day(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return the first day after a moment that has a name."""
    expect(node, given, 2)
    moment, name = _moment(compiled(given[0], scope), node).steady(node), _format(given, 1, scope, compiled).upper()
    found = [place for place, day in enumerate(WEEKDAYS) if name in {day, day[:3], day[:2]}]
    if not found:
        raise invalid(f"The weekday in this entry is invalid: {name}", given[1])
    return Typed(sql=f"({NEXT_DAY.format(moment.sql, found[0] + 1)})", type=DATE)


def timestamp_add(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Add units of time; a DATE stays one while whole days are added."""
    expect(node, given, 3)
    unit, count = _unit(given[0], UNITS), compiled(given[1], scope)
    moment = _moment(compiled(given[2], scope), node)
    if count.type.name not in INTEGERS:
        raise unsupported(f"A count of type {count.type.name} has no faithful translation", node)
    step = {"quarter": "to_months(3 * {0})", "week": "to_days(7 * {0})"}.get(unit, f"to_{unit}s({{0}})")
    kind = TIMESTAMP if unit.upper() in OF_DAY else moment.type
    words = f"{moment.sql} + {step.replace('{0}', f'CAST({count.sql} AS INTEGER)')}"
    return Typed(sql=f"CAST({words} AS {kind.name})", type=kind)


def timestamp_diff(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Count the whole units between two moments."""
    expect(node, given, 3)
    unit = _unit(given[0], UNITS)
    first, last = (_moment(compiled(each, scope), node) for each in given[1:])
    if unit in MONTHS_OF and TIMESTAMP in {first.type, last.type}:
        start, end = (converted(each.steady(node), TIMESTAMP, node) for each in (first, last))
        return _months(start.sql, end.sql, MONTHS_OF[unit])
    words = f"datesub('{unit}', CAST({first.sql} AS TIMESTAMP), CAST({last.sql} AS TIMESTAMP))"
    return Typed(sql=f"CAST({words} AS INTEGER)", type=INTEGER)


def _months(first: str, last: str, count: int) -> Typed:
    """Return how many times a count of months is between two timestamps."""
    forward, back = MONTHS_BETWEEN.format(first, last), MONTHS_BETWEEN.format(last, first)
    words = f"CASE WHEN {last} > {first} THEN {forward} // {count} WHEN {last} <= {first} THEN -({back} // {count}) END"
    return Typed(sql=f"CAST({words} AS INTEGER)", type=INTEGER)


def date_trunc(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Truncate a moment; a DATE stays one."""
    expect(node, given, 2)
    unit, moment = _unit(given[0], TRUNCATED), _moment(compiled(given[1], scope), node)
    return Typed(sql=f"CAST(date_trunc('{unit}', {moment.sql}) AS {moment.type.name})", type=moment.type)


def date_part(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return a part of a moment as a whole number."""
    expect(node, given, 2)
    return part_of(given[0].name, compiled(given[1], scope), node)


def part_of(name: str, value: Typed, node: exp.Expression) -> Typed:
    """Return a named part of a moment, a time or nothing else."""
    word = name.upper()
    if word == "DOW":
        return Typed(sql=f"(dayofweek({_moment(value, node).sql}) + 1)", type=BIGINT)
    if word not in PARTS:
        raise unsupported(f"The part {name} of a moment has no faithful translation", node)
    if value.type == TIME and word in OF_DAY:
        return Typed(sql=f"{PARTS[word]}({value.sql})", type=BIGINT)
    moment = _moment(value, node)
    if moment.type == DATE and word in OF_DAY:
        moment = converted(moment, TIMESTAMP, node)
    return Typed(sql=(EPOCH if word == "EPOCH" else f"{PARTS[word]}({{0}})").replace("{0}", moment.sql), type=BIGINT)


def unix_timestamp(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return the seconds since 1970 now, or of a text in a format."""
    expect(node, given, 0, 2)
    if not given:
        return Typed(sql=f"CAST({scope.world.moment() // 1000} AS BIGINT)", type=BIGINT)
    read = _read(TIMESTAMP)(node, given, scope, compiled)
    return Typed(sql=EPOCH.replace("{0}", read.sql), type=BIGINT)


def from_unixtime(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Write seconds since 1970 in a format."""
    expect(node, given, 2)
    value, form = compiled(given[0], scope).steady(node), _format(given, 1, scope, compiled)
    if value.type.name not in INTEGERS:
        raise unsupported(f"FROM_UNIXTIME of a {value.type.name} has no translation", node)
    return Typed(sql=moment_text(SINCE_1970.format(value.sql), form, node), type=VARCHAR)


def convert_from(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Read a binary as a text; JSON is read only where it is a literal, whose type is known."""
    expect(node, given, 2)
    value, form = compiled(given[0], scope), _format(given, 1, scope, compiled).upper()
    if form in {"UTF8", "UTF-8"} and value.type in {VARBINARY, VARCHAR}:
        return Typed(sql=f"decode({value.sql})" if value.type == VARBINARY else value.sql, type=VARCHAR)
    if form == "JSON" and value.text is not None:
        from .json_literals import json_value  # noqa: PLC0415 the one use of it

        return json_value(value.text, node)
    raise unsupported(f"CONVERT_FROM({value.type.name}, {form!r}) has no faithful translation", node)


def convert_to(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Write a text as a binary, or a value as JSON."""
    expect(node, given, 2)
    value, form = compiled(given[0], scope), _format(given, 1, scope, compiled).upper()
    if form in {"UTF8", "UTF-8"} and value.type == VARCHAR:
        return Typed(sql=f"encode({value.sql})", type=VARBINARY)
    raise unsupported(f"CONVERT_TO({value.type.name}, {form!r}) has no faithful translation", node)


def user(node: exp.Expression, given: list[exp.Expression], scope: Scope, _: Compile) -> Typed:
    """Return who asks."""
    expect(node, given, 0)
    return Typed(sql=literal(scope.world.user), type=VARCHAR)


def _now(kind: ColumnType, form: str) -> Special:
    def now(node: exp.Expression, given: list[exp.Expression], scope: Scope, _: Compile) -> Typed:
        expect(node, given, 0)
        now_ms = scope.world.moment()
        moment = dt.datetime.fromtimestamp(now_ms / 1000, tz=dt.UTC)
        told = moment.strftime(form).replace("%ms", f"{now_ms % 1000:03d}")
        return Typed(sql=f"{kind.name} '{told}'", type=kind)

    return now


def case_of_pairs(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return the second argument where the first is not NULL, else the third."""
    expect(node, given, 3)
    condition, *rest = (compiled(each, scope) for each in given)
    held, missing = unified(rest, node)
    return Typed(sql=f"CASE WHEN {condition.sql} IS NOT NULL THEN {held.sql} ELSE {missing.sql} END", type=held.type)


def nullif(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
    """Return the first argument as it is, unless it equals the second."""
    expect(node, given, 2)
    value, other = compiled(given[0], scope).steady(node), compiled(given[1], scope)
    one, two = comparable(value, other, node)
    return Typed(sql=f"CASE WHEN {one.sql} = {two.sql} THEN NULL ELSE {value.sql} END", type=value.type)


def extremes(function: str) -> Special:
    """Return the greatest or least of the arguments; one NULL among them is the answer."""

    def extreme(node: exp.Expression, given: list[exp.Expression], scope: Scope, compiled: Compile) -> Typed:
        values = unified([compiled(each, scope).steady(node) for each in given], node)
        if not values or values[0].type.name in NESTED:
            raise unsupported(f"{node.name.upper()} of these arguments has no faithful translation", node)
        known = " AND ".join(f"{each.sql} IS NOT NULL" for each in values)
        words = f"CASE WHEN {known} THEN {function}({', '.join(each.sql for each in values)}) END"
        return Typed(sql=words, type=values[0].type)

    return extreme


CURRENT_TIMESTAMP = _now(TIMESTAMP, "%Y-%m-%d %H:%M:%S.%%ms")
CURRENT_DATE = _now(DATE, "%Y-%m-%d")
CURRENT_TIME = _now(TIME, "%H:%M:%S.%%ms")

SPECIAL: dict[str, Special] = {
    "TO_CHAR": to_char,
    "TO_NUMBER": to_number,
    "NEXT_DAY": next_day,
    "TIMESTAMPADD": timestamp_add,
    "TIMESTAMPDIFF": timestamp_diff,
    "DATE_TRUNC": date_trunc,
    "DATE_PART": date_part,
    "CONVERT_FROM": convert_from,
    "CONVERT_TO": convert_to,
    "QUERY_USER": user,
    "USER": user,
    "NVL2": case_of_pairs,
    "NULLIF": nullif,
    "NOW": CURRENT_TIMESTAMP,
    "CURRENT_TIMESTAMP": CURRENT_TIMESTAMP,
    "LOCALTIMESTAMP": CURRENT_TIMESTAMP,
    "CURRENT_DATE": CURRENT_DATE,
    "CURRENT_DATE_UTC": CURRENT_DATE,
    "CURRENT_TIME": CURRENT_TIME,
    "CURRENT_TIME_UTC": CURRENT_TIME,
    "LOCALTIME": CURRENT_TIME,
    "GREATEST": extremes("greatest"),
    "LEAST": extremes("least"),
}
# Functions of which a table says the way with one argument, and these the ways with a format.
WITH_FORMAT: dict[str, Special] = {
    "TO_DATE": _read(DATE),
    "TO_TIME": _read(TIME),
    "TO_TIMESTAMP": _read(TIMESTAMP),
    "FROM_UNIXTIME": from_unixtime,
    "UNIX_TIMESTAMP": unix_timestamp,
}
# What is written without parentheses; no column of these names is found unless it is quoted.
BARE: dict[str, Special] = {
    "current_date": CURRENT_DATE,
    "current_timestamp": CURRENT_TIMESTAMP,
    "localtimestamp": CURRENT_TIMESTAMP,
    "current_time": CURRENT_TIME,
    "localtime": CURRENT_TIME,
    "current_user": user,
    "session_user": user,
    "user": user,
}
