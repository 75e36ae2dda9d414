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
    "SECOND": "second", "EPOCH": "",
}  # fmt: skip
OF_DAY = frozenset({"HOUR", "MINUTE", "SECOND"})
# Not the century nor the millennium, which begin a year later in Dremio than in DuckDB.
TRUNCATED = ("DECADE", "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
NEXT_DAY = "CAST({0} AS DATE) + CAST(1 + ({1} - isodow({0}) + 6) % 7 AS INTEGER)"
EPOCH = "CAST(trunc(epoch({0})) AS BIGINT)"
SECONDS = (
    "CASE WHEN regexp_full_match({0}, '\\d\\d\\d\\d-\\d\\d?-\\d\\d? \\d\\d?:\\d\\d?:\\d\\d?') THEN "
    "CAST(epoch(strptime({0}, '%Y-%m-%d %H:%M:%S')) AS BIGINT) WHEN {0} IS NOT NULL THEN "
    "error('Input text cannot be formatted to date: ' || {0}) END"
)
SINCE_1970 = "make_timestamp(CAST({0} AS BIGINT) * 1000000)"


MONTHS_APART = (
    "CASE WHEN day({0}) = day({1}) OR ({0} = last_day({0}) AND {1} = last_day({1})) THEN "
    "CAST(date_diff('month', {1}, {0}) AS DOUBLE) ELSE "
    "date_diff('month', {1}, {0}) + CAST(day({0}) - day({1}) AS DOUBLE) / 31 END"
)

# Whole months between timestamps: the last day of a month is as far as any, whatever its time.
MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}
LEFT_OUT = (
    "CASE WHEN day({1}) > day({0}) OR (day({1}) < day({0}) AND CAST({1} AS DATE) = last_day({1})) THEN 0 WHEN "
    "day({1}) = day({0}) AND CAST(date_trunc('second', {1}) AS TIME) >= CAST(date_trunc('second', {0}) AS TIME) THEN 0 "
    "ELSE 1 END"
)
MONTHS_BETWEEN = f"(date_diff('month', {{0}}, {{1}}) - {LEFT_OUT})"


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
        row("text", BIGINT, SECONDS),
        row("moment", BIGINT, EPOCH),
    ],
    "FROM_UNIXTIME": [row("whole", VARCHAR, f"strftime({SINCE_1970}, '%Y-%m-%d %H:%M:%S')")],
    "TO_TIMESTAMP": [
        row("whole", TIMESTAMP, SINCE_1970),
        row("float", TIMESTAMP, "make_timestamp(CAST(trunc({0} * 1000) AS BIGINT) * 1000)"),
    ],
    "TO_DATE": [
        row("whole", DATE, f"CAST({SINCE_1970} AS DATE)"),
        row("timestamp", DATE, "CAST({0} AS DATE)"),
        row("date", DATE, "{0}"),
    ],
    "EXTRACT_EPOCH": [row("moment", BIGINT, EPOCH)],
    "MONTHS_BETWEEN": [
        row("date date", DOUBLE, MONTHS_APART),
    ],
}  # fmt: skip
