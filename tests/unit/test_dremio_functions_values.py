"""What a function of one's own is called with is computed once for each call, or refused where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from dremio_engine import Yard

MADE = """
CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'a'), (4, NULL)) AS t(n, k);
CREATE FUNCTION lake.twice (x DOUBLE) RETURNS DOUBLE RETURN x + x;
CREATE FUNCTION lake.is_same (x DOUBLE) RETURNS BOOLEAN RETURN x = x;
CREATE FUNCTION lake.are_same (x DOUBLE, y DOUBLE) RETURNS BOOLEAN RETURN x = x AND y = y AND x - y = -(y - x);
CREATE FUNCTION lake.is_between (x DOUBLE) RETURNS BOOLEAN RETURN x BETWEEN x AND x;
CREATE FUNCTION lake.text_of (x DOUBLE) RETURNS VARCHAR RETURN CAST(x AS VARCHAR);
CREATE FUNCTION lake.third (x DECIMAL(10, 6)) RETURNS DECIMAL(12, 6) RETURN x / 3 * 3;
CREATE FUNCTION lake.one (x BIGINT) RETURNS INT RETURN 1;
CREATE FUNCTION lake.next (x DOUBLE) RETURNS DOUBLE RETURN x + RAND();
CREATE FUNCTION lake.kept (x DOUBLE) RETURNS BOOLEAN RETURN lake.is_same(lake.next(x)) AND lake.is_same(x);
CREATE FUNCTION lake.safe (x DOUBLE, y DOUBLE) RETURNS DOUBLE RETURN CASE WHEN y = 0 THEN 0 ELSE x * x END;
CREATE FUNCTION lake.below (x DOUBLE) RETURNS BIGINT RETURN SELECT COUNT(*) FROM lake.t WHERE n < x OR n = x;
CREATE FUNCTION lake.below_twice (x DOUBLE) RETURNS BIGINT RETURN lake.below(x) + lake.below(x);
CREATE FUNCTION lake.total (x DOUBLE) RETURNS DOUBLE RETURN SUM(x) + SUM(x);
CREATE FUNCTION lake.numbered (x DOUBLE) RETURNS TABLE (n INT, x DOUBLE, y DOUBLE) RETURN SELECT n, x, x FROM lake.t;
CREATE FUNCTION lake.again (x DOUBLE) RETURNS TABLE (n INT, x DOUBLE, y DOUBLE)
  RETURN SELECT n, y, lake.twice(x) / 2 FROM TABLE(lake.numbered(x))
