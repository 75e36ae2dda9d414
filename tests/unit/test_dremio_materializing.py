"""What reflections hold on disk: laid out, made from each other, added to, refused, and kept while it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import NOW_MS
from dremio_reflections import DIMENSIONS, MEASURES, SALES, Mirrors

from runyard.runtime.dremio_sql.acceleration.carrying import accelerator_of, carry_out
from runyard.runtime.dremio_sql.acceleration.materialization import Held, read_manifest, remove
from runyard.runtime.dremio_sql.acceleration.materializing import Order, prepare
from runyard.runtime.dremio_sql.catalog import LiveCatalog
from runyard.runtime.dremio_sql.database import new_connection
from runyard.runtime.dremio_sql.errors import DremioError
from runyard.runtime.dremio_sql.plan_cache import Usable
from runyard.runtime.dremio_sql.translation.translate import Session


@pytest.fixture
def yard(tmp_path: Path) -> Mirrors:
    yard = Mirrors(tmp_path)
    yard.run(SALES)
    return yard


@pytest.fixture
def cube(yard: Mirrors) -> Mirrors:
    """Give a reflection of sums by place and day."""
    yard.reflect("lake.sales", name="cube", dimension=DIMENSIONS, measure=MEASURES)
    return yard


@pytest.fixture
def copy(yard: Mirrors) -> Mirrors:
    """Give a reflection of some columns."""
    yard.reflect("lake.sales", name="copy", display=["i", "place", "price"], sort=["i"], partition=["place"])
    return yard


def test_what_is_read_is_not_removed(cube: Mirrors) -> None:
    folder, reading = Path(cube.reflections["cube"]["folder"]), Held()
    assert reading.take(folder)

    with pytest.raises(DremioError, match="still read by a query"):
        remove(folder, seconds=0)
    assert (folder / "materialization.json").exists()
    reading.release()
    remove(folder, seconds=0)
    assert not folder.exists()
    assert not Held().take(folder)


def test_rows_lie_sorted_in_their_partitions(yard: Mirrors) -> None:
    month = {"name": "d", "transform": {"type": "MONTH"}}
    told = yard.reflect("lake.sales", name="laid", display=["i", "d", "price"], partition=[month], sort=["i"])

    folder = Path(yard.reflections["laid"]["folder"])
    assert (told["rows"], told["partitions"]) == (6, 3)
    assert sorted(each.parent.name for each in folder.rglob("*.parquet")) == [
        "p0=2024-01", "p0=2024-02", "p0=__HIVE_DEFAULT_PARTITION__"
    ]  # fmt: skip
    assert yard.states("SELECT price FROM lake.sales WHERE d = DATE '2024-02-02' AND i > 2") == {"laid": "CHOSEN"}


def test_of_two_copies_the_one_is_chosen_that_is_laid_out_for_the_question(yard: Mirrors) -> None:
    yard.reflect("lake.sales", name="by_i", display=["i", "price", "place"], sort=["i"])
    yard.reflect("lake.sales", name="by_place", display=["i", "price", "place"], sort=["place"])

    assert yard.states("SELECT price FROM lake.sales WHERE place = 'north'")["by_place"] == "CHOSEN"
    assert yard.states("SELECT price FROM lake.sales WHERE i = 2")["by_i"] == "CHOSEN"


def test_a_reflection_is_made_from_another_and_is_as_old_as_that(yard: Mirrors) -> None:
    yard.reflect("lake.sales", name="copy", display=["i", "place", "price"])
    told = yard.reflect("lake.sales", name="cube", dimension=["place"], measure=[("price", "SUM", "COUNT")])

    assert [each["reflection"] for each in told["used"]] == ["copy"]
    assert told["acceleration"][0]["relationship"] == "CHOSEN"
    assert read_manifest(Path(yard.reflections["cube"]["folder"])).rows == 4
    yard.reflections.pop("copy")
    assert yard.states("SELECT place, AVG(price) FROM lake.sales GROUP BY place") == {"cube": "CHOSEN"}


def test_new_rows_are_added_to_what_is_held(cube: Mirrors) -> None:
    first = Path(cube.reflections["cube"]["folder"])
    cube.run("INSERT INTO lake.sales SELECT i, place, price + 1, ts, d, f FROM lake.sales WHERE i > 2")
    told = cube.reflect(
        "lake.sales", name="cube", dimension=DIMENSIONS, measure=MEASURES, previous="cube", method="INCREMENTAL"
    )

    second = Path(cube.reflections["cube"]["folder"])
    assert told["method"] == "INCREMENTAL"
    assert (second / "rows-0.parquet").stat().st_ino == (first / "rows-0.parquet").stat().st_ino
    assert sorted(each.name for each in second.glob("*.parquet")) == ["rows-0.parquet", "rows-1.parquet"]
    assert cube.states("SELECT place, COUNT(*), SUM(price), AVG(i) FROM lake.sales GROUP BY place") == {
        "cube": "CHOSEN"
    }
    again = cube.reflect(
        "lake.sales", name="cube", dimension=DIMENSIONS, measure=MEASURES, previous="cube", method="INCREMENTAL"
    )
    assert (again["method"], again["rows"]) == ("INCREMENTAL", told["rows"])


def test_new_files_that_lack_a_column_are_read_with_the_others(yard: Mirrors) -> None:
    root = yard.folder / "files"
    (root / "events").mkdir(parents=True)
    yard.told["sources"].append({"name": "files", "root": str(root)})
    yard.told["datasets"] = [{"path": ["files", "events"], "format": "json", "settings": {}}]
    (root / "events" / "a.json").write_text('{"id": 1, "name": "x"}\n')
    yard.reflect("files.events", name="events", display=["id", "name"])
    (root / "events" / "b.json").write_text('{"id": 2}\n')

    told = yard.reflect("files.events", name="events", previous="events", method="INCREMENTAL", display=["id", "name"])

    assert (told["method"], told["rows"]) == ("FULL", 2)
    assert yard.states("SELECT id, name FROM files.events") == {"events": "CHOSEN"}


class Interrupted(dict[Path, Any]):
    """The tables that a statement has seen; once, another statement comes just behind the look at one."""

    def __init__(self, other: Callable[[], object]) -> None:
        super().__init__()
        self.other: Callable[[], object] | None = other

    def __setitem__(self, folder: Path, seen: Any) -> None:
        super().__setitem__(folder, seen)
        other, self.other = self.other, None
        if other is not None:
            other()


def test_rows_that_come_while_a_refresh_begins_are_not_taken_for_held(yard: Mirrors) -> None:
    yard.reflect("lake.sales", name="sums", dimension=["place"], measure=[("i", "COUNT")])
    connection = new_connection()
    catalog = LiveCatalog(
        snapshot=yard.snapshot(), connection=connection, session=Session(user="$dremio$", now_ms=NOW_MS),
        manifests=Interrupted(lambda: yard.run("INSERT INTO lake.sales SELECT * FROM lake.sales")),
    )  # fmt: skip
    order = Order(
        reflection="sums", materialization="again", kind="AGGREGATION", path=("lake", "sales"),
        fields={"dimensionFields": [{"name": "place"}], "measureFields": [{"name": "i"}]},
        folder=yard.folder / "accelerator" / "again",
    )  # fmt: skip
    prepared = prepare(order, accelerator_of(Usable(), catalog, connection))
    carry_out(prepared, connection, 1)
    yard.stale("sums", folder=str(order.folder), strict=True)

    yard.states("SELECT place, COUNT(*) FROM lake.sales GROUP BY place")
    assert yard.ask("SELECT COUNT(*) AS n FROM lake.sales").rows == [{"n": 12}]


WHOLE = [
    ("DELETE FROM lake.sales WHERE i = 5", {}),
    ("INSERT INTO lake.sales SELECT * FROM lake.sales", {"measure": [("price", "MAX")]}),
]


@pytest.mark.parametrize(("change", "fields"), WHOLE)
def test_all_is_made_anew_where_more_than_rows_has_come(cube: Mirrors, change: str, fields: dict[str, Any]) -> None:
    cube.run(change)
    told = cube.reflect(
        "lake.sales", name="cube", previous="cube", method="INCREMENTAL",
        **{"dimension": DIMENSIONS, "measure": MEASURES, **fields},
    )  # fmt: skip

    assert told["method"] == "FULL"
    assert cube.states("SELECT MAX(price) FROM lake.sales") == {"cube": "CHOSEN"}


def test_a_view_that_groups_or_joins_is_made_anew_as_a_whole(yard: Mirrors) -> None:
    yard.run("CREATE VIEW lake.g AS SELECT place, COUNT(*) AS c FROM lake.sales GROUP BY place")
    yard.reflect("lake.g", name="g", display=["place", "c"])
    yard.run("INSERT INTO lake.sales SELECT * FROM lake.sales")

    told = yard.reflect("lake.g", name="g", display=["place", "c"], previous="g", method="INCREMENTAL")

    assert told["method"] == "FULL"
    assert yard.states("SELECT place, c FROM lake.g") == {"g": "CHOSEN"}


REFUSED = [
    ("SELECT place, CURRENT_DATE AS today FROM lake.sales", "asks for the time, the user or chance"),
    ("SELECT place, RAND() AS r FROM lake.sales", "asks for the time, the user or chance"),
    ('SELECT table_name AS place FROM information_schema."tables"', "reads tables of the system"),
    ("SELECT other FROM lake.sales", "not found"),
]


@pytest.mark.parametrize(("sql", "said"), REFUSED)
def test_what_is_another_each_time_has_no_reflection(yard: Mirrors, sql: str, said: str) -> None:
    yard.told["views"].append({"path": ["lake", "v"], "sql": sql})

    with pytest.raises(DremioError, match=said):
        yard.reflect("lake.v", display=["place"])
    assert list((yard.folder / "accelerator").glob("*")) == []
