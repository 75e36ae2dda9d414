"""What Dremio's functions bring at their edges, as its documentation and its open-source servers say."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError, from_duckdb
from runyard.runtime.dremio_sql.translation.translate import Session, translate

Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Return who asks for the value of an expression, by the engine alone."""
    database = new_connection(threads=1)
    session = Session(user="ada", now_ms=0)

    def value(expression: str) -> Any:
        catalog = LiveCatalog(snapshot=Snapshot(), connection=database, session=session)
        try:
            return database.execute(translate(f"SELECT {expression}", catalog, session).sql).fetchall()[0][0]
        except duckdb.Error as error:
            raise from_duckdb(error) from error

    return value


VALUES: list[tuple[str, Any]] = [
    # a text from a position: 0 is the first letter, and before the text is nothing
    ("SUBSTRING('hello', 0, 2)", "he"),
    ("SUBSTRING('hello', 0)", "hello"),
    ("SUBSTRING('hello', -3, 2)", "ll"),
    ("SUBSTRING('hello', -6)", ""),
    ("SUBSTRING('hello', -6, 3)", ""),
    ("SUBSTRING('hello', 2, -1)", ""),
    ("SUBSTRING('hello', 2, NULL)", None),
    ("SUBSTRING('hello', NULL, 2)", None),
    ("SUBSTRING('hello', 9)", ""),
    # an empty text is found nowhere, and fills nothing up
    ("POSITION('' IN 'abc')", 0),
    ("LOCATE('', 'abc')", 0),
    ("STRPOS('abc', '')", 0),
    ("LOCATE('', NULL)", None),
    ("LPAD('abc', 5, '')", "abc"),
    ("RPAD('abc', 2, '')", "ab"),
    ("LPAD('abc', -1, '')", ""),
    ("LPAD('abc', 5, NULL)", None),
    ("SPLIT_PART('a,b', '', 1)", "a,b"),
    ("SPLIT_PART('a,b', ',', 3)", ""),
    ("REPEAT('ab', 0)", ""),
    # letters
    ("CHR(233)", "é"),
    ("CHR(-1)", ""),
    ("CHR(1114112)", ""),
    ("CHR(NULL)", None),
    ("ASCII('')", 0),
    ("REVERSE('e' || CHR(769) || 'x')", "x\u0301e"),
    ("REVERSE('')", ""),
    ("INITCAP(CAST(NULL AS VARCHAR))", None),
    ("INITCAP('')", ""),
    ("LEVENSHTEIN('kitten', 'sitting')", 3),
    ("LEVENSHTEIN('é', NULL)", None),
    # regular expressions are looked for anywhere, over the ends of lines
    ("REGEXP_LIKE('abc', 'b')", True),
    ("REGEXP_LIKE('abc', '^b$')", False),
    ("REGEXP_MATCHES('a' || CHR(10) || 'b', 'a.b')", True),
    ("REGEXP_LIKE('the data lakehouse', '.*?\\Qlake\\E.*?')", True),
    ("REGEXP_LIKE(NULL, 'a')", None),
    ("REGEXP_EXTRACT('abc', 'z', 0)", ""),
    ("REGEXP_EXTRACT('abc', '(z)?abc', 1)", ""),
    ("REGEXP_EXTRACT('(555) 123-4567', '(\\d{3})-(\\d{4})', 2)", "4567"),
    ("REGEXP_REPLACE('abc', '^', '-')", "-abc"),
    ("REGEXP_REPLACE('a.b', '\\.', '')", "ab"),
    ("'a%' LIKE 'a%%' ESCAPE '%'", True),
    ("'ab' LIKE 'a%%' ESCAPE '%'", False),
    ("'a\\b' LIKE 'a\\b'", True),
    ("ILIKE('A_B', 'a!_b', '!')", True),
    # numbers
    ("CBRT(27)", 3.0),
    ("CBRT(2)", 1.2599210498948732),
    ("CBRT(0)", 0.0),
    ("ROUND(CAST(2.675 AS DOUBLE), 2)", 2.68),
    ("ROUND(CAST(-2.675 AS DOUBLE), 2)", -2.68),
    ("ROUND(CAST(1250 AS DOUBLE), -2)", 1300.0),
    ("ROUND(15, -1)", 20),
    ("TO_NUMBER('12.345', '#')", 12.0),
    ("TO_NUMBER('-12.5', '0')", -13.0),
    ("TO_NUMBER('12.345', '#.##')", 12.35),
    ("- -1", 1),
    ("CAST(5 AS BIGINT) % CAST(0.00000000000000000000000000001 AS DECIMAL(38, 29))", Decimal("0E-29")),
    ("CAST(1 AS DECIMAL(38, 2)) = CAST(1.0000001 AS DECIMAL(12, 7))", False),
    ("CAST(5 AS BIGINT) = CAST(5 AS DECIMAL(38, 30))", True),
    ("NULLIF(1, 1.5)", 1),
    ("NULLIF(1, 1.0)", None),
    ("NULLIF('a', NULL)", "a"),
    ("-(-(2.5))", Decimal("2.5")),
    ("DAYOFMONTH(NULL)", None),
    ("LENGTH(NULL)", None),
    # texts as values: nothing in them is taken for a place of ours
    ("CAST('{1}' AS VARBINARY)", b"{1}"),
    ("CAST(' 1.5 ' AS DOUBLE)", 1.5),
    ("CAST('-Infinity' AS DOUBLE)", float("-inf")),
    ("CAST(CAST('2024-01-02 03:04:05' AS DATE) AS VARCHAR)", "2024-01-02"),
    # moments
    ("TO_CHAR(DATE '2024-01-07', 'D')", "1"),
    ("TO_CHAR(DATE '2024-01-08', 'YYYY-D-DD D')", "2024-2-08 2"),
    ("TO_CHAR(TIMESTAMP '2024-01-08 13:00:00', 'HH AMPM')", "01 PMPM"),
    ("TO_CHAR(DATE '2024-01-08', 'YYYY\"%its\"MM')", "2024%its01"),
    ("CAST(TO_DATE('20240102', 'YYYYMMDD') AS VARCHAR)", "2024-01-02"),
    ("CAST(TO_DATE('FEB 3 2024', 'MON DD YYYY') AS VARCHAR)", "2024-02-03"),
    ("TO_DATE('2024-01-02x', 'YYYY-MM-DD', 1)", None),
    ("TO_DATE('2024-02-30', 'YYYY-MM-DD', 1)", None),
    ("CAST(TO_TIMESTAMP('2024-01-01 12:30:00 AM', 'YYYY-MM-DD HH12:MI:SS AM') AS VARCHAR)", "2024-01-01 00:30:00.000"),
    ("CAST(TO_TIMESTAMP('2024-01-01 13:30:00.12', 'YYYY-MM-DD HH24:MI:SS.FFF') AS VARCHAR)", "2024-01-01 13:30:00.120"),
    ("CAST(NEXT_DAY(TIMESTAMP '2024-05-17 10:00:00', 'Thursday') AS VARCHAR)", "2024-05-23"),
    ("FROM_UNIXTIME(1640131200, 'YYYY-MM-DD')", "2021-12-22"),
    ("UNIX_TIMESTAMP(TIMESTAMP '1969-12-31 23:59:59.500')", 0),
    ("EXTRACT(EPOCH FROM TIMESTAMP '1969-12-31 23:59:58.500')", -1),
    ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2020-08-31 10:00:00', TIMESTAMP '2020-09-30 00:00:00')", 1),
    ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2020-09-30 00:00:00', TIMESTAMP '2020-08-31 10:00:00')", -1),
    ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2020-01-31 00:00:00', TIMESTAMP '2020-02-28 23:00:00')", 0),
    ("TIMESTAMPDIFF(MONTH, TIMESTAMP '2020-01-15 10:00:00', TIMESTAMP '2020-02-15 09:59:59')", 0),
    ("TIMESTAMPDIFF(YEAR, TIMESTAMP '2020-02-29 10:00:00', DATE '2021-02-28')", 1),
    ("TIMESTAMPDIFF(QUARTER, TIMESTAMP '2020-09-30 10:00:00', DATE '2020-01-31')", -2),
    ("TIMESTAMPDIFF(MONTH, CAST(NULL AS TIMESTAMP), TIMESTAMP '2020-02-15 09:59:59')", None),
    # lists: NULL is one of the elements, and a list that is NULL stays so
    ("ARRAY_CONTAINS(ARRAY[1, NULL], 2)", None),
    ("ARRAY_CONTAINS(ARRAY[1, NULL], 1)", True),
    ("ARRAY_CONTAINS(ARRAY[1, 2], 3)", False),
    ("ARRAY_CONTAINS(ARRAY[1, 2], NULL)", None),
    ("SIZE(ARRAY_DISTINCT(ARRAY[1, NULL, 1, NULL, 2]))", 3),
    ("ARRAY_CONCAT(ARRAY[1], NULL)", None),
    ("ARRAY_TO_STRING(ARRAY['a', NULL, 'b'], ',')", "a,,b"),
    ("ARRAY_TO_STRING(ARRAY['a'], NULL)", None),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "answer"), VALUES)
