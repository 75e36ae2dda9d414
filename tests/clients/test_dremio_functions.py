"""Functions of one's own over Dremio's API: as entities of the catalog, as statements, and in the system's tables."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from dremio_live import Http
from live import Live

BODY = {
    "entityType": "function",
    "path": ["shop", "tax"],
    "isScalar": True,
    "functionArgList": '"price" DECIMAL(10, 2), rate DOUBLE',
    "functionBody": "SELECT price * rate",
    "returnType": "DOUBLE",
}


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Http]:
    live = Live(tmp_path_factory.mktemp("functions") / "home").start()
    known = Http(live)
    known("POST", "catalog", {"entityType": "space", "name": "shop"})
    yield known
    live.close()


def test_a_function_is_made_called_changed_and_deleted_by_the_api(http: Http) -> None:
    made = http("POST", "catalog", BODY)
    called = http.rows("SELECT shop.tax(10, 0.5) AS t")
    found = http("GET", "catalog/by-path/shop/tax")
    listed = http("GET", "catalog/by-path/shop")["children"]
    change = {**found, "functionBody": "price * rate * 2"}
    changed = http("PUT", f"catalog/{made['id']}", change)
    again = http.rows("SELECT shop.tax(10, 0.5) AS t")
    stale, told = http.send("PUT", f"catalog/{made['id']}", change)
    http("DELETE", f"catalog/{made['id']}?tag={quote(changed['tag'], safe='')}")
    gone = http.run("SELECT shop.tax(10, 0.5) AS t")

    assert called == [{"t": 5.0}]
    assert found == made
    assert {name: made[name] for name in BODY} == {
        **BODY, "functionArgList": '"price" DECIMAL(10, 2), "rate" DOUBLE',
    }  # fmt: skip
    assert made.keys() == {*BODY, "id", "tag", "createdAt", "lastModified"}
    assert [(line["type"], line["path"], line["id"]) for line in listed] == [("FUNCTION", ["shop", "tax"], made["id"])]
    assert (changed["functionBody"], again) == ("SELECT price * rate * 2", [{"t": 10.0}])
    assert changed["tag"] != made["tag"]
    assert (stale, "its tag now" in told["errorMessage"]) == (409, True)
    assert gone["errorMessage"].startswith(
        "VALIDATION ERROR: No match found for function signature shop.tax(<NUMERIC>, <NUMERIC>)"
    )


def test_what_is_wrong_with_a_function_is_said_at_once(http: Http) -> None:
    def refusal(**said: object) -> tuple[int, str]:
        status, told = http.send("POST", "catalog", {**BODY, **said})
        return status, told["errorMessage"]

    http("POST", "catalog", {**BODY, "path": ["shop", "there"]})
    taken = refusal(path=["shop", "there"])
    on_premises, _ = http.send("POST", "/api/v3/catalog", {**BODY, "path": ["shop", "there"]})

    assert refusal(functionBody="price || 'a' || nothing") == (400, "Column 'nothing' not found in any table")
    assert refusal(returnType="BOOLEAN") == (400, "Row types are different.\nDefined: BOOLEAN\nActual: DOUBLE")
    assert refusal(returnType="") == (
        400, "The member returnType is missing; a function is what it returns, and its body.",
    )  # fmt: skip
    assert refusal(isScalar=False)[0] == 400
    assert refusal(functionArgList="price DECIMAL(10, 2) rate")[0] == 400
    assert taken == (400, "An object already exists with that name")
    assert on_premises == 409


def test_a_tabular_function_is_shown_with_its_columns(http: Http) -> None:
    http.rows("CREATE TABLE shop.orders AS SELECT * FROM (VALUES (1, 'ada'), (2, 'bob')) AS t(id, who)")
    made = "CREATE FUNCTION of_who (w VARCHAR) RETURNS TABLE (id INT) RETURN SELECT id FROM orders WHERE who = w"
    http.rows(made, context=["shop"])
    shown = http("GET", "catalog/by-path/shop/of_who")
    rows = http.rows("SELECT id FROM TABLE(shop.of_who('bob'))")

    assert (shown["isScalar"], shown["returnType"]) == (False, '"id" INTEGER')
    assert rows == [{"id": 2}]


def test_functions_are_in_the_tables_of_the_system(http: Http) -> None:
    http.rows("CREATE FUNCTION shop.one() RETURNS INT RETURN 1")
    (row,) = http.rows("SELECT * FROM sys.user_defined_functions WHERE name = 'shop.one'")
    (described,) = http.rows("DESCRIBE FUNCTION shop.one")

    assert (row["argList"], row["sql"], row["returnType"]) == (None, "SELECT 1", "INTEGER")
    assert row["createdAt"] == described["Created_At"]


def test_a_view_goes_on_with_a_function_that_was_replaced_and_fails_without_it(http: Http) -> None:
    http.rows("CREATE FUNCTION shop.mark (n INT) RETURNS INT RETURN n + 1")
    http.rows("CREATE VIEW shop.marked AS SELECT shop.mark(1) AS m")
    before = http.rows("SELECT * FROM shop.marked")
    http.rows("CREATE OR REPLACE FUNCTION shop.mark (n INT) RETURNS INT RETURN n + 2")
    after = http.rows("SELECT * FROM shop.marked")
    http.rows("DROP FUNCTION shop.mark")
    lost = http.run("SELECT * FROM shop.marked")

    assert (before, after) == ([{"m": 2}], [{"m": 3}])
    assert "No match found for function signature shop.mark(<NUMERIC>)" in lost["errorMessage"]
    assert "In the view shop.marked" in lost["errorMessage"]
