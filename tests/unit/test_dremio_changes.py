from __future__ import annotations

import os
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from dremio_engine import NOW_MS, Yard
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.runtime.dremio_sql import changes, tables
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Execution, Listener
from runyard.runtime.dremio_sql.plans import Plan


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def test_a_table_is_made_changed_and_dropped(yard: Yard) -> None:
    made = yard.run("CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, name)")
    added = yard.run("INSERT INTO lake.t (id) SELECT 3")
    changed = yard.run("UPDATE lake.t SET name = 'z' WHERE id >= 2")
    gone = yard.run("DELETE FROM lake.t WHERE id = 1")

    assert made.rows == [{"Fragment": "0_0", "Records": 2}]
    assert [each.outcome.row_count for each in (made, added, changed, gone)] == [2, 1, 2, 1]
    assert yard.rows("SELECT * FROM lake.t ORDER BY id") == [[2, "z"], [3, "z"]]
    yard.run("DROP TABLE lake.t")
    assert yard.error("SELECT * FROM lake.t").message == "Object 'lake.t' not found"


def test_merge_updates_deletes_and_inserts(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) v(id, name)")
    ran = yard.run(
        "MERGE INTO lake.t AS t USING (VALUES (2, 'bb'), (3, 'gone'), (4, 'd')) s(id, name) ON t.id = s.id "
        "WHEN MATCHED AND s.name = 'gone' THEN DELETE WHEN MATCHED THEN UPDATE SET name = s.name "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
    )

    assert ran.outcome.row_count == 3
    assert yard.rows("SELECT * FROM lake.t ORDER BY id") == [[1, "a"], [2, "bb"], [4, "d"]]


