"""What queries reflections answer, and what they do not: each trap of view matching has its line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from dremio_reflections import DIMENSIONS, MEASURES, SALES, Mirrors

from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.translation.special_functions import SPECIAL


@pytest.fixture
def yard(tmp_path: Path) -> Mirrors:
    yard = Mirrors(tmp_path)
    yard.run(SALES)
    return yard


@pytest.fixture
def cube(yard: Mirrors) -> Mirrors:
    """Give a reflection of sums by place and day."""
    yard.reflect("lake.sales", name="cube", dimension=DIMENSIONS, measure=MEASURES)
    return yard


@pytest.fixture
def copy(yard: Mirrors) -> Mirrors:
    """Give a reflection of some columns."""
    yard.reflect("lake.sales", name="copy", display=["i", "place", "price"], sort=["i"], partition=["place"])
    return yard


ANSWERED = [
    "SELECT UPPER(place) AS place, SUM(price) AS price FROM lake.sales GROUP BY UPPER(place) HAVING SUM(price) > 2",
    "SELECT place, SUM(price) FROM lake.sales GROUP BY place",
    "SELECT PLACE, sum(PRICE) AS s FROM lake.SALES GROUP BY Place",
    "SELECT COUNT(*), COUNT(1), COUNT(price), COUNT(d) FROM lake.sales",
    # Of an empty group a count is 0, and everything else NULL.
    "SELECT COUNT(*) AS n, COUNT(price) AS p, SUM(price), MIN(price), AVG(price) FROM lake.sales WHERE place = 'x'",
    "SELECT AVG(price), AVG(i), SUM(i) FROM lake.sales",
    "SELECT place, AVG(i) AS a FROM lake.sales GROUP BY place HAVING AVG(i) > 1 ORDER BY 2 DESC, 1 LIMIT 2",
    "SELECT UPPER(place), MAX(price), MIN(d) FROM lake.sales GROUP BY UPPER(place)",
    "SELECT place, COUNT(DISTINCT d) FROM lake.sales GROUP BY 1",
    "SELECT NDV(place) FROM lake.sales",
    "SELECT DISTINCT place FROM lake.sales WHERE d > DATE '2024-01-01'",
    "SELECT place, SUM(price) FILTER (WHERE d IS NULL) FROM lake.sales GROUP BY place",
    "SELECT place, d, COUNT(*), GROUPING(place) FROM lake.sales GROUP BY ROLLUP (place, d)",
    "SELECT place, d, COUNT(*) FROM lake.sales GROUP BY GROUPING SETS ((place), (d), ())",
    "SELECT place, RANK() OVER (ORDER BY SUM(price) DESC) FROM lake.sales GROUP BY place",
    "SELECT place, SUM(SUM(price)) OVER () FROM lake.sales GROUP BY place",
    "SELECT CASE WHEN place = 'north' THEN 'n' ELSE 'other' END AS c, COUNT(*) FROM lake.sales GROUP BY 1",
    # NULLs are one group, and texts differ by the case of their letters.
    "SELECT place, COUNT(*) FROM lake.sales WHERE place IS NULL OR place LIKE '%outh' GROUP BY place",
    # Of a timestamp that is held by its day: what is the same of both.
    "SELECT CAST(ts AS DATE), COUNT(*) FROM lake.sales GROUP BY CAST(ts AS DATE)",
    "SELECT DATE_TRUNC('MONTH', ts), COUNT(*) FROM lake.sales GROUP BY 1",
    "SELECT EXTRACT(YEAR FROM ts), MONTH(ts), COUNT(*) FROM lake.sales GROUP BY 1, 2",
    "SELECT COUNT(*) FROM lake.sales WHERE ts >= TIMESTAMP '2024-01-02 00:00:00' AND ts < '2024-03-01'",
    "SELECT COUNT(*) FROM lake.sales WHERE TIMESTAMP '2024-01-02 00:00:00' <= ts",
    "SELECT COUNT(*) FROM lake.sales WHERE ts IS NULL",
    # Through a query in parentheses, whose names are others.
    "SELECT s.p, SUM(s.x) FROM (SELECT place AS p, price AS x FROM lake.sales WHERE d IS NOT NULL) AS s GROUP BY s.p",
    "SELECT c FROM (SELECT place, COUNT(*) AS c FROM lake.sales GROUP BY place) AS q WHERE c > 1",
]


@pytest.mark.parametrize("sql", ANSWERED)
def test_sums_are_put_together_of_those_that_are_held(cube: Mirrors, sql: str) -> None:
    assert cube.states(f"SELECT /*+ choose_reflections('cube') */ * FROM ({sql}) AS asked") == {"cube": "CHOSEN"}


NOT_ANSWERED = [
    "SELECT place FROM lake.sales",  # how often each comes is lost
    "SELECT f, COUNT(*) FROM lake.sales GROUP BY f",
    "SELECT UPPER(place) AS place, COUNT(*) FROM lake.sales GROUP BY place",  # the name of the list goes first
    "SELECT place, SUM(price) AS price FROM lake.sales GROUP BY place HAVING price > 2",
    "SELECT SUM(price) FROM lake.sales WHERE price > 2",
    "SELECT SUM(price + 1) FROM lake.sales",
    "SELECT SUM(DISTINCT price), COUNT(DISTINCT price) FROM lake.sales",
    "SELECT SUM(DISTINCT i) FROM lake.sales",
    "SELECT SUM(CASE WHEN price > 2 THEN 1 ELSE 0 END) FROM lake.sales",
    "SELECT COUNT(*) FILTER (WHERE price > 2) FROM lake.sales",
    "SELECT STDDEV(price) FROM lake.sales",
    "SELECT MIN(i) FROM lake.sales",  # not asked for when it was made
    "SELECT SUM(f) FROM lake.sales",  # in another order other bits
    "SELECT AVG(f) FROM lake.sales",
    "SELECT ANY_VALUE(place) FROM lake.sales",
    "SELECT LISTAGG(place, ',') FROM lake.sales",
    "SELECT ts, COUNT(*) FROM lake.sales GROUP BY ts",
    "SELECT EXTRACT(HOUR FROM ts), COUNT(*) FROM lake.sales GROUP BY 1",
    "SELECT MAX(ts) FROM lake.sales",
    "SELECT COUNT(*) FROM lake.sales WHERE ts >= TIMESTAMP '2024-01-01 12:00:00'",
    "SELECT COUNT(*) FROM lake.sales WHERE ts > TIMESTAMP '2024-01-02 00:00:00'",
    "SELECT COUNT(*) FROM lake.sales WHERE ts <= TIMESTAMP '2024-01-02 00:00:00'",
    "SELECT COUNT(*) FROM lake.sales WHERE ts = TIMESTAMP '2024-01-02 00:00:00'",
    "SELECT COUNT(*) FROM lake.sales WHERE ts BETWEEN '2024-01-01' AND '2024-01-02'",
    "SELECT place, f, COUNT(*) FROM lake.sales GROUP BY GROUPING SETS ((place), (f))",
    "SELECT place, ROW_NUMBER() OVER (ORDER BY place) FROM lake.sales",
    "SELECT DISTINCT place, COUNT(*) OVER (PARTITION BY place) FROM lake.sales",
    "SELECT COUNT(*) FROM lake.sales WHERE d < CURRENT_DATE",
    "SELECT place, COUNT(*) FROM lake.sales WHERE RAND() < 2 GROUP BY place",
    "SELECT COUNT(*) FROM lake.sales WHERE place IN (SELECT 'north')",
    "SELECT COUNT(*) FROM lake.sales AS a JOIN lake.sales AS b ON a.i = b.i",
]


@pytest.mark.parametrize("sql", NOT_ANSWERED)
def test_what_would_be_another_answer_is_not_given(cube: Mirrors, sql: str) -> None:
    ran = cube.ask(sql)

    assert {each["relationship"] for each in ran.outcome.acceleration} == {"CONSIDERED"}


def test_sums_of_floating_point_numbers_are_put_together_where_that_is_allowed(cube: Mirrors) -> None:
    ran = cube.ask("SELECT SUM(f) AS s FROM lake.sales", floats=True)

    assert [each["relationship"] for each in ran.outcome.acceleration] == ["CHOSEN"]
    assert ran.rows == [{"s": 12.5}]


COPIED = [
    "SELECT i, price * 2 AS x FROM lake.sales WHERE place = 'north' ORDER BY i LIMIT 1",
    "SELECT price FROM lake.sales",  # as often as it comes
    "SELECT COUNT(*) FROM lake.sales",
    "SELECT i, SUM(price) OVER (PARTITION BY place) FROM lake.sales",
    "SELECT a.i, b.price FROM lake.sales AS a LEFT JOIN lake.sales AS b ON a.i = b.i AND b.place = 'x'",
    "SELECT i FROM lake.sales AS a WHERE EXISTS (SELECT 1 FROM lake.sales AS b WHERE b.i = a.i + 1)",
    "SELECT i, place FROM (SELECT * FROM lake.sales) AS s",
    "WITH w AS (SELECT i, place FROM lake.sales) SELECT place, COUNT(*) FROM w GROUP BY place",
    "SELECT i FROM lake.sales UNION ALL SELECT i FROM lake.sales",
    "SELECT (SELECT MAX(price) FROM lake.sales) AS m",
]


@pytest.mark.parametrize("sql", COPIED)
def test_a_copy_answers_what_asks_for_its_columns_alone(copy: Mirrors, sql: str) -> None:
    assert copy.states(f"SELECT /*+ choose_reflections('copy') */ * FROM ({sql}) AS asked") == {"copy": "CHOSEN"}


NOT_COPIED = [
    "SELECT * FROM lake.sales",
    "SELECT i FROM lake.sales WHERE d IS NULL",
    "SELECT i FROM lake.sales ORDER BY ts",
    "SELECT a.i FROM lake.sales AS a NATURAL JOIN lake.sales AS b",
    "SELECT q.i FROM lake.sales AS q(i, a, b, c, d, e)",
    "SELECT i, RAND() AS r FROM lake.sales WHERE 1 = 0",
]


@pytest.mark.parametrize("sql", NOT_COPIED)
def test_a_copy_does_not_answer_what_asks_for_more(copy: Mirrors, sql: str) -> None:
    assert copy.states(sql) == {"copy": "CONSIDERED"}


def test_a_filtered_view_answers_what_asks_for_no_more_than_its_rows(yard: Mirrors) -> None:
    yard.run(
        "CREATE VIEW lake.some AS SELECT i, place, price AS cost, d FROM lake.sales WHERE i > 1 AND place = 'north'"
    )
    yard.reflect("lake.some", name="some", display=["i", "cost"])

    within = "SELECT i, price FROM lake.sales WHERE place = 'north' AND i {} 2"
    assert yard.states(within.format("=")) == {"some": "CHOSEN"}
    assert yard.states(within.format(">=")) == {"some": "CHOSEN"}
    assert yard.states("SELECT i FROM lake.sales WHERE place = 'north' AND i IN (2, 3)") == {"some": "CHOSEN"}
    assert yard.states("SELECT cost FROM lake.some WHERE i BETWEEN 2 AND 9") == {"some": "CHOSEN"}
    assert yard.states("SELECT i FROM lake.sales WHERE place = 'north' AND i >= 1") == {"some": "CONSIDERED"}
    assert yard.states("SELECT i FROM lake.sales WHERE place IN ('north', 'x') AND i > 1") == {"some": "CONSIDERED"}
    assert yard.states("SELECT i FROM lake.sales WHERE place = 'north' OR i > 1") == {"some": "CONSIDERED"}
    assert yard.states("SELECT i FROM lake.sales") == {"some": "CONSIDERED"}


def test_nested_views_are_looked_through_from_both_sides(yard: Mirrors) -> None:
    yard.run("CREATE VIEW lake.inner_one AS SELECT UPPER(place) AS p, price, d FROM lake.sales WHERE d IS NOT NULL")
    yard.run("CREATE VIEW lake.outer_one AS SELECT p AS name, price * 2 AS twice, d FROM lake.inner_one")
    yard.reflect("lake.inner_one", name="inner", dimension=["p", "d"], measure=[("price", "SUM", "COUNT")])
    yard.reflect("lake.outer_one", name="outer", dimension=["name"], measure=[("twice", "SUM")])

    assert yard.states("SELECT name, COUNT(*) FROM lake.outer_one GROUP BY name")["inner"] in {"CHOSEN", "MATCHED"}
    direct = "SELECT UPPER(place), SUM(price) FROM lake.sales WHERE d IS NOT NULL GROUP BY UPPER(place)"
    assert yard.states(direct) == {"inner": "CHOSEN", "outer": "CONSIDERED"}
    doubled = "SELECT p, SUM(price * 2) FROM lake.inner_one GROUP BY p"
    assert yard.states(doubled) == {"inner": "CONSIDERED", "outer": "CHOSEN"}


def test_a_view_of_joins_is_answered_as_a_whole(yard: Mirrors) -> None:
    yard.run("CREATE TABLE lake.names AS SELECT * FROM (VALUES ('north', 'N'), ('east', 'E')) AS x(place, short)")
    yard.run("CREATE VIEW lake.full_one AS SELECT s.i, s.price, n.short FROM lake.sales s "
             "FULL JOIN lake.names n ON s.place = n.place")  # fmt: skip
    yard.reflect("lake.full_one", name="sums", dimension=["short"], measure=[("price", "SUM", "COUNT")])

    assert yard.states("SELECT short, SUM(price), COUNT(*) FROM lake.full_one GROUP BY short") == {"sums": "CHOSEN"}
    assert yard.states("SELECT COUNT(*) FROM lake.sales") == {"sums": "CONSIDERED"}


def test_hints_say_which_reflections_may_be_used(cube: Mirrors) -> None:
    cube.reflect("lake.sales", name="copy", display=["i", "place", "price"])
    sql = "SELECT {} place, SUM(price) FROM lake.sales GROUP BY place"

    assert set(cube.states(sql.format(""))) == {"cube", "copy"}
    assert cube.states(sql.format("/*+ no_reflections */")) == {}
    assert cube.states(sql.format("/*+ consider_reflections('copy') */")) == {"copy": "CHOSEN"}
    assert cube.states(sql.format("/*+ exclude_reflections('copy') */")) == {"cube": "CHOSEN"}
    assert cube.states(sql.format("/*+ choose_reflections('copy, other') */")) == {"copy": "CHOSEN"}


def test_an_explained_query_shows_what_it_would_read(cube: Mirrors) -> None:
    asked = "EXPLAIN PLAN FOR SELECT place, SUM(price) FROM lake.sales GROUP BY place"

    assert cube.ask(asked).rows[0]["json"] != cube.run(asked).rows[0]["json"]


def test_only_what_has_the_data_of_now_is_used_where_that_is_asked_for(cube: Mirrors) -> None:
    current = "SELECT /*+ current_iceberg_data_only */ COUNT(*) FROM lake.sales"
    assert cube.states(current) == {"cube": "CHOSEN"}

    cube.run("INSERT INTO lake.sales SELECT * FROM lake.sales")

    assert cube.states(current) == {}
    assert cube.ask("SELECT COUNT(*) AS n FROM lake.sales").rows == [{"n": 6}]  # as old as its policy allows
    cube.stale("cube", strict=True)
    assert cube.states("SELECT COUNT(*) FROM lake.sales") == {}


def test_what_has_expired_is_not_considered(cube: Mirrors) -> None:
    cube.stale("cube", expires_at=1)

    assert cube.states("SELECT COUNT(*) FROM lake.sales") == {}


def test_a_dataset_that_says_something_else_makes_a_reflection_of_it_no_more_used(yard: Mirrors) -> None:
    yard.run("CREATE VIEW lake.v AS SELECT place, price FROM lake.sales")
    yard.reflect("lake.v", name="v", dimension=["place"], measure=[("price", "SUM")])
    asked = "SELECT place, SUM(price) FROM lake.v GROUP BY place"
    assert yard.states(asked) == {"v": "CHOSEN"}

    yard.run("CREATE OR REPLACE VIEW lake.v AS SELECT place, price + 1 AS price FROM lake.sales")
    assert yard.states(asked) == {}


def test_a_table_that_was_made_again_makes_a_reflection_of_it_no_more_used(cube: Mirrors) -> None:
    cube.run("DROP TABLE lake.sales")
    cube.run("CREATE TABLE lake.sales AS SELECT 'x' AS place, 1 AS price")

    assert cube.states("SELECT place, COUNT(*) FROM lake.sales GROUP BY place") == {}


def test_a_version_of_a_table_is_asked_of_the_table(copy: Mirrors) -> None:
    with pytest.raises(DremioError, match="AT SNAPSHOT needs an Iceberg table"):
        copy.ask("SELECT i FROM lake.sales AT SNAPSHOT '1'")


def test_what_a_function_of_ones_own_does_is_asked_of_the_tables(copy: Mirrors) -> None:
    copy.run("CREATE FUNCTION lake.twice (n INT) RETURNS INT RETURN n * 2")
    copy.run("CREATE VIEW lake.doubled AS SELECT lake.twice(i) AS i FROM lake.sales")

    assert copy.states("SELECT SUM(lake.twice(i)) FROM lake.sales") == {"copy": "CONSIDERED"}
    assert copy.states("SELECT i FROM lake.doubled") == {"copy": "CONSIDERED"}


def test_columns_that_are_named_by_those_before_them_are_not_confused(yard: Mirrors) -> None:
    yard.run("CREATE TABLE lake.a AS SELECT * FROM (VALUES (1, 10), (2, 20)) AS r(x, id)")
    yard.run("CREATE TABLE lake.b AS SELECT * FROM (VALUES (1, 100, 7), (2, 200, 8)) AS r(k, id, id0)")
    yard.run("CREATE VIEW lake.ab AS SELECT * FROM lake.a JOIN lake.b ON a.x = b.k")
    yard.reflect("lake.b", name="b", display=["k", "id0"])

    assert yard.states("SELECT id0 FROM lake.ab") == {"b": "CONSIDERED"}
    assert sorted(yard.rows("SELECT id0 FROM lake.ab")) == [[100], [200]]


def test_files_that_are_gone_are_no_more_used(cube: Mirrors) -> None:
    shutil.rmtree(cube.reflections["cube"]["folder"])

    assert cube.states("SELECT COUNT(*) FROM lake.sales") == {}


def test_every_function_that_asks_for_time_or_user_counts_as_such() -> None:
    from runyard.runtime.dremio_sql.acceleration.volatility import CALLS  # noqa: PLC0415 the table under test

    asking = {name for name in SPECIAL if name.startswith(("NOW", "CURRENT_", "LOCALTIME", "USER", "QUERY_USER"))}
    assert asking <= CALLS
    assert {"RAND", "RANDOM", "UNIX_TIMESTAMP"} <= CALLS


def test_an_empty_reflection_answers_with_nothing(yard: Mirrors) -> None:
    yard.run("CREATE TABLE lake.empty_one AS SELECT * FROM lake.sales WHERE 1 = 0")
    yard.reflect("lake.empty_one", name="none", dimension=["place"], measure=[("price", "SUM", "COUNT")])

    assert yard.states("SELECT COUNT(*), SUM(price), AVG(price) FROM lake.empty_one") == {"none": "CHOSEN"}
    assert yard.states("SELECT place, COUNT(*) FROM lake.empty_one GROUP BY place") == {"none": "CHOSEN"}


def test_sums_beyond_a_bigint_in_a_group_are_held(yard: Mirrors) -> None:
    yard.run(
        "CREATE TABLE lake.big AS SELECT * FROM (VALUES ('a', 9223372036854775807), ('a', 1), ('b', -5)) AS x(k, n)"
    )
    yard.reflect("lake.big", name="big", dimension=["k"], measure=[("n", "SUM", "COUNT")])

    assert yard.states("SELECT k, SUM(n) FROM lake.big WHERE k = 'b' GROUP BY k") == {"big": "CHOSEN"}
    assert yard.states("SELECT k, AVG(n) FROM lake.big GROUP BY k") == {"big": "CHOSEN"}
    with pytest.raises(DremioError):
        yard.ask("SELECT /*+ choose_reflections('big') */ k, SUM(n) FROM lake.big GROUP BY k")
