"""Reflections of views that call functions of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from dremio_reflections import SALES, Mirrors

from runyard.runtime.dremio_sql.errors import DremioError


@pytest.fixture
def yard(tmp_path: Path) -> Mirrors:
    yard = Mirrors(tmp_path)
    yard.run(SALES)
    yard.run("CREATE FUNCTION lake.twice (n INT) RETURNS INT RETURN n * 2")
    yard.run("CREATE FUNCTION lake.fourfold (n INT) RETURNS INT RETURN lake.twice(lake.twice(n))")
    yard.run("CREATE VIEW lake.more AS SELECT lake.fourfold(i) AS i, place, price FROM lake.sales WHERE d IS NOT NULL")
    yard.run("CREATE VIEW lake.above AS SELECT i + 1 AS i, price FROM lake.more WHERE place = 'north'")
    return yard


def test_a_view_that_calls_functions_is_answered_as_it_was_made(yard: Mirrors) -> None:
    yard.reflect("lake.more", name="raw", display=["i", "place", "price"])
    yard.reflect("lake.more", name="sums", dimension=["place"], measure=[("i", "SUM", "COUNT")])

    assert yard.states("SELECT place, SUM(i) FROM lake.more GROUP BY place")["sums"] == "CHOSEN"
    assert yard.states("SELECT i, price FROM lake.more WHERE place = 'north'")["raw"] == "CHOSEN"
    assert yard.states("SELECT i, price FROM lake.above")["raw"] == "CHOSEN"
    assert yard.states("SELECT COUNT(*) FROM lake.sales") == {"raw": "CONSIDERED", "sums": "CONSIDERED"}


@pytest.mark.parametrize(
    "again",
    [
        "CREATE OR REPLACE FUNCTION lake.twice (n INT) RETURNS INT RETURN n * 3",
        "CREATE OR REPLACE FUNCTION lake.fourfold (n BIGINT) RETURNS INT RETURN CAST(n AS INT) + 4",
    ],
)
def test_a_function_that_says_something_else_makes_it_no_more_used(yard: Mirrors, again: str) -> None:
    yard.reflect("lake.above", name="raw", display=["i", "price"])
    assert yard.states("SELECT i FROM lake.above") == {"raw": "CHOSEN"}

    yard.run(again)

    assert yard.states("SELECT i FROM lake.above") == {}


def test_what_a_function_reads_is_data_of_the_reflection(yard: Mirrors) -> None:
    yard.run("CREATE TABLE lake.rates AS SELECT 2 AS rate")
    yard.run("CREATE FUNCTION lake.rated (n INT) RETURNS INT RETURN n * (SELECT MAX(rate) FROM lake.rates)")
    yard.run("CREATE VIEW lake.by_rate AS SELECT lake.rated(i) AS i FROM lake.sales")
    yard.reflect("lake.by_rate", name="raw", display=["i"])
    current = "SELECT /*+ current_iceberg_data_only */ SUM(i) FROM lake.by_rate"
    assert yard.states(current) == {"raw": "CHOSEN"}

    yard.run("INSERT INTO lake.rates SELECT 5")

    assert yard.states(current) == {}
    made = yard.reflect("lake.by_rate", name="raw", previous="raw", method="INCREMENTAL", display=["i"])
    assert made["method"] == "FULL"
    assert yard.states(current) == {"raw": "CHOSEN"}


def test_rows_that_are_added_are_put_through_the_functions_with_all_others(yard: Mirrors) -> None:
    yard.run("CREATE FUNCTION lake.share (n INT) RETURNS DOUBLE RETURN n * 1e0 / (SELECT SUM(i) FROM lake.sales)")
    yard.run("CREATE VIEW lake.shares AS SELECT lake.share(i) AS i FROM lake.sales")
    yard.reflect("lake.shares", name="raw", display=["i"])
    yard.run("INSERT INTO lake.sales SELECT * FROM lake.sales")

    made = yard.reflect("lake.shares", name="raw", previous="raw", method="INCREMENTAL", display=["i"])
    assert made["method"] == "FULL"
    assert yard.states("SELECT i FROM lake.shares") == {"raw": "CHOSEN"}


@pytest.mark.parametrize("asks", ["CAST(CURRENT_DATE AS VARCHAR)", "USER", "CASE WHEN RAND() < 2 THEN 'x' END"])
def test_a_function_that_is_another_one_each_time_makes_its_view_refused(yard: Mirrors, asks: str) -> None:
    yard.run(f"CREATE FUNCTION lake.asks () RETURNS VARCHAR RETURN {asks}")
    yard.run("CREATE FUNCTION lake.asks_too () RETURNS VARCHAR RETURN lake.asks() || '!'")
    yard.run("CREATE VIEW lake.asking AS SELECT i, lake.asks_too() AS said FROM lake.sales")

    with pytest.raises(DremioError, match=r"lake\.asking has another value each time.*lake\.asks asks for the time"):
        yard.reflect("lake.asking", display=["i"])


def test_rows_of_a_function_are_held_with_the_view_that_asks_for_them(yard: Mirrors) -> None:
    yard.run("CREATE FUNCTION lake.of_place (wanted VARCHAR) RETURNS TABLE (i INT, price DECIMAL(10, 2)) "
             "RETURN SELECT i, price FROM lake.sales WHERE place = wanted")  # fmt: skip
    yard.run("CREATE VIEW lake.northern AS SELECT i, price FROM TABLE(lake.of_place('north'))")
    yard.reflect("lake.northern", name="raw", display=["i", "price"])

    assert yard.states("SELECT SUM(price) FROM lake.northern") == {"raw": "CHOSEN"}
    assert yard.states("SELECT SUM(price) FROM TABLE(lake.of_place('north'))") == {"raw": "CONSIDERED"}
