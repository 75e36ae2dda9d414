"""ALTER TABLE on columns of tables that were made here: what they hold afterwards, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard
from dremio_reflections import SALES, Mirrors
from hypothesis import given, settings
from hypothesis import strategies as st

from runyard.runtime.dremio_sql import alterations, tables
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.execution import Listener
from runyard.runtime.dremio_sql.plans import Plan


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    yard = Yard(tmp_path)
    yard.run("CREATE TABLE lake.t AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, name)")
    return yard


def folder_of(yard: Yard) -> Path:
    """Return where the newest table lies."""
    return Path(yard.told["tables"][-1]["folder"])


def test_new_columns_are_null_in_old_rows_and_are_there_for_new_ones(yard: Yard) -> None:
    added = yard.run('ALTER TABLE lake.t ADD COLUMNS (note character varying(65536), "big one" BIGINT NULL)')
    yard.run("INSERT INTO lake.t VALUES (3, 'c', 'new', 7)")

    assert added.rows == [{"ok": True, "summary": "New columns added."}]
    rows = [[1, "a", None, None], [2, "b", None, None], [3, "c", "new", 7]]
    assert yard.rows("SELECT * FROM lake.t ORDER BY id") == rows
    assert yard.rows('SELECT id FROM lake.t WHERE "big one" IS NULL ORDER BY id') == [[1], [2]]
    assert added.outcome.changes[0]["columns"][2:] == [
        {"name": "note", "type": {"name": "VARCHAR"}},
        {"name": "big one", "type": {"name": "BIGINT"}},
    ]


def test_a_dropped_column_is_gone_everywhere(yard: Yard) -> None:
    dropped = yard.run("ALTER TABLE lake.t DROP COLUMN NAME")
    named = "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.\"COLUMNS\" WHERE TABLE_NAME = 't'"

    assert dropped.rows == [{"ok": True, "summary": "Column [NAME] dropped"}]
    assert yard.run("SELECT * FROM lake.t").rows == [{"id": 1}, {"id": 2}]
    assert yard.rows("DESCRIBE lake.t") == [["id", "INTEGER", "YES", 32, 0]]
    assert yard.rows(named) == [["id"]]
    assert yard.rows("SHOW CREATE TABLE lake.t")[0][1] == 'CREATE TABLE "lake"."t" ("id" INTEGER)'
    assert "takes 1 columns" in yard.error("INSERT INTO lake.t VALUES (3, 'c')").message
    assert yard.error("SELECT name FROM lake.t").message == "Column 'name' not found in any table"


def test_a_column_that_comes_back_has_none_of_its_old_values(yard: Yard) -> None:
    yard.run("ALTER TABLE lake.t DROP name")
    yard.run("ALTER TABLE lake.t ADD COLUMNS (name INT)")
    yard.run("INSERT INTO lake.t (name) SELECT 9")

    assert yard.rows("SELECT * FROM lake.t ORDER BY id NULLS LAST") == [[1, None], [2, None], [None, 9]]


def test_a_table_may_keep_no_column_that_it_began_with(yard: Yard) -> None:
    yard.run("ALTER TABLE lake.t ADD COLUMNS (x INT)")
    yard.run("ALTER TABLE lake.t DROP COLUMN id")
    yard.run("ALTER TABLE lake.t DROP COLUMN name")

    assert yard.rows("SELECT * FROM lake.t") == [[None], [None]]
    assert yard.rows("SELECT COUNT(*) FROM lake.t") == [[2]]
    assert yard.error("ALTER TABLE lake.t DROP COLUMN x").message == "Cannot drop all columns of a table"


@pytest.mark.parametrize("words", ["CHANGE COLUMN", "ALTER COLUMN", "MODIFY COLUMN", "CHANGE", "ALTER", "MODIFY"])
def test_a_column_gets_another_name(yard: Yard, words: str) -> None:
    changed = yard.run(f'ALTER TABLE lake.t {words} "name" "Name of it" VARCHAR')
    yard.run("INSERT INTO lake.t VALUES (3, 'c')")

    assert changed.rows == [{"ok": True, "summary": "Column [name] modified"}]
    assert yard.run("SELECT * FROM lake.t WHERE id <> 2 ORDER BY id").rows == [
        {"id": 1, "Name of it": "a"},
        {"id": 3, "Name of it": "c"},
    ]


def test_names_that_change_places_keep_their_values_apart(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.s AS SELECT 1 AS a, 2 AS b")
    for old, new in (("a", "c"), ("b", "a"), ("c", "b")):
        yard.run(f"ALTER TABLE lake.s CHANGE {old} {new} INT")
    yard.run("INSERT INTO lake.s VALUES (10, 20)")

    assert yard.run("SELECT * FROM lake.s ORDER BY a").rows == [{"b": 1, "a": 2}, {"b": 10, "a": 20}]


def test_types_become_wider_and_hold_what_they_could_not(yard: Yard) -> None:
    yard.run(
        "CREATE TABLE lake.w AS SELECT 1 AS i, CAST(1.5 AS FLOAT) AS f, CAST(1.25 AS DECIMAL(4, 2)) AS d, 'x' AS s"
    )
    for change in ("i i BIGINT", "f f DOUBLE NULL", "d d DECIMAL(20, 2)", "s s VARCHAR DROP NOT NULL"):
        yard.run(f"ALTER TABLE lake.w CHANGE COLUMN {change}")
    yard.run("INSERT INTO lake.w VALUES (3000000000, 0.1e0, 123456789012.25, 'y')")

    assert yard.rows("SELECT * FROM lake.w ORDER BY i") == [
        [1, Decimal("1.5"), Decimal("1.25"), "x"],
        [3000000000, Decimal("0.1"), Decimal("123456789012.25"), "y"],
    ]
    types = [each[:2] for each in yard.rows("DESCRIBE lake.w")]
    assert types == [["i", "BIGINT"], ["f", "DOUBLE"], ["d", "DECIMAL"], ["s", "CHARACTER VARYING"]]


REFUSED: dict[str, tuple[str, str]] = {
    "ADD COLUMNS (x INT, Name INT)": ("PARSE", "Column [Name] already in the table."),
    "ADD COLUMNS (x INT, X INT)": ("PARSE", "Column [X] specified multiple times."),
    "ADD COLUMNS (x)": ("PARSE", "Column type not specified"),
    "ADD COLUMNS (x varchare)": ("PARSE", "Invalid column type [varchare] specified for column [x]."),
    "ADD COLUMNS (x INT DEFAULT 5)": ("PARSE", "Invalid column type [INT DEFAULT 5] specified for column [x]."),
    "ADD COLUMNS (x DECIMAL(39, 2))": ("PARSE", "Precision larger than 38 is not supported."),
    "ADD COLUMNS (x LIST<DECIMAL(5, 39)>)": ("PARSE", "Scale larger than 38 is not supported."),
    "ADD COLUMNS (x DECIMAL(2, 3))": ("PARSE", "Invalid column type [DECIMAL ( 2 , 3 )] specified for column [x]."),
    "ADD COLUMNS (x MAP<VARCHAR, INT>)": ("UNSUPPORTED_OPERATION", "The type MAP<VARCHAR, INT> is not known to"),
    "ADD COLUMNS (x INTERVAL DAY)": ("UNSUPPORTED_OPERATION", "of the type INTERVAL DAY cannot be stored"),
    "ADD COLUMNS (x INT NOT NULL)": ("UNSUPPORTED_OPERATION", "NOT NULL of column [x] cannot be kept"),
    "ADD COLUMNS ()": ("PARSE", 'Encountered ")" at line 1, column 33.'),
    "ADD COLUMN x INT": ("PARSE", "Columns are added by ADD COLUMNS (name data_type, …)."),
    "DROP COLUMN x": ("VALIDATION", "Column [x] is not present in table [lake.t]"),
    "DROP COLUMN id, name": ("PARSE", 'Encountered "," at line 1, column 34.'),
    "CHANGE x y INT": ("VALIDATION", "Column [x] is not present in table [lake.t]"),
    "CHANGE id NAME INT": ("VALIDATION", "Column [NAME] already present in table [lake.t]"),
    "CHANGE id id DOUBLE": ("VALIDATION", "Cannot change data type of column [id] from INTEGER to DOUBLE"),
    "CHANGE name name INT": ("VALIDATION", "Cannot change data type of column [name] from VARCHAR to INTEGER"),
    "CHANGE id id DECIMAL(20, 0)": ("VALIDATION", "column [id] from INTEGER to DECIMAL(20, 0)"),
    "CHANGE id id": ("PARSE", "Column type not specified"),
    "CHANGE id": ("PARSE", "the statement ends too early"),
    "MODIFY COLUMN id SET MASKING POLICY f(id)": ("UNSUPPORTED_OPERATION", "MASKING POLICY is not carried out"),
    "RENAME COLUMN id TO key": ("PARSE", "A column gets another name by CHANGE COLUMN old_name new_name data_type."),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_and_leaves_the_table(yard: Yard, words: str) -> None:
    before = tables.read_manifest(folder_of(yard))
    error = yard.error(f"ALTER TABLE lake.t {words}")
    kind, message = REFUSED[words]

    assert (error.kind, message in error.message) == (kind, True), error.message
    assert tables.read_manifest(folder_of(yard)) == before


def test_a_type_is_refused_at_the_place_of_its_column(yard: Yard) -> None:
    error = yard.error("ALTER TABLE lake.t ADD COLUMNS (\n  x INT,\n  id BIGINT)")

    assert (error.line, error.column) == (3, 3)


def test_decimals_keep_their_digits(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.d AS SELECT CAST(1.25 AS DECIMAL(10, 2)) AS d")

    for kind in ("DECIMAL(9, 2)", "DECIMAL(12, 3)", "DECIMAL(12, 1)", "DOUBLE"):
        said = f"Cannot change data type of column [d] from DECIMAL(10, 2) to {kind}"
        assert yard.error(f"ALTER TABLE lake.d CHANGE d d {kind}").message == said


def test_a_table_keeps_the_columns_by_which_it_lies(yard: Yard) -> None:
    yard.run("CREATE TABLE lake.p (p INT, d DATE, s INT, o INT) PARTITION BY (p, month(d)) LOCALSORT BY (s)")
    spec = "is a partition column. Partition spec change is not supported."

    for words in ("DROP COLUMN P", "CHANGE p q INT", "CHANGE p p BIGINT"):
        assert yard.error(f"ALTER TABLE lake.p {words}").message == f"[p] {spec}"
    assert yard.error("ALTER TABLE lake.p DROP COLUMN d").message == f"[d] {spec}"
    assert "[s] is a sort column" in yard.error("ALTER TABLE lake.p DROP COLUMN s").message
    yard.run("ALTER TABLE lake.p CHANGE S sorted BIGINT")
    yard.run("ALTER TABLE lake.p DROP o")
    assert tables.read_manifest(folder_of(yard)).layout == {"partition_by": ["p", "month(d)"], "sort_by": ["sorted"]}


def test_what_is_no_table_of_ours_is_refused_with_the_reason(yard: Yard) -> None:
    files = yard.folder / "files"
    (files / "plain").mkdir(parents=True)
    (files / "plain" / "a.csv").write_text("x\n1\n", encoding="utf-8")
    yard.told |= {
        "sources": [{"name": "files", "root": str(files)}],
        "databases": [{"name": "pg", "uri": "", "tables": []}],
    }
    yard.run("CREATE VIEW lake.v AS SELECT id FROM lake.t")

    def said(table: str) -> str:
        return yard.error(f"ALTER TABLE {table} DROP COLUMN x").message

    assert said("files.plain").startswith("[files.plain] is files of the format text, which say what they hold.")
    assert said("pg.public.t").startswith("[pg.public.t] is a table of the database 'pg', which is read.")
    assert said("lake.v") == "[lake.v] is a VIEW"
    assert said('INFORMATION_SCHEMA."TABLES"') == "[INFORMATION_SCHEMA.TABLES] is a SYSTEM_TABLE"
    assert said("lake.nothing") == "Table [lake.nothing] not found"


def test_a_view_over_a_dropped_column_fails_with_its_name(yard: Yard) -> None:
    yard.run("CREATE VIEW lake.v AS SELECT id, name FROM lake.t")
    yard.run("CREATE VIEW lake.every AS SELECT * FROM lake.t")
    yard.run("ALTER TABLE lake.t DROP COLUMN name")
    error = yard.error("SELECT id FROM lake.v")

    assert (error.kind, error.context) == ("VALIDATION", "In the view lake.v")
    assert error.message == "Column 'name' not found in any table"
    assert yard.rows("SELECT * FROM lake.every ORDER BY 1") == [[1], [2]]


def test_a_crash_before_the_manifest_is_swapped_leaves_the_old_columns(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(alterations, "write_manifest", crash)
        with pytest.raises(KeyboardInterrupt):
            yard.run("ALTER TABLE lake.t DROP COLUMN name")

    assert yard.rows("SELECT * FROM lake.t ORDER BY id") == [[1, "a"], [2, "b"]]
    assert yard.run("ALTER TABLE lake.t DROP COLUMN name").rows[0]["ok"]


def test_a_query_that_was_planned_before_sees_the_table_as_it_was(yard: Yard) -> None:
    def meanwhile(_: Plan) -> None:
        yard.run("ALTER TABLE lake.t DROP COLUMN name")

    execution = yard.execution("SELECT name FROM lake.t", Listener(wait=meanwhile))

    assert execution.run().row_count == 2
    assert yard.run("SELECT * FROM lake.t").rows == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    "sql", ["INSERT INTO lake.t VALUES (3, 'c')", "UPDATE lake.t SET name = 'z'", "DELETE FROM lake.t WHERE id = 1"]
)
def test_rows_that_were_made_for_other_columns_are_refused(yard: Yard, sql: str) -> None:
    def meanwhile(_: Plan) -> None:
        yard.run("ALTER TABLE lake.t CHANGE name other VARCHAR")

    with pytest.raises(DremioError) as error:
        yard.execution(sql, Listener(wait=meanwhile)).run()

    assert (error.value.kind, error.value.message) == (
        "CONCURRENT_MODIFICATION",
        "[lake.t] was changed meanwhile. Try again.",
    )
    assert yard.run("SELECT * FROM lake.t ORDER BY id").rows == [{"id": 1, "other": "a"}, {"id": 2, "other": "b"}]
    assert len(list(folder_of(yard).glob("part-*"))) == 1


def test_a_change_to_what_is_there_already_makes_no_version(yard: Yard) -> None:
    before = tables.read_manifest(folder_of(yard))

    assert yard.run("ALTER TABLE lake.t CHANGE id id INT").rows == [{"ok": True, "summary": "Column [id] modified"}]
    assert tables.read_manifest(folder_of(yard)) == before


def test_a_manifest_of_before_there_were_such_changes_is_read(yard: Yard) -> None:
    manifest = folder_of(yard) / tables.MANIFEST
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(', "shape": 0', ""), encoding="utf-8")

    assert "shape" not in manifest.read_text(encoding="utf-8")
    yard.run("ALTER TABLE lake.t ADD COLUMNS (x INT)")
    assert yard.rows("SELECT * FROM lake.t ORDER BY id") == [[1, "a", None], [2, "b", None]]


@pytest.fixture
def mirrors(tmp_path: Path) -> Mirrors:
    """Give a table with a view and a reflection of each."""
    mirrors = Mirrors(tmp_path)
    mirrors.run(SALES)
    mirrors.run("CREATE VIEW lake.seen AS SELECT i, place FROM lake.sales")
    mirrors.reflect("lake.sales", name="copy", display=["i", "place", "price"])
    mirrors.reflect("lake.seen", name="view", display=["i", "place"])
    return mirrors


ASKED = "SELECT i, place FROM lake.seen WHERE i > 1"


@pytest.mark.parametrize(
    "changes",
    [
        ["ADD COLUMNS (x INT)"],
        ["DROP COLUMN price"],
        ["DROP COLUMN place", "ADD COLUMNS (place VARCHAR)"],
        ["CHANGE place was VARCHAR", "ADD COLUMNS (place VARCHAR)"],
    ],
)
def test_a_reflection_of_other_columns_answers_nothing(mirrors: Mirrors, changes: list[str]) -> None:
    assert "CHOSEN" in mirrors.states(ASKED).values()

    for change in changes:
        mirrors.run(f"ALTER TABLE lake.sales {change}")
    assert "CHOSEN" not in mirrors.states(ASKED).values()
    mirrors.reflect("lake.seen", name="view", display=["i", "place"], previous="view", method="INCREMENTAL")
    assert mirrors.states(ASKED)["view"] == "CHOSEN"


COLUMNS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), COLUMNS, COLUMNS),
        st.tuples(st.just("drop"), COLUMNS, COLUMNS),
        st.tuples(st.just("rename"), COLUMNS, COLUMNS),
        st.tuples(st.just("insert"), COLUMNS, COLUMNS),
        st.tuples(st.just("update"), COLUMNS, COLUMNS),
    ),
    max_size=9,
)


@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_any_row_of_changes_leaves_what_records_would_hold(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]
) -> None:
    yard = Yard(tmp_path_factory.mktemp("columns"))
    yard.run("CREATE TABLE lake.t AS SELECT 0 AS a")
    rows: list[dict[str, Any]] = [{"a": 0}]
    columns = ["a"]
    for number, (what, one, other) in enumerate(steps, 1):
        if what == "add" and one not in columns:
            yard.run(f"ALTER TABLE lake.t ADD COLUMNS ({one} INT)")
            columns, rows = [*columns, one], [{**row, one: None} for row in rows]
        elif what == "drop" and one in columns and len(columns) > 1:
            yard.run(f"ALTER TABLE lake.t DROP COLUMN {one}")
            columns = [each for each in columns if each != one]
        elif what == "rename" and one in columns and other not in columns:
            yard.run(f"ALTER TABLE lake.t CHANGE {one} {other} INT")
            columns = [other if each == one else each for each in columns]
            rows = [{**row, other: row[one]} for row in rows]
        elif what == "insert" and one in columns:
            yard.run(f"INSERT INTO lake.t ({one}) SELECT {number}")
            rows = [*rows, {**dict.fromkeys(columns), one: number}]
        elif what == "update" and one in columns and other in columns:
            yard.run(f"UPDATE lake.t SET {one} = {number} WHERE {other} IS NOT NULL")
            rows = [{**row, one: number} if row[other] is not None else row for row in rows]

    held = [[row[each] for each in columns] for row in rows]
    assert list(yard.run("SELECT * FROM lake.t").rows[0]) == columns
    assert sorted(map(repr, yard.rows("SELECT * FROM lake.t"))) == sorted(map(repr, held))
