"""Which days of a month a cron expression means."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SUNDAY, SATURDAY = 1, 7  # as Quartz and AWS count


@dataclass(frozen=True, kw_only=True)
class Month:
    """The length of a month and the weekday of each of its days."""

    length: int
    weekday_before: int  # of the day before the first

    @classmethod
    def of(cls, year: int, month: int) -> Month:
        """Look the month up in the calendar, which counts weekdays from Monday = 0."""
        first_weekday, length = monthrange(year, month)
        return cls(length=length, weekday_before=first_weekday + 1)

    def weekday(self, day: int) -> int:
        """Return 1 for Sunday to 7 for Saturday; days beyond the month's own count on into its neighbours."""
        return (self.weekday_before + day - 1) % 7 + 1

    def own(self, day: int) -> list[int]:
        """Return the day if the month has it."""
        return [day] if 1 <= day <= self.length else []


@dataclass(frozen=True, kw_only=True)
class DayRule:
    """Which days of a month a schedule means: a question asked of the month, and the numbers it is asked with."""

    find: Callable[..., Iterable[int]]
    numbers: tuple[int, ...] = ()

    def days(self, year: int, month: int) -> Iterable[int]:
        """Return the days of that month in their order."""
        return self.find(Month.of(year, month), *self.numbers)


def days_listed(month: Month, *days: int) -> Iterable[int]:
    """Return those of the days that the month has."""
    return (day for day in days if day <= month.length)


def day_from_end(month: Month, back: int = 0) -> Iterable[int]:
    """Return the last day, or the one that many days before it, if that is still in the month."""
    return month.own(month.length - back)


def workday_from_end(month: Month, back: int = 0) -> Iterable[int]:
    """Return the workday nearest to that day before the end."""
    return nearest_workday(month, month.length - back)


def nearest_workday(month: Month, day: int) -> Iterable[int]:
    """Return the nearest of Monday to Friday, which never lies in a neighbouring month."""
    # A day that the month lacks is counted on, as Quartz does: 31W is Friday 30 April when 1 May is a Saturday.
    shift = {SATURDAY: 2 if day == 1 else -1, SUNDAY: -2 if day == month.length else 1}
    return month.own(day + shift.get(month.weekday(day), 0))


def weekdays(month: Month, *wanted: int) -> list[int]:
    """Return the days that are one of these weekdays."""
    return [day for day in range(1, month.length + 1) if month.weekday(day) in wanted]


def saturdays(month: Month) -> Iterable[int]:
    """Return every end of a week, which is what a lone L means for Quartz."""
    return weekdays(month, SATURDAY)


def last_weekday(month: Month, weekday: int) -> Iterable[int]:
    """Return the last day that is this weekday."""
    return weekdays(month, weekday)[-1:]


def nth_weekday(month: Month, weekday: int, nth: int) -> Iterable[int]:
    """Return the day that is this weekday for the nth time; not every month has a fifth."""
    return weekdays(month, weekday)[nth - 1 : nth]
