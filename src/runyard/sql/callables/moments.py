"""Moments: what PostgreSQL's and Databricks' clients work out from times. A moment is milliseconds since 1970, in UTC.

SQLite's own functions (date, datetime, strftime …) stay what they are: they take and give texts. What is added here
takes either and gives milliseconds, so that it can be compared with the columns that hold them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from runyard.sql.callables.date_forms import to_read, written
from runyard.sql.callables.lengths import (
    DAY,
    LENGTHS,
    MONTHS,
    SECOND,
    fixed_length,
    length_of,
    number_of,
    unit_of,
    whole,
)
from runyard.sql.errors import INVALID_PARAMETER, INVALID_TEXT, SqlError
from runyard.sql.results import Value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS_A_YEAR = 12


def moment(value: Value) -> int | None:
    """The milliseconds that a number is or a text says."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return int(value)
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    try:
        return milliseconds(datetime.fromisoformat(text.strip()))
    except ValueError as error:
        raise SqlError(
            INVALID_TEXT, f"{text[:80]!r} is no time; write it as 2026-01-31 or 2026-01-31 23:59:59."
        ) from error


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970; a time without a zone is UTC."""
    return (at.replace(tzinfo=at.tzinfo or UTC) - EPOCH) // timedelta(milliseconds=1)


def date_of(at: int) -> datetime:
    """The time in UTC."""
    try:
        return EPOCH + timedelta(milliseconds=at)
    except OverflowError as error:
        raise SqlError(INVALID_PARAMETER, f"{at} milliseconds are in no year from 1 to 9999.") from error


def now() -> int:
    """This moment."""
    return time.time_ns() // 1_000_000


def today() -> int:
    """When this day began."""
    return now() // DAY * DAY


def to_timestamp(value: Value, form: Value = None) -> int | None:
    """Seconds since 1970 as PostgreSQL has them, or a text."""
    if isinstance(value, int | float):
        return int(value * SECOND)
    if form is not None and value is not None:
        return _read(str(value), str(form))
    return moment(value)


def to_date(value: Value, form: Value = None) -> int | None:
    """When the day of a moment began."""
    at = to_timestamp(value, form) if form is not None else moment(value)
    return None if at is None else at // DAY * DAY


def date_trunc(unit: Value, value: Value) -> int | None:
    """When the unit of time that a moment lies in began."""
    at = moment(value)
    if at is None or unit is None:
        return None
    name = unit_of(unit)
    if name == "week":
        return (at // DAY - date_of(at).weekday()) * DAY
    if name in LENGTHS:
        length = max(int(LENGTHS[name]), 1)
        return at // length * length
    found = date_of(at)
    months = (found.year * MONTHS_A_YEAR + found.month - 1) // MONTHS[name] * MONTHS[name]
    year, month = divmod(months, MONTHS_A_YEAR)
    return milliseconds(datetime(max(year, 1), month + 1, 1, tzinfo=UTC))


def date_part(unit: Value, value: Value) -> float | int | None:
    """A field of a moment, as EXTRACT names it."""
    at = moment(value)
    if at is None or unit is None:
        return None
    name = str(unit).strip().lower()
    read = FIELDS.get(name) or FIELDS.get(unit_of(name))
    if read is None:
        raise SqlError(INVALID_PARAMETER, f"A moment has no field {unit!r}; there are {', '.join(FIELDS)}.")
    return read(date_of(at))


FIELDS: Mapping[str, Callable[[datetime], float | int]] = {
    "year": lambda at: at.year,
    "quarter": lambda at: (at.month + 2) // 3,
    "month": lambda at: at.month,
    "week": lambda at: at.isocalendar().week,
    "day": lambda at: at.day,
    "dow": lambda at: at.isoweekday() % 7,
    "dayofweek": lambda at: at.isoweekday() % 7 + 1,
    "isodow": lambda at: at.isoweekday(),
    "doy": lambda at: at.timetuple().tm_yday,
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "second": lambda at: at.second + at.microsecond / 1_000_000 if at.microsecond else at.second,
    "millisecond": lambda at: at.second * SECOND + at.microsecond / SECOND,
    "epoch": lambda at: milliseconds(at) / SECOND,
}


def plus_interval(value: Value, count: Value, length: Value) -> int | None:
    """A moment so many times a length of time later; months end where they end."""
    at = moment(value)
    if at is None or count is None or length is None:
        return None
    times, (months, milliseconds_) = number_of(count), length_of(length)
    return (_months_later(at, whole(times * months)) if months else at) + whole(times * milliseconds_)


def _months_later(at: int, count: int) -> int:
    found = date_of(at)
    year, month = divmod(found.year * MONTHS_A_YEAR + found.month - 1 + count, MONTHS_A_YEAR)
    try:
        first = datetime(year, month + 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise SqlError(INVALID_PARAMETER, f"{count} months from there is no year from 1 to 9999.") from error
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return milliseconds(found.replace(year=year, month=month + 1, day=min(found.day, last.day)))


def difference(unit: Value, start: Value, end: Value) -> int | None:
    """How many whole units lie between two moments."""
    one, other = moment(start), moment(end)
    if one is None or other is None or unit is None:
        return None
    name = unit_of(unit)
    if name in LENGTHS:
        return int((other - one) / LENGTHS[name])
    first, second = date_of(min(one, other)), date_of(max(one, other))
    months = (second.year - first.year) * MONTHS_A_YEAR + second.month - first.month
    if (plus_interval(min(one, other), months, "month") or 0) > max(one, other):
        months -= 1
    return (months if other >= one else -months) // MONTHS[name] if other >= one else -(months // MONTHS[name])


def days_between(end: Value, start: Value) -> int | None:
    """How many days lie between two dates, as Databricks' datediff(end, start) counts them."""
    one, other = to_date(end), to_date(start)
    return None if one is None or other is None else (one - other) // DAY


