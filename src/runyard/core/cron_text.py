"""How a schedule is written: Quartz's cron expressions, and AWS's `cron(…)` and `rate(…)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from runyard.core.cron import FIRST_YEAR, LAST_YEAR, Rate, Schedule
from runyard.core.cron_days import (
    DayRule,
    day_from_end,
    days_listed,
    last_weekday,
    nearest_workday,
    nth_weekday,
    saturdays,
    weekdays,
    workday_from_end,
)
from runyard.core.errors import InvalidRequest

Days = Callable[..., Iterable[int]]

LONGEST_TEXT = 1000  # characters; all sixty minutes and seconds written out need 340
MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = {name: number for number, name in enumerate(MONTH_NAMES, 1)}
WEEKDAYS = {name: number for number, name in enumerate(WEEKDAY_NAMES, 1)}
WEEKDAY = f"([1-7]|{'|'.join(WEEKDAY_NAMES)})"
# Quartz refuses a range from a name to a number, and ignores a step after names without a word: both are refused here.
ITEM = re.compile(
    r"(?P<names>[A-Z]{3}(?:-[A-Z]{3})?)|(?P<numbers>\*|[0-9]{1,4}(?:-[0-9]{1,4})?)?(?:/(?P<step>[0-9]{1,4}))?"
)
AWS_CRON = re.compile(r"cron\((?P<fields>[^()]*)\)")
AWS_RATE = re.compile(
    r"rate\((?:1 (?P<one>minute|hour|day)|(?P<count>[2-9]|[1-9][0-9]{1,5}) (?P<many>minute|hour|day)s)\)"
)
UNIT_MS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of an expression: what it may hold."""

    name: str
    low: int
    high: int
    allowed: str
    names: Mapping[str, int] = field(default_factory=dict)
    wraps: bool = True  # may a range run over the end, as FRI-MON does
    listed: Days = days_listed
    forms: tuple[tuple[re.Pattern[str], Days], ...] = ()


