from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import NOW_MS, Yard
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import until

from runyard.runtime.dremio_sql import changes, tables
from runyard.runtime.dremio_sql.errors import DremioError, QueryCancelled
from runyard.runtime.dremio_sql.execution import Execution, Listener, execute
from runyard.runtime.dremio_sql.plans import Plan

ENDLESS = "SELECT COUNT(*) FROM lake.wide a, lake.wide b, lake.wide c WHERE a.x * b.x * c.x % 7 = 3"


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


@pytest.fixture
def wide(yard: Yard) -> Yard:
    """Give a table of 10,000 rows, enough for a product that takes hours."""
    digits = ", ".join(f"({digit})" for digit in range(10))
    yard.run(
        f"CREATE TABLE lake.wide AS SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS x FROM (VALUES {digits}) a(d), "
        f"(VALUES {digits}) b(d), (VALUES {digits}) c(d), (VALUES {digits}) e(d)"
    )
    return yard


def test_a_query_goes_through_every_step_and_waits_for_its_slot_after_planning(yard: Yard) -> None:
    seen: list[str] = []

    def wait(plan: Plan) -> None:
        seen.append(f"queue {plan.queue}")

    yard.execution("SELECT 1", Listener(step=lambda name, _: seen.append(name), wait=wait)).run()

    assert seen == ["METADATA_RETRIEVAL", "PLANNING", "queue SMALL", "EXECUTION_PLANNING", "STARTING", "RUNNING"]


def test_a_synchronous_command_waits_in_no_queue(yard: Yard) -> None:
    ran = yard.run("CREATE VIEW lake.v AS SELECT 1 AS x")

    assert ran.steps == ["METADATA_RETRIEVAL", "PLANNING", "RUNNING"]
    assert (ran.plans, ran.outcome.plan) == ([], None)
    assert ran.rows == [{"ok": True, "summary": "View 'lake.v' created successfully"}]


def test_steps_are_stamped_when_they_happen(yard: Yard) -> None:
    times: list[int] = []
    moments = iter(range(100, 200))
    execution = yard.execution("SELECT 1", Listener(step=lambda _, at_ms: times.append(at_ms)))
    execution.clock = lambda: next(moments)
    execution.run()

    assert times == [100, 101, 102, 103, 104]


@pytest.mark.parametrize(
    ("cost", "accelerates", "queue"),
    [
        (30_000_000, False, "SMALL"),
        (30_000_001, False, "LARGE"),
        (1, True, "REFLECTION_SMALL"),
        (30_000_001, True, "REFLECTION_LARGE"),
    ],
)
def test_the_queue_follows_from_the_cost(cost: int, queue: str, *, accelerates: bool) -> None:
    assert Plan(cost=cost, accelerates=accelerates).queue == queue


def test_a_product_of_tables_costs_more_than_a_small_query(wide: Yard) -> None:
    small = wide.run("SELECT SUM(x) FROM lake.wide").plans
    large = wide.run("SELECT SUM(a.x) FROM lake.wide a, lake.wide b WHERE b.x < 10").plans

    assert 10_000 <= small[0].cost < 100_000
    assert large[0].cost > small[0].cost


def _running(execution: Execution) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            execution.run()
        except (DremioError, QueryCancelled) as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


def test_a_query_is_cancelled_while_it_runs_within_100_ms(wide: Yard) -> None:
    running = threading.Event()
    listener = Listener(step=lambda name, _: running.set() if name == "RUNNING" else None)
    execution = wide.execution(ENDLESS, listener)
    thread, errors = _running(execution)
    assert running.wait(20)

    began = time.monotonic()
    execution.cancel()
    thread.join(20)
    took = time.monotonic() - began

    assert [type(error) for error in errors] == [QueryCancelled]
    assert took < 0.5  # 10 ms here; a machine that does much else takes longer


def test_a_query_that_is_cancelled_before_it_begins_never_begins(yard: Yard) -> None:
    seen: list[str] = []
    execution = yard.execution("SELECT 1", Listener(step=lambda name, _: seen.append(name)))
    execution.cancel()

    with pytest.raises(QueryCancelled):
        execution.run()
    assert seen == []


