from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from time import process_time

import pytest
from schedules import ZONES, fires, ms

from runyard.core.cron import next_fire, time_zone
from runyard.core.cron_text import parse_aws, parse_quartz
from runyard.core.errors import InvalidRequest

ROWS = [line.split("|") for line in (Path(__file__).parent / "quartz_fire_times.txt").read_text().splitlines()]


def shown(moments: Iterator[int], zone: str = "UTC") -> list[str]:
    return [datetime.fromtimestamp(one / 1000, time_zone(zone)).isoformat() for one in moments]


def first_fires(expression: str, after: str, zone: str = "UTC", *, count: int = 3) -> list[str]:
    return shown(islice(fires(parse_quartz(expression), ms(after), zone), count), zone)


# What Quartz itself printed


def test_the_rows_that_quartz_printed_are_all_here() -> None:
    assert len(ROWS) == 450
    assert len({row[0] for row in ROWS}) == 30


@pytest.mark.parametrize("expression", sorted({row[0] for row in ROWS}))
def test_every_fire_time_is_the_one_that_quartz_printed(expression: str) -> None:
    rows = [row for row in ROWS if row[0] == expression]

    for _, zone, after, printed in rows:
        expected = [ms(one) for one in printed.rstrip(",").split(",")]
        assert list(islice(fires(parse_quartz(expression), ms(after), zone), 6)) == expected, (zone, after)


# Daylight saving, place by place


@pytest.mark.parametrize(
    ("zone", "expression", "after", "expected"),
    [
        # Skipped: the clock never shows it that day.
        (
            "America/New_York",
            "0 30 2 * * ?",
            "2027-03-13T12:00Z",
            ["2027-03-15T02:30:00-04:00", "2027-03-16T02:30:00-04:00"],
        ),
        (
            "Europe/Berlin",
            "0 0/30 2-3 * * ?",
            "2027-03-28T00:00Z",
            ["2027-03-28T03:00:00+02:00", "2027-03-28T03:30:00+02:00"],
        ),
        (
            "Australia/Lord_Howe",
            "0 0/15 2 * * ?",
            "2026-10-03T12:00Z",
            ["2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00"],
        ),
        (
            "Pacific/Apia",
            "0 0 12 * * ?",
            "2011-12-29T00:00Z",
            ["2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"],
        ),
        (
            "Africa/Casablanca",
            "0 30 2 * * ?",
            "2025-04-05T12:00Z",
            ["2025-04-07T02:30:00+01:00", "2025-04-08T02:30:00+01:00"],
        ),
        (
            "America/Sao_Paulo",
            "0 0 0 * * ?",
            "2018-11-03T12:00Z",
            ["2018-11-05T00:00:00-02:00", "2018-11-06T00:00:00-02:00"],
        ),
        (
            "Africa/Cairo",
            "0 0,59 0,1 * * ?",
            "2025-04-24T12:00Z",
            ["2025-04-25T01:00:00+03:00", "2025-04-25T01:59:00+03:00"],
        ),
        # Doubled: only the second, standard one.
        (
            "America/New_York",
            "0 30 1 * * ?",
            "2026-10-31T12:00Z",
            ["2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"],
        ),
        (
            "Europe/Berlin",
            "0 * * * * ?",
            "2026-10-24T23:58Z",
            ["2026-10-25T01:59:00+02:00", "2026-10-25T02:00:00+01:00"],
        ),
        (
            "Australia/Lord_Howe",
            "0 45 1 * * ?",
            "2027-04-03T12:00Z",
            ["2027-04-04T01:45:00+10:30", "2027-04-05T01:45:00+10:30"],
        ),
        (
            "Pacific/Apia",
            "0 30 3 * * ?",
            "2011-04-02T10:00Z",
            ["2011-04-02T03:30:00-11:00", "2011-04-03T03:30:00-11:00"],
        ),
        (
            "Africa/Casablanca",
            "0 30 2 * * ?",
            "2025-02-22T12:00Z",
            ["2025-02-23T02:30:00+00:00", "2025-02-24T02:30:00+00:00"],
        ),
        (
            "America/Sao_Paulo",
            "0 30 23 * * ?",
            "2019-02-16T12:00Z",
            ["2019-02-16T23:30:00-03:00", "2019-02-17T23:30:00-03:00"],
        ),
        # Asked within the first of two equal hours: the whole second one lies ahead.
        (
            "America/New_York",
            "0 0/10 * * * ?",
            "2026-11-01T05:50Z",
            ["2026-11-01T01:00:00-05:00", "2026-11-01T01:10:00-05:00"],
        ),
        # No change at all, and no whole hours either.
        (
            "Asia/Kathmandu",
            "0 30 2 * * ?",
            "2027-03-27T12:00Z",
            ["2027-03-28T02:30:00+05:45", "2027-03-29T02:30:00+05:45"],
        ),
    ],
)
def test_a_skipped_time_never_fires_and_a_doubled_one_only_the_second_time(
    zone: str, expression: str, after: str, expected: list[str]
) -> None:
    assert first_fires(expression, after, zone, count=2) == expected


