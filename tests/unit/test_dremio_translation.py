from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.translation.calls import KNOWN
from runyard.runtime.dremio_sql.translation.translate import Session, translate

NOW_MS = 1_764_412_200_123
DATABASE = new_connection(threads=1)

D = Decimal


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def value(expression: str) -> Any:
    """Return what an expression brings, by the engine alone."""
    session = Session(user="ada", now_ms=NOW_MS)
    catalog = LiveCatalog(snapshot=Snapshot(), connection=DATABASE, session=session)
    return DATABASE.execute(translate(f"SELECT {expression}", catalog, session).sql).fetchall()[0][0]


# The expression, Dremio's answer as JSON shows it, and its type; those of docs.dremio.com stand as they stand there.
ANSWERS: list[tuple[str, Any, str]] = [
    # whole numbers and decimals
    ("5 / 2", 2, "INTEGER"),
    ("-5 / 2", -2, "INTEGER"),
    ("9007199254740993 / 1", 9007199254740993, "BIGINT"),
    ("3000000000 / 7", 428571428, "BIGINT"),
    ("5.0 / 2", D("2.500000000000"), "DECIMAL"),
    ("2 / 3.0", D("0.666667"), "DECIMAL"),
    ("-2 / 3.0", D("-0.666667"), "DECIMAL"),
    ("CAST(1 AS DOUBLE) / 4", D("0.25"), "DOUBLE"),
    ("7 % 3", 1, "INTEGER"),
    ("MOD(-7, 3)", -1, "INTEGER"),
    ("1.10 + 2", D("3.10"), "DECIMAL"),
    ("1.5 * 1.5", D("2.25"), "DECIMAL"),
    ("1234567890.12345678 * 1.23456789", D("1524157875.1714678763907942"), "DECIMAL"),
    ("-99999999.99 * -99999999.99", D("9999999998000000.0001"), "DECIMAL"),
    ("9999999999999999.99 + 9999999999999999.99", D("19999999999999999.98"), "DECIMAL"),
    ("999999999999999999. - 0.123456789012345678", D("999999999999999998.876543210987654322"), "DECIMAL"),
    ("2147483647 + 1.0", D("2147483648.0"), "DECIMAL"),
    ("CAST(2.5 AS INT)", 3, "INTEGER"),
    ("CAST(CAST(2.5 AS DOUBLE) AS INT)", 3, "INTEGER"),
    ("CAST(CAST(-2.5 AS DOUBLE) AS INT)", -3, "INTEGER"),
    ("CAST(' 12 ' AS INT)", 12, "INTEGER"),
    ("CAST(1.005 AS DECIMAL(3, 2))", D("1.01"), "DECIMAL"),
    ("ROUND(2.345, 2)", D("2.35"), "DECIMAL"),
    ("ROUND(CAST(-2.5 AS DOUBLE))", D("-3.0"), "DOUBLE"),
    ("TRUNCATE(2.789, 1)", D("2.7"), "DECIMAL"),
    ("CEIL(2.1)", 3, "DECIMAL"),
    ("FLOOR(-2.1)", -3, "DECIMAL"),
    ("ABS(-3)", 3, "INTEGER"),
    ("SIGN(-3)", -1, "INTEGER"),
    ("POWER(2, 10)", D("1024.0"), "DOUBLE"),
    ("SQRT(16)", D("4.0"), "DOUBLE"),
    ("LOG(2, 8)", D("3.0"), "DOUBLE"),
    ("PI()", D("3.141592653589793"), "DOUBLE"),
    ("BITWISE_AND(12, 10)", 8, "BIGINT"),
    # conditions
    ("CASE WHEN 1 = 1 THEN 1 ELSE 2.5 END", D("1.0"), "DECIMAL"),
    ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b", "VARCHAR"),
    ("COALESCE(NULL, 1)", 1, "INTEGER"),
    ("NVL(NULL, 'x')", "x", "VARCHAR"),
    ("NULLIF(1, 1)", None, "INTEGER"),
    ("NVL2(NULL, 1, 2)", 2, "INTEGER"),
    ("GREATEST(1, 2.5)", D("2.5"), "DECIMAL"),
    ("GREATEST(1, NULL)", None, "INTEGER"),
    ("1 IS DISTINCT FROM NULL", True, "BOOLEAN"),
    ("1 IN (1, 2)", True, "BOOLEAN"),
    ("NULL IN (1, 2)", None, "BOOLEAN"),
    ("2 BETWEEN 1 AND 2", True, "BOOLEAN"),
    ("CAST('T' AS BOOLEAN)", True, "BOOLEAN"),
    ("DATE '2024-01-01' < '2024-01-02'", True, "BOOLEAN"),
    ("1 = '1'", True, "BOOLEAN"),
    # texts
    ("'a' || 1", "a1", "VARCHAR"),
    ("'a' || NULL", None, "VARCHAR"),
    ("CONCAT('a', NULL, 'b')", "ab", "VARCHAR"),
    ("UPPER('é')", "É", "VARCHAR"),
    ("INITCAP('hELLO wORLD')", "Hello World", "VARCHAR"),
    ("BTRIM('  x ')", "x", "VARCHAR"),
    ("BTRIM('xyax', 'xy')", "a", "VARCHAR"),
    ("TRIM(LEADING 'x' FROM 'xxa')", "a", "VARCHAR"),
    ("LENGTH('häh')", 3, "INTEGER"),
    ("OCTET_LENGTH('häh')", 4, "INTEGER"),
    ("SUBSTRING('hello' FROM 2 FOR 3)", "ell", "VARCHAR"),
    ("SUBSTR('hello', -3)", "llo", "VARCHAR"),
    ("INITCAP('école d''été')", "École D'Été", "VARCHAR"),
    ("\"LEFT\"('Dremio - SQL Engine', -12)", "Dremio ", "VARCHAR"),
    ("\"LEFT\"('Dremio - SQL Engine', 6)", "Dremio", "VARCHAR"),
    ("\"RIGHT\"('abc', 2)", "bc", "VARCHAR"),
    ("POSITION('b' IN 'abc')", 2, "INTEGER"),
    ("LOCATE('b', 'abc')", 2, "INTEGER"),
    ("INSTR('abc', 'b')", 2, "INTEGER"),
    ("LPAD('7', 3, '0')", "007", "VARCHAR"),
    ("REPLACE('abab', 'a', 'x')", "xbxb", "VARCHAR"),
    ("REPEAT('ab', 2)", "abab", "VARCHAR"),
    ("REVERSE('abc')", "cba", "VARCHAR"),
    ("SPLIT_PART('a,b,c', ',', 2)", "b", "VARCHAR"),
    ("ASCII('A')", 65, "INTEGER"),
    ("CHR(65)", "A", "VARCHAR"),
    ("'aXb' LIKE 'a_b'", True, "BOOLEAN"),
    ("'a%b' LIKE 'a\\%b' ESCAPE '\\'", True, "BOOLEAN"),
    ("'ABC' ILIKE 'abc'", True, "BOOLEAN"),
    ("ilike('lake.dbt', 'LAKE.%')", True, "BOOLEAN"),
    ("REGEXP_EXTRACT('100-500', '(\\d+)-(\\d+)', 1)", "100", "VARCHAR"),
    ("REGEXP_EXTRACT('100-500', '(\\d+)-(\\d+)', 0)", "100-500", "VARCHAR"),
    ("REGEXP_EXTRACT('user@example.com', '([a-zA-Z0-9]+)@([a-zA-Z0-9.]+)', 2)", "example.com", "VARCHAR"),
    ("REGEXP_REPLACE('a1b22', '[0-9]+', '-')", "a-b-", "VARCHAR"),
    ("REGEXP_LIKE('abc', 'a.*')", True, "BOOLEAN"),
    ("REGEXP_SPLIT('a1b2c', '[0-9]', 'ALL', -1)", ["a", "b", "c"], "LIST"),
    ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661", "VARCHAR"),
    ("CAST(1.50 AS VARCHAR)", "1.50", "VARCHAR"),
    ("CAST(TRUE AS VARCHAR)", "true", "VARCHAR"),
    ("CAST('abcdef' AS VARCHAR(3))", "abc", "VARCHAR"),
    ("CAST(TIMESTAMP '2024-01-01 10:00:00' AS VARCHAR)", "2024-01-01 10:00:00.000", "VARCHAR"),
    # moments
    ("DATE_ADD('2022-01-01', 2)", "2022-01-03", "DATE"),
    ("DATE_ADD(DATE '2022-01-01', -30)", "2021-12-02", "DATE"),
    ("DATE_ADD('2022-01-01', CAST(2 AS INTERVAL DAY))", "2022-01-03 00:00:00.000", "TIMESTAMP"),
    ("DATE_SUB('2022-01-01', 2)", "2021-12-30", "DATE"),
    ("DATE_SUB(DATE '2022-01-01', 30)", "2021-12-02", "DATE"),
    ("DATE_SUB('2022-01-01', CAST(2 AS INTERVAL DAY))", "2021-12-30 00:00:00.000", "TIMESTAMP"),
    ("DATE_DIFF(DATE '2022-01-01', 5)", "2021-12-27", "DATE"),
    ("DATE_DIFF(DATE '2022-04-01', DATE '2022-01-01')", "+090 00:00:00.000", "INTERVAL DAY TO SECOND"),
    ("DATE_DIFF(DATE '2022-01-01', DATE '2022-04-01')", "-090 00:00:00.000", "INTERVAL DAY TO SECOND"),
    ("DATEDIFF('2021-02-28', '2021-01-01')", 58, "INTEGER"),
    ("DATEDIFF('2005-04-09 12:05:55', '2003-02-01 11:43:22')", 798, "INTEGER"),
    ("DATE_TRUNC('month', DATE '2024-05-17')", "2024-05-01", "DATE"),
    ("DATE_TRUNC('HOUR', TIMESTAMP '2024-05-17 10:20:30')", "2024-05-17 10:00:00.000", "TIMESTAMP"),
    ("TIMESTAMPADD(DAY, 1, DATE '2021-04-01')", "2021-04-02", "DATE"),
    ("TIMESTAMPADD(HOUR, -2, TIMESTAMP '2021-04-01 17:14:32')", "2021-04-01 15:14:32.000", "TIMESTAMP"),
    ("TIMESTAMPADD(SQL_TSI_MONTH, 1, DATE '2024-01-31')", "2024-02-29", "DATE"),
    ("TIMESTAMPDIFF(SQL_TSI_DAY, DATE '2024-01-01', DATE '2024-02-01')", 31, "INTEGER"),
    ("TIMESTAMPDIFF(MONTH, DATE '2024-02-01', DATE '2024-01-02')", 0, "INTEGER"),
    ("TIMESTAMPDIFF(MINUTE, TIMESTAMP '2024-01-01 10:00:00', TIMESTAMP '2024-01-01 11:30:59')", 90, "INTEGER"),
    ("DATE '2024-01-31' + INTERVAL '1' MONTH", "2024-02-29", "DATE"),
    ("DATE '2024-01-01' - INTERVAL '1' DAY", "2023-12-31", "DATE"),
    ("TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '1' HOUR", "2024-01-01 01:00:00.000", "TIMESTAMP"),
    ("INTERVAL '14' MONTH", "+001-02", "INTERVAL YEAR TO MONTH"),
    ("EXTRACT(YEAR FROM DATE '2024-05-17')", 2024, "BIGINT"),
    ("EXTRACT(SECOND FROM TIMESTAMP '2024-05-17 10:20:30.999')", 30, "BIGINT"),
    ("DATE_PART('month', DATE '2024-05-17')", 5, "BIGINT"),
    ("YEAR('2003-02-01 11:43:22')", 2003, "BIGINT"),
    ("WEEKOFYEAR('2003-02-01 11:43:22')", 5, "BIGINT"),
    ("LAST_DAY(DATE '2024-02-10')", "2024-02-29", "DATE"),
    ("NEXT_DAY(DATE '2024-05-17', 'FRI')", "2024-05-24", "DATE"),
    ("TO_DATE('2024/05/06', 'YYYY/MM/DD')", "2024-05-06", "DATE"),
    ("TO_DATE('nonsense', 'YYYY-MM-DD', 1)", None, "DATE"),
    ("TO_TIMESTAMP('2024-05-06 07:08:09', 'YYYY-MM-DD HH24:MI:SS')", "2024-05-06 07:08:09.000", "TIMESTAMP"),
    ("TO_TIMESTAMP(1640131200)", "2021-12-22 00:00:00.000", "TIMESTAMP"),
    ("TO_CHAR(DATE '2024-05-06', 'DD Mon YYYY')", "06 May 2024", "VARCHAR"),
    ("TO_CHAR(TIMESTAMP '2024-05-06 17:08:09.123', 'HH12:MI:SS.FFF AM')", "05:08:09.123 PM", "VARCHAR"),
    ("TO_CHAR(1234.5, '#,###.00')", "1,234.50", "VARCHAR"),
    ("TO_CHAR(1234567, '#,###')", "1,234,567", "VARCHAR"),
    ("TO_CHAR(0.5, '#.00')", ".50", "VARCHAR"),
    ("TO_CHAR(-0.125, '0.00')", "-0.12", "VARCHAR"),
    ("TO_CHAR(7, '000')", "007", "VARCHAR"),
    ("TO_CHAR(-0.001, '0.00')", "-0.00", "VARCHAR"),
    ("UNIX_TIMESTAMP('2021-12-22 13:44:11')", 1640180651, "BIGINT"),
    ("CAST('2024-01-01 00:00:00.123456' AS TIMESTAMP)", "2024-01-01 00:00:00.123", "TIMESTAMP"),
    ("TIME '10:20:30'", "10:20:30.000", "TIME"),
    ("CURRENT_DATE", "2025-11-29", "DATE"),
    ("CURRENT_TIMESTAMP()", "2025-11-29 10:30:00.123", "TIMESTAMP"),
    ("UNIX_TIMESTAMP()", 1764412200, "BIGINT"),
    # who, binaries, nested
    ("QUERY_USER()", "ada", "VARCHAR"),
    ("USER", "ada", "VARCHAR"),
    ("CONVERT_TO('a', 'UTF8')", "YQ==", "VARBINARY"),
    ("CONVERT_FROM(CAST('a' AS VARBINARY), 'UTF8')", "a", "VARCHAR"),
    ("CONVERT_FROM('{\"a\": [1, 2]}', 'JSON')", {"a": [1, 2]}, "STRUCT"),
    ("CONVERT_FROM('{\"a\": [1, 2]}', 'JSON')['A'][1]", 2, "BIGINT"),
    ("ARRAY[1, 2.5][0]", D("1.0"), "DECIMAL"),
    ("SIZE(ARRAY[1, 2])", 2, "INTEGER"),
    ("ARRAY_CONTAINS(ARRAY[1, 2], 2)", True, "BOOLEAN"),
]


