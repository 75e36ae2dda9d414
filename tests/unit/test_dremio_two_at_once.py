"""Two statements that begin while the catalog is as it was, of which one ends before the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_engine import Yard as Engine
from dremio_yard import Yard, add, open_yard

from runyard.runtime.dremio_sql.recording import recorded

VIEW, FUNCTION = "VIEW lake.seen AS SELECT 1 AS a", "FUNCTION lake.one () RETURNS INT RETURN 1"
TABLE = "TABLE lake.made (id INT)"


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path / "home") as yard:
        add(yard, {"entityType": "space", "name": "lake"})
        yield yard


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


def ended(yard: Yard, changes: list[dict[str, Any]]) -> str:
    """Return the state of a job that has told these changes."""
    job = yard.submit()
    yard.begin(job)
    state: str = yard.end(job, output={"changes": changes})["jobState"]
    return state


def changes_of(engine: Engine, sql: str) -> list[dict[str, Any]]:
    return [recorded(change) for change in engine.execution(sql).run().changes]


@pytest.mark.parametrize(
    "made",
    [
        f"CREATE OR REPLACE {VIEW}",
        f"CREATE OR REPLACE {FUNCTION}",
        "CREATE FUNCTION IF NOT EXISTS lake.one () RETURNS INT RETURN 1",
        "CREATE TABLE IF NOT EXISTS lake.made (id INT)",
    ],
)
def test_what_may_be_there_already_may_have_come_meanwhile(yard: Yard, engine: Engine, made: str) -> None:
    both = [changes_of(engine, made), changes_of(engine, made)]

    assert [ended(yard, changes) for changes in both] == ["COMPLETED", "COMPLETED"]


@pytest.mark.parametrize("what", [VIEW, FUNCTION, TABLE])
def test_what_may_be_absent_may_have_gone_meanwhile(yard: Yard, engine: Engine, what: str) -> None:
    assert ended(yard, [recorded(change) for change in engine.run(f"CREATE {what}").outcome.changes]) == "COMPLETED"
    kind, name = what.split()[:2]
    both = [changes_of(engine, f"DROP {kind} IF EXISTS {name}") for _ in range(2)]

    assert [ended(yard, changes) for changes in both] == ["COMPLETED", "COMPLETED"]


def test_what_must_be_new_or_there_fails_where_another_was_first(yard: Yard, engine: Engine) -> None:
    both = [changes_of(engine, f"CREATE {VIEW}") for _ in range(2)]
    engine.run(f"CREATE {VIEW}")
    gone = [changes_of(engine, "DROP VIEW lake.seen") for _ in range(2)]

    assert [ended(yard, changes) for changes in (*both, *gone)] == ["COMPLETED", "FAILED", "COMPLETED", "FAILED"]