SECONDS = Field(name="seconds", low=0, high=59, allowed="0-59")
MINUTES = Field(name="minutes", low=0, high=59, allowed="0-59")
HOURS = Field(name="hours", low=0, high=23, allowed="0-23")
DAY_OF_MONTH = Field(
    name="day-of-month",
    low=1,
    high=31,
    allowed="1-31; or alone ?, L, L-n (n is 0-30), LW, L-nW, nW",
    forms=(
        (re.compile(r"L(?:-(0?[0-9]|[12][0-9]|30))?"), day_from_end),
        (re.compile(r"L(?:-(0?[0-9]|[12][0-9]|30))?W"), workday_from_end),
        (re.compile(r"(0?[1-9]|[12][0-9]|3[01])W"), nearest_workday),
    ),
)
MONTH = Field(name="month", low=1, high=12, allowed="1-12 or JAN-DEC", names=MONTHS)
DAY_OF_WEEK = Field(
    name="day-of-week",
    low=1,
    high=7,
    allowed="1-7 (1 is Sunday) or SUN-SAT; or alone ?, L, nL, n#k (k is 1-5)",
    names=WEEKDAYS,
    listed=weekdays,
    forms=(
        (re.compile("L"), saturdays),
        (re.compile(f"{WEEKDAY}L"), last_weekday),
        (re.compile(f"{WEEKDAY}#([1-5])"), nth_weekday),
    ),
)
YEAR = Field(name="year", low=FIRST_YEAR, high=LAST_YEAR, allowed=f"{FIRST_YEAR}-{LAST_YEAR}", wraps=False)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What an expression says for one field."""

    field: Field
    text: str
    expression: str

    def refused(self, item: str, why: str) -> InvalidRequest:
        """Say what is wrong with one item of it, and what is allowed."""
        return InvalidRequest(
            f"The {self.field.name} field {self.text!r} of cron expression {self.expression!r} has {item!r}, {why}; "
            f"allowed: *, and lists (a,b), ranges (a-b) and steps (a/n, a-b/n) of {self.field.allowed}."
        )


def parse_quartz(text: str) -> Schedule:
    """Read a Quartz expression: seconds minutes hours day-of-month month day-of-week [year]."""
    _refuse_length(text)
    texts = text.split()
    if len(texts) not in {6, 7}:
        raise InvalidRequest(
            f"Cron expression {text!r} has {len(texts)} fields; "
            "write six or seven: seconds minutes hours day-of-month month day-of-week [year]."
        )
    return _schedule(text, [*texts, "*"][:7])


def parse_aws(text: str) -> Schedule | Rate:
    """Read an AWS expression, which fires in UTC: `cron(…)` of six fields that begin with minutes, or `rate(…)`."""
    _refuse_length(text)
    if cron := AWS_CRON.fullmatch(text):
        return _aws_schedule(text, cron["fields"].split())
    if rate := AWS_RATE.fullmatch(text):
        return Rate(every_ms=int(rate["count"] or 1) * UNIT_MS[rate["one"] or rate["many"]])
    raise InvalidRequest(
        f"Schedule expression {text!r} is not understood; "
        "write cron(minutes hours day-of-month month day-of-week year), rate(1 minute | hour | day), "
        "or rate(n minutes | hours | days) with n of 2-999999."
    )


def _aws_schedule(text: str, texts: list[str]) -> Schedule:
    if len(texts) != 6:  # noqa: PLR2004 - the message says it in words
        raise InvalidRequest(
            f"Schedule expression {text!r} has {len(texts)} fields; "
            "write six: cron(minutes hours day-of-month month day-of-week year)."
        )
    return _schedule(text, ["0", *texts])


def _refuse_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise InvalidRequest(
            f"Cron expression {text[:40] + '…'!r} has {len(text)} characters; at most {LONGEST_TEXT} are allowed."
        )


def _schedule(expression: str, texts: list[str]) -> Schedule:
    seconds, minutes, hours, month_days, months, week_days, years = texts
    if (month_days == "?") == (week_days == "?"):
        raise InvalidRequest(
            f"Cron expression {expression!r} has {month_days!r} as day-of-month and {week_days!r} as day-of-week; "
            "exactly one of the two must be ?."
        )
    field, days = (DAY_OF_MONTH, month_days) if week_days == "?" else (DAY_OF_WEEK, week_days)
    return Schedule(
        seconds=_numbers(Part(field=SECONDS, text=seconds, expression=expression)),
        minutes=_numbers(Part(field=MINUTES, text=minutes, expression=expression)),
        hours=_numbers(Part(field=HOURS, text=hours, expression=expression)),
        day_rule=_day_rule(Part(field=field, text=days, expression=expression)),
        months=_numbers(Part(field=MONTH, text=months, expression=expression)),
        years=_numbers(Part(field=YEAR, text=years, expression=expression)),
    )


def _day_rule(part: Part) -> DayRule:
    for pattern, find in part.field.forms:
        if match := pattern.fullmatch(part.text.upper()):
            words = (word for word in match.groups() if word is not None)
            return DayRule(find=find, numbers=tuple(part.field.names.get(word) or int(word) for word in words))
    return DayRule(find=part.field.listed, numbers=_numbers(part))


def _numbers(part: Part) -> tuple[int, ...]:
    """Return all numbers that a field allows, in order."""
    return tuple(sorted({number for item in part.text.split(",") for number in _item(part, item.upper())}))


def _item(part: Part, item: str) -> Iterator[int]:
    """Yield the numbers of one item of a list: `*`, a number, a name, a range, or a step through one of these."""
    field = part.field
    match = ITEM.fullmatch(item)
    if match is None or not item:
        raise part.refused(item, "which is not understood")
    low, high = _bounds(part, match["names"] or match["numbers"] or "*", has_step=match["step"] is not None)
    step = int(match["step"] or 1)
    if not 1 <= step <= field.high:
        raise part.refused(item, f"whose step is not in 1-{field.high}")
    if high < low and not field.wraps:
        raise part.refused(item, "which ends before it begins")
    size = field.high - field.low + 1
    last = high + size if high < low else high
    return ((number - field.low) % size + field.low for number in range(low, last + 1, step))


def _bounds(part: Part, span: str, *, has_step: bool) -> tuple[int, int]:
    if span == "*":
        return part.field.low, part.field.high
    first, _, last = span.partition("-")
    low = _number(part, first)
    if last:
        return low, _number(part, last)
    return low, part.field.high if has_step else low


def _number(part: Part, word: str) -> int:
    number = part.field.names.get(word) if word.isalpha() else int(word)
    if number is None or not part.field.low <= number <= part.field.high:
        raise part.refused(word, "which is out of bounds")
    return number
