"""ALTER TABLE on columns of Iceberg tables: those whose folder is their catalog, and none of a catalog's."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard

arrow = pytest.importorskip("pyarrow")
sql = pytest.importorskip("pyiceberg.catalog.sql")


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    """Give a source with an Iceberg table that a catalog keeps."""
    yard = Yard(tmp_path)
    place = tmp_path / "files"
    place.mkdir()
    yard.told["sources"] = [{"name": "files", "root": str(place)}]
    catalog = sql.SqlCatalog("c", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{place}")
    catalog.create_namespace("n")
    schema = arrow.schema(
        [
            arrow.field("id", arrow.int32(), nullable=False),
            arrow.field("name", arrow.string()),
            arrow.field("p", arrow.string()),
            arrow.field("d", arrow.decimal128(10, 2)),
        ]
    )
    table = catalog.create_table("n.t", schema=schema, location=f"file://{place}/t")
    with table.update_spec() as update:
        update.add_identity("p")
    table.append(arrow.table([[1, 2], ["a", "b"], ["x", "y"], [Decimal(1), Decimal(2)]], schema=schema))
    return yard


@pytest.fixture
def free(yard: Yard) -> Yard:
    """Let the table's folder be its catalog, as Hadoop's are."""
    metadata = _metadata(yard)
    files = sorted(metadata.glob("*.metadata.json"))
    for number, file in enumerate(files, 1):
        file.rename(metadata / f"v{number}.metadata.json")
    (metadata / "version-hint.text").write_text(str(len(files)), encoding="utf-8")
    return yard


def _metadata(yard: Yard) -> Path:
    return yard.folder / "files" / "t" / "metadata"


def _read_elsewhere(yard: Yard) -> Any:
    """Return the table as pyiceberg reads it by the hint in its folder."""
    table: Any = pytest.importorskip("pyiceberg.table")
    return table.StaticTable.from_metadata(str(yard.folder / "files" / "t"))


def test_columns_of_an_iceberg_table_come_go_and_change(free: Yard) -> None:
    added = free.run("ALTER TABLE files.t ADD COLUMNS (note VARCHAR, at TIMESTAMP, list LIST<INT>)")
    dropped = free.run("ALTER TABLE files.t DROP COLUMN name")
    changed = free.run("ALTER TABLE files.t CHANGE COLUMN id key BIGINT DROP NOT NULL")
    free.run("ALTER TABLE files.t CHANGE COLUMN d d DECIMAL(20, 2)")
    free.run("ALTER TABLE files.t ADD COLUMNS (name INT)")

    summaries = [each.rows[0]["summary"] for each in (added, dropped, changed)]
    assert summaries == ["New columns added.", "Column [name] dropped", "Column [id] modified"]
    assert free.run("SELECT * FROM files.t ORDER BY key").rows == [
        {"key": 1, "p": "x", "d": Decimal("1.00"), "note": None, "at": None, "list": None, "name": None},
        {"key": 2, "p": "y", "d": Decimal("2.00"), "note": None, "at": None, "list": None, "name": None},
    ]
    elsewhere = _read_elsewhere(free)
    fields = [(each.name, str(each.field_type), each.required) for each in elsewhere.schema().fields]
    assert fields[:3] == [("key", "long", False), ("p", "string", False), ("d", "decimal(20, 2)", False)]
    assert fields[4] == ("at", "timestamptz", False)
    assert elsewhere.metadata.metadata_log[-1].metadata_file.endswith("/t/metadata/v7.metadata.json")
    assert elsewhere.scan().to_arrow().num_rows == 2


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("ADD COLUMNS (Name INT)", "PARSE", "Column [Name] already in the table."),
        ("DROP COLUMN x", "VALIDATION", "Column [x] is not present in table [files.t]"),
        (
            "DROP COLUMN p",
            "UNSUPPORTED_OPERATION",
            "[p] is a partition column. Partition spec change is not supported.",
        ),
        ("CHANGE id name INT", "VALIDATION", "Column [name] already present in table [files.t]"),
        ("CHANGE id id DOUBLE", "VALIDATION", "Cannot change data type of column [id] from INTEGER to DOUBLE"),
        ("CHANGE id a.b INT", "PARSE", "Invalid column type [. b INT] specified for column [a]."),
    ],
)
def test_what_an_iceberg_table_refuses_leaves_its_metadata(free: Yard, words: str, kind: str, message: str) -> None:
    before = sorted(each.name for each in _metadata(free).iterdir())
    error = free.error(f"ALTER TABLE files.t {words}")

    assert (error.kind, message in error.message) == (kind, True), error.message
    assert sorted(each.name for each in _metadata(free).iterdir()) == before


def test_a_change_to_what_is_there_already_writes_no_metadata(free: Yard) -> None:
    free.run("ALTER TABLE files.t CHANGE name name VARCHAR NULL")

    assert not (_metadata(free) / "v4.metadata.json").exists()


def test_a_table_that_a_catalog_keeps_is_refused(yard: Yard) -> None:
    error = yard.error("ALTER TABLE files.t DROP COLUMN name")

    assert error.kind == "UNSUPPORTED_OPERATION"
    assert "are kept by an Iceberg catalog, which would not learn of the change" in error.message
    assert yard.rows("SELECT name FROM files.t ORDER BY id") == [["a"], ["b"]]


def test_whoever_makes_the_same_version_second_is_refused(free: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def late(source: Path, target: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link)
            free.run("ALTER TABLE files.t ADD COLUMNS (first INT)")
        link(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", late)
        error = free.error("ALTER TABLE files.t ADD COLUMNS (second INT)")

    assert (error.kind, error.message) == ("CONCURRENT_MODIFICATION", "[files.t] was changed meanwhile. Try again.")
    assert list(free.run("SELECT * FROM files.t").rows[0]) == ["id", "name", "p", "d", "first"]


def test_a_crash_before_the_new_metadata_has_its_name_leaves_the_table(
    free: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", crash)
        with pytest.raises(KeyboardInterrupt):
            free.run("ALTER TABLE files.t DROP COLUMN name")
    (_metadata(free) / ".left-behind").write_text("{", encoding="utf-8")

    assert free.rows("SELECT name FROM files.t ORDER BY id") == [["a"], ["b"]]


def test_a_crash_before_the_hint_is_written_leaves_the_new_columns(free: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            free.run("ALTER TABLE files.t DROP COLUMN name")

    assert list(free.run("SELECT * FROM files.t").rows[0]) == ["id", "p", "d"]
    free.run("ALTER TABLE files.t ADD COLUMNS (x INT)")
    assert [each.name for each in _read_elsewhere(free).schema().fields] == ["id", "p", "d", "x"]


def test_a_copy_is_read_by_the_numbers_of_its_metadata_not_by_its_times(free: Yard) -> None:
    free.run("ALTER TABLE files.t DROP COLUMN name")
    os.utime(_metadata(free) / "v1.metadata.json")

    assert list(free.run("SELECT * FROM files.t").rows[0]) == ["id", "p", "d"]
