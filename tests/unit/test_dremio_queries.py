from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard

D = Decimal


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


NAMES: list[tuple[str, list[str]]] = [
    ('SELECT Id, "Name" FROM (VALUES (1, 2)) t(id, name)', ["Id", "Name"]),
    ("SELECT 1, 2 AS x, 3", ["EXPR$0", "x", "EXPR$2"]),
    ("SELECT id, id, id FROM (VALUES (1)) t(id)", ["id", "id0", "id1"]),
    ("SELECT * FROM (VALUES (1)) a(id), (VALUES (1)) b(id)", ["id", "id0"]),
    ("SELECT t.*, 1 + 1 FROM (VALUES (1, 2)) t(a, b)", ["a", "b", "EXPR$2"]),
    ("SELECT COUNT(*) FROM (VALUES (1)) t(a)", ["EXPR$0"]),
    ("VALUES (1, 'a')", ["EXPR$0", "EXPR$1"]),
    ("SELECT * FROM (VALUES (1, 2)) t(c, v) PIVOT (SUM(v) s, COUNT(*) FOR c IN (1 AS a)) p", ["a_s", "a"]),
    ("SELECT * FROM (VALUES (1, 2)) a(x, k) JOIN (VALUES (2, 3)) b(k, y) USING (k)", ["k", "x", "y"]),
    ("SELECT a AS x FROM (VALUES (1)) t(a) UNION ALL SELECT 2", ["x"]),
    ("SELECT table_name FROM information_schema.\"tables\" WHERE table_name = 'COLUMNS'", ["table_name"]),
]


@pytest.mark.parametrize(("sql", "names"), NAMES)
def test_columns_are_called_as_the_text_says(yard: Yard, sql: str, names: list[str]) -> None:
    page = yard.run(sql).page

    assert [column["name"] for column in page["schema"]] == names
    assert list(page["rows"][0]) == names


AGGREGATES: list[tuple[str, Any, str]] = [
    ("SUM(i)", 10, "BIGINT"),
    ("SUM(d)", D("10.50"), "DECIMAL"),
    ("AVG(i)", D("2.5"), "DOUBLE"),
    ("AVG(d)", D("2.625"), "DOUBLE"),
    ("COUNT(*)", 4, "BIGINT"),
    ("COUNT(DISTINCT t)", 2, "BIGINT"),
    ("MIN(t)", "a", "VARCHAR"),
    ("MAX(i)", 4, "INTEGER"),
    ("NDV(t)", 2, "BIGINT"),
    ("STDDEV(i)", D("1.2909944487358056"), "DOUBLE"),
    ("LISTAGG(t, '-') WITHIN GROUP (ORDER BY i)", "a-b-a-b", "VARCHAR"),
    ("ARRAY_AGG(CASE WHEN i > 3 THEN t END)", ["b"], "LIST"),
    ("ARRAY_AGG(DISTINCT d) FILTER (WHERE i = 1)", [D("1.50")], "LIST"),
    ("ARRAY_AGG(i) FILTER (WHERE i > 4)", [], "LIST"),
    ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY i)", D("2.5"), "DOUBLE"),
    ("SUM(i) FILTER (WHERE t = 'a')", 4, "BIGINT"),
    ("COUNT(CASE WHEN i > 2 THEN 1 END)", 2, "BIGINT"),
]


@pytest.mark.parametrize(("aggregate", "answer", "kind"), AGGREGATES)
def test_an_aggregate_brings_what_dremio_says(yard: Yard, aggregate: str, answer: Any, kind: str) -> None:
    rows = "(VALUES (1, 1.50, 'a'), (2, 2.00, 'b'), (3, 3.00, 'a'), (4, 4.00, 'b')) v(i, d, t)"
    page = yard.run(f"SELECT {aggregate} FROM {rows}").page

    assert page["rows"] == [{"EXPR$0": answer}]
    assert page["schema"][0]["type"]["name"] == kind