"""
ALL = [[4]]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    found = Yard(tmp_path_factory.mktemp("values"))
    for sql in MADE.split(";"):
        found.run(sql)
    return found


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT COUNT(*) FROM (SELECT lake.is_same(RAND()) AS s FROM lake.t) AS q WHERE s", ALL),
        ("SELECT COUNT(DISTINCT lake.twice(RAND())) FROM lake.t", ALL),
        ("SELECT COUNT(*) FROM lake.t WHERE lake.is_same(n + RAND())", ALL),
        ("SELECT COUNT(*) FROM lake.t WHERE lake.are_same(RAND(), RAND() * n)", ALL),
        ("SELECT COUNT(*) FROM lake.t WHERE lake.is_between(RAND())", ALL),
        ("SELECT COUNT(lake.text_of(1 + RAND())) FROM lake.t", ALL),
        ("SELECT COUNT(*) FROM lake.t WHERE lake.third(CAST(RAND() AS DECIMAL(10, 6))) <= 1.000002", ALL),
        ("SELECT COUNT(*) FROM lake.t WHERE lake.kept(RAND())", ALL),
        ("SELECT COUNT(*) FROM lake.t AS l JOIN lake.t AS r ON l.n = r.n AND lake.is_same(l.n + RAND())", ALL),
        ("SELECT COUNT(*) FROM lake.t AS l LEFT JOIN lake.t AS r ON lake.is_same(RAND()) AND l.n = r.n", ALL),
        ("SELECT lake.is_same(RAND()), COUNT(*) FROM lake.t GROUP BY lake.is_same(RAND())", [[True, 4]]),
        ("SELECT lake.is_same(SUM(n) + RAND()) FROM lake.t GROUP BY k ORDER BY lake.is_same(RAND())", [[True]] * 3),
        ("SELECT k FROM lake.t GROUP BY k HAVING NOT lake.is_same(MAX(n) + RAND())", []),
        ("SELECT COUNT(*) FILTER (WHERE lake.is_same(RAND())) FROM lake.t", ALL),
        ("SELECT lake.is_same(SUM(n) OVER (ORDER BY n) + RAND()) FROM lake.t", [[True]] * 4),
        ("SELECT COUNT(*) FROM TABLE(lake.numbered(RAND())) WHERE x = y", ALL),
        ("SELECT COUNT(*), COUNT(DISTINCT x) FROM TABLE(lake.again(1 + RAND())) WHERE x = y", [[4, 1]]),
        ("SELECT lake.twice(CASE WHEN RAND() < 2 THEN NULL ELSE 1 END) FROM lake.t WHERE n = 1", [[None]]),
    ],
)  # fmt: skip
def test_a_random_value_is_one_for_all_of_a_body(yard: Yard, sql: str, rows: list[list[object]]) -> None:
    assert yard.rows(sql) == rows


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT lake.one(SUM(n)) FROM lake.t", [[1]]),
        ("SELECT lake.one(n + 1) FROM lake.t", [[1]] * 4),
        ("SELECT lake.one(FLATTEN(ARRAY[n, n])) FROM lake.t", [[1]] * 8),
    ],
)
def test_a_value_that_no_body_looks_at_makes_the_rows_that_it_makes(
    yard: Yard, sql: str, rows: list[list[object]]
) -> None:
    assert yard.rows(sql) == rows


def test_a_query_is_asked_once_for_each_call(yard: Yard) -> None:
    others = "SELECT MAX(o.n) FROM lake.t AS o WHERE o.n <> t.n"

    assert yard.rows(f"SELECT lake.twice(({others})) FROM lake.t ORDER BY n") == [[8], [8], [8], [6]]
    assert yard.rows(f"SELECT lake.below(({others}) - n) FROM lake.t ORDER BY n") == [[3], [2], [1], [0]]
    assert yard.rows("SELECT SUM(x + y) FROM TABLE(lake.numbered((SELECT MAX(n) FROM lake.t)))") == [[32]]


def test_what_a_body_does_not_come_to_is_not_computed(yard: Yard) -> None:
    assert yard.rows("SELECT lake.safe(10 / (n - 1), n - 1) FROM lake.t ORDER BY n") == [[0], [100], [25], [9]]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("SELECT\n  lake.below(RAND()) FROM lake.t", "A function of a random value asks a query"),
        ("SELECT\n  lake.below_twice(RAND()) FROM lake.t", "A function of a random value asks a query"),
        ("SELECT\n  lake.below_twice(SUM(n)) FROM lake.t",
         "A function of an aggregate, a window or FLATTEN asks a query"),
        ("SELECT k, SUM(n) AS s FROM lake.t GROUP BY k HAVING\n  lake.below(s) > 1",
         "A function of an aggregate, a window or FLATTEN asks a query"),
        ("SELECT\n  lake.total(RAND()) FROM lake.t", "A function over rows looks at a random value more than once"),
        ("SELECT n, (SELECT MAX(x) FROM\n  TABLE(lake.numbered(RAND() + t.n))) FROM lake.t",
         "TABLE(…) of a random value has no faithful translation"),
        ("SELECT\n  RAND() BETWEEN 0.4 AND 0.6", "A random value, looked at more than once"),
        ("SELECT CASE\n  RAND() WHEN 1 THEN 1 WHEN 2 THEN 2 END", "A random value, looked at more than once"),
        ("SELECT CAST(\n  RAND() AS VARCHAR)", "A random value, looked at more than once"),
        ("SELECT\n  GREATEST(RAND(), 0.5)", "A random value, looked at more than once"),
        ("SELECT k, MAX(n) + RAND() AS r FROM lake.t GROUP BY k HAVING\n  r > 3",
         "A random value, looked at more than once"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_once_is_refused_where_it_stands(yard: Yard, sql: str, what: str) -> None:
    error = yard.error(sql)

    assert (error.kind, error.line, error.column) == ("UNSUPPORTED_OPERATION", 2, 3)
    assert error.message.startswith(what)


def test_a_value_that_has_a_name_is_one_for_a_body_that_asks_a_query(yard: Yard) -> None:
    assert yard.rows("SELECT lake.below(4 + r) FROM (SELECT RAND() AS r FROM lake.t) AS q") == [[4]] * 4
    assert yard.rows("SELECT k, lake.below(s) FROM (SELECT k, SUM(n) AS s FROM lake.t GROUP BY k) AS q ORDER BY k") == [
        ["a", 4], ["b", 2], [None, 4],
    ]  # fmt: skip


def test_a_text_that_speaks_of_random_is_none(yard: Yard) -> None:
    assert yard.rows("SELECT REPLACE('random()' || k, 'a', k) FROM lake.t WHERE n = 2") == [["rbndom()b"]]


def test_calls_of_calls_do_not_grow_by_each_other(yard: Yard) -> None:
    scalar, asking = "n", "n"
    for number in range(24):
        scalar = f"lake.twice({scalar} - {number})"
    for _ in range(10):
        asking = f"lake.below({asking})"

    assert yard.rows(f"SELECT {scalar} FROM lake.t WHERE n = 1") == [[-16_777_166]]
    assert yard.rows(f"SELECT {asking} FROM lake.t ORDER BY n") == [[1], [2], [3], [4]]


def test_bodies_that_stand_for_too_much_are_refused(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE FUNCTION lake.f0 (x DOUBLE) RETURNS DOUBLE RETURN x + 1")
    for number in range(1, 5):
        calls = " + ".join(f"lake.f{number - 1}(x)" for _ in range(10))
        yard.run(f"CREATE FUNCTION lake.f{number} (x DOUBLE) RETURNS DOUBLE RETURN {calls}")
    error = yard.error("SELECT\n lake.f4(1)")

    assert yard.rows("SELECT lake.f2(1)") == [[200]]
    assert (error.kind, error.line) == ("UNSUPPORTED_OPERATION", 2)
    assert error.message.startswith("Functions that call functions")


def test_values_within_values_are_named_as_deep_as_is_quick(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE FUNCTION lake.g0 (x DOUBLE) RETURNS DOUBLE RETURN x - x")
    for number in range(1, 9):
        body = f"lake.g{number - 1}(x + RAND()) + x - x"
        yard.run(f"CREATE FUNCTION lake.g{number} (x DOUBLE) RETURNS DOUBLE RETURN {body}")

    assert yard.rows("SELECT lake.g7(RAND())") == [[0]]
    assert yard.error("SELECT lake.g8(RAND())").message.startswith("More than 8 calls within calls")
