import time
from collections.abc import Iterator
from typing import Any

import apsw
import pytest

from runyard.sql.callables.functions import FUNCTIONS, TYPES, register
from runyard.sql.errors import SqlError
from runyard.sql.grammar.dialect import LANGUAGE
from runyard.sql.grammar.parsing import parse
from runyard.sql.results import TYPES as KINDS
from runyard.sql.statements import Select

JAN_31 = 1_769_904_000_000 - 86_400_000  # 2026-01-31T00:00:00Z
DAY = 86_400_000


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    register(connection, user="ada", database="yard")
    yield connection
    connection.close()


def value(connection: apsw.Connection, expression: str) -> Any:
    """What an expression of the language gives, read and written as every query is."""
    statement = parse(f"SELECT {expression}")
    assert isinstance(statement, Select)
    return next(connection.execute(statement.tree.sql(LANGUAGE)))[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("split_part('a,b,c', ',', 1)", "a"),
        ("split_part('a,b,c', ',', -1)", "c"),
        ("split_part('a,b,c', ',', 4)", ""),
        ("split_part('a,b,c', ',', -4)", ""),
        ("split_part('abc', '', 1)", "abc"),
        ("split_part('a::b', '::', 2)", "b"),
        ("'abc' REGEXP '^a.c$'", 1),
        ("'abc' NOT REGEXP 'x'", 1),
        ("'abc' ~ 'b'", 1),
        ("regexp_like('ABC', 'b')", 0),
        ("regexp_like('ABC', 'b', 'i')", 1),
        ("regexp_like('12', '^\\d+$')", 1),
        ("regexp_substr('job 42 of 7', '\\d+')", "42"),
        ("regexp_substr('job', '\\d+')", None),
        ("regexp_extract('k=v', '(\\w)=(\\w)', 2)", "v"),
        ("regexp_extract('none', '(\\d)')", ""),
        ("regexp_count('a1b22', '\\d')", 3),
        ("regexp_replace('a1b2', '\\d', '#')", "a#b#"),
        ("regexp_replace('a1b2', '(\\w)(\\d)', '$2\\1')", "1a2b"),
        ("regexp_replace('a1b2', '\\d', '#', 'i')", "a#b2"),
        ("regexp_replace('aXbx', 'x', '', 'gi')", "ab"),
        ("""json_equal('{"a": [1, {"b": null}], "c": 1.0}', '{"c":1,"a":[1,{"b":null}]}')""", 1),
        ("json_equal('[1, 2]', '[2, 1]')", 0),
        ("json_equal('[1]', '[true]')", 0),
        ("""aws_policy_equal('{"Action": ["a"], "On": ["x", "y"]}', '{"On": ["y", "x"], "Action": "a"}')""", 1),
        ("""aws_policy_equal('{"Action": ["a", "b"]}', '{"Action": "a"}')""", 0),
        ("iif(1 > 2, 'a', 'b')", "b"),
        ("if(1 < 2, 'a')", "a"),
        ("nvl(NULL, 'x')", "x"),
        ("lpad('7', 3, '0') || rpad('x', 3)", "007x  "),
        ("lpad('abc', 2)", "ab"),
        ("startswith('abc', 'ab') + endswith('abc', 'c') + contains('abc', 'b')", 3),
        ("try_divide(1, 0)", None),
        ("try_divide(1, 4)", 0.25),
        ("size('[1, 2, 3]')", 3),
        ("'yes'::boolean", 1),
        ("'off'::boolean", 0),
        ("current_user || '@' || current_database()", "ada@yard"),
        ("greatest(1, NULL, 3)", 3),
        ("strpos('abc', 'c')", 3),
        ("char_length('abc')", 3),
        ("trim(BOTH 'x' FROM 'xax')", "a"),
        ("substring('abcdef' FROM 2 FOR 3)", "bcd"),
        ("position('c' IN 'abc')", 3),
    ],
)
def test_a_function_gives_what_people_expect(connection: apsw.Connection, expression: str, expected: Any) -> None:
    assert value(connection, expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("TIMESTAMP '2026-01-31 00:00:00'", JAN_31),
        ("'2026-01-31T01:00:00+01:00'::timestamptz", JAN_31),
        ("DATE '2026-01-31'", JAN_31),
        ("('2026-01-31 13:14:15'::date)", JAN_31),
        ("to_timestamp(1.5)", 1_500),
        ("to_timestamp('31.01.2026 10:00', 'dd.MM.yyyy HH:mm')", JAN_31 + 36_000_000),
        ("to_date('2026-01-31 23:59:59')", JAN_31),
        ("date_trunc('day', TIMESTAMP '2026-01-31 13:14:15')", JAN_31),
        ("date_trunc('hour', '2026-01-31 00:59:59')", JAN_31),
        ("date_trunc('MONTH', '2026-02-01 00:00:00') - date_trunc('month', DATE '2026-01-31')", 31 * DAY),
        ("date_trunc('week', DATE '2026-01-31')", JAN_31 - 5 * DAY),
        ("date_trunc('quarter', DATE '2026-02-01')", JAN_31 - 30 * DAY),
        ("date_trunc('year', DATE '2026-05-01')", JAN_31 - 30 * DAY),
        ("DATE '2026-01-31' + INTERVAL '1 month'", JAN_31 + 28 * DAY),
        ("DATE '2026-01-31' - INTERVAL 2 DAYS", JAN_31 - 2 * DAY),
        ("INTERVAL '90' MINUTE + DATE '2026-01-31'", JAN_31 + 5_400_000),
        ("DATE '2026-01-31' + (INTERVAL '-1 day')", JAN_31 - DAY),
        ("DATE '2026-01-31' + INTERVAL '1 month 2 days 01:30:00'", JAN_31 + 30 * DAY + 5_400_000),
        ("DATE '2026-01-31' - INTERVAL '1 day' * 7", JAN_31 - 7 * DAY),
        ("DATE '2026-01-31' - 2 * INTERVAL '1 month'", JAN_31 - 62 * DAY),
        ("DATE '2026-01-31' + '90 mins'::interval", JAN_31 + 5_400_000),
        ("DATE '2026-01-31' - CAST('1 days 3.0 seconds' AS interval)", JAN_31 - DAY - 3_000),
        ("INTERVAL '1 hour' + INTERVAL '-00:30'", 1_800_000),
        ("DATE '2026-02-02' - DATE '2026-01-31' > INTERVAL '47 hours'", 1),
        ("date_add(DATE '2026-01-31', 1)", JAN_31 + DAY),
        ("date_sub('2026-01-31', 1)", JAN_31 - DAY),
        ("dateadd(DAY, 2, DATE '2026-01-31')", JAN_31 + 2 * DAY),
        ("datediff('2026-02-02', '2026-01-31 23:00:00')", 2),
        ("datediff(HOUR, '2026-01-31 00:00:00', '2026-01-31 02:59:00')", 2),
        ("timestampdiff(MONTH, '2026-01-31', '2026-03-30')", 1),
        ("timestampdiff(MONTH, '2026-03-30', '2026-01-31')", -1),
        ("EXTRACT(YEAR FROM DATE '2026-01-31')", 2026),
        ("EXTRACT(DOW FROM DATE '2026-01-31')", 6),
        ("EXTRACT(EPOCH FROM DATE '2026-01-31')", JAN_31 / 1000),
        ("year(DATE '2026-01-31') * 100 + month(DATE '2026-01-31')", 202_601),
        ("hour('2026-01-31 13:14:15')", 13),
        ("date_format(DATE '2026-01-31', 'yyyy/MM/dd')", "2026/01/31"),
        ("to_char(TIMESTAMP '2026-01-31 13:14:15', 'YYYY-MM-DD HH24:MI:SS')", "2026-01-31 13:14:15"),
        ("date_format(TIMESTAMP '2026-01-31 13:04:05.678', 'HH:mm:ss.SSS')", "13:04:05.678"),
        ("to_char(TIMESTAMP '2026-01-31 13:04:05.678', 'HH12:MI:SS.US AM')", "01:04:05.678000 PM"),
        ("to_char(DATE '2026-01-31', 'Dy, DD Mon YYYY \"at\" HH24')", "Sat, 31 Jan 2026 at 00"),
        ("to_char(DATE '2026-02-01', 'FMMonth FMDD, YYYY')", "February 1, 2026"),
        ("date_format(DATE '2026-02-01', 'EEEE d MMMM yyyy')", "Sunday 1 February 2026"),
        ("date_format(DATE '2026-02-01', 'yyyy-MM-dd''T''HH:mm')", "2026-02-01T00:00"),
        ("to_char(DATE '2026-02-01', 'IYYY-\"W\"IW, DDD, \"100%\"')", "2026-W05, 032, 100%"),
        ("to_timestamp('2026-01-31 00:00:00.250000', 'YYYY-MM-DD HH24:MI:SS.US')", JAN_31 + 250),
        ("to_timestamp('31 Jan 2026', 'DD Mon YYYY')", JAN_31),
        ("from_unixtime(0)", "1970-01-01 00:00:00"),
        ("unix_timestamp('2026-01-31')", JAN_31 // 1000),
        ("date('2026-01-31', '+1 day')", "2026-02-01"),
        ("strftime('%Y', 0, 'unixepoch')", "1970"),
    ],
)
def test_moments_are_worked_out_in_utc(connection: apsw.Connection, expression: str, expected: Any) -> None:
    assert value(connection, expression) == expected


