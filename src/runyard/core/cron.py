"""When a cron schedule fires, on the clock of a time zone with its skipped and doubled hours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from runyard.core.cron_days import DayRule
from runyard.core.errors import InvalidRequest

# AWS documents 1970-2199; Quartz documents 1970-2099 and really goes on to a hundred years from now.
FIRST_YEAR, LAST_YEAR = 1970, 2199
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No zone is further than this from UTC, so that no moment outside these bounds falls into the years above.
ZONE_MARGIN = timedelta(days=2)
EARLIEST_MS = int((EPOCH - ZONE_MARGIN).timestamp()) * 1000
LATEST_MS = int((datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) + ZONE_MARGIN).timestamp()) * 1000


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A cron expression, read: the numbers each field allows, in order."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_rule: DayRule
    months: tuple[int, ...]
    years: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A schedule that only counts time: it fires this long after the moment it is asked about."""

    every_ms: int


def next_fire(schedule: Schedule | Rate, after_ms: int, zone: tzinfo) -> int | None:
    """Return the first moment later than `after_ms` at which the schedule fires; None when its years are over."""
    if isinstance(schedule, Rate):
        return after_ms + schedule.every_ms
    if after_ms >= LATEST_MS:
        return None
    clock = _clock_after(max(after_ms, EARLIEST_MS) // 1000, zone)
    while (found := _next_on_clock(schedule, clock)) is not None:
        first, second = _moments(found, zone)
        if first <= second:  # of a doubled hour only the second fires: Quartz takes the standard time
            return second * 1000
        clock = _clock_at_change(found, zone)  # the clock jumps over this time, and Quartz skips it
    return None


def _clock_after(second: int, zone: tzinfo) -> datetime:
    """Return the earliest time of the clock whose firing lies later than that second."""
    local = (EPOCH + timedelta(seconds=second + 1)).astimezone(zone)
    clock = local.replace(tzinfo=None, fold=0)
    first, second = _moments(clock, zone)
    if local.fold == 0 and first < second:  # in the first of two equal hours: all of the second lies ahead
        return _clock_at_change(clock, zone)
    return clock


def _next_on_clock(schedule: Schedule, clock: datetime) -> datetime | None:
    """Return the first time, from this one on, that fits every field; the clock knows no zone."""
    for day in _days_from(schedule, clock.date()):
        found = _time_from(schedule, clock.time() if day == clock.date() else time.min)
        if found is not None:
            return datetime.combine(day, found)
    return None


def _days_from(schedule: Schedule, start: date) -> Iterator[date]:
    for year in schedule.years[bisect_left(schedule.years, start.year) :]:
        for month in schedule.months:
            if (year, month) >= (start.year, start.month):
                days = (date(year, month, day) for day in schedule.day_rule.days(year, month))
                yield from (day for day in days if day >= start)


def _time_from(schedule: Schedule, start: time) -> time | None:
    times = (
        time(hour, minute, second)
        for hour in schedule.hours
        if hour >= start.hour
        for minute in schedule.minutes
        if (hour, minute) >= (start.hour, start.minute)
        for second in schedule.seconds
        if (hour, minute, second) >= (start.hour, start.minute, start.second)
    )
    return next(times, None)


def _moments(clock: datetime, zone: tzinfo) -> tuple[int, int]:
    """Return both seconds a time of the clock may mean: equal, in order (a doubled hour), or reversed (a gap)."""
    first, second = (int(clock.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    return first, second


def _clock_at_change(clock: datetime, zone: tzinfo) -> datetime:
    """Return what the clock shows right after the change that skips or doubles this time."""
    earlier, later = sorted(_moments(clock, zone))

    def offset(second: int) -> timedelta | None:
        return (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()

    before = offset(earlier)
    change = bisect_left(range(earlier, later), True, key=lambda second: offset(second) != before)
    return (EPOCH + timedelta(seconds=earlier + change)).astimezone(zone).replace(tzinfo=None, fold=0)


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, no proper name, or a folder of zones
        raise InvalidRequest(
            f"Time zone {name!r} is not known; write an IANA name such as Europe/Berlin or UTC."
        ) from error