QUERIES: list[tuple[str, list[list[Any]]]] = [
    ("SELECT x FROM (VALUES (1), (NULL), (2)) t(x) ORDER BY x DESC", [[None], [2], [1]]),
    ("SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x NULLS FIRST", [[None], [1]]),
    ("SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x", [[1], [None]]),
    ("SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x DESC", [[None], [1]]),
    ("SELECT x FROM (VALUES (1), (NULL)) t(x) ORDER BY x DESC NULLS LAST", [[1], [None]]),
    ("SELECT x AS y, COUNT(*) FROM (VALUES (1), (1)) t(x) GROUP BY y", [[1, 2]]),
    ("SELECT x + 1 AS y FROM (VALUES (1), (2)) t(x) GROUP BY 1 ORDER BY 1", [[2], [3]]),
    # a name of the list goes before a column in GROUP BY, ORDER BY, and in HAVING without an aggregate
    ("SELECT x / 2 AS x, COUNT(*) FROM (VALUES (2), (3)) t(x) GROUP BY x", [[1, 2]]),
    ("SELECT x / 2 AS x, COUNT(*) FROM (VALUES (2), (3)) t(x) GROUP BY ROLLUP(x) ORDER BY x", [[1, 2], [None, 2]]),
    ("SELECT -x AS x FROM (VALUES (1), (2)) t(x) ORDER BY x + 0", [[-2], [-1]]),
    ("SELECT -x AS x FROM (VALUES (1), (2)) t(x) ORDER BY t.x", [[-1], [-2]]),
    ("SELECT x AS y, y AS x FROM (VALUES (1, 20), (2, 10)) t(x, y) ORDER BY y + 0", [[1, 20], [2, 10]]),
    ("SELECT -x AS z FROM (VALUES (1), (2)) t(x) ORDER BY z + 0", [[-2], [-1]]),
    ("SELECT -x AS x, COUNT(*) FROM (VALUES (2), (2), (3)) t(x) GROUP BY -x ORDER BY -x", [[-2, 2], [-3, 1]]),
    ("SELECT -x AS x, COUNT(*) FROM (VALUES (2), (2)) t(x) GROUP BY ROLLUP(-x) ORDER BY 1", [[-2, 2], [None, 2]]),
    ("SELECT y, SUM(x) AS x FROM (VALUES (1, 1), (2, 2), (1, 1)) t(x, y) GROUP BY y HAVING x > 1 ORDER BY y",
     [[1, 2], [2, 2]]),
    ("SELECT y, SUM(x) AS x FROM (VALUES (1, 1), (2, 2)) t(x, y) GROUP BY y HAVING MAX(x) > 1", [[2, 2]]),
    ("SELECT SUM(x) AS x FROM (VALUES (2, 1), (1, 2)) t(x, y) GROUP BY y ORDER BY SUM(x)", [[1], [2]]),
    ("SELECT DISTINCT x + 1 AS z FROM (VALUES (2), (1)) t(x) ORDER BY x + 1", [[2], [3]]),
    # a key that is a number is a value, not a place
    ("SELECT y, x FROM (VALUES (1, 2), (2, 1)) t(y, x) ORDER BY CAST(2 AS INT), y", [[1, 2], [2, 1]]),
    ("SELECT COUNT(*) FROM (VALUES (2), (1)) t(x) ORDER BY -1", [[2]]),
    ("SELECT 'a' AS one, COUNT(*) FROM (VALUES (2), (1)) t(x) GROUP BY one ORDER BY 'b'", [["a", 2]]),
    ("SELECT FLATTEN(CONVERT_FROM('[1, 2]', 'JSON')) AS x", [[1], [2]]),
    ("SELECT t.x, u.y FROM (VALUES (1)) t(x) CROSS JOIN UNNEST(ARRAY[5, 6]) u(y) ORDER BY 2", [[1, 5], [1, 6]]),
    ("SELECT x FROM (VALUES (1), (2)) t(x) QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC) = 1", [[2]]),
    ("WITH a(y) AS (SELECT 1), b AS (SELECT y + 1 AS z FROM a) SELECT a.y, b.z FROM a, b", [[1, 2]]),
    ("SELECT 1 UNION SELECT 1.5 ORDER BY 1", [[D("1.0")], [D("1.5")]]),
    ("SELECT x FROM (VALUES (1), (2)) t(x) WHERE EXISTS (SELECT 1 FROM (VALUES (2)) u(y) WHERE y = x)", [[2]]),
    ("SELECT x FROM (VALUES (1), (2), (3)) t(x) ORDER BY x OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", [[2]]),
    ("SELECT x, LAG(x) OVER (ORDER BY x) FROM (VALUES (1), (2)) t(x) ORDER BY 1", [[1, None], [2, 1]]),
    ("SELECT SUM(x) OVER w FROM (VALUES (1), (2)) t(x) WINDOW w AS (ORDER BY x) ORDER BY 1", [[1], [3]]),
    ("SELECT a.x FROM (VALUES (1)) a(x) FULL JOIN (VALUES (2)) b(x) USING (x) ORDER BY 1", [[1], [None]]),
    ("SELECT x FROM (VALUES (1)) a(x) FULL JOIN (VALUES (2)) b(x) USING (x) ORDER BY 1", [[1], [2]]),
    (
        "SELECT * FROM (VALUES (1, 3, 5), (1, 4, 6), (2, 3, 7)) t(k,c,v) PIVOT(SUM(v) FOR c IN (3 x, 4 y)) ORDER BY 1",
        [[1, 5, 6], [2, 7, None]],
    ),
    ("SELECT 1 // a comment of Dremio's\n, 2", [[1, 2]]),
    ("SELECT COUNT(*) FROM (SELECT 1) WHERE 1 = 0", [[0]]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), QUERIES)