def test_a_row_that_matches_twice_is_no_merge(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS id, 'a' AS name")
    error = yard.error(
        "MERGE INTO lake.t t USING (VALUES (1, 'b'), (1, 'c')) s(id, name) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET name = s.name"
    )

    assert "matched more than once" in error.message
    assert yard.rows("SELECT * FROM lake.t") == [[1, "a"]]


def test_copy_into_reads_files_by_the_names_of_their_columns(yard: Yard) -> None:
    files = yard.folder / "files"
    files.mkdir()
    (files / "a.csv").write_text("price,id\n1.239,7\n", encoding="utf-8")
    yard.told["sources"] = [{"name": "files", "root": str(files)}]
    yard.run("CREATE TABLE lake.t (id INT, price DECIMAL(10, 2), note VARCHAR)")
    ran = yard.run("COPY INTO lake.t FROM '@files' FILES ('a.csv') FILE_FORMAT 'csv'")

    assert ran.rows == [{"Rows Inserted": 1, "Rejected Records": 0}]
    assert yard.rows("SELECT * FROM lake.t") == [[7, Decimal("1.24"), None]]


def test_an_insert_of_what_does_not_fit_leaves_the_table(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t (id INT)")

    assert yard.error("INSERT INTO lake.t SELECT 'x'").kind == "FUNCTION"
    assert yard.error("INSERT INTO lake.t SELECT 1, 2").kind == "VALIDATION"
    assert yard.error("INSERT INTO lake.t SELECT 3000000000").kind == "FUNCTION"
    assert yard.rows("SELECT * FROM lake.t") == []


def test_a_contract_of_dbt_says_names_types_and_not_null(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t (id BIGINT NOT NULL, name VARCHAR NULL) AS (SELECT 1 AS a, 'x' AS b)")
    yard.run("CREATE TABLE lake.u (id INT NOT NULL)")
    yard.run("INSERT INTO lake.u VALUES (NULL)")

    described = yard.run("DESCRIBE lake.t").rows

    assert [(each["COLUMN_NAME"], each["DATA_TYPE"], each["IS_NULLABLE"]) for each in described] == [
        ("id", "BIGINT", "YES"),
        ("name", "CHARACTER VARYING", "YES"),
    ]
    assert yard.rows("SELECT * FROM lake.u") == [[None]]


def test_ctas_keeps_what_it_is_partitioned_and_sorted_by(yard: Yard) -> None:
    yard.run(
        "CREATE TABLE lake.t HASH PARTITION BY (p) LOCALSORT BY (x) STORE AS (type => 'parquet') AS "
        "SELECT * FROM (VALUES (2, 'b'), (1, 'b'), (3, 'a')) v(x, p)"
    )
    folder = Path(yard.told["tables"][0]["folder"])

    assert tables.read_manifest(folder).layout == {"partition_by": ["p"], "sort_by": ["x"]}
    assert yard.rows("SELECT * FROM lake.t") == [[3, "a"], [1, "b"], [2, "b"]]


def test_what_exists_is_not_made_again_unless_that_is_said(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")

    assert "already exists" in yard.error("CREATE TABLE lake.t AS SELECT 2 AS x").message
    assert "already exists" in yard.error("CREATE VIEW lake.t AS SELECT 2 AS x").message
    assert yard.run("CREATE TABLE IF NOT EXISTS lake.t AS SELECT 2 AS x").outcome.changes == ()
    assert yard.rows("SELECT * FROM lake.t") == [[1]]
    assert "no space or source 'nowhere'" in yard.error("CREATE TABLE nowhere.t AS SELECT 1 AS x").message


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO lake.t SELECT 9",
        "UPDATE lake.t SET x = 9",
        "DELETE FROM lake.t",
        "MERGE INTO lake.t t USING (SELECT 1 AS x) s ON t.x = s.x WHEN MATCHED THEN UPDATE SET x = 9",
    ],
)
def test_a_crash_before_the_manifest_is_swapped_leaves_the_old_table(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(changes, "write_manifest", crash)
        with pytest.raises(KeyboardInterrupt):
            yard.run(sql)
    folder = Path(yard.told["tables"][0]["folder"])

    assert yard.rows("SELECT * FROM lake.t") == [[1]]
    assert tables.read_manifest(folder).version == 2


def test_files_that_a_table_no_longer_has_are_kept_for_a_day(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")
    folder = Path(yard.told["tables"][0]["folder"])
    yard.run("UPDATE lake.t SET x = 2")
    before = len(list(folder.glob("part-*")))
    for file in folder.glob("part-*"):
        os.utime(file, (0, 0))
    manifest = tables.read_manifest(folder)

    tables.clear(folder, manifest, NOW_MS)
    assert (before, len(list(folder.glob("part-*")))) == (2, 2)
    tables.clear(folder, manifest.following(manifest.parts, NOW_MS + tables.KEPT_MS), NOW_MS + tables.KEPT_MS)
    assert [file.name for file in folder.glob("part-*")] == [part.file for part in manifest.parts]
    assert yard.rows("SELECT * FROM lake.t") == [[2]]


def test_a_change_of_a_table_that_another_changed_meanwhile_is_refused(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")

    def meanwhile(_: Plan) -> None:
        yard.run("INSERT INTO lake.t SELECT 2")

    execution = yard.execution("UPDATE lake.t SET x = 5", Listener(wait=meanwhile))
    with pytest.raises(DremioError) as error:
        execution.run()

    assert error.value.kind == "CONCURRENT_MODIFICATION"
    assert yard.rows("SELECT * FROM lake.t ORDER BY x") == [[1], [2]]


def _running(execution: Execution) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            execution.run()
        except DremioError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def test_what_two_statements_insert_at_once_is_all_there(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t (x INT)")
    executions = [yard.execution(f"INSERT INTO lake.t SELECT {number}") for number in range(8)]
    started = [_running(each) for each in executions]
    for thread, _ in started:
        thread.join(60)

    assert [errors for _, errors in started] == [[]] * 8
    assert yard.rows("SELECT * FROM lake.t ORDER BY x") == [[number] for number in range(8)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 5), st.integers(0, 99)),
        st.tuples(st.just("update"), st.integers(0, 5), st.integers(0, 99)),
        st.tuples(st.just("delete"), st.integers(0, 5), st.just(0)),
    ),
    max_size=6,
)


@settings(max_examples=12, deadline=None)
@given(STEPS)
def test_any_row_of_changes_leaves_what_a_list_would_hold(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    yard = Yard(tmp_path_factory.mktemp("changes"))
    yard.run("CREATE TABLE lake.t (k INT, v INT)")
    model: list[list[int]] = []
    for name, key, value in steps:
        if name == "insert":
            yard.run(f"INSERT INTO lake.t VALUES ({key}, {value})")
            model.append([key, value])
        elif name == "update":
            yard.run(f"UPDATE lake.t SET v = {value} WHERE k = {key}")
            model = [[k, value if k == key else v] for k, v in model]
        else:
            yard.run(f"DELETE FROM lake.t WHERE k = {key}")
            model = [[k, v] for k, v in model if k != key]

    assert yard.rows("SELECT * FROM lake.t ORDER BY k, v") == sorted(model)


def test_a_full_disk_leaves_the_table_and_nothing_else(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")
    folder = Path(yard.told["tables"][0]["folder"])
    before = sorted(file.name for file in folder.iterdir())

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        error = yard.error("TRUNCATE TABLE lake.t")
    assert (error.kind, error.message) == (
        "DATA_WRITE",
        "The table could not be written: No space left on device",
    )
    assert yard.rows("SELECT * FROM lake.t") == [[1]]
    assert sorted(file.name for file in folder.iterdir() if file.name != tables.LOCK) == before


def test_a_table_tells_since_when_it_is_what_it_is(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS id")
    manifest = next(yard.folder.glob("tables/*/manifest.json"))
    os.utime(manifest, (1_700_000_000.5, 1_700_000_000.5))
    asked = "SELECT committed_at, snapshot_id, summary['total-records'] FROM TABLE(table_snapshot('\"lake\".\"t\"'))"
    ((committed_at, first, rows),) = yard.rows(asked)
    yard.run("INSERT INTO lake.t VALUES (2)")

    assert (committed_at, rows) == ("2023-11-14 22:13:20.500", "1")
    ((later, second, rows),) = yard.rows(asked)
    assert (later > committed_at, second > first, rows) == (True, True, "2")
    assert "lake.t' is none" in yard.error("SELECT * FROM TABLE(table_history('lake.t'))").message