def test_a_query_that_is_cancelled_in_its_queue_does_not_run(yard: Yard) -> None:
    seen: list[str] = []
    execution = yard.execution(
        "SELECT 1", Listener(step=lambda name, _: seen.append(name), wait=lambda _: execution.cancel())
    )

    with pytest.raises(QueryCancelled):
        execution.run()
    assert seen == ["METADATA_RETRIEVAL", "PLANNING"]


def test_rows_are_counted_while_they_come(wide: Yard) -> None:
    execution = wide.execution("SELECT a.x FROM lake.wide a, lake.wide b")
    thread, errors = _running(execution)
    until(lambda: execution.rows_so_far() > 1_000)
    execution.cancel()
    thread.join(20)

    assert [type(error) for error in errors] == [QueryCancelled]


def test_more_memory_than_allowed_is_a_resource_error(wide: Yard) -> None:
    sql = "SELECT LISTAGG(CAST(a.x AS VARCHAR), ',') WITHIN GROUP (ORDER BY b.x) FROM lake.wide a, lake.wide b"
    error = wide.error(sql, memory="40MB", temporary=Path("/nonexistent"))

    assert error.kind in {"RESOURCE", "DATA_READ"}


def test_a_queue_may_allow_less_memory(wide: Yard) -> None:
    sql = "SELECT COUNT(DISTINCT CAST(a.x AS VARCHAR) || CAST(b.x AS VARCHAR)) FROM lake.wide a, lake.wide b"
    execution = wide.execution(sql, Listener(wait=lambda _: "30MB"), temporary=Path("/nonexistent"))

    with pytest.raises(DremioError) as error:
        execution.run()
    assert error.value.kind in {"RESOURCE", "DATA_READ"}


def test_an_error_has_dremios_shape_with_its_id(yard: Yard) -> None:
    sql = "SELECT\n  frob(1)"
    error = yard.error(sql)

    assert error.text(sql=sql, host="here") == (
        "UNSUPPORTED_OPERATION ERROR: The function FROB is not known to runyard's Dremio engine (line 2, column 3)\n\n"
        f"SQL Query {sql}\nstartLine 2\nstartColumn 3\n\n[Error Id: {error.error_id} on here:0]\n\n"
    )


def test_an_error_of_the_engine_has_no_line_of_a_text_that_nobody_wrote(yard: Yard) -> None:
    error = yard.error("SELECT CAST(x AS DATE) FROM (VALUES ('nonsense')) t(x)")

    assert error.kind == "FUNCTION"
    assert "LINE" not in error.text()


# tables that are made and changed here


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


def test_what_two_statements_insert_at_once_is_all_there(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.t (x INT)")
    executions = [yard.execution(f"INSERT INTO lake.t SELECT {number}") for number in range(8)]
    started = [_running(each) for each in executions]
    for thread, _ in started:
        thread.join(30)

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


# the seam to a job's process


class Heard:
    """What a job's process is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.counts: list[int] = []

    def step(self, word: str) -> None:
        self.steps.append(word)

    def queue(self, cost: float) -> str:
        self.steps.append(f"QUEUED {cost:.0f}")
        return ""

    def rows(self, count: int) -> None:
        self.counts.append(count)


def _context(folder: Path, sql: str) -> dict[str, Any]:
    return {"sql": sql, "path": ["lake"], "user": "ada", "home": str(folder), "catalog": {"spaces": ["lake"]}}


def test_a_jobs_process_tells_what_it_brought(tmp_path: Path) -> None:
    heard = Heard()
    brought = execute(_context(tmp_path, "CREATE TABLE t AS SELECT 1 AS x"), heard, tmp_path)
    told = json.loads(json.dumps(asdict(brought)))

    assert heard.steps[:3] == ["METADATA_RETRIEVAL", "PLANNING", f"QUEUED {brought.cost}"]
    assert (told["row_count"], told["stored_rows"]) == (1, 1)
    assert told["changes"][0] | {"folder": ""} == {
        "op": "put",
        "kind": "table",
        "path": ["lake", "t"],
        "folder": "",
        "fields": [{"name": "x", "type": {"name": "INTEGER"}}],
        "rows": 1,
    }


def test_a_command_that_only_the_server_could_carry_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DremioError, match="GRANT is not carried out"):
        execute(_context(tmp_path, "GRANT SELECT ON t TO USER x"), Heard(), tmp_path)
