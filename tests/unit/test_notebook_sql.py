"""Cells of SQL: on DuckDB, in the workspace's own database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from executing import Workshop, running_workshop
from waiting import held_by, until


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with running_workshop(tmp_path_factory.mktemp("notebooks")) as shop:
        yield shop


def put(shop: Workshop, name: str, *cells: str, mark: str = "--") -> str:
    text = f"{mark} Databricks notebook source\n" + f"\n\n{mark} COMMAND ----------\n\n".join(cells)
    shop.write(f"/Workspace/{name}", text)
    return f"/Workspace/{name}"


def results(shop: Workshop, attempt_id: int) -> list[list[dict[str, Any]]]:
    return [cell["results"] for cell in shop.told(attempt_id, "notebook.json")["cells"]]


def test_a_notebook_of_sql_makes_and_shows_tables(shop: Workshop) -> None:
    path = put(shop, "one", "CREATE OR REPLACE TABLE one AS\nSELECT 1 AS n, 'a' AS name", "SELECT * FROM one;")
    end = shop.run(1, "notebook", path=path)

    schema = [{"name": "n", "type": "int"}, {"name": "name", "type": "string"}]
    assert end.exit_code == 0
    assert results(shop, 1) == [[], [{"type": "table", "data": [[1, "a"]], "schema": schema}]]


def test_tables_are_there_for_other_tasks_of_the_workspace(shop: Workshop) -> None:
    shop.run(2, "notebook", path=put(shop, "two", "CREATE OR REPLACE TABLE two AS SELECT 2 AS n"))
    shop.run(3, "sql", query="CREATE OR REPLACE TABLE three AS SELECT n + 1 AS n FROM two")
    shop.run(4, "notebook", path=put(shop, "four", "SELECT n FROM three"))

    assert results(shop, 4)[0][0]["data"] == [[3]]


def test_parameters_are_values_and_never_sql(shop: Workshop) -> None:
    path = put(shop, "five", "SELECT :who AS a, '${who}' AS b, 'x:who' AS c, 1::VARCHAR AS d")
    shop.run(5, "notebook", path=path, parameters={"who": "o'x"})

    assert results(shop, 5)[0][0]["data"] == [["o'x", "o'x", "x:who", "1"]]


def test_python_and_sql_see_each_others_data(shop: Workshop) -> None:
    cells = (
        "import pandas\nframe = pandas.DataFrame({'n': [1, 2, 3]})",
        "# MAGIC %sql\n# MAGIC CREATE TEMP VIEW odd AS SELECT n FROM frame WHERE n % 2 = 1",
        "# MAGIC %sql SELECT sum(n) AS total FROM odd",
        "_sqldf.fetchall()",
        "# MAGIC %sql SELECT total + 1 AS more FROM _sqldf",
        "display(_sqldf)",
    )
    end = shop.run(6, "notebook", path=put(shop, "six", *cells, mark="#"))

    assert end.message is None
    shown = [[one["data"] for one in each] for each in results(shop, 6)]
    assert shown[2:] == [[[[4]]], ["[(Decimal('4'),)]"], [[[5]]], [[[5]]]] or shown[2:] == [
        [[[4]]],
        ["[(4,)]"],
        [[[5]]],
        [[[5]]],
    ]


def test_a_mistake_in_sql_fails_the_cell_with_the_databases_word(shop: Workshop) -> None:
    end = shop.run(7, "notebook", path=put(shop, "seven", "SELECT 1", "SELECT * FROM nowhere", "SELECT 2"))

    assert end.exit_code == 1
    assert end.message is not None
    assert "Table with name nowhere does not exist" in end.message
    assert [len(each) for each in results(shop, 7)] == [1, 1, 0]


@pytest.mark.parametrize(
    ("attempt_id", "mistake"), [(11, "SELEC 1"), (12, "SELECT * FROM nowhere")], ids=["grammar", "name"]
)
def test_the_trace_of_a_mistake_in_sql_shows_none_of_our_own_lines(
    shop: Workshop, attempt_id: int, mistake: str
) -> None:
    end = shop.run(attempt_id, "notebook", path=put(shop, f"wrong{attempt_id}", "SELECT 1", mistake))

    assert end.trace is not None
    assert end.trace.startswith("_duckdb.")
    assert "File " not in end.trace


def test_a_notebook_holds_the_database_only_while_its_sql_runs(shop: Workshop) -> None:
    gate = shop.home / "gate"
    wait = f"print('waiting')\n{held_by(gate)}"
    cells = ("# MAGIC %sql CREATE OR REPLACE TABLE held AS SELECT 1 AS n", wait, "# MAGIC %sql SELECT n FROM held")
    shop.start(8, "notebook", path=put(shop, "eight", *cells, mark="#"))
    until(lambda: "waiting" in shop.yard.read(8))
    other = shop.run(9, "sql", query="UPDATE held SET n = 2")
    gate.touch()
    end = shop.yard.end(8)

    assert (other.exit_code, end.exit_code) == (0, 0)
    assert results(shop, 8)[2][0]["data"] == [[2]]


def test_files_of_mounts_are_read_by_their_uris(shop: Workshop) -> None:
    shop.write("s3://lake/in/a.csv", "n,name\n1,x\n2,y\n")
    shop.run(10, "notebook", path=put(shop, "ten", "SELECT name FROM 's3://lake/in/a.csv' WHERE n = 2"))

    assert results(shop, 10)[0][0]["data"] == [["y"]]
