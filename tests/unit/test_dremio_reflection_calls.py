"""Calls about reflections: added, shown, changed, removed, summarised and recommended; what cannot be is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import COPY, SUMS, identifier, look, made, open_lake, table
from dremio_yard import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as yard:
        yield yard


def test_a_reflection_is_added_shown_changed_and_removed(yard: Yard) -> None:
    first = made(yard)

    assert first | {"id": "", "tag": "", "createdAt": "", "updatedAt": "", "datasetId": ""} == {
        "id": "", "type": "AGGREGATION", "name": "sums", "tag": "", "createdAt": "", "updatedAt": "", "datasetId": "",
        "datasetName": "lake.t", "datasetType": "PHYSICAL_DATASET", "recordCount": 0, "currentSizeBytes": 0,
        "totalSizeBytes": 0, "enabled": True, "arrowCachingEnabled": False, "consideredCount": 0, "matchedCount": 0,
        "acceleratedCount": 0,
        "status": {
            "config": "OK", "refresh": "PENDING", "availability": "NONE",
            "combinedStatus": "CANNOT_ACCELERATE_INITIALIZING", "refreshMethod": "NONE", "failureCount": 0,
        },
        "dimensionFields": [{"name": "g", "granularity": "DATE"}],
        "measureFields": [{"name": "n", "measureTypeList": ["COUNT", "SUM"]}],
        "distributionFields": [], "partitionFields": [], "sortFields": [],
        "partitionDistributionStrategy": "CONSOLIDATED", "entityType": "reflection",
    }  # fmt: skip
    assert (
        look(yard, first["id"])
        == first
        == yard("GET", f"/v0/projects/{yard.cloud.split('/')[-1]}/reflection/{first['id']}")
    )
    assert yard("GET", "reflection/")["data"] == [first]
    assert yard("GET", f"dataset/{first['datasetId']}/reflection")["data"] == [first]
    second = yard("PUT", f"reflection/{first['id']}", {**SUMS, "name": "other", "tag": first["tag"], "dateFields": []})
    assert (second["name"], second["tag"] != first["tag"]) == ("other", True)
    assert yard.refusal("PUT", f"reflection/{first['id']}", {**SUMS, "tag": first["tag"]})[0] == 409
    assert yard.send("DELETE", f"reflection/{first['id']}").status == 200
    gone = (404, f"Reflection with id [{first['id']}] not found")
    assert yard.refusal("GET", f"reflection/{first['id']}") == gone
    assert yard("GET", f"dataset/{first['datasetId']}/reflection") == {"data": []}


NO_SUM = (
    "measure field [g] of type VARCHAR can not have the measure type [SUM]; "
    "it can have COUNT, APPROX_COUNT_DISTINCT, MIN, MAX"
)
REFUSED = [
    ({"type": "RAW", "displayFields": []}, "raw reflection must have at least one display field configured"),
    ({**COPY, "partitionFields": [{"name": "ts"}]}, "partition field [ts] must also be a display field"),
    ({**COPY, "sortFields": [{"name": "n"}], "partitionFields": [{"name": "n"}]},
     "field [n] cannot be both a sort and a partition"),
    ({**COPY, "displayFields": [{"name": "x"}]},
     "display field contains a field name [x] that does not exist in the dataset"),
    ({**COPY, "measureFields": [{"name": "n"}]}, "raw reflection can not contain measure fields"),
    ({**SUMS, "displayFields": [{"name": "n"}]}, "aggregate reflection can not contain display fields"),
    ({"type": "AGGREGATION"}, "aggregate reflection must have at least one non-empty field list"),
    ({**SUMS, "measureFields": [{"name": "g", "measureTypeList": ["SUM"]}]}, NO_SUM),
    ({**SUMS, "measureFields": [{"name": "l"}]}, "measure field [l] is a LIST, of which nothing can be measured"),
    ({**SUMS, "sortFields": [{"name": "n"}]}, "sort field [n] must also be a dimension field"),
    ({**COPY, "partitionFields": [{"name": "n", "transform": {"type": "BUCKET"}}]},
     "partition field [n]: bucketTransform.bucketCount is None; it must be a whole number above 0"),
    ({**COPY, "type": "EXTERNAL"}, "Invalid value for type: 'EXTERNAL' is neither RAW nor AGGREGATION."),
    ({**SUMS, "name": " "}, "The member name is missing; give the reflection a name."),
    ({**SUMS, "datasetId": "x"}, "datasetId must reference an existing dataset"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), REFUSED)
def test_a_reflection_that_cannot_be_is_refused(yard: Yard, body: dict[str, Any], text: str) -> None:
    told = {"name": "r", "datasetId": identifier(yard, "t"), **body}

    assert yard.refusal("POST", "reflection", told) == (400, text)


def test_a_name_is_given_once_on_a_dataset(yard: Yard) -> None:
    made(yard)

    told = {**SUMS, "name": "SUMS", "datasetId": identifier(yard, "t")}
    assert yard.refusal("POST", "reflection", told)[0] == 409
    table(yard, "u")
    assert made(yard, "u")["datasetName"] == "lake.u"


def test_columns_of_a_view_that_nobody_has_described_are_looked_up(yard: Yard) -> None:
    sql = "SELECT 1 AS one, 'a' AS two"
    yard("POST", "catalog", {"entityType": "dataset", "type": "VIRTUAL_DATASET", "path": ["lake", "v"], "sql": sql})

    fields = {"dimensionFields": [{"name": "two"}], "measureFields": [{"name": "one"}]}
    assert made(yard, "v", fields)["measureFields"] == [{"name": "one", "measureTypeList": ["COUNT", "SUM"]}]
    told = {**SUMS, "datasetId": identifier(yard, "v"), "name": "x"}
    assert yard.refusal("POST", "reflection", told)[0] == 400


def test_the_summary_comes_in_pages_and_is_filtered(yard: Yard) -> None:
    for number in range(3):
        made(yard, name=f"sums {number}", enabled=number > 0)
    made(yard, fields=COPY)

    page = yard("GET", "reflection/summary?maxResults=3")
    assert [one["name"] for one in page["data"]] == ["sums 0", "sums 1", "sums 2"]
    rest = yard("GET", f"reflection-summary?maxResults=3&pageToken={page['nextPageToken']}")
    assert [one["name"] for one in rest["data"]] == ["copy"]
    assert "nextPageToken" not in rest
    assert rest["data"][0]["status"]["combinedStatus"] == "CANNOT_ACCELERATE_INITIALIZING"
    assert (rest["data"][0]["datasetPath"], rest["data"][0]["reflectionType"]) == (["lake", "t"], "RAW")
    raw = yard("GET", 'reflection/summary?filter={"reflectionType":["RAW"]}')
    assert [one["name"] for one in raw["data"]] == ["copy"]
    disabled = yard("GET", 'reflection/summary?filter={"enabledFlag":false}')
    assert [one["name"] for one in disabled["data"]] == ["sums 0"]
    named = yard("GET", 'reflection/summary?filter={"reflectionNameOrDatasetPath":"sums%202"}')
    assert [one["name"] for one in named["data"]] == ["sums 2"]
    assert yard.refusal("GET", "reflection/summary?filter=x")[0] == 400


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ('filter={"reflectionType":5}', "Invalid value for filter.reflectionType: expected an array, got 5."),
        ('filter={"reflectionType":"RAW"}', "Invalid value for filter.reflectionType: expected an array, got 'RAW'."),
        ('filter={"enabledFlag":"x"}', "Invalid value for filter.enabledFlag: expected true or false, got 'x'."),
        ('filter={"status":["OK"]}', "Invalid value for filter: 'status' is none of reflectionType, reflectionIds, "),
        ("orderBy=size", "'size' is none of reflectionName, datasetName, reflectionType, with or without a minus."),
        ("maxResults=0", "Invalid value for maxResults: 0 is less than 1."),
        ("pageToken=MQ==", "is not one that this list gave out"),
    ],
)
def test_a_summary_that_cannot_be_made_is_refused(yard: Yard, asked: str, text: str) -> None:
    status, told = yard.refusal("GET", f"reflection/summary?{asked}")

    assert (status, text in told) == (400, True), told


def test_the_summary_comes_in_the_order_that_is_asked_for(yard: Yard) -> None:
    table(yard, "a")
    made(yard, name="B")
    made(yard, "a", name="c")
    made(yard, fields=COPY, name="a")

    orders = ("reflectionName", "-reflectionName", "datasetName", "reflectionType", "-reflectionType")
    names = [[one["name"] for one in yard("GET", f"reflection-summary?orderBy={order}")["data"]] for order in orders]
    first = yard("GET", "reflection-summary?orderBy=reflectionName&maxResults=2")
    token = first["nextPageToken"]
    second = yard("GET", f"reflection-summary?orderBy=reflectionName&maxResults=2&pageToken={token}")

    assert names == [["a", "B", "c"], ["c", "B", "a"], ["c", "B", "a"], ["B", "c", "a"], ["a", "B", "c"]]
    assert [one["name"] for one in (*first["data"], *second["data"])] == ["a", "B", "c"]
    assert yard.refusal("GET", f"reflection-summary?pageToken={token}")[0] == 400


def test_a_reflection_stays_with_its_dataset(yard: Yard) -> None:
    table(yard, "u")
    seen = made(yard)

    status, told = yard.refusal("PUT", f"reflection/{seen['id']}", {**seen, "datasetId": identifier(yard, "u")})
    assert (status, "of another it would be another reflection" in told) == (400, True)
    stale = yard.refusal("PUT", f"reflection/{seen['id']}", {**seen, "tag": "x"})
    assert stale == (409, f"Cannot change sums: the tag x is not {seen['tag']}, its tag now. Look at it again.")


def test_reflections_are_recommended_by_the_types_of_columns(yard: Yard) -> None:
    found = yard("POST", f"dataset/{identifier(yard, 't')}/reflection/recommendation")["data"]

    assert [one["type"] for one in found] == ["RAW", "AGGREGATION"]
    assert [one["name"] for one in found[0]["displayFields"]] == ["g", "n", "ts", "l"]
    assert found[1]["dimensionFields"] == [{"name": "g", "granularity": "DATE"}, {"name": "ts", "granularity": "DATE"}]
    assert found[1]["measureFields"] == [{"name": "n", "measureTypeList": ["COUNT", "SUM"]}]
    only = yard("POST", f"dataset/{identifier(yard, 't')}/reflection/recommendation/AGG")["data"]
    assert only == found[1:]
    assert yard("POST", "reflection", only[0])["type"] == "AGGREGATION"
