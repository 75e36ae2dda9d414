from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.runtime.dremio_sql.column_types import (
    BIGINT,
    DATE,
    DAYS,
    DOUBLE,
    FLOAT,
    MONTHS,
    TIME,
    TIMESTAMP,
    VARBINARY,
    VARCHAR,
    ColumnType,
    decimal,
    document,
    from_document,
    list_of,
)
from runyard.runtime.dremio_sql.results import Writing, page_connection, page_text, stored

STRUCT = ColumnType(name="STRUCT", fields=(("a", list_of(BIGINT)), ("b", VARCHAR)))
MAP = ColumnType(name="MAP", fields=(("key", VARCHAR), ("value", DOUBLE)))


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


FORMS: list[tuple[Any, ColumnType, str]] = [
    (9223372036854775807, BIGINT, "9223372036854775807"),
    (Decimal("12345678901234567890.10"), decimal(22, 2), "12345678901234567890.10"),
    (Decimal("1E+2"), decimal(5, 0), "100"),
    (0.1, DOUBLE, "0.1"),
    (0.3333333432674408, FLOAT, "0.33333334"),
    (16777216.0, FLOAT, "16777216.0"),
    (math.nan, DOUBLE, '"NaN"'),
    (dt.date(1, 2, 3), DATE, '"0001-02-03"'),
    (dt.datetime.fromisoformat("0987-06-05 04:03:02.001999"), TIMESTAMP, '"0987-06-05 04:03:02.001"'),
    (math.inf, DOUBLE, '"Infinity"'),
    (dt.date(2024, 1, 2), DATE, '"2024-01-02"'),
    (dt.time(1, 2, 3, 4999), TIME, '"01:02:03.004"'),
    (dt.datetime(2024, 1, 2, 3, 4, 5, 6999), TIMESTAMP, '"2024-01-02 03:04:05.006"'),  # noqa: DTZ001 Dremio's moments have no zone
    (b"\x00\xff", VARBINARY, '"AP8="'),
    ('a"\n', VARCHAR, '"a\\"\\n"'),
    (-90 * 86_400_000, DAYS, '"-090 00:00:00.000"'),
    (3_723_004, DAYS, '"+000 01:02:03.004"'),
    (-14, MONTHS, '"-001-02"'),
    (None, STRUCT, "null"),
    ({"a": [1, None], "b": "x"}, STRUCT, '{"a":[1,null],"b":"x"}'),
    ({"k": 1.5}, MAP, '[{"key":"k","value":1.5}]'),
]


@pytest.mark.parametrize(("value", "kind", "text"), FORMS)
def test_a_value_has_its_exact_form(value: Any, kind: ColumnType, text: str) -> None:
    assert Writing().value(value, kind) == text


def test_numbers_are_texts_where_that_is_asked_for(yard: Yard) -> None:
    yard.run("SELECT 9007199254740993 AS big, 1.50 AS price, 'x' AS name")
    text = page_text(yard.folder / "job-1", offset=0, limit=10, numbers_as_text=True)

    assert json.loads(text)["rows"] == [{"big": "9007199254740993", "price": "1.50", "name": "x"}]


def test_the_schema_has_dremios_names(yard: Yard) -> None:
    page = yard.run(
        "SELECT 1 AS i, 1.50 AS d, CAST(1 AS DOUBLE) AS f, ARRAY[1] AS l, "
        "CONVERT_FROM('{\"a\": \"b\"}', 'JSON') AS s, NULL AS n"
    ).page

    assert page["schema"] == [
        {"name": "i", "type": {"name": "INTEGER"}},
        {"name": "d", "type": {"name": "DECIMAL", "precision": 3, "scale": 2}},
        {"name": "f", "type": {"name": "DOUBLE"}},
        {"name": "l", "type": {"name": "LIST", "subSchema": [{"type": {"name": "INTEGER"}}]}},
        {"name": "s", "type": {"name": "STRUCT", "subSchema": [{"name": "a", "type": {"name": "VARCHAR"}}]}},
        {"name": "n", "type": {"name": "OTHER"}},
    ]
    assert page["rows"][0]["n"] is None


@pytest.mark.parametrize("kind", [BIGINT, decimal(10, 2), STRUCT, MAP, list_of(list_of(DATE))])
def test_a_type_is_read_back_from_its_document(kind: ColumnType) -> None:
    assert from_document(document(kind)) == kind


def test_a_page_holds_its_rows_in_their_order_and_each_page_the_whole_count(yard: Yard) -> None:
    digits = ", ".join(f"({digit})" for digit in range(10))
    rows = f"(VALUES {digits}) a(d), (VALUES {digits}) b(d), (VALUES {digits}) c(d)"
    yard.run(f"SELECT a.d + 10 * b.d + 100 * c.d AS x FROM {rows} ORDER BY x DESC")
    folder = yard.folder / "job-1"
    pages = [json.loads(page_text(folder, offset=offset, limit=400)) for offset in (0, 400, 800, 1000, 5000)]

    assert [page["rowCount"] for page in pages] == [1000] * 5
    assert [row["x"] for page in pages for row in page["rows"]] == list(range(999, -1, -1))


def test_who_has_read_a_page_keeps_nothing_of_it(yard: Yard) -> None:
    execution = yard.execution("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(i, s)")
    execution.run()
    connection = page_connection()
    for offset in (0, 1):
        text = page_text(execution.order.results, offset=offset, limit=1, connection=connection)
        assert len(json.loads(text)["rows"]) == 1

    asked = "SELECT tag FROM duckdb_memory() WHERE memory_usage_bytes > 0"
    assert connection.execute(asked).fetchall() == []


def test_a_query_without_rows_has_a_schema(yard: Yard) -> None:
    page = yard.run("SELECT 1 AS x WHERE 1 = 0").page

    assert page == {"rowCount": 0, "schema": [{"name": "x", "type": {"name": "INTEGER"}}], "rows": []}
    assert stored(yard.folder / "job-1").row_count == 0


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.text(max_size=10).filter(lambda text: "\0" not in text)),
            st.one_of(st.none(), st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_asked_for_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    yard = Yard(tmp_path_factory.mktemp("results"))
    lines = [
        f"(CAST({_text(number)} AS BIGINT), CAST({_text(text)} AS VARCHAR), CAST({_text(day)} AS DATE))"
        for number, text, day in rows
    ]
    got = yard.rows(f"SELECT * FROM (VALUES {', '.join(lines)}) AS t(a, b, c)")

    assert got == [[number, text, day and day.isoformat()] for number, text, day in rows]


def _text(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
