"""Sources of Dremio's catalog: their files, the tables that are made of these, and their secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, open_yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


@pytest.fixture
def lake(yard: Yard) -> Path:
    """A source with two files, one of them in a folder."""
    folder = yard.engine.home.path / "s3" / "lake"
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / "a.csv").write_text("x\n1\n")
    (folder / "orders.parquet").write_text("")
    (folder / ".hidden").write_text("")
    yard("POST", "catalog", {"entityType": "source", "name": "lake", "type": "NAS", "config": {"path": "s3://lake"}})
    return folder


def names(entities: Any) -> list[str]:
    return ["/".join(one["path"]) for one in entities]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"type": "NAS", "config": {"path": "/no/such/folder"}}, "There is no folder /no/such/folder"),
        ({"type": "NAS", "config": {"path": "gopher://far"}}, "'gopher://far' lies under no mount of this server"),
        ({"type": "S3", "config": {"rootPath": "/none"}}, "s3/none, which config names"),
        ({"type": "S3", "config": {"rootPath": "/lake/raw"}}, ""),
        ({"type": "S3", "config": {}}, ""),
        ({"type": "NAS", "config": {}}, ""),
    ],
)
@pytest.mark.usefixtures("lake")
def test_a_source_whose_folder_is_not_there_says_so(yard: Yard, told: dict[str, Any], text: str) -> None:
    made = yard("POST", "catalog", {"entityType": "source", "name": "far", **told})
    seen = yard("GET", "catalog/by-path/far")
    listed = next(one for one in yard("GET", "source")["data"] if one["name"] == "far")

    assert made["state"] == seen["state"] == listed["state"]
    assert seen["state"]["status"] == ("bad" if text else "good")
    assert text in "".join(each["message"] for each in seen["state"]["messages"])


@pytest.mark.usefixtures("lake")
def test_files_of_a_source_are_found_without_being_in_the_catalog(yard: Yard) -> None:
    source = yard("GET", "catalog/by-path/lake")
    folder = yard("GET", "catalog/by-path/lake/raw")

    assert names(source["children"]) == ["lake/orders.parquet", "lake/raw"]
    assert (folder["entityType"], names(folder["children"])) == ("folder", ["lake/raw/a.csv"])
    file = yard("GET", "catalog/by-path/lake/raw/a.csv")
    assert file == {"entityType": "file", "id": "dremio:/lake/raw/a.csv", "path": ["lake", "raw", "a.csv"]}
    assert yard("GET", "catalog/dremio:%2Flake%2Fraw%2Fa.csv") == file


@pytest.mark.parametrize("path", ["lake/..", "lake/%2E%2E/other", "lake/raw/..%2F..%2F..%2Fx", "lake/link"])
def test_nothing_outside_a_source_is_found(yard: Yard, lake: Path, path: str) -> None:
    (lake.parent / "other").mkdir()
    (lake / "link").symlink_to(lake.parent / "other")

    assert yard.refusal("GET", f"catalog/by-path/{path}")[0] == 404


def test_a_file_becomes_a_table(yard: Yard, lake: Path) -> None:
    body = {
        "type": "PHYSICAL_DATASET",
        "path": ["lake", "raw", "a.csv"],
        "format": {"type": "Text", "extractHeader": True},
    }

    table = yard("POST", "catalog/dremio:%2Flake%2Fraw%2Fa.csv", {"entityType": "dataset", **body})

    assert {name: table[name] for name in body} == body
    assert table["accelerationRefreshPolicy"]["activePolicyType"] == "PERIOD"
    told = yard.context(yard.submit())["catalog"]
    settings = {"extractHeader": True}
    assert told["datasets"] == [{"path": ["lake", "raw", "a.csv"], "format": "text", "settings": settings}]
    assert {"name": "lake", "root": str(lake)} in told["sources"]
    assert yard("POST", f"catalog/{table['id']}/refresh") is None
    yard("DELETE", f"catalog/{table['id']}")
    assert (lake / "raw" / "a.csv").exists()


def test_secrets_of_a_source_are_kept_and_never_shown(yard: Yard) -> None:
    config = {"accessKey": "AK", "accessSecret": "hunter2", "properties": [{"name": "x", "password": "hunter3"}]}
    body = {"entityType": "source", "name": "far", "type": "S3", "config": config}
    shown = yard("POST", "catalog", body)
    assert (shown["config"]["accessKey"], shown["config"]["accessSecret"]) == ("AK", "$DREMIO_EXISTING_VALUE$")
    assert "hunter" not in str(shown)

    again = yard("PUT", f"catalog/{shown['id']}", {**shown, "description": "more"})

    assert (again["description"], "hunter" in str(again)) == ("more", False)
    kept = yard.engine.documents.read(yard.workspace, lambda shelves: shelves.named("dremio_catalog", "far"))
    assert kept is not None
    assert kept.content["config"] == config


def test_only_what_lies_there_becomes_a_table(yard: Yard, lake: Path) -> None:
    body = {"type": "PHYSICAL_DATASET", "path": ["lake", "nothing.csv"], "format": {"type": "Text"}}

    assert yard.refusal("POST", "catalog/dremio:%2Flake%2Fnothing.csv", body)[0] == 404
    assert lake.exists()
