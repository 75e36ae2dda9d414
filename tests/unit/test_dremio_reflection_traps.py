"""Queries that a careless matcher would answer wrongly: each is asked with and without reflections."""

from __future__ import annotations

from pathlib import Path

import pytest
from dremio_reflections import SALES, Mirrors, bag


@pytest.fixture
def yard(tmp_path: Path) -> Mirrors:
    yard = Mirrors(tmp_path)
    yard.run(SALES)
    return yard


def hinted(yard: Mirrors, sql: str) -> dict[str, str]:
    """Ask with a hint for whatever can answer, beside the list, where it is no query around the query."""
    chosen = ", ".join(f"'{name}'" for name in yard.reflections)
    return yard.states(sql.replace("SELECT", f"SELECT /*+ choose_reflections({chosen}) */", 1))


# lists that make several rows of one


@pytest.fixture
def lists(yard: Mirrors) -> Mirrors:
    yard.run(
        "CREATE TABLE lake.l AS SELECT i, REGEXP_SPLIT(s, ',', 'ALL', -1) AS parts "
        "FROM (VALUES (1, 'a,b,c'), (2, 'd'), (3, 'e,f')) AS r(i, s)"
    )
    yard.run("CREATE VIEW lake.flat AS SELECT i, FLATTEN(parts) AS part FROM lake.l")
    return yard


COUNTED = [
    "SELECT COUNT(*) FROM lake.{}",
    "SELECT i FROM lake.{}",
    "SELECT i, COUNT(*) FROM lake.{} GROUP BY i",
    "SELECT COUNT(*) FROM (SELECT i, FLATTEN(parts) AS part FROM lake.l) AS q",
]


@pytest.mark.parametrize("sql", COUNTED)
def test_rows_that_flatten_makes_are_not_those_of_the_table(lists: Mirrors, sql: str) -> None:
    lists.reflect("lake.flat", name="raw", display=["i", "part"])
    lists.reflect("lake.flat", name="sums", dimension=["i"], measure=[("part", "COUNT")])

    hinted(lists, sql.format("l"))
    assert "CHOSEN" in hinted(lists, "SELECT i, COUNT(*) FROM lake.flat GROUP BY i").values()


@pytest.mark.parametrize("sql", COUNTED)
def test_rows_of_a_table_are_not_those_that_flatten_makes_of_them(lists: Mirrors, sql: str) -> None:
    lists.reflect("lake.l", name="raw", display=["i"])
    lists.reflect("lake.l", name="sums", dimension=["i"], measure=[("i", "COUNT")])

    hinted(lists, sql.format("flat"))
    assert "CHOSEN" in hinted(lists, "SELECT i, COUNT(*) FROM lake.l GROUP BY i").values()


def test_a_view_that_asks_its_table_for_each_row_is_made_anew_as_a_whole(yard: Mirrors) -> None:
    yard.run(
        "CREATE VIEW lake.more AS SELECT i, EXISTS (SELECT 1 FROM lake.sales AS b WHERE b.i > a.i) AS has "
        "FROM lake.sales AS a"
    )
    yard.reflect("lake.more", name="more", display=["i", "has"])
    yard.run("INSERT INTO lake.sales SELECT 100, place, price, ts, d, f FROM lake.sales WHERE i = 5")

    assert yard.reflect("lake.more", name="more", previous="more", method="INCREMENTAL", display=["i", "has"])[
        "method"
    ] == "FULL"  # fmt: skip
    assert hinted(yard, "SELECT i, has FROM lake.more") == {"more": "CHOSEN"}


# one column under two names, and constants that are columns

TWICE = [
    "SELECT a, b, COUNT(*) FROM (SELECT place AS a, place AS b FROM lake.sales) AS q GROUP BY ROLLUP (a, b)",
    "SELECT a, b, COUNT(*) FROM lake.twice GROUP BY GROUPING SETS ((a), (b), ())",
    "SELECT UPPER(a) AS u, COUNT(*) FROM lake.twice GROUP BY CUBE (up, a)",
    "SELECT UPPER(place) AS u, COUNT(*) FROM lake.sales GROUP BY place",
    "SELECT UPPER(place) AS u, COUNT(*) FROM lake.sales GROUP BY ROLLUP (place)",
]


@pytest.mark.parametrize("sql", TWICE)
def test_columns_that_are_one_beneath_are_grouped_by_apart(yard: Mirrors, sql: str) -> None:
    yard.run("CREATE VIEW lake.twice AS SELECT place AS a, place AS b, UPPER(place) AS up FROM lake.sales")
    yard.reflect("lake.sales", name="table", dimension=["place"], measure=[("i", "COUNT")])
    yard.reflect("lake.twice", name="view", dimension=["a", "up"], measure=[("a", "COUNT")])

    hinted(yard, sql)
    hinted(yard, sql.replace("lake.twice", "(SELECT place AS a, place AS b, UPPER(place) AS up FROM lake.sales) AS q"))
    assert "CHOSEN" in hinted(yard, "SELECT a, up, COUNT(*) FROM lake.twice GROUP BY ROLLUP (a, up)").values()


