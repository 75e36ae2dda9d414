"""Pages that a query has freed stay for the next one, up to what a process may hold between two of them."""

from __future__ import annotations

import duckdb
import pytest

from runyard.runtime.dremio_sql.allocator import pages_kept_ms
from runyard.runtime.dremio_sql.database import Resident, resident_bytes

MADE = "CREATE TABLE made AS SELECT hash(range) AS a, hash(range + 1) AS b FROM range(8_000_000)"
BYTES = 8_000_000 * 2 * 8
FOREVER = -1


@pytest.fixture
def resident() -> Resident:
    made = Resident(most_bytes=1 << 40)
    made.make()
    return made


def free_many(database: duckdb.DuckDBPyConnection) -> None:
    """Have the database free many pages."""
    # Or it gives so many back at once.
    database.execute("SET GLOBAL allocator_bulk_deallocation_flush_threshold = '100GB'")
    database.execute(MADE)
    database.execute("DROP TABLE made")


def test_pages_stay_for_the_next_query(resident: Resident) -> None:
    assert resident.database is not None
    assert pages_kept_ms() == FOREVER

    before = resident_bytes()
    free_many(resident.database)
    assert resident_bytes() - before > BYTES // 2


def test_a_process_that_holds_too_many_gives_them_back_and_stays(resident: Resident) -> None:
    assert resident.database is not None
    free_many(resident.database)
    resident.most_bytes = resident_bytes() - BYTES // 2

    assert resident.clear()
    assert resident_bytes() < resident.most_bytes


def test_a_process_whose_memory_is_not_free_does_not_stay(resident: Resident) -> None:
    resident.most_bytes = 0

    assert not resident.clear()
