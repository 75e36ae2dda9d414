"""Changes of the catalog that cannot be done, and of which nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import open_lake
from dremio_yard import Yard

FILE = "catalog/dremio:%2Ffiles%2Fa.csv"
TABLE = {"type": "PHYSICAL_DATASET", "path": ["files", "a.csv"], "format": {"type": "Text"}}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path / "home") as found:
        body = {"path": ["lake", "recent"], "sql": "SELECT 1 AS a", "sqlContext": ["lake"]}
        found("POST", "catalog", {"entityType": "dataset", "type": "VIRTUAL_DATASET", **body})
        found("POST", "catalog", {"entityType": "folder", "path": ["lake", "old"]})
        files = tmp_path / "files"
        files.mkdir()
        (files / "a.csv").write_text("x\n")
        (files / "bad.parquet").write_text("no such thing")
        source = {"entityType": "source", "name": "files", "type": "NAS", "config": {"path": str(files)}}
        found("POST", "catalog", source)
        yield found


@pytest.mark.parametrize(
    ("path", "change", "text"),
    [
        ("lake", {"name": "sea"}, "Space name is immutable."),
        ("lake", {"entityType": "folder"}, "Space type can not be modified"),
        ("files", {"name": "other"}, "Source name is immutable."),
        ("files", {"type": "MYSQL"}, "Invalid value for type: 'MYSQL' is none of NAS, S3, POSTGRES."),
        ("files", {"type": None}, "Invalid value for type: '' is none of NAS, S3, POSTGRES."),
        ("@admin", {"name": "@other"}, "Home name is immutable."),
        ("lake/old", {"path": ["lake", "new"]}, "Folder path is immutable."),
        ("lake/recent", {"path": ["lake", "newest"]}, "Dataset path can not be modified."),
        ("lake/recent", {"type": "PHYSICAL_DATASET"}, "Dataset type can not be modified"),
        ("lake/recent", {"format": {"type": "Text"}}, "Virtual dataset can not have format defined."),
        ("lake/recent", {"sql": "SELECT * FROM recent"}, "The view [lake.recent] would refer to itself"),
        ("lake/recent", {"sql": "SELECT x FROM recent", "sqlContext": []}, "Object 'recent' not found"),
        ("lake/recent", {"sql": 'SELECT * FROM files."bad.parquet"'}, "No magic bytes found"),
        ("lake/t", {"sql": "SELECT 1"}, "Physical dataset can not have sql defined."),
    ],
)
def test_a_change_that_would_make_something_else_is_refused(
    yard: Yard, path: str, change: dict[str, Any], text: str
) -> None:
    seen = yard("GET", f"catalog/by-path/{path}")

    status, told = yard.refusal("PUT", f"catalog/{seen['id']}", {**seen, **change})

    assert (status, text in told) == (400, True), told
    assert yard("GET", f"catalog/by-path/{path}") == seen
    changed = yard("PUT", f"catalog/{seen['id']}", seen)
    assert {**changed, "tag": ""} == {**seen, "tag": ""}


@pytest.mark.parametrize(("path", "kind"), [("@admin", "HOME"), ("$scratch", "SOURCE")])
def test_what_every_catalog_has_stays(yard: Yard, path: str, kind: str) -> None:
    seen = yard("GET", f"catalog/by-path/{path}")

    assert yard.refusal("DELETE", f"catalog/{seen['id']}") == (
        400, f"Namespace container of type [{kind}] can not be deleted."
    )  # fmt: skip
    assert yard("GET", f"catalog/by-path/{path}") == seen


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"type": "VIRTUAL_DATASET"}, "Promoting can only create physical datasets."),
        ({"path": ["files", "b.csv"]}, "Entity id does not match the path specified in the dataset."),
        ({"format": None}, "To promote a dataset, format settings are required."),
        ({"format": {}}, "To promote a dataset, format settings are required."),
        (
            {"format": {"type": "Excel"}},
            "Invalid value for format.type: 'Excel' is none of Parquet, Text, CSV, JSON, Arrow, Iceberg, Delta.",
        ),
        (
            {"accelerationRefreshPolicy": {"activePolicyType": "SOMETIMES"}},
            "activePolicyType is 'SOMETIMES'",
        ),
    ],
)
def test_a_file_becomes_no_table_that_could_not_be_read(yard: Yard, change: dict[str, Any], text: str) -> None:
    status, told = yard.refusal("POST", FILE, {**TABLE, **change})

    assert (status, text in told) == (400, True), told
    assert yard("GET", FILE)["entityType"] == "file"