def test_this_moment_is_now(connection: apsw.Connection) -> None:
    before = time.time_ns() // 1_000_000
    found = value(connection, "now()")

    assert before <= found <= time.time_ns() // 1_000_000
    assert value(connection, "current_date() % 86400000") == 0
    assert value(connection, "current_timestamp") == value(connection, "datetime('now')")


def test_nothing_in_is_nothing_out(connection: apsw.Connection) -> None:
    for name, (_, counts) in FUNCTIONS.items():
        for count in counts:
            if count:
                arguments = ", ".join(["NULL"] * count)
                assert next(connection.execute(f"SELECT {name}({arguments})"))[0] is None, name


def test_every_type_that_is_told_is_one_of_results() -> None:
    assert set(TYPES.values()) <= set(KINDS)
    assert set(TYPES) <= set(FUNCTIONS)


def test_counting_what_is_true_counts_nothing_as_zero(connection: apsw.Connection) -> None:
    connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (NULL)")

    assert value(connection, "count_if(a > 1) FROM t") == 1
    assert value(connection, "count_if(a > 1) FROM t WHERE 0") == 0
    assert value(connection, "bool_or(a > 1) FROM t") == 1
    assert value(connection, "count_if(a > 1) FILTER (WHERE a < 2) FROM t") == 0


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("split_part('a', 'b', 0)", "split_part counts parts from 1, or from -1 at the end; 0 is no part."),
        ("split_part('a', 'b', 'x')", "split_part takes a whole number, and 'x' is none."),
        ("regexp_like('a', '(')", "'(' is no regular expression: missing ) at position 1."),
        ("regexp_like('a', 'a', 'q')", "Patterns have no flag 'q'; there are i, m, n, s, x and g."),
        (
            "regexp_like('a', '(a{1000}){100000}')",
            "The pattern '(a{1000}){100000}' is refused at character 3: the pattern repeats",
        ),
        ("regexp_like('a', '(?R)')", "The pattern '(?R)' is refused at character 1: a pattern does not call itself"),
        ("regexp_extract('a', 'a', 1)", "'a' has 0 groups, and no group 1."),
        ("json_equal('{', '1')", "json_equal compares JSON, and '{' is none"),
        ("date_trunc('fortnight', 0)", "'fortnight' is no unit of time; there are microsecond, millisecond, second"),
        ("'soon'::timestamp", "'soon' is no time; write it as 2026-01-31 or 2026-01-31 23:59:59."),
        ("to_timestamp('x', 'yyyy')", "'x' is no time of the form 'yyyy'."),
        ("to_char(1234.5, '9999.99')", "The form '9999.99' says '9', which is no part of a date here; there are yyyy,"),
        ("date_format(DATE '2026-01-31', 'yyyy or so')", "The form 'yyyy or so' says 'o', which is no part of a date"),
        ("'maybe'::boolean", "'maybe' is no boolean; write true or false."),
        ("date_part('moon', 0)", "'moon' is no unit of time"),
        ("now() + INTERVAL '99999999999999 years'", "1199999999999988 months from there is no year from 1 to 9999."),
        ("now() + INTERVAL '99999999999999999999 days'", "The length of time is longer than times can be apart here."),
        ("plus_interval(0, 9e999, 'days')", "The length of time is longer than times can be apart here."),
        ("INTERVAL '1 fortnight'", "'fortnight' is no unit of time"),
        ("INTERVAL 'soon enough'", "'soon enough' is no length of time; write it as 1 day 2 hours or 02:30:00."),
        ("INTERVAL ''", "'' is no length of time"),
        ("INTERVAL '1 month'", "'month' is longer in one month than in another: add it to a time, or count in days."),
        ("plus_interval(0, 90000, 'years')", "1080000 months from there is no year from 1 to 9999."),
    ],
)
def test_what_a_function_cannot_do_is_told(connection: apsw.Connection, expression: str, problem: str) -> None:
    with pytest.raises(SqlError) as raised:
        value(connection, expression)

    assert str(raised.value).startswith(problem)


def test_a_pattern_that_takes_too_long_is_ended(connection: apsw.Connection) -> None:
    began = time.monotonic()
    with pytest.raises(SqlError, match="had no answer within 1 s"):
        value(connection, f"regexp_like('{'a' * 40}!', '(a|a)*$')")

    assert time.monotonic() - began < 60


def test_a_text_that_is_too_long_is_not_searched(connection: apsw.Connection) -> None:
    with pytest.raises(SqlError, match="searches at most 1,048,576 characters"):
        value(connection, "regexp_like(replace(hex(zeroblob(1000000)), '0', 'a'), 'b')")