def test_a_query_brings_these_rows(yard: Yard, sql: str, rows: list[list[Any]]) -> None:
    assert yard.rows(sql) == rows


@pytest.mark.parametrize(
    ("sql", "message", "place"),
    [
        ("SELECT nme FROM (VALUES (1)) t(name)", "Column 'nme' not found in any table", (1, 8)),
        ("SELECT x FROM (VALUES (1)) a(x), (VALUES (1)) b(x)", "Column 'x' is ambiguous", (1, 8)),
        ("SELECT * FROM lake.nope", "Object 'lake.nope' not found", (1, 15)),
        ("SELECT 1 UNION SELECT 1, 2", "Column count mismatch in UNION: 1 and 2", (1, 8)),
        (
            "SELECT LAG(x) OVER () FROM (VALUES (1)) t(x)",
            "LAG, LEAD or NTILE functions require ORDER BY clause in window specification",
            (1, 8),
        ),
        ("SELECT SUM(x) AS x FROM (VALUES (1)) t(x) GROUP BY x", "Aggregate expression is illegal in GROUP BY clause",
         (1, 52)),
        ("SELECT (SELECT 1, 2)", "A query within an expression has one column, and this one has 2", (1, 16)),
    ],
)  # fmt: skip
def test_what_a_name_cannot_mean_is_invalid(yard: Yard, sql: str, message: str, place: tuple[int, int]) -> None:
    error = yard.error(sql)

    assert (error.kind, error.message) == ("VALIDATION", message)
    assert (error.line, error.column) == place


def test_a_chain_of_thousands_of_conditions_is_no_depth(yard: Yard) -> None:
    chain = " OR ".join(f"x = {number}" for number in range(3000))

    assert yard.rows(f"SELECT x FROM (VALUES (2999), (3000)) t(x) WHERE {chain}") == [[2999]]


def test_what_is_nested_too_deeply_is_a_plan_error(yard: Yard) -> None:
    assert yard.error(f"SELECT {'ABS(' * 400}1{')' * 400}").kind == "PLAN"
