"""Clauses of statements that change tables: what each does, and which are refused rather than left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from dremio_engine import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = Yard(tmp_path)
    yard.run("CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (NULL, 'n')) v(id, name)")
    yard.run("CREATE TABLE lake.s AS SELECT * FROM (VALUES (2, 'bb'), (NULL, 'nn'), (4, 'dd')) v(id, name)")
    return yard


def rows(yard: Yard) -> list[list[object]]:
    return yard.rows("SELECT * FROM lake.t ORDER BY id, name")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM lake.t LIMIT 1", "DELETE takes no LIMIT"),
        ("DELETE FROM lake.t RETURNING id", "DELETE takes no RETURNING"),
        ("UPDATE lake.t SET id = 1 LIMIT 1", "UPDATE takes no LIMIT"),
        ("UPDATE lake.t SET id = 1 ORDER BY id LIMIT 1", "UPDATE takes no ORDER"),
        ("UPDATE lake.t SET id = 1 RETURNING id", "UPDATE takes no RETURNING"),
        ("INSERT INTO lake.t VALUES (1, 'a') ON CONFLICT DO NOTHING", "INSERT takes no CONFLICT"),
        ("INSERT INTO lake.t VALUES (1, 'a') RETURNING id", "INSERT takes no RETURNING"),
        ("INSERT INTO lake.t BY NAME SELECT 'a' AS name, 1 AS id", "INSERT takes no BY NAME"),
        ("INSERT INTO lake.t AS q VALUES (1, 'a')", "TABLE takes no ALIAS"),
        ("INSERT INTO lake.t DEFAULT VALUES", "INSERT takes no DEFAULT"),
        ("INSERT INTO lake.t", "INSERT brings no VALUES"),
    ],
)
def test_a_clause_that_nothing_carries_out_is_refused(yard: Yard, sql: str, said: str) -> None:
    error = yard.error(sql)

    assert error.kind == "PARSE"
    assert said in error.message
    assert rows(yard) == [[1, "a"], [2, "b"], [None, "n"]]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO lake.t (id, id) VALUES (1, 2)",
        "UPDATE lake.t SET id = 1, id = 2",
        "MERGE INTO lake.t t USING lake.s s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, id) VALUES (1, 2)",
    ],
)
def test_a_column_gets_no_two_values(yard: Yard, sql: str) -> None:
    error = yard.error(sql)

    assert error.kind == "VALIDATION"
    assert error.message == "Target column 'id' is assigned more than once"
    assert error.line == 1


def test_an_update_takes_values_of_other_tables(yard: Yard) -> None:
    ran = yard.run("UPDATE lake.t SET name = s.name FROM lake.s AS s WHERE s.id = t.id")
    joined = yard.run(
        "UPDATE lake.t AS x SET name = q.name || o.w FROM lake.s AS q JOIN (VALUES (2, '!')) o(k, w) ON o.k = q.id, "
        "(SELECT 1 AS one) AS n WHERE q.id = x.id AND n.one = 1"
    )

    assert [ran.outcome.row_count, joined.outcome.row_count] == [1, 1]
    assert rows(yard) == [[1, "a"], [2, "bb!"], [None, "n"]]


def test_a_row_that_an_update_would_change_twice_is_left(yard: Yard) -> None:
    error = yard.error("UPDATE lake.t SET name = v.n FROM (VALUES (1, 'x'), (1, 'y')) v(k, n) WHERE v.k = t.id")

    assert "matched more than once" in error.message
    assert rows(yard) == [[1, "a"], [2, "b"], [None, "n"]]


def test_a_delete_by_other_tables_counts_each_row_once(yard: Yard) -> None:
    ran = yard.run("DELETE FROM lake.t USING lake.s, (VALUES (1), (2)) twice(k) WHERE s.id = t.id")

    assert ran.outcome.row_count == 1
    assert rows(yard) == [[1, "a"], [None, "n"]]


def test_a_column_named_rowid_is_no_row(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.r AS SELECT * FROM (VALUES (1, 7), (2, 7)) v(id, rowid)")
    words = "MERGE INTO lake.r r USING {} s(id) ON r.id = s.id WHEN MATCHED THEN UPDATE SET rowid = 8"

    assert yard.run(words.format("(VALUES (1), (2))")).outcome.row_count == 2
    assert yard.rows("SELECT * FROM lake.r ORDER BY id") == [[1, 8], [2, 8]]
    assert "matched more than once" in yard.error(words.format("(VALUES (1), (1))")).message


def test_a_star_of_merge_is_every_column_by_its_name(yard: Yard) -> None:
    ran = yard.run(
        "MERGE INTO lake.t t USING (SELECT name, id FROM lake.s) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )

    assert ran.outcome.row_count == 3
    assert rows(yard) == [[1, "a"], [2, "bb"], [4, "dd"], [None, "n"], [None, "nn"]]
    assert "name" in yard.error(
        "MERGE INTO lake.t t USING (SELECT id FROM lake.s) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *"
    ).message  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("WHEN MATCHED THEN INSERT VALUES (1, 'a')", "INSERT where none is"),
        ("WHEN NOT MATCHED THEN DELETE", "INSERT where none is"),
        ("WHEN NOT MATCHED THEN INSERT (id) VALUES (1, 'a')", "1 columns are inserted, and 2 values given"),
        ("WHEN NOT MATCHED AND t.id = 1 THEN INSERT VALUES (1, 'a')", "Column 't.id' not found"),
        ("WHEN MATCHED THEN UPDATE SET s.name = 'x'", "Column 's.name' is none of the table"),
    ],
)
def test_a_clause_of_merge_that_cannot_be_is_refused(yard: Yard, clause: str, said: str) -> None:
    assert said in yard.error(f"MERGE INTO lake.t t USING lake.s s ON t.id = s.id {clause}").message
    assert rows(yard) == [[1, "a"], [2, "b"], [None, "n"]]


def test_a_table_made_by_a_query_has_the_columns_that_are_listed(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.named (a, b) AS SELECT id, name FROM lake.s WHERE id = 2")
    yard.run("CREATE TABLE lake.typed (a BIGINT, b VARCHAR) AS SELECT '5', 6")

    assert yard.run("SELECT * FROM lake.named").rows == [{"a": 2, "b": "bb"}]
    assert yard.run("SELECT * FROM lake.typed").rows == [{"a": 5, "b": "6"}]
    assert "1 names are given for 2" in yard.error("CREATE TABLE lake.x (a) AS SELECT 1, 2").message


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE TABLE lake.x (a INT, A INT)", "Duplicate column name [A]"),
        ("CREATE TABLE lake.x (a, a) AS SELECT 1, 2", "Duplicate column name [a]"),
        ("CREATE VIEW lake.x (a, a) AS SELECT 1, 2", "Duplicate column name [a]"),
        ("CREATE TABLE lake.x (a INT) PARTITION BY (b)", "The column 'b' of PARTITION BY"),
        ("CREATE TABLE lake.x (a INT) LOCALSORT BY (month(a))", "The column 'month(a)' of PARTITION BY"),
        ("CREATE TABLE lake.x CLUSTER BY (b) AS SELECT 1 AS a", "The column 'b' of DISTRIBUTE BY or CLUSTER BY"),
        ("CREATE TABLE lake.x STORE AS (type => 'csv') AS SELECT 1 AS a", "kept as Parquet, not as 'csv'"),
        ('CREATE VIEW lake."" AS SELECT 1 AS a', "a part without a name"),
    ],
)
def test_what_cannot_be_made_as_it_is_written_is_refused(yard: Yard, sql: str, said: str) -> None:
    assert said in yard.error(sql).message
    assert "not found" in yard.error("SELECT * FROM lake.x").message


def test_a_table_may_be_partitioned_by_a_transform(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.made (d DATE, n INT) PARTITION BY (month(d), bucket(16, n))")
    yard.run("CREATE TABLE lake.filled PARTITION BY (year(d)) AS SELECT DATE '2020-01-01' AS d")

    assert yard.rows("SELECT * FROM lake.filled") == [["2020-01-01"]]
    assert "'q' of PARTITION BY" in yard.error("CREATE TABLE lake.x (d DATE) PARTITION BY (month(q))").message


def test_a_table_takes_no_path_of_a_view_or_of_a_file(yard: Yard) -> None:
    (yard.folder / "files").mkdir()
    (yard.folder / "files" / "a.csv").write_text("a\n1\n", encoding="utf-8")
    yard.told["sources"] = [{"name": "files", "root": str(yard.folder / "files")}]
    yard.run("CREATE VIEW lake.v AS SELECT 1 AS x")

    assert yard.run("CREATE TABLE IF NOT EXISTS lake.v (a INT)").outcome.changes == ()
    assert "already exists" in yard.error('CREATE TABLE files."a.csv" AS SELECT 1 AS x').message
    assert yard.run('CREATE TABLE IF NOT EXISTS files."a.csv" AS SELECT 1 AS x').outcome.changes == ()
    assert yard.rows('SELECT * FROM files."a.csv"') == [["1"]]


def test_schemas_that_are_not_there_are_not_empty(yard: Yard) -> None:
    (yard.folder / "files" / "sub").mkdir(parents=True)
    yard.told["sources"] = [{"name": "files", "root": str(yard.folder / "files")}]

    assert yard.error("SHOW TABLES IN nowhere").message == "Invalid schema nowhere."
    assert yard.error("SHOW VIEWS IN lake.nowhere").message == "Invalid schema lake.nowhere."
    assert yard.rows("SHOW VIEWS IN lake") == []
    yard.told["folders"] = [["lake", "deep"]]
    yard.run("CREATE VIEW lake.deep.v AS SELECT 1 AS x")
    assert yard.rows('SHOW TABLES IN "lake.deep"') == [["lake.deep", "v"]]
    assert yard.rows("SHOW TABLES", context=("lake",)) == [["lake", "t"], ["lake", "s"]]
    assert yard.rows("SHOW TABLES IN files.sub") == []


def test_words_that_refresh_no_metadata_are_refused(yard: Yard) -> None:
    yard.run("ALTER PDS lake.t REFRESH METADATA AUTO PROMOTION FORCE UPDATE DELETE WHEN MISSING")
    yard.run("ALTER TABLE lake.t REFRESH METADATA FOR PARTITIONS (a = '1') LAZY UPDATE")

    assert 'Encountered "NOW"' in yard.error("ALTER TABLE lake.t REFRESH METADATA FORCE UPDATE NOW").message


def test_columns_tell_their_sizes(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.c (a INT, b DECIMAL(10, 2), c VARCHAR, d VARBINARY, e TIMESTAMP, f DATE, g BOOLEAN)")
    sizes = "COLUMN_SIZE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION"

    assert yard.rows(f"SELECT {sizes} FROM INFORMATION_SCHEMA.\"COLUMNS\" WHERE TABLE_NAME = 'c'") == [
        [32, None, None, 32],
        [10, None, None, 10],
        [65536, 65536, 262144, None],
        [65536, 65536, 65536, None],
        [23, None, None, None],
        [10, None, None, None],
        [1, None, None, None],
    ]