@pytest.mark.parametrize(("expression", "answer", "kind"), ANSWERS)
def test_an_expression_brings_what_dremio_says(yard: Yard, expression: str, answer: Any, kind: str) -> None:
    page = yard.run(f"SELECT {expression}").page

    assert list(page["rows"][0].values()) == [answer]
    assert page["schema"][0]["type"]["name"] == kind


def test_every_kind_of_division_by_nothing_is_an_error(yard: Yard) -> None:
    for expression in ("1 / 0", "1.5 / 0", "1.5 / 0.0", "CAST(1 AS DOUBLE) / 0", "1 % 0"):
        error = yard.error(f"SELECT {expression}")

        assert (error.kind, error.message) == ("FUNCTION", "divide by zero error")


# What is refused, with the place of it: never a silently different answer.
REFUSED: list[tuple[str, tuple[int, int]]] = [
    ("SELECT frob(1)", (1, 8)),
    ("SELECT 1,\n  list_sum(ARRAY[1])", (2, 3)),
    ("SELECT TO_CHAR(CAST(1 AS DOUBLE), '#.0')", (1, 8)),
    ("SELECT TO_DATE('24-01-01', 'YY-MM-DD')", (1, 8)),
    ("SELECT 'a' SIMILAR TO 'b'", (1, 8)),
    ("SELECT 1 = 'x'", (1, 8)),
    ("SELECT ARRAY[1] = ARRAY[1]", (1, 14)),
    ("SELECT DATE '2024-01-01' + INTERVAL '1' HOUR", (1, 13)),
    ("SELECT * FROM (VALUES (1)) t(x) TABLESAMPLE (10)", (1, 8)),
    ("SELECT FLATTEN(ARRAY[1]), FLATTEN(ARRAY[2])", (1, 8)),
    ("SELECT x FROM (VALUES (1)) t(x) ORDER BY x LIMIT x", (1, 50)),
    ("SELECT DISTINCT ON (x) x FROM (VALUES (1)) t(x)", (1, 21)),
    ("SELECT * FROM (VALUES (1, 2)) t(c, v) PIVOT (SUM(v) FOR c IN (1))", (1, 63)),
    ("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a", (1, 16)),
    ("SELECT regexp_extract('a', x) FROM (VALUES ('a')) t(x)", (1, 8)),
    ("SELECT TRY_CAST('a' AS INT)", (1, 17)),
    ("SELECT CAST(1 AS UUID)", (1, 13)),
    ("SELECT 1 <> ALL (ARRAY[1])", (1, 13)),
    ("SELECT CONVERT_FROM(x, 'JSON') FROM (VALUES ('{}')) t(x)", (1, 8)),
    ("SELECT COUNT(DISTINCT x, y) FROM (VALUES (1, 2)) t(x, y)", (1, 8)),
    ("SELECT SUM(x) FILTER (WHERE x) FROM (VALUES (1)) t(x)", (1, 8)),
]