def test_an_edge_brings_what_dremio_says(ask: Ask, expression: str, answer: Any) -> None:
    assert ask(expression) == answer


# What cannot be answered faithfully; the place is that of the expression where it is known before anything runs.
REFUSED: list[tuple[str, tuple[int, int]]] = [
    ("REGEXP_LIKE('abc', '(?=a)abc')", (1, 8)),
    ("REGEXP_LIKE('abc', '(?<n>a)')", (1, 8)),
    ("REGEXP_LIKE('abc', 'a++')", (1, 8)),
    ("REGEXP_LIKE('abc', '[a-z&&[^b]]')", (1, 8)),
    ("REGEXP_LIKE('abc', '[[:alpha:]]')", (1, 8)),
    ("REGEXP_LIKE('abc', '(a)\\1')", (1, 8)),
    ("REGEXP_LIKE('abc', '\\p{Greek}')", (1, 8)),
    ("REGEXP_LIKE('abc', '{')", (1, 8)),
    ("REGEXP_LIKE('abc', NULL)", (1, 8)),
    ("REGEXP_REPLACE('abc', '(b)', '[$1]')", (1, 8)),
    ("REGEXP_REPLACE('abc', 'x*', '-')", (1, 8)),
    ("REGEXP_SPLIT('abc', '', 'ALL', -1)", (1, 8)),
    ("TO_CHAR(DATE '2024-01-08', 'YYYY%MM')", (1, 8)),
    ("TO_CHAR(DATE '2024-01-08', 'YYYY\"it''s\"')", (1, 8)),
    ("TO_DATE('10', 'DD')", (1, 8)),
    ("TO_DATE('02/03', 'MM/DD')", (1, 8)),
    ("TO_NUMBER('12', '0#')", (1, 8)),
    ("ARRAY_CONTAINS(ARRAY[1, 2], 2.5)", (1, 8)),
    ("ARRAY_APPEND(ARRAY[1, 2], 2.5)", (1, 8)),
    ("ARRAY_TO_STRING(ARRAY[1.5], ',')", (1, 8)),
    ("CAST(1.5 AS DECIMAL(38, 20)) * CAST(2.5 AS DECIMAL(38, 20))", (1, 13)),
    ("LAG(x, -1) OVER (ORDER BY x) FROM (VALUES (1)) t(x)", (1, 8)),
    ("x LIKE y ESCAPE '!' FROM (VALUES ('a', 'b')) t(x, y)", (1, 8)),
    ("- TIMESTAMP '2024-01-01 00:00:00'", (1, 20)),
    # what Dremio makes of a text beside a value of another type is a text, or an error
    ("CASE WHEN TRUE THEN 1 ELSE '2' END", (1, 28)),
    ("COALESCE(DATE '2024-01-01', '2024-01-02')", (1, 8)),
    ("1 UNION ALL SELECT '2'", (1, 8)),
    ("INTERVAL '30' DAY = INTERVAL '1' MONTH", (1, 17)),
    ("1e400", (1, 8)),
    ("CAST(TRUE AS INT)", (1, 1)),
    ('"CEIL"()', (1, 1)),
    ("UNNEST(ARRAY[1, 2]), FLATTEN(ARRAY[3, 4])", (1, 8)),
    ("SUM(FLATTEN(ARRAY[1, 2]))", (1, 8)),
    ("1 AS one, COUNT(*) FROM (VALUES (2)) t(x) GROUP BY ROLLUP(one)", (1, 66)),
    ("CONVERT_FROM('{\"a\": 1, \"A\": 2}', 'JSON')", (1, 8)),
    ("CONVERT_FROM('12345678901234567890', 'JSON')", (1, 8)),
    ('"MAP_KEYS"(NULL)', (1, 8)),
    ("LEVENSHTEIN('é', 'e')", (0, 0)),
    ("ASCII('é')", (0, 0)),
    ("SPLIT_PART('a,b', '', 2)", (0, 0)),
]


