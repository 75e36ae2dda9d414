"""The engine against the plainest one: every minute, or every day, asked by itself whether it fits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st
from schedules import CHANGES, fires, ms

from runyard.core.cron import Schedule, time_zone
from runyard.core.cron_text import MONTH_NAMES, WEEKDAY_NAMES, parse_quartz

MINUTE_MS = 60_000


def walk(low: int, high: int, first: int, last: int) -> list[int]:
    numbers = [first]
    while numbers[-1] != last:
        numbers.append(numbers[-1] + 1 if numbers[-1] < high else low)
    return numbers


@st.composite
def items(draw: st.DrawFn, low: int, high: int, names: tuple[str, ...] = ()) -> tuple[str, set[int]]:
    """One item of a field as it is written, and the numbers it means."""
    first, last = draw(st.integers(low, high)), draw(st.integers(low, high))
    step = draw(st.integers(1, high))
    forms = {
        "*": set(range(low, high + 1)),
        f"*/{step}": set(range(low, high + 1, step)),
        f"/{step}": set(range(low, high + 1, step)),
        f"{first}": {first},
        f"{first:02}-{last}": set(walk(low, high, first, last)),
        f"{first}/{step}": set(range(first, high + 1, step)),
        f"{first}-{last}/{step}": set(walk(low, high, first, last)[::step]),
    }
    if names:
        forms[names[first - 1]] = {first}
        forms[f"{names[first - 1]}-{names[last - 1].lower()}"] = set(walk(low, high, first, last))
    return draw(st.sampled_from(sorted(forms.items())))


def parts(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[tuple[str, set[int]]]:
    """One field: a list of items."""
    lists = st.lists(items(low, high, names), min_size=1, max_size=3)
    return lists.map(lambda found: (",".join(text for text, _ in found), set().union(*(some for _, some in found))))


def weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def is_nearest_workday(day: date, wanted: int) -> bool:
    month = [day.replace(day=1) + timedelta(n) for n in range(31)]
    workdays = [one.day for one in month if one.month == day.month and one.weekday() < 5]
    return day.day == min(workdays, key=lambda one: abs(one - wanted))


def is_last(day: date, *, back: int) -> bool:
    return (day + timedelta(back)).month == day.month and (day + timedelta(back + 1)).month != day.month


def month_length(day: date) -> int:
    return ((day.replace(day=1) + timedelta(31)).replace(day=1) - timedelta(1)).day


@st.composite
def day_parts(draw: st.DrawFn) -> tuple[str, str, Callable[[date], bool]]:
    """Day-of-month and day-of-week as they are written, and whether a date fits them."""
    n, k, back, near = (draw(st.integers(1, most)) for most in (7, 5, 30, 28))
    month_text, month_days = draw(parts(1, 31))
    week_text, week_days = draw(parts(1, 7, WEEKDAY_NAMES))
    rules: list[tuple[str, str, Callable[[date], bool]]] = [
        ("*", "?", lambda _: True),
        ("?", "*", lambda _: True),
        (month_text, "?", lambda day: day.day in month_days),
        ("?", week_text, lambda day: weekday(day) in week_days),
        ("L", "?", lambda day: is_last(day, back=0)),
        (f"L-{back}", "?", lambda day: is_last(day, back=back)),
        ("LW", "?", lambda day: is_nearest_workday(day, month_length(day))),
        (f"L-{back % 20}W", "?", lambda day: is_nearest_workday(day, month_length(day) - back % 20)),
        (f"{near}w", "?", lambda day: is_nearest_workday(day, near)),
        ("?", "L", lambda day: weekday(day) == 7),
        ("?", f"{n}L", lambda day: weekday(day) == n and (day + timedelta(7)).month != day.month),
        ("?", f"{n}#{k}", lambda day: weekday(day) == n and (day.day - 1) // 7 == k - 1),
        ("?", f"{WEEKDAY_NAMES[n - 1]}#{k}", lambda day: weekday(day) == n and (day.day - 1) // 7 == k - 1),
    ]
    return draw(st.sampled_from(rules))


def fires_in(schedule: Schedule, after_ms: int, until_ms: int, zone: str) -> list[int]:
    return list(takewhile(lambda one: one < until_ms, fires(schedule, after_ms, zone)))


@settings(max_examples=100, deadline=None)  # a deadline would fail on a machine that others use too
@given(
    place=st.sampled_from(CHANGES),
    before=st.integers(0, 28 * 60 * MINUTE_MS),
    second=st.integers(0, 59),
    minutes=parts(0, 59),
    hours=parts(0, 23),
    days=st.one_of(st.just(("*", "?", lambda _: True)), day_parts()),
)
def test_no_minute_around_a_change_of_the_clock_is_missed_or_added(
    place: tuple[str, str],
    before: int,
    second: int,
    minutes: tuple[str, set[int]],
    hours: tuple[str, set[int]],
    days: tuple[str, str, Callable[[date], bool]],
) -> None:
    zone, after_ms = place[0], ms(place[1]) - before
    until_ms = after_ms + 30 * 60 * MINUTE_MS
    schedule = parse_quartz(f"{second} {minutes[0]} {hours[0]} {days[0]} * {days[1]}")

    def fits(moment: int) -> bool:
        local = datetime.fromtimestamp(moment / 1000, time_zone(zone))
        is_doubled = local.utcoffset() != local.replace(fold=1).utcoffset()
        return not is_doubled and local.minute in minutes[1] and local.hour in hours[1] and days[2](local.date())

    found = fires_in(schedule, after_ms, until_ms, zone)

    every_minute = range(after_ms // MINUTE_MS * MINUTE_MS + second * 1000, until_ms, MINUTE_MS)
    assert found == [one for one in every_minute if one > after_ms and fits(one)]


@settings(max_examples=100, deadline=None)  # a deadline would fail on a machine that others use too
@given(
    days=day_parts(),
    months=parts(1, 12, MONTH_NAMES),
    first_year=st.integers(1970, 2190),
    years=st.sampled_from(["{0}-{2}", "{0},{2}", "{0}/2"]),
)
def test_no_day_of_years_is_missed_or_added(
    days: tuple[str, str, Callable[[date], bool]], months: tuple[str, set[int]], first_year: int, years: str
) -> None:
    written = years.format(first_year, first_year + 1, first_year + 2)
    meant = {first_year, first_year + 2} | ({first_year + 1} if "-" in written else set())
    schedule = parse_quartz(f"0 0 12 {days[0]} {months[0]} {days[1]} {written}")
    new_year = datetime(first_year, 1, 1, 12, tzinfo=UTC)

    found = fires_in(schedule, ms(new_year.isoformat()) - 1, ms(f"{first_year + 3}-01-01T00:00Z"), "UTC")

    every_day = [new_year + timedelta(n) for n in range(1096)]
    wanted = [one for one in every_day if one.year in meant and one.month in months[1] and days[2](one.date())]
    assert found == [ms(one.isoformat()) for one in wanted]


@settings(max_examples=100, deadline=None)  # a deadline would fail on a machine that others use too
@given(st.sampled_from(CHANGES), st.integers(-3 * 60 * MINUTE_MS, 3 * 60 * MINUTE_MS), parts(0, 59), parts(0, 59))
def test_fire_times_always_increase_and_fit_the_clock(
    place: tuple[str, str], shift: int, seconds: tuple[str, set[int]], minutes: tuple[str, set[int]]
) -> None:
    after_ms = ms(place[1]) + shift
    schedule = parse_quartz(f"{seconds[0]} {minutes[0]} * * * ?")

    found = list(islice(fires(schedule, after_ms, place[0]), 200))

    clocks = [datetime.fromtimestamp(one / 1000, time_zone(place[0])) for one in found]
    assert found == sorted(set(found))
    assert found[0] > after_ms
    assert all(clock.second in seconds[1] and clock.minute in minutes[1] for clock in clocks)
    assert all(clock.utcoffset() == clock.replace(fold=1).utcoffset() for clock in clocks)
