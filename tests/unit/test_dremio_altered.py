"""What the catalog keeps of a table whose columns a statement has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import finish, jobs, made, open_lake
from dremio_yard import Yard

FIELDS = [{"name": "g", "type": {"name": "VARCHAR"}}, {"name": "n", "type": {"name": "BIGINT"}}]


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as yard:
        yield yard


def folder_of(yard: Yard) -> Path:
    """Return where the table lies."""
    return yard.engine.home.path / "tables" / "t"


def keep(yard: Yard, **change: Any) -> dict[str, Any]:
    """Let an ALTER TABLE end with what it has changed, and return its job."""
    job = yard.submit("ALTER TABLE lake.t …")
    yard.begin(job)
    told = {"op": "alter", "kind": "table", "path": ["lake", "t"], **change}
    return yard.end(job, output={"changes": [told]})


def test_the_catalog_shows_the_columns_that_a_table_has_now(yard: Yard) -> None:
    before = yard("GET", "catalog/by-path/lake/t")
    ended = keep(yard, folder=str(folder_of(yard)), fields=FIELDS)
    after = yard("GET", "catalog/by-path/lake/t")

    assert ended["jobState"] == "COMPLETED"
    assert (after["id"], after["tag"] != before["tag"], after["fields"]) == (before["id"], True, FIELDS)
    assert yard.context(yard.submit("SELECT 1"))["catalog"]["tables"] == [
        {"path": ["lake", "t"], "folder": str(folder_of(yard))}
    ]


def test_what_is_made_of_a_table_with_other_columns_is_made_anew(yard: Yard) -> None:
    made(yard)
    finish(yard, jobs(yard)[0])
    assert jobs(yard) == []

    keep(yard, folder=str(folder_of(yard)), fields=FIELDS)
    assert len(jobs(yard)) == 1


def test_another_table_that_has_the_name_by_now_keeps_its_own_columns(yard: Yard) -> None:
    before = yard("GET", "catalog/by-path/lake/t")["fields"]
    ended = keep(yard, folder="/another", fields=FIELDS)

    assert ended["jobState"] == "FAILED"
    assert ended["errorMessage"].startswith("VALIDATION ERROR: Table [lake.t] not found\n")
    assert yard("GET", "catalog/by-path/lake/t")["fields"] == before


def test_files_of_a_source_need_be_no_entity(yard: Yard) -> None:
    assert keep(yard, path=["$scratch", "iceberg"])["jobState"] == "COMPLETED"


def test_columns_that_a_killed_job_has_changed_are_shown_and_checked(yard: Yard) -> None:
    manifest = {"columns": FIELDS, "parts": []}
    (folder_of(yard) / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    assert yard("GET", "catalog/by-path/lake/t")["fields"] == FIELDS
    gone = {"type": "RAW", "name": "copy", "displayFields": [{"name": "ts"}]}
    identifier = yard("GET", "catalog/by-path/lake/t")["id"]
    reply = yard.send("POST", "reflection", {**gone, "datasetId": identifier})
    assert reply.status == 400