# Bounds


def test_a_fire_time_is_later_than_the_moment_asked_about_even_by_a_millisecond() -> None:
    noon = parse_quartz("0 0 12 * * ?")
    today = ms("2027-01-01T12:00Z")

    assert next_fire(noon, today - 1, UTC) == today
    assert next_fire(noon, today, UTC) == ms("2027-01-02T12:00Z")
    assert next_fire(noon, today + 1, UTC) == ms("2027-01-02T12:00Z")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 0 31W 1-3 ?", ["2027-01-29", "2027-03-31", "2028-01-31"]),
        # 1 May is a Saturday in these years: its Friday is the nearest workday to the 31st that April lacks.
        ("0 0 0 31W 4 ?", ["2027-04-30", "2032-04-30", "2038-04-30"]),
        ("0 0 0 L-30 * ?", ["2027-01-01", "2027-03-01", "2027-05-01"]),
        ("0 0 0 L-0W 1 ?", ["2027-01-29", "2028-01-31", "2029-01-31"]),
        ("0 0 0 ? * SUN#5", ["2027-01-31", "2027-05-30", "2027-08-29"]),
        ("0 0 0 ? 2 friL", ["2027-02-26", "2028-02-25", "2029-02-23"]),
        ("0 0 0 30-2 2-3 ?", ["2027-02-01", "2027-02-02", "2027-03-01"]),
    ],
)
def test_a_day_that_a_month_lacks_is_not_made_up(expression: str, expected: list[str]) -> None:
    assert first_fires(expression, "2026-12-31T12:00Z") == [f"{day}T00:00:00+00:00" for day in expected]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "expression", ["* * * 30 2 ?", "0 0 0 31 2,4,6,9,11 ?", "* * * ? * * 1970", "* * * L-29 2 ? /1"]
)
def test_a_date_that_never_comes_ends_soon_with_none(expression: str, zone: str) -> None:
    began = process_time()

    found = list(islice(fires(parse_quartz(expression), ms("2027-01-01T00:00Z"), zone), 1))

    assert found == []
    assert process_time() - began < 1


def test_a_time_that_is_skipped_every_year_ends_soon_with_none() -> None:
    began = process_time()

    found = first_fires("0 30 2 ? 3 1#2", "2027-01-01T00:00Z", "America/New_York")

    assert found == []
    assert process_time() - began < 1


def test_the_years_begin_and_end_where_the_limit_says() -> None:
    schedule = parse_quartz("0 0 0 1 1 ?")

    assert next_fire(schedule, -(10**30), UTC) == 0
    assert next_fire(schedule, -(10**30), time_zone("Pacific/Apia")) == ms("1970-01-01T11:00Z")
    assert next_fire(schedule, ms("2198-12-31T00:00Z"), UTC) == ms("2199-01-01T00:00Z")
    assert next_fire(schedule, ms("2199-01-01T00:00Z"), UTC) is None
    assert next_fire(schedule, 10**30, UTC) is None


# AWS


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 12 * * ? *)", ["2027-01-01T12:00", "2027-01-02T12:00", "2027-01-03T12:00"]),
        ("cron(15 10 ? * 6L 2027-2029)", ["2027-01-29T10:15", "2027-02-26T10:15", "2027-03-26T10:15"]),
        ("cron(0/20 8 ? * MON-FRI *)", ["2027-01-01T08:00", "2027-01-01T08:20", "2027-01-01T08:40"]),
        ("cron(0 0 ? * FRI-MON *)", ["2027-01-02T00:00", "2027-01-03T00:00", "2027-01-04T00:00"]),
        ("cron(0 9 3W * ? 2199)", ["2199-01-03T09:00", "2199-02-04T09:00", "2199-03-04T09:00"]),
        ("rate(1 minute)", ["2027-01-01T00:01", "2027-01-01T00:02", "2027-01-01T00:03"]),
        ("rate(12 hours)", ["2027-01-01T12:00", "2027-01-02T00:00", "2027-01-02T12:00"]),
        ("rate(10 days)", ["2027-01-11T00:00", "2027-01-21T00:00", "2027-01-31T00:00"]),
    ],
)
def test_an_aws_expression_fires_in_utc_on_the_minute(expression: str, expected: list[str]) -> None:
    moments = islice(fires(parse_aws(expression), ms("2027-01-01T00:00Z")), 3)

    assert shown(moments) == [f"{one}:00+00:00" for one in expected]


# Zones


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America", "../UTC", "/etc/passwd", "a\0b", "zone.tab", "x" * 9999]
)
def test_a_zone_that_is_not_one_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        time_zone(name)

    assert str(refused.value) == f"Time zone {name!r} is not known; write an IANA name such as Europe/Berlin or UTC."


def test_zones_are_there_on_a_machine_that_has_none() -> None:
    program = f"from runyard.core.cron import time_zone; print(*[time_zone(name) for name in {ZONES}])"

    told = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ZONES