def _date_diff(*arguments: Value) -> int | None:
    return days_between(*arguments) if len(arguments) == 2 else difference(*arguments)  # noqa: PLR2004 - two dates


def _date_add(*arguments: Value) -> int | None:
    if len(arguments) == 2:  # noqa: PLR2004 - a date and days
        return plus_interval(to_date(arguments[0]), arguments[1], "day")
    unit, count, value = arguments
    return plus_interval(value, count, unit)


def _date_sub(value: Value, days: Value) -> int | None:
    return None if days is None else plus_interval(to_date(value), -number_of(days), "day")


def _read(text: str, form: str) -> int:
    try:
        return milliseconds(datetime.strptime(text, to_read(form)))  # noqa: DTZ007 - milliseconds() takes it as UTC
    except ValueError as error:
        raise SqlError(INVALID_TEXT, f"{text[:80]!r} is no time of the form {form[:80]!r}.") from error


def date_format(value: Value, form: Value) -> str | None:
    """A moment as a text of a form."""
    at = moment(value)
    return None if at is None or form is None else written(date_of(at), str(form))


def _field(name: str) -> Callable[[Value], float | int | None]:
    return lambda value: date_part(name, value)


def _unix_seconds(*value: Value) -> int | None:
    at = moment(value[0]) if value else now()
    return None if at is None else at // SECOND


def _from_seconds(value: Value, form: Value = "yyyy-MM-dd HH:mm:ss") -> str | None:
    return None if value is None else date_format(int(number_of(value) * SECOND), form)


Row = tuple[Callable[..., Any], tuple[int, ...]]
FUNCTIONS: Mapping[str, Row] = {
    "now": (now, (0,)),
    "current_moment": (now, (0,)),
    "current_day": (today, (0,)),
    "getdate": (now, (0,)),
    "to_timestamp": (to_timestamp, (1, 2)),
    "as_timestamp": (moment, (1,)),
    "as_date": (to_date, (1,)),
    "to_date": (to_date, (1, 2)),
    "timestamp_millis": (moment, (1,)),
    "date_trunc": (date_trunc, (2,)),
    "date_part": (date_part, (2,)),
    "plus_interval": (plus_interval, (3,)),
    "interval_length": (fixed_length, (2,)),
    "date_add": (_date_add, (2, 3)),
    "dateadd": (_date_add, (2, 3)),
    "timestampadd": (_date_add, (3,)),
    "date_sub": (_date_sub, (2,)),
    "datediff": (_date_diff, (2, 3)),
    "date_diff": (_date_diff, (2, 3)),
    "timestampdiff": (difference, (3,)),
    "date_format": (date_format, (2,)),
    "to_char": (date_format, (2,)),
    "unix_timestamp": (_unix_seconds, (0, 1)),
    "unix_millis": (moment, (1,)),
    "from_unixtime": (_from_seconds, (1, 2)),
    **{
        name: (_field(name), (1,))
        for name in ("year", "quarter", "month", "day", "hour", "minute", "second", "dayofweek")
    },
}
"""Each with the counts of arguments that it takes."""
CHANGING = {"now", "current_moment", "current_day", "getdate", "unix_timestamp"}
MOMENTS = (
    "now current_moment current_day getdate to_timestamp as_timestamp as_date to_date timestamp_millis date_trunc "
    "plus_interval date_add dateadd timestampadd date_sub"
)
NUMBERS = (
    "interval_length datediff date_diff timestampdiff unix_timestamp unix_millis year quarter month day hour minute "
    "dayofweek"
)
TYPES: Mapping[str, str] = {
    **dict.fromkeys(MOMENTS.split(), "timestamp"),
    **dict.fromkeys(NUMBERS.split(), "bigint"),
    **dict.fromkeys(("date_part", "second"), "double"),
}
