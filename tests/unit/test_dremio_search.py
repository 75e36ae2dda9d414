"""Search over the catalog, and privileges by object, which are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dremio_lake import open_lake, table, view
from dremio_yard import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as found:
        table(found, "orders")
        view(found, "recent", "orders")
        yield found


def paths(yard: Yard, **asked: object) -> list[list[str]]:
    return [each["catalogObject"]["path"] for each in yard("POST", "search", asked)["results"]]


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
    status, told = yard.refusal("POST", "search", {"query": "lake", "filter": 'category in ["JOB"]'})
    assert (status, "sys.project.jobs" in told) == (400, True)


def test_results_come_in_pages(yard: Yard) -> None:
    first = yard("POST", "search", {"query": "lake", "maxResults": 3})
    second = yard("POST", "search", {"query": "lake", "maxResults": 3, "pageToken": first["nextPageToken"]})
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