@pytest.mark.parametrize(("expression", "place"), REFUSED)
def test_what_the_engines_answer_differently_is_refused(ask: Ask, expression: str, place: tuple[int, int]) -> None:
    with pytest.raises(DremioError) as error:
        ask(expression)

    assert (error.value.kind, error.value.line, error.value.column) == ("UNSUPPORTED_OPERATION", *place)


WRONG: list[tuple[str, str, str]] = [
    ("MAX(x) FROM (VALUES (1)) t(x) WHERE MAX(x) > 1", "VALIDATION", "Aggregate expression is illegal in WHERE clause"),
    ("DISTINCT x FROM (VALUES (1, 2)) t(x, y) ORDER BY y", "VALIDATION", "Expression 'y' is not in the select clause"),
    ("DISTINCT x FROM (VALUES (1, 2)) t(x, y) ORDER BY x + y", "VALIDATION", "Expression 'y' is not in the select"),
    ("CONVERT_FROM('NaN', 'JSON')", "VALIDATION", "The text is no JSON"),
    ("REGEXP_EXTRACT('abc', 'b', 1)", "VALIDATION", "invalid group_index '1'"),
    ("'x' LIKE 'a!' ESCAPE '!'", "VALIDATION", "Invalid escape sequence"),
    ("'x' LIKE 'a!b' ESCAPE '!'", "VALIDATION", "Invalid escape sequence"),
    ("NEXT_DAY(DATE '2024-05-17', 'xx')", "VALIDATION", "The weekday in this entry is invalid"),
    ("TO_TIME(3600)", "VALIDATION", "TO_TIME takes 2 or 3 arguments"),
    ("PERCENTILE_CONT(-1) WITHIN GROUP (ORDER BY x) FROM (VALUES (1)) t(x)", "VALIDATION", "between 0 and 1"),
    ("UNHEX('4')", "FUNCTION", "length was not a multiple of two"),
    ("REPEAT('ab', -1)", "FUNCTION", "Repeat number can't be negative"),
    ("SPLIT_PART('a', ',', 0)", "FUNCTION", "Index in split_part must be positive"),
    ("TO_DATE('24-01-02', 'YYYY-MM-DD')", "FUNCTION", "Input text cannot be formatted to date: 24-01-02"),
    ("TO_DATE(' 2024-01-02', 'YYYY-MM-DD')", "FUNCTION", "Input text cannot be formatted to date"),
    ("TO_TIMESTAMP('2024-01-01 12:30:00', 'YYYY-MM-DD HH:MI:SS')", "FUNCTION", "Input text cannot be formatted"),
    ("TO_TIMESTAMP('2024-01-01 00:00:00.1234', 'YYYY-MM-DD HH24:MI:SS.FFF')", "FUNCTION", "Input text cannot be"),
    ("UNIX_TIMESTAMP(' 2021-12-22 13:44:11')", "FUNCTION", "Input text cannot be formatted to date"),
    ("CAST('79-01-01' AS DATE)", "FUNCTION", "Not a valid date value: 79-01-01"),
    ("CAST('infinity' AS DATE)", "FUNCTION", "Not a valid date value"),
    ("CAST('epoch' AS TIMESTAMP)", "FUNCTION", "Not a valid timestamp value"),
    ("CAST('2024-01-01 10:00:00+02:00' AS TIMESTAMP)", "FUNCTION", "Not a valid timestamp value"),
    ("CAST('2024-01-01 24:00:00' AS TIMESTAMP)", "FUNCTION", "Not a valid timestamp value"),
    ("CAST('24:00:00' AS TIME)", "FUNCTION", "Not a valid time value"),
    ("CAST('1_000' AS DOUBLE)", "FUNCTION", "Failed to cast the string 1_000"),
    ("CAST('nan' AS DOUBLE)", "FUNCTION", "Failed to cast the string nan"),
    ("CAST('1_000' AS DECIMAL(10, 2))", "FUNCTION", "Failed to cast the string 1_000"),
    ("CAST('NaN' AS DECIMAL(10, 2))", "FUNCTION", "Failed to cast the string NaN"),
]


@pytest.mark.parametrize(("expression", "kind", "message"), WRONG)
def test_what_dremio_does_not_read_is_an_error(ask: Ask, expression: str, kind: str, message: str) -> None:
    with pytest.raises(DremioError) as error:
        ask(expression)

    assert error.value.kind == kind
    assert message in error.value.message
