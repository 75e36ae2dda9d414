"""Search over the catalog, and privileges by object, which are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import open_lake, table, view
from dremio_yard import Yard

from runyard.core.run import Outcome


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as found:
        table(found, "orders")
        view(found, "recent", "orders")
        yield found


def paths(yard: Yard, **asked: object) -> list[list[str]]:
    return [each["catalogObject"]["path"] for each in results(yard, **asked) if each["category"] != "JOB"]


def results(yard: Yard, **asked: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yard("POST", "search", asked)["results"]
    return found


def test_each_word_is_found_in_names_columns_labels_or_the_wiki(yard: Yard) -> None:
    place = f"catalog/{yard('GET', 'catalog/by-path/lake/orders')['id']}/collaboration"
    yard("POST", f"{place}/tag", {"tags": ["Gold"]})
    yard("POST", f"{place}/wiki", {"text": "What was sold"})

    assert paths(yard, query="ORDERS lake") == [["lake", "orders"]]
    assert paths(yard, query="gold sold") == [["lake", "orders"]]
    assert paths(yard, query="lake ts") == [["lake", "recent"], ["lake", "orders"], ["lake", "t"]]
    assert paths(yard, query="nothing") == []
    found = yard("POST", "search", {"query": "gold"})["results"][0]["catalogObject"]
    assert (found["type"], found["labels"], found["wiki"]) == ("TABLE", ["Gold"], "What was sold")
    assert found["columns"] == ["g", "n", "ts", "l"]


def test_a_filter_names_categories(yard: Yard) -> None:
    assert paths(yard, query="lake", filter='category in ["VIEW", "SPACE"]') == [["lake", "recent"], ["lake"]]
    found = [each["category"] for each in results(yard, query="lake")]
    assert (found[:4], set(found[4:])) == (["VIEW", "TABLE", "TABLE", "SPACE"], {"JOB"})
    assert paths(yard, query="lake", filter='category in ["SCRIPT"]') == []
    status, told = yard.refusal("POST", "search", {"query": "lake", "filter": 'category in ["JOBS"]'})
    assert (status, "known are FOLDER, JOB, REFLECTION, SCRIPT, SOURCE, SPACE, TABLE, UDF, VIEW." in told) == (
        400,
        True,
    )


def test_jobs_are_found_by_their_text_their_state_and_what_they_read(yard: Yard) -> None:
    read = yard.submit("SELECT g, g FROM lake.recent", context=["lake"])
    failed = yard.submit("SELECT nonsense")
    yard.begin(read)
    yard.end(read, output={"datasets": [["lake", "recent"], ["lake", "orders"]], "row_count": 1, "schema": []})
    yard.begin(failed)
    yard.end(failed, Outcome.FAILED, message="VALIDATION ERROR: no")
    found = results(yard, query="completed RECENT g,", filter='category in ["JOB"]')

    assert found == [
        {
            "category": "JOB",
            "jobObject": {
                "id": read,
                "queriedDatasets": [
                    {"datasetType": "VIEW", "datasetPath": ["lake", "recent"]},
                    {"datasetType": "TABLE", "datasetPath": ["lake", "orders"]},
                ],
                "sql": "SELECT g, g FROM lake.recent",
                "jobType": "REST",
                "user": {"type": "USER", "username": "ada"},
                "startTime": yard.job(read)["startedAt"],
                "finishTime": yard.job(read)["endedAt"],
                "jobStatus": "COMPLETED",
            },
        }
    ]
    other = results(yard, query="nonsense", filter='category in ["JOB", "TABLE"]')
    assert [(one["jobObject"]["id"], one["jobObject"]["error"]) for one in other] == [(failed, "VALIDATION ERROR: no")]
    assert [one["jobObject"]["id"] for one in results(yard, query=read)] == [read]


def test_reflections_are_found_by_their_names_and_their_datasets(yard: Yard) -> None:
    dataset = yard("GET", "catalog/by-path/lake/orders")["id"]
    body = {"type": "RAW", "name": "Quick", "datasetId": dataset, "displayFields": [{"name": "g"}]}
    made = yard("POST", "reflection", body)
    (found,) = results(yard, query="quick orders")

    assert found["category"] == "REFLECTION"
    assert found["reflectionObject"] == {
        "id": made["id"],
        "name": "Quick",
        "datasetType": "TABLE",
        "datasetPath": ["lake", "orders"],
        "createdAt": made["createdAt"],
        "modifiedAt": made["createdAt"],
        "lastModifiedAt": made["createdAt"],
    }


def test_pages_go_on_from_entities_to_reflections_and_jobs(yard: Yard) -> None:
    dataset = yard("GET", "catalog/by-path/lake/orders")["id"]
    body = {"type": "RAW", "name": "swordfish", "datasetId": dataset, "displayFields": [{"name": "g"}]}
    yard("POST", "catalog", {"entityType": "space", "name": "swordfish"})
    yard("POST", "reflection", body)
    yard.submit("SELECT 1 AS swordfish")
    yard.submit("SELECT 2 AS swordfish")
    categories, token = [], ""
    while token is not None:
        page = yard("POST", "search", {"query": "swordfish", "maxResults": 1, "pageToken": token})
        categories += [one["category"] for one in page["results"]]
        token = page.get("nextPageToken")

    assert categories == ["SPACE", "REFLECTION", "JOB", "JOB"]
    assert yard.refusal("POST", "search", {"query": "a", "maxResults": 0}) == (
        400, "Invalid value for maxResults: 0 is less than 1."
    )  # fmt: skip


def test_the_catalog_alone_is_searched_as_servers_of_ones_own_do_it(yard: Yard) -> None:
    yard.submit("SELECT 1 AS orders")
    found = yard("GET", "catalog/search?query=ORDERS")["data"]

    assert [(one["path"], one["type"], one["datasetType"]) for one in found] == [
        (["lake", "orders"], "DATASET", "PROMOTED")
    ]


def test_results_come_in_pages(yard: Yard) -> None:
    asked = {"query": "lake", "filter": 'category in ["VIEW", "TABLE", "SPACE"]'}
    first = yard("POST", "search", {**asked, "maxResults": 3})
    second = yard("POST", "search", {**asked, "maxResults": 3, "pageToken": first["nextPageToken"]})
    other = {"query": "else", "pageToken": first["nextPageToken"]}

    assert [len(page["results"]) for page in (first, second)] == [3, 1]
    assert "nextPageToken" not in second
    assert yard.refusal("POST", "search", other)[0] == 400


def test_privileges_on_one_object_are_refused_with_the_reason(yard: Yard) -> None:
    identifier = yard("GET", "catalog/by-path/lake")["id"]
    status, told = yard.refusal("GET", f"catalog/{identifier}/grants")

    assert (status, "follows from roles" in told, "every table" in told) == (400, True, True)
    assert yard.refusal("PUT", f"catalog/{identifier}/grants", {"grants": []})[0] == 400
    assert yard.refusal("GET", f"catalog/{'0' * 8}-0000-0000-0000-000000000000/grants")[0] == 404