OF_CONSTANTS = [
    "SELECT CAST(i AS DECIMAL(10, 2)), COUNT(*) FROM lake.sales GROUP BY CAST(i AS DECIMAL(10, 2))",
    "SELECT DISTINCT CAST(place AS VARCHAR(2)) FROM lake.sales",
    "SELECT d + INTERVAL '2' DAY, COUNT(*), COUNT(2), MAX(2) FROM lake.sales GROUP BY d + INTERVAL '2' DAY",
    "SELECT i + 2, SUBSTRING(place, 1, 2), COUNT(*) FROM lake.sales GROUP BY 1, 2",
]


@pytest.mark.parametrize("sql", OF_CONSTANTS)
def test_a_constant_that_a_view_has_as_a_column_stays_one(yard: Mirrors, sql: str) -> None:
    yard.run("CREATE VIEW lake.constants AS SELECT 10 AS ten, 2 AS two, '2' AS text, place, i, d FROM lake.sales")
    fine = {"name": "d", "granularity": "NORMAL"}
    yard.reflect("lake.constants", name="sums", dimension=["ten", "two", "text", "place", "i", fine])

    assert hinted(yard, sql) == {"sums": "CHOSEN"}


# sums without dimensions

OF_NOTHING = [
    "SELECT DISTINCT 1 AS a FROM lake.none",
    "SELECT MAX(1), COUNT(DISTINCT 1), NDV(1) FROM lake.none",
    "SELECT 'a' AS k, COUNT(*) FROM lake.none GROUP BY 'a'",
    "SELECT COUNT(*), COUNT(price), SUM(price), MAX(price), AVG(price) FROM lake.none",
    "SELECT COUNT(*) FILTER (WHERE 1 = 1) FROM lake.none HAVING COUNT(*) >= 0",
]


@pytest.mark.parametrize("sql", OF_NOTHING)
def test_the_one_row_of_sums_of_no_data_is_no_row_of_data(yard: Mirrors, sql: str) -> None:
    yard.run("CREATE TABLE lake.none AS SELECT * FROM lake.sales WHERE 1 = 0")
    yard.reflect("lake.none", name="sums", measure=[("price", "SUM", "COUNT", "MIN", "MAX")])

    assert hinted(yard, sql) == {"sums": "CHOSEN"}


@pytest.mark.parametrize("sql", [each.replace("none", "sales") for each in OF_NOTHING])
def test_sums_without_dimensions_answer_of_data(yard: Mirrors, sql: str) -> None:
    yard.reflect("lake.sales", name="sums", measure=[("price", "SUM", "COUNT", "MIN", "MAX")])

    assert hinted(yard, sql) == {"sums": "CHOSEN"}


# values that are equal and not the same


@pytest.fixture
def zeros(yard: Mirrors) -> Mirrors:
    yard.run("CREATE TABLE lake.zeros AS SELECT * FROM (VALUES (1, 0e0), (2, 0e0 * -1e0), (3, 1e0)) AS r(i, f)")
    yard.run("CREATE VIEW lake.halves AS SELECT i, f / 2 AS h FROM lake.zeros")
    yard.reflect("lake.zeros", name="z", dimension=["f"], measure=[("i", "SUM", "COUNT")])
    yard.reflect("lake.halves", name="h", dimension=["h"], measure=[("i", "SUM", "COUNT")])
    return yard


SIGNED = [
    "SELECT CAST(f AS VARCHAR) AS t, COUNT(*) FROM lake.zeros GROUP BY CAST(f AS VARCHAR)",
    "SELECT COUNT(*) FROM lake.zeros WHERE CAST(f AS VARCHAR) = '-0.0'",
    "SELECT COUNT(DISTINCT CAST(h AS VARCHAR)) FROM lake.halves",
    "SELECT COUNT(DISTINCT CAST(f / 2 AS VARCHAR)) FROM lake.zeros",
]


@pytest.mark.parametrize("sql", SIGNED)
def test_zeros_whose_signs_can_be_seen_are_asked_of_the_table(zeros: Mirrors, sql: str) -> None:
    assert "CHOSEN" not in hinted(zeros, sql).values()