@pytest.mark.parametrize(("sql", "place"), REFUSED)
def test_what_cannot_be_answered_faithfully_is_refused_with_its_place(
    yard: Yard, sql: str, place: tuple[int, int]
) -> None:
    error = yard.error(sql)

    assert error.kind == "UNSUPPORTED_OPERATION"
    assert (error.line, error.column) == place


def test_a_text_that_the_two_engines_would_write_differently_is_refused_when_it_comes(yard: Yard) -> None:
    assert yard.rows("SELECT CAST(CAST(1234.5 AS DOUBLE) AS VARCHAR)") == [["1234.5"]]
    assert yard.error("SELECT CAST(CAST(1e10 AS DOUBLE) AS VARCHAR)").kind == "UNSUPPORTED_OPERATION"


def test_a_text_that_is_no_number_is_no_number(yard: Yard) -> None:
    assert "Failed to cast the string 1.5" in yard.error("SELECT CAST('1.5' AS INT)").message


@pytest.mark.parametrize("name", [each for each in KNOWN if each != "COALESCE"])
def test_every_known_function_refuses_what_it_does_not_take(name: str) -> None:
    with pytest.raises(DremioError) as error:
        value(f'"{name}"({", ".join(["ARRAY[ARRAY[1]]"] * 9)})')

    assert error.value.kind in {"UNSUPPORTED_OPERATION", "VALIDATION", "PARSE"}


