"""A plan serves a text again only while all that the text names is as it was."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import NOW_MS, Yard
from dremio_reflections import SALES, Mirrors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runyard.runtime.dremio_sql.catalog import LiveCatalog, Snapshot
from runyard.runtime.dremio_sql.database import RESIDENT, Resident, Taken, new_connection
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Execution, Listener
from runyard.runtime.dremio_sql.marks import are_unchanged
from runyard.runtime.dremio_sql.plan_cache import NO_ACCELERATION, PLANS, PlanCache, Usable
from runyard.runtime.dremio_sql.translation.translate import Session, translate

OF_FILE = 'SELECT * FROM files."numbers.csv" ORDER BY 1'
OF_FOLDER = "SELECT count(*) AS n FROM files.days"
OF_TABLE = "SELECT sum(i) AS s FROM lake.kept"
OF_VIEW = "SELECT * FROM lake.seen ORDER BY 1"
SHORT = "SELECT * FROM numbers ORDER BY 1"
TEXTS = (OF_FILE, OF_FOLDER, OF_TABLE, OF_VIEW, SHORT)


class Lake(Yard):
    """A yard whose statements find the plans that this process has kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = folder / "files"
        (self.files / "days").mkdir(parents=True)
        self.told["sources"] = [{"name": "files", "root": str(self.files)}]
        self.write("numbers.csv", 1)
        self.write("days/one.csv", 1)
        self.run("CREATE TABLE lake.kept AS SELECT 1 AS i")
        self.run(f"CREATE VIEW lake.seen AS {OF_FILE.removesuffix(' ORDER BY 1')}")

    def write(self, name: str, first: int) -> None:
        new = self.files / ".new"
        new.write_text(f"i\n{first}\n{first + 1}\n")
        new.replace(self.files / name)

    def overwrite(self, name: str, first: int) -> None:
        """Put another content into a file, and set its time back."""
        file = self.files / name
        file.write_text(f"i\n{first}\n{first + 1}\n")
        os.utime(file, ns=(0, 0))

    def snapshot(self) -> Snapshot:
        return PLANS.snapshot_of(copy.deepcopy(self.told))  # as each process is told it anew

    def has_plan(self, sql: str, *context: str) -> bool:
        session = Session(user="ada", now_ms=NOW_MS, context=context)
        catalog = LiveCatalog(snapshot=self.snapshot(), connection=new_connection(), session=session)
        return PLANS.plan(sql, catalog, Usable()) is not None


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.mark.parametrize("sql", [OF_FILE, OF_FOLDER, OF_TABLE, OF_VIEW, "SELECT 1 AS one"])
def test_the_same_text_is_planned_once_and_tells_the_same(lake: Lake, sql: str) -> None:
    assert not lake.has_plan(sql)
    first = lake.run(sql)
    assert lake.has_plan(sql)
    again = lake.run(sql)

    assert again.page == first.page
    assert again.outcome == first.outcome
    assert again.steps == first.steps
    assert again.plans == first.plans


def another_table(lake: Lake) -> None:
    lake.run("DROP TABLE lake.kept")
    lake.run("CREATE TABLE lake.kept AS SELECT 'x' AS i")


