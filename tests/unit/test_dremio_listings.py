"""What is asked of the catalog together, or in parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, add, names, open_yard

SPACE = {"entityType": "space", "name": "Sales"}
FOLDER = {"entityType": "folder", "path": ["Sales", "2024/Q1"]}


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


def test_several_are_asked_for_at_once(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.csv").write_text("x")
    files = {"entityType": "source", "name": "files", "type": "NAS", "config": {"path": str(tmp_path / "files")}}
    add(yard, SPACE, FOLDER, files)

    told = yard("POST", "catalog/by-paths?maxChildren=1", [["Sales"], ["no", "thing"], ["files", "a.csv"]])
    found = told["data"]

    assert [one["entityType"] for one in found] == ["space", "file"]
    assert told["errors"] == [{"errorMessage": "'[no, thing]' was not found", "moreInfo": ""}]
    assert yard("POST", "catalog/by-paths", {"paths": [["Sales"]]}) == {"data": found[:1]}
    by_ids = yard("POST", "catalog/by-ids", ["x", found[1]["id"], found[0]["id"]])
    assert by_ids["data"] == [found[1], found[0]]
    assert by_ids["errors"][0]["errorMessage"] == "'x' was not found"
    assert yard("POST", "catalog/by-ids", []) == {"data": []}


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("by-paths", {"paths": [5]}, "Invalid value for paths[0]: expected an array, got 5."),
        ("by-paths", {"paths": [["a", {}]]}, "Invalid value for paths[0][1]: expected a string, got {}."),
        ("by-ids", [{}], "Invalid value for ids[0]: expected a string, got {}."),
        ("by-ids", [str(number) for number in range(51)], "Too many ids 51 vs maximum 50"),
        ("by-paths?maxChildren=21", [["a"]], "maxChildren query parameter must be set to [1,20]"),
    ],
)
def test_several_that_cannot_be_asked_for_are_refused(yard: Yard, path: str, body: Any, text: str) -> None:
    assert yard.refusal("POST", f"catalog/{path}", body) == (400, text)


def test_children_come_in_parts(yard: Yard) -> None:
    space, *_ = add(yard, SPACE, *({"entityType": "folder", "path": ["Sales", name]} for name in "abc"))
    place = f"catalog/{space['id']}?maxChildren=2"

    first = yard("GET", "catalog/by-path/Sales?maxChildren=2")
    second = yard("GET", f"{place}&pageToken={first['nextPageToken']}")

    assert (names(first["children"]), names(second["children"])) == (["Sales/a", "Sales/b"], ["Sales/c"])
    assert "nextPageToken" not in second
    for none in ("exclude=children", "maxChildren=0"):
        assert yard("GET", f"catalog/by-path/Sales?{none}")["children"] == []
    assert yard.refusal("GET", f"catalog/by-path/@admin?pageToken={first['nextPageToken']}")[0] == 400
    assert yard.refusal("GET", "catalog/by-path/Sales?maxChildren=-1") == (
        400, "Invalid value for maxChildren: -1 is less than zero."
    )  # fmt: skip


def test_empty_segments_of_a_path_are_none(yard: Yard) -> None:
    add(yard, SPACE, FOLDER)

    assert yard("GET", "catalog/by-path//Sales//2024%2FQ1/")["path"] == ["Sales", "2024/Q1"]
