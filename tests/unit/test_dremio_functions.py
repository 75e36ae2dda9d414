"""Functions of one's own: made, called, shown and dropped, on the embedded engine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from dremio_engine import Yard

NO_DEFAULT = (
    "Default Expression Is Not Supported Yet.\n"
    "Create two overloads of the function (one with and one without the expression instead."
)
MADE = """
CREATE FUNCTION lake.area (x DOUBLE, y DOUBLE) RETURNS DOUBLE RETURN x * y;
CREATE FUNCTION lake.hello() RETURNS VARCHAR RETURN 'Hello World!';
CREATE FUNCTION lake.twice(n INT) RETURNS BIGINT RETURN SELECT n * 2;
CREATE FUNCTION lake.dearer (place VARCHAR) RETURNS BIGINT
  RETURN SELECT COUNT(*) FROM lake.fruits AS f WHERE f.hue = place;
CREATE FUNCTION lake.by_hue (wanted VARCHAR) RETURNS TABLE (what VARCHAR, cost DECIMAL(12, 3))
  RETURN SELECT name, price FROM fruits WHERE hue = wanted;
CREATE FUNCTION lake.all_fruits() RETURNS TABLE (name VARCHAR, hue VARCHAR) RETURN SELECT name, hue FROM lake.fruits
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    found = Yard(tmp_path_factory.mktemp("functions"))
    found.run("""
        CREATE TABLE lake.fruits AS SELECT * FROM (VALUES
          ('strawberry', 'red', 1.25), ('banana', 'yellow', 0.5), ('lemon', 'yellow', 0.75)) AS t(name, hue, price)
    """)
    for sql in MADE.split(";"):
        found.run(sql, context=["lake"])
    return found


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT lake.area(2, 3.5)", [[Decimal("7.0")]]),
        ("SELECT LAKE.Area(2, 3) + 1", [[Decimal("7.0")]]),
        ("SELECT lake.hello()", [["Hello World!"]]),
        ("SELECT UPPER(lake.hello()) AS h, lake.twice(4)", [["HELLO WORLD!", 8]]),
        ("SELECT lake.twice(lake.twice(3))", [[12]]),
        ("SELECT lake.twice(NULL)", [[None]]),
        ("SELECT DISTINCT hue, lake.dearer(hue) FROM lake.fruits ORDER BY hue", [["red", 1], ["yellow", 2]]),
        ("SELECT hue, lake.area(SUM(price), 2) FROM lake.fruits GROUP BY hue ORDER BY 2 DESC",
         [["red", Decimal("2.5")], ["yellow", Decimal("2.5")]]),
        ("SELECT COUNT(*) FROM lake.fruits WHERE lake.area(price, 2) > 1 GROUP BY lake.twice(1)", [[2]]),
        ("SELECT what, cost FROM TABLE(lake.by_hue('red'))", [["strawberry", Decimal("1.250")]]),
        ("SELECT f.name FROM TABLE(lake.all_fruits()) AS f JOIN lake.fruits AS o ON o.name = f.name ORDER BY 1",
         [["banana"], ["lemon"], ["strawberry"]]),
    ],
)  # fmt: skip
def test_a_function_brings_what_its_body_says(yard: Yard, sql: str, rows: list[list[object]]) -> None:
    assert yard.rows(sql) == rows


def test_a_function_is_found_within_the_context(yard: Yard) -> None:
    assert yard.rows("SELECT area(2, 2)", context=["lake"]) == [[Decimal("4.0")]]


