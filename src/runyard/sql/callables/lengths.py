"""Lengths of time: their units, and how PostgreSQL's clients write them, as `1 day 02:30:00` or `-1 month`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runyard.sql.errors import INVALID_PARAMETER, INVALID_TEXT, NOT_SUPPORTED, SqlError
from runyard.sql.results import Value

SECOND, MINUTE, HOUR, DAY, WEEK = 1_000, 60_000, 3_600_000, 86_400_000, 604_800_000
LENGTHS: Mapping[str, float] = {
    "microsecond": 0.001,
    "millisecond": 1,
    "second": SECOND,
    "minute": MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": WEEK,
}
MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}
OTHER_NAMES: Mapping[str, str] = {
    "us": "microsecond",
    "ms": "millisecond",
    "msec": "millisecond",
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "dd": "day",
    "w": "week",
    "mon": "month",
    "mm": "month",
    "y": "year",
    "yr": "year",
    "yy": "year",
    "yyyy": "year",
}
LONGEST = 2**60  # milliseconds: what SQLite can add to a moment
UNITS = (*LENGTHS, *MONTHS)
_PART = re.compile(
    r"(?P<number>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>[a-z]+)"
    r"|(?P<sign>[+-]?)(?P<hours>\d+):(?P<minutes>\d\d?)(?::(?P<seconds>\d\d?(?:\.\d+)?))?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,]*")


def unit_of(name: Value) -> str:
    """The unit that a word names, in one of its spellings."""
    word = str(name).strip().lower()
    spellings = (word, word.removesuffix("s"), *(OTHER_NAMES.get(one, "") for one in (word, word.removesuffix("s"))))
    found = next((one for one in spellings if one in UNITS), None)
    if found is None:
        raise SqlError(INVALID_PARAMETER, f"{name!r} is no unit of time; there are {', '.join(UNITS)}.")
    return found


def length_of(value: Value) -> tuple[int, float]:
    """The months and the milliseconds of a unit, of a text, or of a number of milliseconds."""
    if isinstance(value, int | float):
        return 0, value
    text = str(value).strip()
    if text.isalpha():
        return _of_unit(1, text)
    found = [_of_part(one) for one in _parts(text)]
    return sum(months for months, _ in found), sum(milliseconds for _, milliseconds in found)


def fixed_length(count: Value, value: Value) -> int | None:
    """The milliseconds of so many times a length of time."""
    if count is None or value is None:
        return None
    months, milliseconds = length_of(value)
    if months:
        raise SqlError(
            NOT_SUPPORTED, f"{value!r} is longer in one month than in another: add it to a time, or count in days."
        )
    return whole(number_of(count) * milliseconds)


def whole(count: float) -> int:
    """A count of months or milliseconds, unless no time is so long."""
    if not abs(count) < LONGEST:
        raise SqlError(INVALID_PARAMETER, "The length of time is longer than times can be apart here.")
    return int(count)


def number_of(value: Value) -> float:
    """The number that an interval counts with."""
    try:
        return float(value)  # type: ignore[arg-type]  # NULL has been answered before
    except (TypeError, ValueError) as error:
        raise SqlError(INVALID_PARAMETER, f"An interval counts in numbers, and {value!r} is none.") from error


def _parts(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while at < len(text) or not found:
        part = _PART.match(text, at)
        if part is None:
            raise SqlError(INVALID_TEXT, f"{text[:80]!r} is no length of time; write it as 1 day 2 hours or 02:30:00.")
        found.append(part)
        between = _BETWEEN.match(text, part.end())
        at = between.end() if between else len(text)
    return found


def _of_part(part: re.Match[str]) -> tuple[int, float]:
    if part["unit"]:
        return _of_unit(float(part["number"]), part["unit"])
    length = int(part["hours"]) * HOUR + int(part["minutes"]) * MINUTE + float(part["seconds"] or 0) * SECOND
    return 0, -length if part["sign"] == "-" else length


def _of_unit(count: float, unit: str) -> tuple[int, float]:
    name = unit_of(unit)
    return (0, count * LENGTHS[name]) if name in LENGTHS else (whole(count * MONTHS[name]), 0)
