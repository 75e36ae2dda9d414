from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dremio_engine import Yard

from runyard.runtime.dremio_sql.column_types import from_duckdb
from runyard.runtime.dremio_sql.sources import located


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    made = Yard(tmp_path)
    (tmp_path / "files").mkdir()
    made.told["sources"] = [{"name": "Files", "root": str(tmp_path / "files")}]
    return made


def _write(yard: Yard, name: str, text: str) -> None:
    file = yard.folder / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _parquet(yard: Yard, name: str, sql: str) -> None:
    file = yard.folder / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")


# views


def test_views_within_views_are_read_where_their_own_names_mean_something(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.base AS SELECT * FROM (VALUES (1), (2)) t(x)")
    yard.run("CREATE VIEW lake.within AS SELECT x + 1 AS y FROM base", context=("lake",))
    yard.run("CREATE VIEW lake.around AS SELECT y * 2 AS z FROM lake.within WHERE y > 2")

    assert yard.rows("SELECT * FROM lake.around") == [[6]]


def test_a_view_that_refers_to_itself_is_refused(yard: Yard) -> None:
    yard.told["views"] = [
        {"path": ["lake", "a"], "sql": "SELECT * FROM lake.b"},
        {"path": ["lake", "b"], "sql": "SELECT * FROM lake.a"},
    ]

    assert "refers to itself" in yard.error("SELECT * FROM lake.a").message
    yard.told["views"] = [{"path": ["lake", "a"], "sql": "SELECT 1 AS x"}]
    assert "refer to itself" in yard.error("CREATE OR REPLACE VIEW lake.a AS SELECT * FROM lake.a").message


def test_an_error_within_a_view_names_the_view(yard: Yard) -> None:
    yard.told["views"] = [{"path": ["lake", "old"], "sql": "SELECT frob(1)"}]
    error = yard.error("SELECT * FROM lake.old")

    assert (error.context, error.line) == ("In the view lake.old", 0)


def test_a_view_is_replaced_only_where_that_is_said(yard: Yard) -> None:
    yard.run("CREATE VIEW lake.v (a) AS SELECT 1")

    assert "already exists" in yard.error("CREATE VIEW lake.v AS SELECT 2 AS a").message
    yard.run("CREATE OR REPLACE VIEW lake.v AS SELECT 2 AS b")
    assert yard.run("SELECT * FROM lake.v").rows == [{"b": 2}]


def test_names_are_found_in_any_case_and_by_any_part_of_their_path(yard: Yard) -> None:
    yard.run('CREATE TABLE lake."My Table" AS SELECT 1 AS "Some Id"')

    assert yard.run('SELECT "some id" FROM LAKE."my table"').rows == [{"some id": 1}]
    assert yard.rows('SELECT lake."My Table"."Some Id" FROM lake."My Table"') == [[1]]
    assert yard.rows('SELECT "My Table".* FROM lake."My Table"') == [[1]]


def test_a_path_may_have_any_number_of_names(yard: Yard) -> None:
    yard.told["views"] = [{"path": ["lake", "a", "b", "c", "v"], "sql": "SELECT 1 AS x"}]

    assert yard.rows("SELECT * FROM lake.a.b.c.v") == [[1]]
    assert yard.rows("SELECT v.x FROM lake.a.b.c.v") == [[1]]
    assert yard.rows("SELECT * FROM b.c.v", context=("lake", "a")) == [[1]]


# files of sources


def test_a_csv_file_has_texts_alone(yard: Yard) -> None:
    _write(yard, "a.csv", 'id,name\n1,"x, y"\n2,\n')

    assert yard.rows('SELECT * FROM files."a.csv"') == [["1", "x, y"], ["2", None]]


def test_a_csv_file_is_read_as_its_settings_say(yard: Yard) -> None:
    _write(yard, "a.txt", "1;x\n2;y\n")
    settings = {"fieldDelimiter": ";", "extractHeader": False}
    yard.told["datasets"] = [{"path": ["Files", "a.txt"], "format": "text", "settings": settings}]

    assert yard.run('SELECT * FROM files."a.txt"').rows == [{"A": "1", "B": "x"}, {"A": "2", "B": "y"}]
    options = "type => 'text', fieldDelimiter => ';', extractHeader => false"
    assert yard.run(f'SELECT * FROM TABLE(files."a.txt"({options}))').rows[0] == {"A": "1", "B": "x"}


def test_json_has_bigint_double_texts_and_nested_values(yard: Yard) -> None:
    _write(yard, "a.json", json.dumps({"a": 1, "b": 1.5, "day": "2024-01-01", "n": {"items": [1, 2]}}))
    page = yard.run('SELECT * FROM files."a.json"').page

    assert [column["type"]["name"] for column in page["schema"]] == ["BIGINT", "DOUBLE", "VARCHAR", "STRUCT"]
    assert yard.rows("SELECT t.n.items[1], n['items'][0] FROM files.\"a.json\" t") == [[2, 1]]


def test_parquet_is_read_as_dremio_reads_it(yard: Yard) -> None:
    _parquet(
        yard,
        "a.parquet",
        "SELECT CAST(1 AS TINYINT) AS small, TIMESTAMP '2024-01-01 00:00:00.123999' AS moment, "
        "TIMESTAMPTZ '2024-01-01 02:00:00+02' AS zoned, CAST(1.5 AS DECIMAL(5, 2)) AS price, MAP {'k': 1} AS m",
    )
    page = yard.run('SELECT * FROM files."a.parquet"').page

    assert [column["type"]["name"] for column in page["schema"]] == [
        "INTEGER",
        "TIMESTAMP",
        "TIMESTAMP",
        "DECIMAL",
        "MAP",
    ]
    assert page["rows"][0]["moment"] == "2024-01-01 00:00:00.123"
    assert page["rows"][0]["zoned"] == "2024-01-01 00:00:00.000"
    assert yard.rows("SELECT m['k'], m['none'], MAP_KEYS(m) FROM files.\"a.parquet\"") == [[1, None, ["k"]]]


def test_a_folder_is_one_table_with_columns_for_the_folders_within_it(yard: Yard) -> None:
    _parquet(yard, "sales/2024/01/a.parquet", "SELECT 1 AS x")
    _parquet(yard, "sales/2023/b.parquet", "SELECT 2 AS x")

    assert yard.run("SELECT * FROM files.sales ORDER BY x").rows == [
        {"x": 1, "dir0": "2024", "dir1": "01"},
        {"x": 2, "dir0": "2023", "dir1": None},
    ]


def test_a_folder_of_more_than_one_format_says_what_to_do(yard: Yard) -> None:
    _write(yard, "mixed/a.csv", "x\n1\n")
    _write(yard, "mixed/b.json", "{}")

    assert "say one: TABLE(" in yard.error("SELECT * FROM files.mixed").message


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.parquet", "a?.parquet", "it's.parquet"])
def test_a_name_that_could_be_a_pattern_is_one_file(yard: Yard, name: str) -> None:
    _parquet(yard, "a1.parquet", "SELECT 'other' AS x")
    duckdb.connect().execute(
        "COPY (SELECT 'own' AS x) TO $file (FORMAT parquet)", {"file": str(yard.folder / "files" / name)}
    )

    assert yard.rows(f'SELECT * FROM files."{name}"') == [["own"]]


def test_a_folder_whose_name_could_be_a_pattern_holds_tables_and_results(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "home [1] *")
    yard.folder.mkdir()
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")

    assert yard.rows("SELECT * FROM lake.t") == [[1]]


def test_no_path_leads_out_of_a_source(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("x\n1\n", encoding="utf-8")
    (tmp_path / "files" / "link.csv").symlink_to(tmp_path / "secret.csv")

    assert located(tmp_path / "files", ["..", "secret.csv"]) is None
    assert located(tmp_path / "files", ["../secret.csv"]) is None
    assert located(tmp_path / "files", ["link.csv"]) is None
    assert "not found" in yard.error('SELECT * FROM files."link.csv"').message


def test_arrow_files_are_read_where_pyarrow_is_installed(yard: Yard) -> None:
    arrow = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    feather.write_feather(arrow.table({"x": [1, 2]}), yard.folder / "files" / "a.arrow")

    assert yard.rows('SELECT SUM(x) FROM files."a.arrow"') == [[3]]


@pytest.mark.parametrize(("folder", "package"), [("_delta_log", "deltalake"), ("metadata", "pyiceberg")])
def test_a_format_whose_package_is_missing_names_the_package(yard: Yard, folder: str, package: str) -> None:
    if _is_installed(package):
        pytest.skip(f"{package} is installed")
    _write(yard, f"t/{folder}/1.metadata.json", "{}")
    error = yard.error("SELECT * FROM files.t")

    assert error.kind == "UNSUPPORTED_OPERATION"
    assert package in error.message


def _is_installed(package: str) -> bool:
    try:
        __import__(package)
    except ImportError:
        return False
    return True


def test_an_iceberg_table_is_read_at_its_snapshots(yard: Yard) -> None:
    arrow = pytest.importorskip("pyarrow")
    sql = pytest.importorskip("pyiceberg.catalog.sql")
    place = yard.folder / "files"
    catalog = sql.SqlCatalog("c", uri=f"sqlite:///{yard.folder}/c.db", warehouse=f"file://{place}")
    catalog.create_namespace("n")
    table = catalog.create_table("n.t", schema=arrow.table({"x": [1]}).schema, location=f"file://{place}/t")
    table.append(arrow.table({"x": [1]}))
    first = table.current_snapshot().snapshot_id
    table.manage_snapshots().create_branch(first, "dev").create_tag(first, "v1").commit()
    table.append(arrow.table({"x": [2]}))

    assert yard.rows("SELECT COUNT(*) FROM files.t") == [[2]]
    assert yard.rows('SELECT a.x FROM files.t AT BRANCH dev AS a JOIN files.t AT TAG "v1" AS b ON a.x = b.x') == [[1]]
    assert yard.rows("SELECT SUM(x) FROM files.t AT BRANCH main") == [[3]]
    assert yard.rows("SELECT SUM(x) FROM files.t AT REF v1") == [[1]]
    assert "no snapshot at BRANCH 'v1'" in yard.error("SELECT * FROM files.t AT BRANCH v1").message
    assert yard.rows(f"SELECT x FROM files.t AT SNAPSHOT '{first}'") == [[1]]
    assert yard.rows("SELECT operation FROM TABLE(table_snapshot('files.t')) WHERE parent_id IS NULL") == [["append"]]
    assert yard.rows("SELECT COUNT(*) FROM TABLE(table_history('files.t')) WHERE is_current_ancestor") == [[2]]
    assert "no snapshot" in yard.error("SELECT * FROM files.t AT SNAPSHOT '1'").message


def test_a_delta_table_is_read(yard: Yard) -> None:
    arrow = pytest.importorskip("pyarrow")
    delta = pytest.importorskip("deltalake")
    delta.write_deltalake(str(yard.folder / "files" / "t"), arrow.table({"x": [1, 2]}))

    assert yard.rows("SELECT SUM(x) FROM files.t") == [[3]]


def test_time_travel_needs_a_table_that_keeps_versions(yard: Yard) -> None:
    _write(yard, "a.csv", "x\n1\n")
    error = yard.error("SELECT * FROM files.\"a.csv\" AT SNAPSHOT '1'")

    assert (error.kind, "Iceberg" in error.message) == ("UNSUPPORTED_OPERATION", True)
    assert "Iceberg" in yard.error("SELECT * FROM TABLE(table_snapshot('files.\"a.csv\"'))").message
    branch, commit = (yard.error(f'SELECT *\nFROM files."a.csv" AT {each}') for each in ("BRANCH main", "COMMIT abc"))
    assert (
        branch.message == "AT BRANCH needs an Iceberg table of a source, and 'files.a.csv' is none (line 2, column 6)"
    )
    assert (commit.kind, commit.line, "Nessie" in commit.message) == ("UNSUPPORTED_OPERATION", 2, True)


# what the system tells of itself


def test_information_schema_tells_of_tables_views_and_columns(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS id, CAST(1.5 AS DECIMAL(10, 2)) AS price")
    yard.run("CREATE VIEW lake.v AS SELECT price AS p FROM lake.t")
    yard.told["folders"] = [["lake", "dbt"]]

    assert yard.rows(
        "SELECT table_name, table_type FROM information_schema.\"tables\" WHERE table_schema = 'lake' ORDER BY 1"
    ) == [
        ["t", "TABLE"],
        ["v", "VIEW"],
    ]
    assert yard.rows(
        "SELECT column_name, ordinal_position, data_type, numeric_precision, numeric_scale "
        "FROM INFORMATION_SCHEMA.COLUMNS WHERE table_schema = 'lake' ORDER BY table_name, ordinal_position"
    ) == [["id", 1, "INTEGER", 32, 0], ["price", 2, "DECIMAL", 10, 2], ["p", 1, "DECIMAL", 10, 2]]
    assert yard.rows("SELECT view_definition FROM information_schema.views") == [["SELECT price AS p FROM lake.t"]]
    assert yard.rows("SELECT schema_name FROM information_schema.schemata") == [
        ["Files"], ["INFORMATION_SCHEMA"], ["lake"], ["lake.dbt"], ["sys"],
    ]  # fmt: skip
    assert yard.rows("SELECT catalog_name FROM information_schema.catalogs") == [["DREMIO"]]


def test_the_callers_rows_are_tables_of_the_system(yard: Yard) -> None:
    columns: list[dict[str, Any]] = [
        {"name": "job_id", "type": {"name": "VARCHAR"}},
        {"name": "submitted_ts", "type": {"name": "TIMESTAMP"}},
        {"name": "cost", "type": {"name": "DOUBLE"}},
    ]
    rows = [["it's", 1_764_412_200_123, 1.5], [None, None, None]]
    yard.told["system"] = [{"path": ["sys", "project", "jobs"], "columns": columns, "rows": rows}]

    assert yard.rows("SELECT * FROM sys.project.jobs") == [["it's", "2025-11-29 10:30:00.123", 1.5], [None, None, None]]
    assert yard.rows("SELECT COUNT(*) FROM sys.project.jobs WHERE job_id = 'it''s'") == [[1]]


def test_a_table_of_the_system_without_rows_is_listed_and_cannot_be_asked(yard: Yard) -> None:
    columns = [{"name": "job_id", "type": {"name": "VARCHAR"}}]
    yard.told["system"] = [{"path": ["sys", "project", "jobs"], "columns": columns, "rows": None}]

    tables = "SELECT table_schema, table_name, table_type FROM information_schema.\"TABLES\" WHERE table_name = 'jobs'"
    assert yard.rows(tables) == [["sys.project", "jobs", "SYSTEM_TABLE"]]
    assert yard.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'jobs'") == [["job_id"]]
    assert yard.rows("SHOW TABLES IN sys.project") == [["sys.project", "jobs"]]
    assert ["sys.project"] in yard.rows("SHOW SCHEMAS")
    assert yard.error("SELECT * FROM sys.project.jobs").message == "Object 'sys.project.jobs' not found"


def test_thousands_of_the_callers_rows_are_quickly_there(yard: Yard) -> None:
    columns = [{"name": f"c{place}", "type": {"name": "VARCHAR"}} for place in range(20)]
    rows = [[f"it's {line} \\ {place}" for place in range(20)] for line in range(5_000)]
    yard.told["system"] = [{"path": ["sys", "jobs_recent"], "columns": columns, "rows": rows}]
    began = time.process_time()

    assert yard.rows("SELECT COUNT(*), MIN(c3) FROM sys.jobs_recent") == [[5_000, "it's 0 \\ 3"]]
    assert time.process_time() - began < 5  # as VALUES it took ten times that


def test_show_and_describe_tell_of_the_catalog(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t (id INT, price DECIMAL(10, 2), tags LIST(VARCHAR), rate DOUBLE)")

    assert yard.rows("SHOW TABLES IN lake") == [["lake", "t"]]
    assert yard.rows("SHOW SCHEMAS LIKE 'la%'") == [["lake"]]
    assert yard.rows("DESCRIBE lake.t") == [
        ["id", "INTEGER", "YES", 32, 0],
        ["price", "DECIMAL", "YES", 10, 2],
        ["tags", "ARRAY", "YES", None, None],
        ["rate", "DOUBLE", "YES", 53, None],
    ]
    assert "Unknown table" in yard.error("DESCRIBE lake.nope").message


def test_a_plan_is_shown_of_a_query_that_can_be_read(yard: Yard) -> None:
    assert set(yard.run("EXPLAIN PLAN FOR SELECT 1").rows[0]) == {"text", "json"}
    assert yard.error("EXPLAIN PLAN FOR SELECT frob(1)").column == 25


@pytest.mark.parametrize("kind", ["BIT", "TIMETZ", "UNION(a INTEGER)"])
def test_a_type_that_dremio_has_not_is_not_made_into_another(kind: str) -> None:
    described = duckdb.connect().execute(f"SELECT CAST(NULL AS {kind}) AS x").description

    assert from_duckdb(described[0][1]) is None


def test_what_made_a_view_or_a_table_is_shown(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.made (id INT, name VARCHAR, price DECIMAL(5, 2))")
    yard.run("CREATE VIEW lake.seen AS SELECT id FROM lake.made")
    _write(yard, "b.csv", "x\n1\n")

    assert yard.rows("SHOW CREATE VIEW seen", context=["lake"]) == [["[lake.seen]", "SELECT id FROM lake.made"]]
    assert yard.rows("SHOW CREATE TABLE lake.made")[0][1] == (
        'CREATE TABLE "lake"."made" ("id" INTEGER, "name" CHARACTER VARYING, "price" DECIMAL(5, 2))'
    )
    assert yard.rows('SHOW CREATE TABLE files."b.csv"')[0][1] == 'SELECT * FROM "files"."b.csv"'
    assert yard.error("SHOW CREATE TABLE lake.seen").message == "[lake.seen] is not a table"
    assert yard.error("SHOW CREATE VIEW lake.none").message == "Unknown view [lake.none]"