def test_a_call_has_the_type_that_the_function_returns_and_the_name_of_an_expression(yard: Yard) -> None:
    schema = yard.run("SELECT lake.twice(1), lake.area(1, 1) AS a, lake.hello() FROM lake.fruits").page["schema"]

    assert [(each["name"], each["type"]["name"]) for each in schema] == [
        ("EXPR$0", "BIGINT"), ("a", "DOUBLE"), ("EXPR$2", "VARCHAR"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT lake.area('a', DATE '2024-01-01')",
         "No match found for function signature lake.area(<CHARACTER>, <DATE>)"),
        ("SELECT lake.area(1)", "No match found for function signature lake.area(<NUMERIC>)"),
        ("SELECT lake.nothing(TRUE, NULL)", "No match found for function signature lake.nothing(<BOOLEAN>, <NULL>)"),
        ("SELECT * FROM TABLE(lake.area(1, 2))",
         "No match found for function signature lake.area(<NUMERIC>, <NUMERIC>)"),
        ("SELECT * FROM TABLE(lake.nothing())", "No match found for function signature lake.nothing()"),
        ("SELECT lake.by_hue('red')", "No match found for function signature lake.by_hue(<CHARACTER>)"),
        ("SELECT o.name FROM lake.fruits AS o, TABLE(lake.by_hue(o.hue)) AS t",
         "Column 'o.hue' not found in any table"),
    ],
)  # fmt: skip
def test_a_call_that_fits_no_function_is_told_by_its_signature(yard: Yard, sql: str, message: str) -> None:
    error = yard.error(sql)

    assert (error.kind, error.message) == ("VALIDATION", message)
    assert error.line == 1


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE FUNCTION lake.area (x INT) RETURNS INT RETURN x",
         "The function with a key, lake.area, already exists"),
        ("CREATE OR REPLACE FUNCTION IF NOT EXISTS lake.f() RETURNS INT RETURN 1",
         "Cannot create a user-defined function with both IF NOT EXISTS and OR REPLACE"),
        ("CREATE FUNCTION lake.f (x INT, X INT) RETURNS INT RETURN x", "Parameter name X appears more than once"),
        ("CREATE FUNCTION lake.f (x INT DEFAULT 1) RETURNS INT RETURN x", NO_DEFAULT),
        ("CREATE FUNCTION lake.f (x INT) RETURNS VARCHAR RETURN x + 1",
         "Row types are different.\nDefined: CHARACTER VARYING\nActual: INTEGER"),
        ("CREATE FUNCTION lake.f () RETURNS VARCHAR RETURN SELECT name FROM lake.fruits",
         "Scalar UDFs must return 1 row"),
        ("CREATE FUNCTION lake.f () RETURNS TABLE (a INT, b INT) RETURN SELECT 1",
         "Number of columns mismatched \nDefined: 2\nActual: 1"),
        ("CREATE FUNCTION lake.f (x INT) RETURNS INT RETURN y", "Column 'y' not found in any table"),
        ("CREATE OR REPLACE FUNCTION lake.twice (n INT) RETURNS BIGINT RETURN lake.twice(n)",
         "The function lake.twice would refer to itself"),
        ("DROP FUNCTION lake.nothing", "Function, lake.nothing, does not exists."),
        ("DESCRIBE FUNCTION lake.nothing", "Unknown function [lake.nothing]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_function_is_said_in_dremios_words(yard: Yard, sql: str, message: str) -> None:
    error = yard.error(sql)

    assert (error.kind, error.message) == ("VALIDATION", message)


def test_functions_are_shown_and_described(yard: Yard) -> None:
    named = yard.rows("SHOW FUNCTIONS LIKE '%hue'") + yard.rows("SHOW FUNCTIONS IN elsewhere")
    scalar = yard.run("DESCRIBE FUNCTION lake.area").rows[0]
    tabular = yard.run("DESC FUNCTION by_hue", context=["lake"]).rows[0]

    assert named == [["lake.by_hue"]]
    assert [scalar[name] for name in ("Name", "Input", "Returns", "Body")] == [
        "lake.area", '"x" DOUBLE, "y" DOUBLE', "DOUBLE", "SELECT x * y",
    ]  # fmt: skip
    assert tabular["Returns"] == '"what" CHARACTER VARYING, "cost" DECIMAL(12, 3)'


def test_a_view_over_a_function_that_was_dropped_fails_by_its_signature(yard: Yard) -> None:
    yard.run("CREATE FUNCTION lake.half (x DOUBLE) RETURNS DOUBLE RETURN x / 2")
    yard.run("CREATE VIEW lake.halves AS SELECT half(price) AS h FROM fruits", context=["lake"])
    before = yard.rows("SELECT SUM(h) FROM lake.halves")
    yard.run("CREATE OR REPLACE FUNCTION lake.half (x DOUBLE) RETURNS DOUBLE RETURN x / 4")
    replaced = yard.rows("SELECT SUM(h) FROM lake.halves")
    dropped = yard.rows("DROP FUNCTION lake.half")
    again = yard.rows("DROP FUNCTION IF EXISTS lake.half")
    error = yard.error("SELECT * FROM lake.halves")

    assert (before, replaced) == ([[Decimal("1.25")]], [[Decimal("0.625")]])
    assert dropped == [[True, "Function, lake.half, is dropped."]]
    assert again == [[True, "Function, lake.half, does not exists."]]
    assert (error.kind, error.message) == ("VALIDATION", "No match found for function signature half(<NUMERIC>)")
    assert error.context == "In the view lake.halves"


def test_an_aggregate_is_no_value_for_a_function_that_asks_a_query(yard: Yard) -> None:
    error = yard.error("SELECT lake.dearer(MAX(hue)) FROM lake.fruits")

    assert error.kind == "UNSUPPORTED_OPERATION"
    assert yard.rows("SELECT lake.dearer(m) FROM (SELECT MAX(hue) AS m FROM lake.fruits) AS t") == [[2]]


def test_a_column_of_the_body_goes_before_a_parameter_of_its_name(yard: Yard) -> None:
    yard.run("CREATE FUNCTION lake.shaded (hue VARCHAR) RETURNS BIGINT RETURN SELECT COUNT(hue) FROM lake.fruits")

    assert yard.rows("SELECT lake.shaded('none')") == [[3]]


def test_a_name_that_is_no_function_here_is_unsupported_where_it_is_written(yard: Yard) -> None:
    error = yard.error("SELECT\n  soundex('a')")

    assert (error.kind, error.line, error.column) == ("UNSUPPORTED_OPERATION", 2, 3)


def test_functions_may_read_where_the_statement_changes_tables(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE FUNCTION lake.next (n INT) RETURNS INT RETURN n + 1")
    yard.run("CREATE TABLE lake.t AS SELECT lake.next(1) AS n")
    yard.run("UPDATE lake.t SET n = lake.next(n) WHERE lake.next(n) = 3")

    assert yard.rows("SELECT n FROM lake.t") == [[3]]


def test_a_function_hands_its_parameters_on(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, k)")
    yard.run("CREATE FUNCTION lake.of (w VARCHAR) RETURNS TABLE (n INT) RETURN (SELECT n FROM lake.t WHERE k = w)")
    yard.run("CREATE FUNCTION lake.also (v VARCHAR) RETURNS TABLE (n INT) RETURN SELECT n FROM TABLE(lake.of(v))")
    yard.run("CREATE FUNCTION lake.most (v VARCHAR) RETURNS INT RETURN (SELECT MAX(n) FROM TABLE(lake.also(v)))")

    assert yard.rows("SELECT k, lake.most(k) FROM lake.t ORDER BY k") == [["a", 1], ["b", 2]]
