"""A process that stays keeps blocks of the files that it has read, and never answers from old ones."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard

from runyard.runtime.dremio_sql.catalog import Snapshot
from runyard.runtime.dremio_sql.database import RESIDENT, Resident, new_connection
from runyard.runtime.dremio_sql.file_states import Unseen
from runyard.runtime.dremio_sql.plan_cache import PLANS

ROWS = 100_000
OLD = (0, 0)  # DuckDB looks again at what was written a moment ago


class Lake(Yard):
    """A yard with a source of files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.files = folder / "files"
        self.files.mkdir()
        self.told["sources"] = [{"name": "files", "root": str(self.files)}]

    def snapshot(self) -> Snapshot:
        return PLANS.snapshot_of(copy.deepcopy(self.told))  # so that plans are kept

    def make(self, name: str, value: int) -> Path:
        """Make a file of one value, as old and as large as every other."""
        made = self.files / name
        one = f"SELECT {value}::INTEGER AS a, (range * {value}) % 7 AS b FROM range({ROWS})"
        new_connection().execute(f"COPY ({one}) TO '{made}' (FORMAT parquet, COMPRESSION uncompressed)")
        os.utime(made, ns=OLD)
        return made

    def overwrite(self, name: str, value: int) -> None:
        """Put another content into a file, so that size, time and number are as they were."""
        file, other = self.files / name, self.make(".other", value)
        before = file.stat()
        shutil.copyfile(other, file)
        os.utime(file, ns=OLD)
        other.unlink()
        after = file.stat()
        assert (before.st_size, before.st_mtime_ns, before.st_ino) == (after.st_size, after.st_mtime_ns, after.st_ino)

    def link(self, name: str, file: str) -> None:
        """Let a name lead to another file from now on."""
        new = self.files / ".new"
        new.symlink_to(file)
        new.replace(self.files / name)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


@pytest.fixture
def resident(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resident]:
    with monkeypatch.context() as own:
        for name, value in vars(Resident(database=new_connection(), most_bytes=1 << 40)).items():
            own.setattr(RESIDENT, name, value)
        yield RESIDENT


def kept(resident: Resident) -> int:
    """Return how many bytes of files the database keeps."""
    assert resident.database is not None
    asked = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'EXTERNAL_FILE_CACHE'"
    return int(resident.database.execute(asked).fetchall()[0][0])


def test_blocks_of_files_stay_for_the_next_query(lake: Lake, resident: Resident) -> None:
    lake.make("one.parquet", 1)
    for _ in range(2):
        assert lake.rows('SELECT sum(a) AS s FROM files."one.parquet"') == [[ROWS]]

    assert kept(resident) > 0


def test_files_that_are_too_large_do_not(lake: Lake, resident: Resident) -> None:
    resident.most_kept = lake.make("one.parquet", 1).stat().st_size
    lake.make("two.parquet", 1)
    both = 'SELECT count(*) AS n FROM (SELECT a FROM files."one.parquet" UNION ALL SELECT a FROM files."two.parquet")'
    for _ in range(2):
        assert lake.rows(both) == [[2 * ROWS]]
    assert kept(resident) == 0

    assert lake.rows('SELECT sum(b) AS s FROM files."one.parquet"')
    assert kept(resident) > 0


def test_a_process_that_has_read_very_many_files_does_not_stay(lake: Lake, resident: Resident) -> None:
    resident.files.most = 1
    lake.make("one.parquet", 1)
    lake.rows('SELECT sum(a) AS s FROM files."one.parquet"')
    assert resident.clear()
    lake.make("two.parquet", 1)
    lake.rows('SELECT sum(a) AS s FROM files."two.parquet"')

    assert not resident.clear()


def test_rows_of_tables_made_here_stay_too(lake: Lake, resident: Resident) -> None:
    lake.make("one.parquet", 1)
    lake.run('CREATE TABLE lake.made AS SELECT a, b FROM files."one.parquet"')
    before = kept(resident)

    assert lake.rows("SELECT sum(b) AS s FROM lake.made WHERE a = 1") == lake.rows("SELECT sum(b) AS s FROM lake.made")
    assert kept(resident) > before


ASKED: dict[str, tuple[str, Callable[[int], Any]]] = {
    "its rows": ('SELECT sum(a) AS s FROM files."one.parquet"', lambda value: ROWS * value),
    "its footer": ('SELECT count(*) AS n FROM files."one.parquet" WHERE a = 2', lambda value: ROWS * (value == 2)),
}


@pytest.mark.parametrize("first", ASKED)
@pytest.mark.parametrize("then", ASKED)
def test_a_copy_that_was_given_the_old_time_is_seen(lake: Lake, resident: Resident, first: str, then: str) -> None:
    lake.make("one.parquet", 1)
    sql, right = ASKED[first]
    assert [lake.rows(sql), lake.rows(sql)] == [[[right(1)]]] * 2
    database = resident.database
    lake.overwrite("one.parquet", 2)
    sql, right = ASKED[then]

    assert [lake.rows(sql), lake.rows(sql)] == [[[right(2)]]] * 2
    assert resident.database is not database


@pytest.mark.usefixtures("resident")
def test_a_file_that_a_kept_plan_has_read_is_known_too(lake: Lake) -> None:
    sums = 'SELECT sum(a) AS s, {} AS text FROM files."current.parquet"'
    lake.make("one.parquet", 1)
    os.utime(lake.make("two.parquet", 2), ns=(1, 1))
    for file, text, right in (("one", 1, ROWS), ("two", 2, 2 * ROWS), ("one", 1, ROWS)):
        lake.link("current.parquet", f"{file}.parquet")
        assert lake.rows(sums.format(text)) == [[right, text]]
    lake.overwrite("one.parquet", 3)

    assert lake.rows(sums.format(3)) == [[3 * ROWS, 3]]


def test_a_file_that_becomes_another_during_a_statement_is_seen_by_the_next(lake: Lake, resident: Resident) -> None:
    file = lake.make("one.parquet", 1)
    resident.taken(memory="", threads=1, temporary=None)
    resident.look_at([file])
    lake.overwrite("one.parquet", 2)
    resident.look_at([file])
    resident.taken(memory="", threads=1, temporary=None)

    with pytest.raises(Unseen):
        resident.look_at([file])
