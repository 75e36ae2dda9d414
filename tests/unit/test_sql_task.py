"""SQL tasks as their processes execute them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from executing import Workshop, running_workshop
from waiting import until


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("sql")) as shop:
        yield shop


def test_the_rows_of_a_query_are_kept_and_told_to_later_tasks(shop: Workshop) -> None:
    end = shop.run(1, "sql", query="SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y' ORDER BY a")

    assert (end.exit_code, end.message) == (0, None), shop.yard.read(1, "stderr")
    assert end.output == {
        "values": {},
        "output": {
            "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
            "first_row": {"a": 1, "b": "x"},
            "row_count": 2,
        },
    }
    (statement,) = shop.told(1, "sql.json")["statements"]
    assert statement["schema"] == [{"name": "a", "type": "INTEGER"}, {"name": "b", "type": "VARCHAR"}]
    assert (statement["rows"], statement["truncated"]) == ([[1, "x"], [2, "y"]], False)


def test_the_statements_of_a_file_run_in_order_and_what_they_made_stays(shop: Workshop) -> None:
    shop.write(
        "s3://code/etl.sql",
        """
        -- a comment; with a semicolon
        CREATE TABLE sales AS SELECT * FROM (VALUES ('a;b', 1), ('it''s', 2)) AS t(name, amount);
        /* nothing; /* here; */ */
        INSERT INTO sales VALUES ($$dollar;quoted$$, 3);
        SELECT sum(amount) AS total FROM sales;
        """,
    )
    first = shop.run(2, "sql", file="s3://code/etl.sql")
    second = shop.run(3, "sql", query="SELECT name FROM sales ORDER BY amount")

    assert first.exit_code == second.exit_code == 0, shop.yard.read(2, "stderr")
    assert first.output
    assert first.output["output"]["first_row"] == {"total": 6}
    assert [len(each["rows"]) for each in shop.told(2, "sql.json")["statements"]] == [1, 1, 1]
    assert shop.told(3, "sql.json")["statements"][0]["rows"] == [["a;b"], ["it's"], ["dollar;quoted"]]


def first_row(shop: Workshop, attempt_id: int, query: str, **spec: Any) -> Any:
    end = shop.run(attempt_id, "sql", query=query, **spec)
    assert end.exit_code == 0, end.message
    assert end.output
    return end.output["output"]["first_row"]


def test_parameters_are_literals_in_each_of_their_spellings(shop: Workshop) -> None:
    row = first_row(
        shop,
        4,
        "SELECT :x AS a, {{x}} AS b, ${ x } AS c, 'on {{x}}' AS d, ':x' AS e, 5 > :n AS f, [1, 2, 3][1:2] AS g, "
        "'7'::INT AS h LIMIT :n",
        parameters={"x": "'; DROP TABLE t; --", "n": "1"},
    )

    text = "'; DROP TABLE t; --"
    assert row == {"a": text, "b": text, "c": text, "d": f"on {text}", "e": ":x", "f": True, "g": [1, 2], "h": 7}


def test_a_name_can_be_a_parameter_but_no_more_than_a_name(shop: Workshop) -> None:
    query = "SELECT count(*) AS n FROM IDENTIFIER(:table)"
    shop.run(5, "sql", query="CREATE TABLE named AS SELECT 1 AS a")
    row = first_row(shop, 6, query, parameters={"table": "main.named"})
    end = shop.run(7, "sql", query=query, parameters={"table": "named; DROP TABLE named"})

    assert row == {"n": 1}
    assert end.message
    assert "Table with name named; DROP TABLE named does not exist" in end.message


def test_parameters_of_the_context_are_given_too(shop: Workshop) -> None:
    context = {"parameters": {"x": "of the job", "y": "of the job"}}
    row = first_row(shop, 8, "SELECT :x AS x, :y AS y", context=context, parameters={"y": "of the task"})

    assert row == {"x": "of the job", "y": "of the task"}


def test_a_parameter_without_a_value_fails_the_task_and_lists_those_that_have_one(shop: Workshop) -> None:
    end = shop.run(9, "sql", query="CREATE TABLE never(a INT);\nSELECT :missing", parameters={"x": "1", "y": "2"})
    after = shop.run(10, "sql", query="SELECT * FROM never")

    assert (end.exit_code, end.message) == (
        1,
        "query.sql, statement 2 of 2, line 2: No value is given for the parameter 'missing'; given are: x, y.",
    )
    assert after.exit_code == 1  # nothing was begun


def test_a_failing_statement_tells_where_it_stands(shop: Workshop) -> None:
    end = shop.run(11, "sql", name="report", query="SELECT 1;\n\nSELECT *\nFROM no_such_table_anywhere;\nSELECT 3;")

    assert end.exit_code == 1
    assert end.message
    assert end.message.startswith(
        "report.sql, statement 2 of 3, line 3: Catalog Error: Table with name no_such_table_anywhere does not exist!"
    )
    assert end.message.endswith("LINE 4: FROM no_such_table_anywhere\n             ^^^^^^^^^^^^^^^^^^^^^^")
    assert [each["rows"] for each in shop.told(11, "sql.json")["statements"]] == [[[1]]]


def test_a_statement_that_cannot_be_read_leaves_nothing_half_done(shop: Workshop) -> None:
    end = shop.run(12, "sql", query="CREATE TABLE half(a INT);\nSELEC 1")

    assert end.message
    assert "statement 2 of 2, line 2: Parser Error: syntax error" in end.message
    assert shop.run(13, "sql", query="FROM half").exit_code == 1


def test_files_under_mounts_are_read_and_written_and_other_texts_stay(shop: Workshop) -> None:
    shop.write("s3://lake/in/one.csv", "a,b\n1,x\n2,y\n")
    shop.write("dbfs:/in/two.csv", "a,b\n3,z\n")
    row = first_row(
        shop,
        14,
        "COPY (SELECT * FROM read_csv(['s3://lake/in/*.csv', 'dbfs:/in/two.csv'])) TO 's3a://lake/out/all.parquet';"
        "SELECT count(*) AS n, 's3://lake' AS told, (SELECT sum(a) FROM parquet.`s3://lake/out`) AS total "
        "FROM 's3://lake/out/all.parquet' WHERE 's3://lake' = :place AND b IN (SELECT b FROM read_parquet(:file))",
        parameters={"place": "s3://lake", "file": "s3://lake/out/all.parquet"},
    )

    assert row == {"n": 3, "told": "s3://lake", "total": 6}
    assert (shop.home / "s3/lake/out/all.parquet").is_file()


def test_nothing_leads_out_of_a_mount(shop: Workshop) -> None:
    end = shop.run(15, "sql", query="SELECT * FROM read_csv('s3://lake/../../etc/passwd')")

    assert end.message == ("query.sql, statement 1 of 1, line 1: 's3://lake/../../etc/passwd' leads out of its mount.")


def test_no_extension_comes_from_the_network(shop: Workshop) -> None:
    end = shop.run(16, "sql", query="SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')")

    assert end.message
    assert "requires the extension httpfs to be loaded" in end.message


def test_a_large_result_is_cut_and_says_so(shop: Workshop) -> None:
    end = shop.run(17, "sql", query="SELECT range AS a FROM range(20000); SELECT repeat('x', 30000) AS b FROM range(9)")

    many, wide = shop.told(17, "sql.json")["statements"]
    assert (len(many["rows"]), many["row_count"], many["truncated"]) == (1000, 20000, True)
    assert (len(wide["rows"]), wide["row_count"], wide["truncated"]) == (2, 9, True)
    assert end.output
    assert (len(end.output["output"]["rows"]), end.output["output"]["row_count"]) == (1, 9)


def test_values_that_json_has_no_form_for_become_text(shop: Workshop) -> None:
    row = first_row(
        shop,
        18,
        "SELECT 1.50::DECIMAL(9,2) AS d, DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-07-01 12:00:00+00' AS at, "
        "{'k': [1, NULL]} AS s, 'nan'::DOUBLE AS f, 'ab'::BLOB AS b, NULL AS n, true AS t, MAP {'m': 1} AS m",
        environment={"TZ": "UTC"},
    )

    assert row["d"] == "1.50"
    assert row["day"] == "2024-02-29"
    assert row["at"].startswith("2024-07-01 ")
    assert (row["s"], row["f"], row["b"], row["n"], row["t"], row["m"]) == (
        {"k": [1, None]},
        "nan",
        "YWI=",
        None,
        True,
        {"m": 1},
    )


def test_two_tasks_read_at_once_and_one_that_writes_waits(shop: Workshop) -> None:
    shop.run(19, "sql", query="CREATE TABLE shared AS SELECT 1 AS a")
    file = shop.home / "sql" / "workspace_1.duckdb"
    with duckdb.connect(str(file), read_only=True):  # a reader that stays until the block ends
        assert first_row(shop, 20, "SELECT a FROM shared") == {"a": 1}
        shop.start(21, "sql", query="INSERT INTO shared VALUES (2)")
        until(lambda: "has the database workspace_1.duckdb open; waiting for it." in shop.yard.read(21))
    end = shop.yard.end(21)

    assert end.exit_code == 0
    assert first_row(shop, 22, "SELECT count(*) AS n FROM shared") == {"n": 2}


def test_tasks_that_write_at_once_all_get_their_turn(shop: Workshop) -> None:
    shop.run(30, "sql", query="CREATE TABLE turns(a INT)", database="turns")
    for number in range(31, 36):
        shop.start(
            number, "sql", query="INSERT INTO turns VALUES (:n)", parameters={"n": str(number)}, database="turns"
        )
    ends = [shop.yard.end(number) for number in range(31, 36)]
    row = first_row(shop, 36, "SELECT count(*) AS n, max(a) AS most FROM turns", database="turns")

    assert [end.exit_code for end in ends] == [0] * 5
    assert row == {"n": 5, "most": 35}


def test_a_text_without_statements_fails(shop: Workshop) -> None:
    end = shop.run(37, "sql", name="nothing", query="-- nothing;\n;")

    assert end.message == "nothing.sql has no statement."
