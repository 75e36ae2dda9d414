# ruff: noqa: TID252 - it is found beside a job's script, where it has no other name of ours
"""Functions of dates, times and timestamps."""

from __future__ import annotations

from ..column_types import BIGINT, DATE, DAYS, DOUBLE, INTEGER, TIMESTAMP, VARCHAR
from .functions import Function, row

UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
# What EXTRACT and DATE_PART read; the seconds of Dremio are whole.
PARTS = {
    "MILLENNIUM": "millennium", "CENTURY": "century", "DECADE": "decade", "YEAR": "year", "QUARTER": "quarter",
    "MONTH": "month", "WEEK": "week", "DAY": "day", "DOY": "dayofyear", "HOUR": "hour", "MINUTE": "minute",
    "SECOND": "second", "EPOCH": "epoch",
}  # fmt: skip
OF_DAY = frozenset({"HOUR", "MINUTE", "SECOND"})
# Not the century nor the millennium, which begin a year later in Dremio than in DuckDB.
TRUNCATED = ("DECADE", "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
NEXT_DAY = (
    "CAST({0} AS DATE) + CAST(1 + (list_position(['MO','TU','WE','TH','FR','SA','SU'], upper(substring({1}, 1, 2))) - "
    "isodow({0}) + 6) % 7 AS INTEGER)"
)


MONTHS_APART = (
    "CASE WHEN day({0}) = day({1}) OR ({0} = last_day({0}) AND {1} = last_day({1})) THEN "
    "CAST(date_diff('month', {1}, {0}) AS DOUBLE) ELSE "
    "date_diff('month', {1}, {0}) + CAST(day({0}) - day({1}) AS DOUBLE) / 31 END"
)


def _part(words: str) -> list[Function]:
    return [row("moment", BIGINT, words)]


MOMENTS: dict[str, list[Function]] = {
    "YEAR": _part("year({0})"),
    "QUARTER": _part("quarter({0})"),
    "MONTH": _part("month({0})"),
    "WEEK": _part("week({0})"),
    "WEEKOFYEAR": _part("week({0})"),
    "DAY": _part("day({0})"),
    "DAYOFMONTH": _part("day({0})"),
    "DAYOFYEAR": _part("dayofyear({0})"),
    "DAYOFWEEK": _part("dayofweek({0}) + 1"),
    "HOUR": [row("timestamp", BIGINT, "hour({0})"), row("time", BIGINT, "hour({0})")],
    "MINUTE": [row("timestamp", BIGINT, "minute({0})"), row("time", BIGINT, "minute({0})")],
    "SECOND": [row("timestamp", BIGINT, "second({0})"), row("time", BIGINT, "second({0})")],
    "LAST_DAY": [row("moment", DATE, "last_day({0})")],
    "NEXT_DAY": [row("moment text", DATE, NEXT_DAY, literals=(1,))],
    "MONTHNAME": [row("moment", VARCHAR, "monthname({0})")],
    "DATE_ADD": [
        row("date whole", DATE, "{0} + CAST({1} AS INTEGER)"),
        row("timestamp whole", TIMESTAMP, "{0} + to_days(CAST({1} AS INTEGER))"),
        row("moment interval", TIMESTAMP, "CAST({0} AS TIMESTAMP) + {1}"),
    ],
    "DATE_SUB": [
        row("date whole", DATE, "{0} - CAST({1} AS INTEGER)"),
        row("timestamp whole", TIMESTAMP, "{0} - to_days(CAST({1} AS INTEGER))"),
        row("moment interval", TIMESTAMP, "CAST({0} AS TIMESTAMP) - {1}"),
    ],
    "DATE_DIFF": [
        row("date whole", DATE, "{0} - CAST({1} AS INTEGER)"),
        row("date date", DAYS, "to_days(CAST({0} - {1} AS INTEGER))"),
        row("timestamp timestamp", DAYS, "({0} - {1})"),
    ],
    "DATEDIFF": [row("moment moment", INTEGER, "CAST(CAST({0} AS DATE) - CAST({1} AS DATE) AS INTEGER)")],
    "ADD_MONTHS": [row("date whole", DATE, "CAST({0} + to_months(CAST({1} AS INTEGER)) AS DATE)")],
    "UNIX_TIMESTAMP": [
        row("text", BIGINT, "CAST(epoch(strptime({0}, '%Y-%m-%d %H:%M:%S')) AS BIGINT)"),
        row("moment", BIGINT, "CAST(floor(epoch({0})) AS BIGINT)"),
    ],
    "FROM_UNIXTIME": [row("whole", VARCHAR, "strftime(make_timestamp({0} * 1000000), '%Y-%m-%d %H:%M:%S')")],
    "TO_TIMESTAMP": [
        row("whole", TIMESTAMP, "make_timestamp(CAST({0} AS BIGINT) * 1000000)"),
        row("float", TIMESTAMP, "make_timestamp(CAST(trunc({0} * 1000) AS BIGINT) * 1000)"),
    ],
    "TO_DATE": [
        row("whole", DATE, "CAST(make_timestamp(CAST({0} AS BIGINT) * 1000000) AS DATE)"),
        row("timestamp", DATE, "CAST({0} AS DATE)"),
        row("date", DATE, "{0}"),
    ],
    "EXTRACT_EPOCH": [row("moment", BIGINT, "CAST(floor(epoch({0})) AS BIGINT)")],
    "MONTHS_BETWEEN": [
        row("date date", DOUBLE, MONTHS_APART),
    ],
}  # fmt: skip