WHOLE = st.integers(min_value=-(2**31) + 1, max_value=2**31 - 1)


@settings(max_examples=60, deadline=None)
@given(WHOLE, WHOLE.filter(bool))
def test_whole_numbers_divide_towards_zero_without_losing_a_digit(one: int, other: int) -> None:
    quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)

    assert value(f"({one}) / ({other})") == quotient
    assert value(f"({one}) % ({other})") == one - quotient * other


PRICES = st.decimals(min_value=-99999, max_value=99999, places=2)


@settings(max_examples=60, deadline=None)
@given(PRICES, PRICES.filter(bool))
def test_decimals_divide_exactly_and_round_half_away_from_zero(one: Decimal, other: Decimal) -> None:
    got = value(f"CAST('{one}' AS DECIMAL(9,2)) / CAST('{other}' AS DECIMAL(9,2))")

    assert got == (one / other).quantize(D(1).scaleb(-12), ROUND_HALF_UP)


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=-9999, max_value=9999, places=3))
def test_numbers_in_a_format_are_rounded_half_to_even(number: Decimal) -> None:
    got = value(f"TO_CHAR(CAST('{number}' AS DECIMAL(9,3)), '#,##0.00')")
    rounded = number.quantize(D("0.01"), ROUND_HALF_EVEN)

    assert got == f"{'-' if number < 0 else ''}{abs(rounded):,.2f}"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_a_literal_text_is_that_text(text: str) -> None:
    if "\0" in text:
        return
    written = "'" + text.replace("'", "''") + "'"

    assert value(written) == text