CHANGES: dict[str, tuple[str, Callable[[Lake], Any]]] = {
    "a file is replaced": (OF_FILE, lambda lake: lake.write("numbers.csv", 7)),
    "a view's file is replaced": (OF_VIEW, lambda lake: lake.write("numbers.csv", 7)),
    "a folder gets a file": (OF_FOLDER, lambda lake: lake.write("days/two.csv", 1)),
    "a folder loses a file": (OF_FOLDER, lambda lake: (lake.files / "days/one.csv").unlink()),
    "a table gets rows": (OF_TABLE, lambda lake: lake.run("INSERT INTO lake.kept VALUES (5)")),
    "a table is another": (OF_TABLE, another_table),
    "a view is another": (OF_VIEW, lambda lake: lake.run("CREATE OR REPLACE VIEW lake.seen AS SELECT 9 AS i")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_planned_again(lake: Lake, change: str) -> None:
    sql, carry_out = CHANGES[change]
    lake.run(sql)
    carry_out(lake)

    assert not lake.has_plan(sql)


def test_a_file_of_the_same_size_and_time_is_another(lake: Lake) -> None:
    file = lake.files / "numbers.csv"
    os.utime(file, ns=(0, 0))
    before = lake.rows(OF_FILE)
    lake.write("numbers.csv", 3)
    os.utime(file, ns=(0, 0))

    assert before == [["1"], ["2"]]
    assert lake.rows(OF_FILE) == [["3"], ["4"]]


def test_a_name_may_come_to_mean_something_nearer(lake: Lake) -> None:
    sql = 'SELECT * FROM files."numbers.csv"'
    lake.run(sql, context=("lake",))
    assert lake.has_plan(sql, "lake")
    lake.told["folders"] = [["lake", "files"]]
    lake.run('CREATE VIEW lake.files."numbers.csv" AS SELECT 100 AS i')

    assert lake.rows(sql, context=("lake",)) == [[100]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CURRENT_TIMESTAMP AS t",
        "SELECT UNIX_TIMESTAMP() AS t",
        "SELECT * FROM INFORMATION_SCHEMA.SCHEMATA",
        "SELECT i FROM TABLE(files.\"numbers.csv\" (type => 'text'))",
    ],
)
def test_what_may_be_another_each_time_is_planned_each_time(lake: Lake, sql: str) -> None:
    lake.run(sql)

    assert not lake.has_plan(sql)


def test_what_is_named_twice_has_the_mark_that_it_had_first(lake: Lake) -> None:
    session = Session(user="ada", now_ms=NOW_MS)
    catalog = LiveCatalog(snapshot=lake.snapshot(), connection=new_connection(), session=session)
    name = ("files", "numbers.csv")
    catalog.find(name, ())
    lake.write("numbers.csv", 7)
    catalog.find(name, ())  # and is planned with what was read before

    assert not are_unchanged(catalog, catalog.marks)


def test_a_plan_is_its_users_own(lake: Lake) -> None:
    sql = "SELECT USER AS u"
    lake.run(sql)
    others = LiveCatalog(
        snapshot=lake.snapshot(), connection=new_connection(), session=Session(user="eve", now_ms=NOW_MS)
    )

    assert PLANS.plan(sql, others, Usable()) is None


def test_few_plans_are_kept(lake: Lake) -> None:
    plans = PlanCache(snapshot=lake.snapshot(), most=2)
    session = Session(user="ada", now_ms=NOW_MS)
    catalog = LiveCatalog(snapshot=plans.snapshot, connection=new_connection(), session=session)
    texts = ["SELECT 0 AS n", "SELECT 1 AS n", "SELECT 2 AS n"]
    for sql in texts:
        made = translate(sql, catalog, session)
        plans.keep(sql, made, catalog, cost=1, usable=Usable(), acceleration=NO_ACCELERATION)

    assert [plans.plan(sql, catalog, Usable()) is not None for sql in texts] == [False, True, True]


ROOMY = 1 << 40
"""Bytes: the process of the tests may hold as much as it likes."""
STEPS = st.one_of(
    st.tuples(st.just("query"), st.sampled_from(TEXTS)),
    st.tuples(st.just("write"), st.tuples(st.sampled_from(["numbers.csv", "days/a.csv"]), st.integers(1, 3))),
    st.tuples(st.just("overwrite"), st.tuples(st.sampled_from(["numbers.csv", "days/one.csv"]), st.integers(1, 3))),
    st.tuples(st.just("remove"), st.sampled_from(["numbers.csv", "days/a.csv"])),
    st.tuples(st.just("insert"), st.integers(1, 9)),
    st.tuples(st.just("view"), st.integers(1, 9)),
)


class WarmLake(Lake):
    """A lake whose statements one process carries out, each from a working folder that looks like the last one's."""

    def execution(self, sql: str, listener: Listener | None = None, **settings: Any) -> Execution:
        execution = super().execution(sql, listener, **settings)
        execution.order = replace(execution.order, results=self.folder / "results")
        return execution


@pytest.fixture
def resident(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resident]:
    """What a process has that stays for one query after another."""
    with monkeypatch.context() as own:
        for name, value in vars(Resident(database=new_connection(), most_bytes=ROOMY)).items():
            own.setattr(RESIDENT, name, value)
        yield RESIDENT


def working(resident: Resident) -> Taken:
    assert resident.working is not None
    return resident.working


def test_what_is_planned_once_is_prepared_once(tmp_path: Path, resident: Resident) -> None:
    lake = WarmLake(tmp_path)
    first = lake.run(OF_FILE)
    assert resident.clear()
    names = [*resident.statements.values()]
    again = lake.run(OF_FILE)

    assert again.page == first.page
    assert again.outcome == first.outcome
    assert names == [*resident.statements.values()]
    assert resident.prepared(new_connection(), next(iter(resident.statements))) is None


def test_a_file_that_changed_is_prepared_for_again(tmp_path: Path, resident: Resident) -> None:
    lake = WarmLake(tmp_path)
    assert lake.rows(OF_FILE) == [["1"], ["2"]]
    lake.write("numbers.csv", 30)

    assert lake.rows(OF_FILE) == [["30"], ["31"]]
    assert len(resident.statements) == 1


def test_few_statements_stay_prepared(tmp_path: Path, resident: Resident) -> None:
    resident.most_statements = 2
    lake = WarmLake(tmp_path)
    for number in (0, 1, 2, 0):
        assert lake.rows(f"SELECT {number} AS n") == [[number]]

    prepared = working(resident).connection.execute("SELECT name FROM duckdb_prepared_statements()").fetchall()
    assert {name for (name,) in prepared} == {*resident.statements.values()}
    assert len(prepared) == 2


def test_the_rows_of_another_query_are_not_counted(tmp_path: Path, resident: Resident) -> None:
    lake = WarmLake(tmp_path)
    lake.run(OF_FILE)
    assert resident.clear()
    before = working(resident).counted
    counts: list[int] = []
    execution = lake.execution(OF_FILE, Listener(step=lambda *_: counts.append(execution.rows_so_far())))
    execution.run()

    assert {*counts} == {0}
    assert resident.clear()
    assert working(resident).counted == before + 2


@pytest.mark.parametrize("kind", [Lake, WarmLake])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=10))
def test_by_chance_an_answer_is_never_an_old_one(
    tmp_path_factory: pytest.TempPathFactory, resident: Resident, kind: type[Lake], steps: list[Any]
) -> None:
    if kind is Lake:
        resident.database = None
    lake = kind(tmp_path_factory.mktemp("lake"))
    for step, what in steps:
        if step == "query":
            kept = _answer(lake, what)
            PLANS.plans.clear()
            assert kept == _answer(lake, what)
            _answer(lake, what)  # its plan is kept for the next time
        else:
            DOINGS[step](lake, what)


