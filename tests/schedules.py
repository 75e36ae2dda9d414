"""Fire times as tests ask for them, and the places where clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runyard.core.cron import Rate, Schedule, next_fire, time_zone

# A moment at which each zone changes its clock: by an hour, half an hour, a whole day, at midnight, or (Nepal) never.
CHANGES = [
    ("America/New_York", "2027-03-14T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2027-03-28T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("Australia/Lord_Howe", "2027-04-03T15:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("Pacific/Apia", "2011-04-02T14:00Z"),
    ("Africa/Casablanca", "2025-02-23T02:00Z"),
    ("Africa/Casablanca", "2025-04-06T02:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00Z"),
    ("America/Sao_Paulo", "2019-02-17T02:00Z"),
    ("Africa/Cairo", "2025-04-24T22:00Z"),
    ("Africa/Cairo", "2025-10-30T21:00Z"),
    ("Asia/Kathmandu", "2027-03-28T01:00Z"),
]
ZONES = sorted({name for name, _ in CHANGES})


def ms(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1000)


def fires(schedule: Schedule | Rate, after_ms: int, zone: str = "UTC") -> Iterator[int]:
    found = next_fire(schedule, after_ms, time_zone(zone))
    while found is not None:
        yield found
        found = next_fire(schedule, found, time_zone(zone))
