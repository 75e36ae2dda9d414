from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard
from waiting import until

from runyard.runtime.dremio_sql.errors import DremioError, QueryCancelled
from runyard.runtime.dremio_sql.execution import Execution, Listener
from runyard.runtime.dremio_sql.job import execute
from runyard.runtime.dremio_sql.plans import Plan

OUT_OF_MEMORY = [
    ("OUT_OF_MEMORY", "Query was cancelled because it exceeded the memory limits set by the administrator.")
]
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
    assert running.wait(60)

    began = time.process_time()  # a machine that does much else takes longer, but works no more
    execution.cancel()
    thread.join(60)
    took = time.process_time() - began

    assert [type(error) for error in errors] == [QueryCancelled]
    assert took < 0.5  # 10 ms here


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
    thread.join(60)

    assert [type(error) for error in errors] == [QueryCancelled]


def test_more_memory_than_allowed_is_said_in_dremios_words(wide: Yard) -> None:
    sql = "SELECT LISTAGG(CAST(a.x AS VARCHAR), ',') WITHIN GROUP (ORDER BY b.x) FROM lake.wide a, lake.wide b"
    error = wide.error(sql, memory="40MB", temporary=Path("/nonexistent"))

    assert (error.kind, error.message) in OUT_OF_MEMORY


def test_a_queue_may_allow_less_memory(wide: Yard) -> None:
    sql = "SELECT COUNT(DISTINCT CAST(a.x AS VARCHAR) || CAST(b.x AS VARCHAR)) FROM lake.wide a, lake.wide b"
    execution = wide.execution(sql, Listener(wait=lambda _: "30MB"), temporary=Path("/nonexistent"))

    with pytest.raises(DremioError) as error:
        execution.run()
    assert (error.value.kind, error.value.message) in OUT_OF_MEMORY


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


# the seam to a job's process


class Heard:
    """What a job's process is told."""

    engine: tuple[str, str] | None = None

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

    def leave_with(self, farewell: Callable[[], None]) -> None:
        raise NotImplementedError


def _context(folder: Path, sql: str) -> dict[str, Any]:
    return {"sql": sql, "path": ["lake"], "user": "ada", "home": str(folder), "catalog": {"spaces": ["lake"]}}


def test_a_jobs_process_tells_what_it_brought(tmp_path: Path) -> None:
    heard = Heard()
    brought = execute(_context(tmp_path, "CREATE TABLE t AS SELECT 1 AS x"), heard, tmp_path)
    told = json.loads(json.dumps(asdict(brought)))

    assert heard.steps[:3] == ["METADATA_RETRIEVAL", "PLANNING", f"QUEUED {brought.cost}"]
    assert told["row_count"] == 1
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


def test_a_view_takes_what_is_said_of_its_default_reflection(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.run("CREATE VIEW lake.v AS SELECT 1 AS x")
    yard.run("CREATE TABLE lake.t AS SELECT 1 AS x")

    answer = yard.run("ALTER VDS lake.v SET enable_default_reflection = FALSE")

    assert answer.rows == [{"ok": True, "summary": "Table [lake.v] options updated"}]
    assert "not other_option to True" in yard.error("ALTER VIEW lake.v SET other_option = TRUE").message
    assert "TRUE or FALSE" in yard.error("ALTER VIEW lake.v SET enable_default_reflection = 'no'").message
    assert "of views alone" in yard.error("ALTER TABLE lake.t SET enable_default_reflection = TRUE").message


def test_an_error_advises_no_setting_that_dremio_has_not(tmp_path: Path) -> None:
    error = Yard(tmp_path).error("SELECT (SELECT x FROM (VALUES (1), (2)) AS t(x)) AS y")

    assert error.message == (
        "More than one row returned by a subquery used as an expression - "
        "scalar subqueries can only return a single row."
    )


def test_a_statement_that_lacks_a_part_is_told_without_classes_of_the_parser(tmp_path: Path) -> None:
    error = Yard(tmp_path).error("SELECT * FROM (VALUES ) AS t(x)")

    assert (error.kind, error.message) == ("PARSE", "Failure parsing the query: Values lacks a part near ')'.")
