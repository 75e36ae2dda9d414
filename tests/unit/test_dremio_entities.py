"""Dremio's catalog: spaces, folders, sources, views, tables, with their wikis and tags."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_yard import Yard, add, names, open_yard
from moving import START

from runyard.core.run import Outcome
from runyard.dialects.dremio.finishing import READ_FOR_MS
from runyard.dialects.dremio.retention import LEFT_MS

SPACE = {"entityType": "space", "name": "Sales"}
FOLDER = {"entityType": "folder", "path": ["Sales", "2024/Q1"]}
VIEW = {
    "entityType": "dataset",
    "type": "VIRTUAL_DATASET",
    "path": ["Sales", "totals"],
    "sql": "SELECT 1 AS a",
    "sqlContext": ["Sales"],
}
TAKEN = "An object already exists with that name"


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_yard(tmp_path) as yard:
        yield yard


# looking


def test_a_catalog_has_a_home_and_a_source_from_the_beginning(yard: Yard) -> None:
    found = yard("GET", f"{yard.cloud}/catalog")["data"]

    assert [(one["path"], one["containerType"]) for one in found] == [(["@admin"], "HOME"), (["$scratch"], "SOURCE")]
    assert yard("GET", "catalog")["data"] == found
    assert yard("GET", "catalog/by-path/@admin")["entityType"] == "home"


def test_an_entity_is_found_by_id_and_by_path_in_any_case(yard: Yard) -> None:
    _, folder = add(yard, SPACE, FOLDER)

    by_path = yard("GET", f"{yard.cloud}/catalog/by-path/sales/2024%2Fq1/")

    assert by_path == folder == yard("GET", f"catalog/{folder['id']}")
    assert (folder["entityType"], folder["path"], folder["children"]) == ("folder", ["Sales", "2024/Q1"], [])
    assert names(yard("GET", "catalog/by-path/Sales")["children"]) == ["Sales/2024/Q1"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("catalog/by-path/Sales/x%20y", "Could not find entity with path [[Sales, x y]]"),
        ("catalog/nonsense", "Could not find entity with id [nonsense]"),
        ("catalog/dremio:%2Flake%2Fx", "Could not find entity with id [dremio:/lake/x]"),
    ],
)
def test_what_is_not_there_is_404(yard: Yard, path: str, text: str) -> None:
    assert yard.refusal("GET", path) == (404, text)


def test_another_workspace_has_another_catalog(yard: Yard) -> None:
    space = add(yard, SPACE)[0]
    yard.workspace = yard.engine.workspace("other")

    assert yard.refusal("GET", f"catalog/{space['id']}")[0] == 404
    assert len(yard("GET", "catalog")["data"]) == 2


# adding


def test_a_view_keeps_what_it_was_made_of(yard: Yard) -> None:
    _, view = add(yard, SPACE, VIEW)

    assert {name: view[name] for name in VIEW} == VIEW
    assert view["fields"] == [{"name": "a", "type": {"name": "INTEGER"}}]
    assert yard("GET", "catalog/by-path/Sales")["children"][0]["datasetType"] == "VIRTUAL"


def test_a_name_is_given_once_as_each_variant_says_it(yard: Yard) -> None:
    add(yard, SPACE)

    assert yard.refusal("POST", "catalog", {**SPACE, "name": "SALES"}) == (409, TAKEN)
    assert yard.refusal("POST", f"{yard.cloud}/catalog", SPACE) == (400, TAKEN)


def test_a_folder_in_a_source_is_refused_in_the_words_that_dbt_knows(yard: Yard) -> None:
    refusal = yard.refusal("POST", "catalog", {"entityType": "folder", "path": ["$scratch", "a"]})

    assert refusal == (400, "Can not create a folder inside a [SOURCE].")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"entityType": "folder", "path": ["nowhere", "a"]}, "There is no space, folder or source nowhere"),
        ({"entityType": "space", "name": " "}, "is no name"),
        ({"entityType": "space", "name": "a\nb"}, "is no name"),
        ({"entityType": "function", "path": ["a"]}, "begins with the space or source it is in"),
        ({"entityType": "script", "path": ["a"]}, "'script' cannot be made so"),
        ({"entityType": "source", "name": "a"}, "The member type is missing"),
        ({"entityType": "source", "name": "a", "type": "MYSQL"}, "'MYSQL' is none of NAS, S3, POSTGRES."),
        ({**VIEW, "sql": ""}, "The member sql is missing"),
        ({**VIEW, "path": ["alone"]}, "Dataset path should be fully qualified."),
        ({**VIEW, "sql": "SELEC"}, "Failure parsing the query"),
        ({**VIEW, "sql": "SELECT * FROM nowhere"}, "Object 'nowhere' not found"),
        ({**VIEW, "sql": "DROP VIEW a.b"}, "A view is what a query gives; DROP VIEW is none."),
        ({**VIEW, "type": "PHYSICAL_DATASET"}, "must be VIRTUAL_DATASET"),
        ({"name": "a"}, "The member entityType is missing"),
    ],
)
def test_what_cannot_be_added_is_refused(yard: Yard, body: dict[str, Any], text: str) -> None:
    status, told = yard.refusal("POST", "catalog", body)

    assert (status, text in told) == (400, True), told


# changing


def test_a_change_names_the_tag_that_it_saw(yard: Yard) -> None:
    _, view = add(yard, SPACE, VIEW)
    place = f"catalog/{view['id']}"

    changed = yard("PUT", place, {**view, "sql": "SELECT 'b' AS b"})

    assert (changed["sql"], changed["path"]) == ("SELECT 'b' AS b", view["path"])
    assert changed["fields"] == [{"name": "b", "type": {"name": "VARCHAR"}}]
    assert changed["tag"] != view["tag"]
    assert yard.refusal("PUT", place, {**view, "sql": "SELECT 3"})[0] == 409
    assert yard.refusal("PUT", place, {"sql": "SELECT 3"})[0] == 409
    assert yard.refusal("DELETE", f"{place}?tag={view['tag']}")[0] == 409
    assert yard("GET", place)["sql"] == "SELECT 'b' AS b"


def test_what_stands_in_something_goes_with_it(yard: Yard) -> None:
    space, folder, view = add(yard, SPACE, FOLDER, {**VIEW, "path": ["Sales", "2024/Q1", "v"]})

    assert yard("DELETE", f"{yard.cloud}/catalog/{space['id']}?tag={space['tag']}") is None

    for gone in (space, folder, view):
        assert yard.refusal("GET", f"catalog/{gone['id']}")[0] == 404


def test_only_tables_are_refreshed(yard: Yard) -> None:
    space = add(yard, SPACE)[0]

    assert yard.refusal("POST", f"catalog/{space['id']}/refresh")[0] == 400


# wikis and tags


def test_a_wiki_that_was_never_written_has_no_version(yard: Yard) -> None:
    place = f"catalog/{add(yard, SPACE)[0]['id']}/collaboration/wiki"
    assert yard("GET", place) == {"text": ""}
    assert yard("POST", place, {"text": "# Sales", "version": 5}) == {"text": "# Sales", "version": 0}

    again = yard("POST", place, {"text": "", "version": 0})

    assert again == {"text": "", "version": 1} == yard("GET", place)
    assert yard.refusal("POST", place, {"text": "late", "version": 0}) == (
        409, "The provided version [0] does not match the stored version [1]."
    )  # fmt: skip
    assert yard.refusal("POST", place, {"text": "late"})[0] == 409


def test_tags_are_given_together(yard: Yard) -> None:
    place = f"catalog/{add(yard, SPACE)[0]['id']}/collaboration/tag"
    assert yard("GET", place) == {"tags": []}

    given = yard("POST", place, {"tags": ["gold", "pii"]})

    assert given == {"tags": ["gold", "pii"], "version": "0"}
    assert yard("POST", place, {"tags": [], "version": given["version"]}) == {"tags": [], "version": "1"}
    assert yard.refusal("POST", place, {"tags": []})[0] == 409


def test_what_is_said_beside_an_entity_makes_no_other_version_of_it(yard: Yard) -> None:
    seen = add(yard, SPACE, VIEW)[1]
    place = f"catalog/{seen['id']}"
    yard("POST", f"{place}/collaboration/wiki", {"text": "# Totals"})
    yard("POST", f"{place}/collaboration/tag", {"tags": ["gold"]})
    yard("POST", f"{place}/collaboration/tag", {"tags": ["gold", "pii"], "version": 0})

    assert yard("GET", place) == seen
    changed = yard("PUT", place, {**seen, "sql": "SELECT 2 AS a"})
    yard("POST", f"{place}/collaboration/wiki", {"text": "# Sums", "version": 0})
    assert changed["tag"] not in ("", seen["tag"])
    assert yard.refusal("PUT", place, seen)[0] == 409
    assert yard("PUT", place, changed)["sql"] == "SELECT 2 AS a"
    assert yard("GET", f"{place}/collaboration/wiki") == {"text": "# Sums", "version": 1}


# what statements change


def run(yard: Yard, *changes: dict[str, Any]) -> dict[str, Any]:
    job = yard.submit()
    yard.context(job)
    yard.begin(job)
    return yard.end(job, output={"changes": list(changes)})


def view_change(*path: str, **more: Any) -> dict[str, Any]:
    columns = [{"name": "a", "type": {"name": "INTEGER"}}]
    made = {
        "op": "put",
        "kind": "view",
        "path": list(path),
        "sql": "SELECT 1 AS a",
        "sqlContext": [],
        "fields": columns,
    }
    return {**made, **more}


def table_change(op: str, folder: Path, *path: str) -> dict[str, Any]:
    return {"op": op, "kind": "table", "path": list(path), "folder": str(folder), "fields": [], "rows": 3}


def test_a_view_made_by_a_statement_is_there_once_its_job_has_completed(yard: Yard) -> None:
    add(yard, SPACE)

    assert run(yard, view_change("Sales", "v"))["jobState"] == "COMPLETED"

    view = yard("GET", "catalog/by-path/Sales/v")
    assert (view["sql"], view["fields"]) == ("SELECT 1 AS a", [{"name": "a", "type": {"name": "INTEGER"}}])
    told = yard.context(yard.submit())["catalog"]["views"]
    assert told == [{"path": ["Sales", "v"], "sql": "SELECT 1 AS a", "context": []}]


def test_of_two_that_make_the_same_the_second_fails(yard: Yard) -> None:
    add(yard, SPACE)
    run(yard, view_change("Sales", "v"))

    late = run(yard, view_change("Sales", "V"))
    replaced = run(yard, view_change("Sales", "v", sql="SELECT 2 AS a", replace=True))

    assert late["jobState"] == "FAILED"
    assert late["errorMessage"].startswith(
        "VALIDATION ERROR: A table or view with given name [Sales.V] already exists.\n\n[Error Id: "
    )
    assert replaced["jobState"] == "COMPLETED"
    assert yard("GET", "catalog/by-path/Sales/v")["sql"] == "SELECT 2 AS a"


def test_a_job_that_failed_has_changed_nothing(yard: Yard) -> None:
    add(yard, SPACE)
    job = yard.submit()
    yard.begin(job)

    yard.end(job, Outcome.FAILED, output={"changes": [view_change("Sales", "v")]})

    assert yard.refusal("GET", "catalog/by-path/Sales/v")[0] == 404


def test_a_table_of_a_source_may_lie_in_folders_that_nobody_made(yard: Yard, tmp_path: Path) -> None:
    folder = tmp_path / "table"
    made = run(yard, table_change("put", folder, "$scratch", "a", "b", "t"))

    told = yard.context(yard.submit())["catalog"]["tables"]

    assert made["jobState"] == "COMPLETED"
    assert told == [{"path": ["$scratch", "a", "b", "t"], "folder": str(folder)}]
    assert yard("GET", "catalog/by-path/$scratch/a/b/t")["type"] == "PHYSICAL_DATASET"


def test_a_dropped_table_is_gone_at_once_and_its_files_when_nobody_can_read_them(yard: Yard) -> None:
    folder = yard.engine.home.path / "dremio" / str(yard.workspace.id) / "tables" / "t"
    folder.mkdir(parents=True)
    os.utime(folder, (START // 1000, START // 1000))
    run(yard, table_change("put", folder, "$scratch", "t"))
    assert run(yard, table_change("drop", folder, "$scratch", "t"))["jobState"] == "COMPLETED"
    assert yard.refusal("GET", "catalog/by-path/$scratch/t")[0] == 404
    yard.context(yard.submit())
    assert folder.exists()

    yard.time[0] += READ_FOR_MS
    yard.context(yard.submit())

    assert not folder.exists()


def test_a_table_that_no_job_brought_in_is_removed_after_a_week(yard: Yard) -> None:
    tables = yard.engine.home.path / "dremio" / str(yard.workspace.id) / "tables"
    wanted, left, new = (tables / name for name in ("wanted", "left", "new"))
    for folder in (wanted, left, new):
        folder.mkdir(parents=True)
        os.utime(folder, (START // 1000, START // 1000))
    run(yard, table_change("put", wanted, "$scratch", "t"))
    yard.time[0] += LEFT_MS + 1
    os.utime(new, (yard.time[0] // 1000, yard.time[0] // 1000))

    yard.context(yard.submit())

    assert [folder.exists() for folder in (wanted, left, new)] == [True, False, True]


def test_files_outside_of_our_own_folder_are_never_removed(yard: Yard, tmp_path: Path) -> None:
    folder = tmp_path / "somebody's"
    folder.mkdir()
    run(yard, table_change("put", folder, "$scratch", "t"))
    run(yard, table_change("drop", folder, "$scratch", "t"))

    yard.time[0] += READ_FOR_MS
    yard.context(yard.submit())

    assert folder.exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"op": "drop", "kind": "view", "path": ["Sales", "x"]}, "View [Sales.x] not found"),
        ({"op": "put", "kind": "folder", "path": ["nowhere", "x"]}, "There is no space, folder or source nowhere"),
        (table_change("put", Path("/x"), "Sales"), "A space with given name [Sales] already exists."),
    ],
)
def test_what_has_changed_meanwhile_fails_the_job(yard: Yard, change: dict[str, Any], text: str) -> None:
    add(yard, SPACE)

    ended = run(yard, change)

    assert (ended["jobState"], text in ended["errorMessage"]) == ("FAILED", True), ended
    assert ended["errorMessage"].startswith("VALIDATION ERROR: ")


def test_what_may_be_absent_or_there_is_no_failure(yard: Yard) -> None:
    add(yard, SPACE, FOLDER)

    absent = run(yard, {"op": "drop", "kind": "view", "path": ["a", "b"], "if_exists": True})
    there = run(yard, {"op": "put", "kind": "folder", "path": ["Sales", "2024/Q1"], "if_not_exists": True})

    assert (absent["jobState"], there["jobState"]) == ("COMPLETED", "COMPLETED")


# what is made of what


def test_a_graph_tells_parents_and_children(yard: Yard) -> None:
    add(yard, SPACE, VIEW)
    run(
        yard,
        view_change("Sales", "top", sql='SELECT * FROM totals JOIN "Sales".totals AS b ON true', sqlContext=["Sales"]),
    )
    totals, top = (yard("GET", f"catalog/by-path/Sales/{name}")["id"] for name in ("totals", "top"))

    assert names(yard("GET", f"catalog/{top}/graph")["parents"]) == ["Sales/totals"]
    assert names(yard("GET", f"{yard.cloud}/catalog/{totals}/graph")["children"]) == ["Sales/top"]
    assert yard.refusal("GET", f"catalog/{yard('GET', 'catalog/by-path/Sales')['id']}/graph")[0] == 400


def test_what_a_statement_found_is_believed_more_than_its_text(yard: Yard) -> None:
    add(yard, SPACE, VIEW)
    run(yard, view_change("Sales", "top", sql="SELECT * FROM elsewhere", parents=[["Sales", "TOTALS"]]))

    graph = yard("GET", f"catalog/{yard('GET', 'catalog/by-path/Sales/top')['id']}/graph")

    assert names(graph["parents"]) == ["Sales/totals"]