def _answer(lake: Lake, sql: str) -> Any:
    try:
        return lake.rows(sql, context=("files",) if sql is SHORT else ())
    except DremioError as error:
        return error.text(sql=sql).split("[Error Id")[0]


DOINGS: dict[str, Callable[[Lake, Any], Any]] = {
    "write": lambda lake, what: lake.write(*what),
    "overwrite": lambda lake, what: lake.overwrite(*what),
    "remove": lambda lake, name: (lake.files / name).unlink(missing_ok=True),
    "insert": lambda lake, number: lake.run(f"INSERT INTO lake.kept VALUES ({number})"),
    "view": lambda lake, number: lake.run(f"CREATE OR REPLACE VIEW lake.seen AS SELECT {number} AS i"),
}


# the database between two queries


def test_a_database_is_as_new_after_a_query(tmp_path: Path) -> None:
    resident = Resident(most_bytes=ROOMY)
    resident.make()
    for limit in ("100MB", ""):
        taken = resident.taken(memory=limit, threads=1, temporary=tmp_path / "spilled")
        taken.connection.execute("SELECT nextval('produced')")
        resident.give_back(taken.connection)
        assert resident.clear()


def test_a_database_that_holds_something_is_not_as_new() -> None:
    resident = Resident(most_bytes=ROOMY)
    resident.make()
    connection = resident.taken(memory="", threads=0, temporary=None).connection
    connection.execute("CREATE TABLE left_behind (i INTEGER)")
    resident.give_back(connection)

    assert not resident.clear()


def test_a_query_has_all_memory_after_one_that_had_little() -> None:
    resident = Resident(most_bytes=ROOMY)
    resident.make()
    limits = []
    for memory in ("", "100MB", ""):
        connection = resident.taken(memory=memory, threads=0, temporary=None).connection
        limits.append(connection.execute("SELECT current_setting('memory_limit')").fetchall())
        resident.give_back(connection)
        resident.clear()

    assert limits[0] == limits[2] != limits[1]


def test_a_database_that_has_spilled_is_not_as_new(tmp_path: Path) -> None:
    resident = Resident(most_bytes=ROOMY)
    resident.make()
    connection = resident.taken(memory="40MB", threads=1, temporary=tmp_path / "spilled").connection
    connection.execute("SELECT count(*) FROM (SELECT DISTINCT range::VARCHAR || 'abcdefghijk' FROM range(2000000))")
    resident.give_back(connection)

    assert (tmp_path / "spilled").exists()
    assert not resident.clear()


def test_who_makes_a_partitioned_reflection_leaves_all_threads_to_the_next_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_connection()
    for name, value in vars(Resident(database=database, most_bytes=ROOMY)).items():
        monkeypatch.setattr(RESIDENT, name, value)
    before = database.execute("SELECT current_setting('threads')").fetchall()
    yard = Mirrors(tmp_path, threads=0)
    yard.run(SALES)
    assert RESIDENT.clear()
    yard.reflect("lake.sales", display=["i", "place"], partition=["place"])

    assert database.execute("SELECT current_setting('threads')").fetchall() == before


def test_a_process_that_holds_much_memory_does_not_stay() -> None:
    resident = Resident(most_bytes=1)
    resident.make()
    resident.taken(memory="", threads=0, temporary=None)

    assert not resident.clear()