UNSIGNED = [
    "SELECT COUNT(DISTINCT f), SUM(i), COUNT(f) FROM lake.zeros",
    "SELECT COUNT(*) FROM lake.zeros WHERE f = 0 OR NOT (f IN (1e0)) OR f IS NULL",
    "SELECT SUM(i) FROM lake.halves WHERE h >= 0 GROUP BY h",
]


@pytest.mark.parametrize("sql", UNSIGNED)
def test_zeros_whose_signs_cannot_be_seen_are_held(zeros: Mirrors, sql: str) -> None:
    assert "CHOSEN" in hinted(zeros, sql).values()


# names and places


@pytest.fixture
def named(yard: Mirrors) -> Mirrors:
    yard.run(
        "CREATE TABLE lake.o AS SELECT * FROM (VALUES (1, 30, 'a'), (2, 20, 'b'), (3, 10, 'c')) AS r(x, held0, held1)"
    )
    yard.run("CREATE VIEW lake.first AS SELECT * FROM lake.o ORDER BY 1 LIMIT 2")
    yard.run("CREATE VIEW lake.second AS SELECT * FROM lake.o ORDER BY held0 LIMIT 2")
    return yard


BY_PLACE = [
    "SELECT held0 FROM (SELECT * FROM lake.o ORDER BY 1 LIMIT 2) AS q",
    "SELECT held0 FROM (SELECT o.* FROM lake.o AS o ORDER BY 1 LIMIT 2) AS q",
    "SELECT held0 FROM lake.first",
    "SELECT SUM(held0) FROM (SELECT * FROM lake.o GROUP BY 1, 2, 3 ORDER BY 1 LIMIT 2) AS q",
]


@pytest.mark.parametrize("sql", BY_PLACE)
def test_a_column_that_is_told_by_its_place_is_not_another_where_fewer_are_asked_for(named: Mirrors, sql: str) -> None:
    named.reflect("lake.o", name="raw", display=["held0", "held1"])

    assert "CHOSEN" not in hinted(named, sql).values()
    assert hinted(named, "SELECT held0 FROM lake.second") == {"raw": "CHOSEN"}


ORDERED = ["SELECT * FROM lake.o ORDER BY o.x LIMIT 2", "SELECT o.* FROM lake.o ORDER BY lake.o.x DESC LIMIT 1"]


@pytest.mark.parametrize("sql", ORDERED)
def test_a_column_is_not_taken_for_what_is_held_though_it_is_called_so(named: Mirrors, sql: str) -> None:
    named.reflect("lake.o", name="raw", display=["x", "held0", "held1"])

    assert hinted(named, sql) == {"raw": "CHOSEN"}
    assert named.ask(sql).rows == named.run(sql).rows


JOINED = [
    "SELECT v, w FROM (lake.a NATURAL JOIN lake.b)",
    "SELECT COUNT(*) FROM (lake.a NATURAL JOIN lake.b)",
    "SELECT v FROM lake.natural_one",
    "SELECT q.v FROM (SELECT * FROM (lake.a NATURAL JOIN lake.b)) AS q",
    "SELECT id0 FROM (SELECT * FROM (lake.a JOIN lake.b ON a.k = b.k)) AS q",
]


@pytest.mark.parametrize("sql", JOINED)
def test_joins_in_parentheses_are_by_all_columns_that_both_sides_have(yard: Mirrors, sql: str) -> None:
    yard.run("CREATE TABLE lake.a AS SELECT * FROM (VALUES (1, 10, 'p'), (2, 20, 'q')) AS r(k, id, v)")
    yard.run("CREATE TABLE lake.b AS SELECT * FROM (VALUES (1, 10, 7, 70), (2, 99, 8, 80)) AS r(k, id, w, id0)")
    yard.run("CREATE VIEW lake.natural_one AS SELECT * FROM (lake.a NATURAL JOIN lake.b)")
    yard.reflect("lake.a", name="a", display=["k", "v"])
    yard.reflect("lake.b", name="b", display=["k", "w", "id0"])

    assert "CHOSEN" not in hinted(yard, sql).values()
    assert hinted(yard, "SELECT v, w FROM (lake.a JOIN lake.b USING (k))") == {"a": "CHOSEN", "b": "CHOSEN"}


def test_a_partition_of_a_long_text_is_made_and_read(yard: Mirrors) -> None:
    long = "é" * 200
    yard.run(f"CREATE TABLE lake.long AS SELECT * FROM (VALUES (1, '{long}'), (2, '{long}b'), (3, NULL)) AS r(i, s)")
    yard.reflect("lake.long", name="raw", display=["i", "s"], partition=["s"])

    assert hinted(yard, "SELECT s, i FROM lake.long WHERE s IS NOT NULL") == {"raw": "CHOSEN"}
    assert bag(yard.ask("SELECT s FROM lake.long")) == bag(yard.run("SELECT s FROM lake.long"))
