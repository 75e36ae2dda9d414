"""Which reflections are recommended for what jobs have read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import COPY, identifier, made, open_lake, table, view
from dremio_yard import Yard

FOR_JOBS, BY_USAGE = "reflection/recommendations/job-based", "reflection/recommendations/usage-based"


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as found:
        yield found


def read(yard: Yard, *names: str) -> str:
    """Let a job read some datasets, and return its id."""
    job = yard.submit("SELECT * FROM lake.t")
    yard.begin(job)
    yard.end(job, output={"datasets": [["lake", name] for name in names]})
    return job


def told(recommended: dict[str, Any]) -> list[tuple[str, str, list[str], int]]:
    assert recommended["canAlterReflections"] is True
    return [
        (
            one["reflectionRequestBody"]["datasetId"],
            one["reflectionRequestBody"]["type"],
            one["jobIds"],
            one["jobCount"],
        )
        for one in recommended["data"]
    ]


def test_what_is_recommended_for_jobs_is_asked_for_and_then_fetched(yard: Yard) -> None:
    table(yard, "u")
    first, second = read(yard, "t", "u"), read(yard, "t")

    asked = yard("POST", f"{FOR_JOBS}/", {"jobIds": [first, second]})
    fetched = yard("GET", f"{FOR_JOBS}/{asked['id']}/results/")

    t, u = identifier(yard, "t"), identifier(yard, "u")
    assert set(asked) == {"id"}
    assert sorted(told(fetched)) == sorted(
        [(t, kind, [first, second], 2) for kind in ("RAW", "AGGREGATION")]
        + [(u, kind, [first], 1) for kind in ("RAW", "AGGREGATION")]
    )
    assert fetched == yard("POST", "reflection/recommendations", {"jobIds": [first, second]})
    assert len({one["recommendationId"] for one in fetched["data"]}) == 4
    endpoints = {one["reflectionRequestEndpoint"] for one in fetched["data"]}
    assert endpoints == {"POST {hostname}/api/v3/reflection"}
    assert yard("POST", "reflection", fetched["data"][0]["reflectionRequestBody"])["enabled"]


@pytest.mark.parametrize("place", [FOR_JOBS, "reflection/recommendations"])
def test_jobs_that_are_not_there_are_said(yard: Yard, place: str) -> None:
    assert yard.refusal("POST", place, {"jobIds": ["x"]}) == (404, "Could not find a job with id [x]")
    assert yard.refusal("POST", place, {"jobIds": []})[0] == 400
    assert yard.refusal("POST", place, {"jobIds": 5})[0] == 400
    assert yard.refusal("GET", f"{FOR_JOBS}/{identifier(yard, 't')}/results")[0] == 404
    assert yard.refusal("GET", f"{FOR_JOBS}/x/results")[0] == 404


def test_the_newest_hundred_that_were_asked_for_are_remembered(yard: Yard) -> None:
    job = read(yard, "t")
    asked = [yard("POST", FOR_JOBS, {"jobIds": [job]})["id"] for _ in range(102)]

    statuses = [int(yard.send("GET", f"{FOR_JOBS}/{one}/results").status) for one in (*asked[:4], asked[-1])]
    assert statuses == [404, 404, 200, 200, 200]


def test_views_that_are_read_most_and_have_no_raw_reflection_are_recommended(yard: Yard) -> None:
    for name in ("often", "seldom", "fast"):
        view(yard, name, "t")
    made(yard, "fast", COPY)
    jobs = [read(yard, "often", "t"), read(yard, "often", "fast"), read(yard, "seldom", "t", "fast")]

    found = yard("GET", f"{BY_USAGE}/")
    assert told(found) == [
        (identifier(yard, "often"), "RAW", [jobs[1], jobs[0]], 2),
        (identifier(yard, "seldom"), "RAW", [jobs[2]], 1),
    ]
    assert [one["recommendationId"] for one in found["data"]] == ["lake.often", "lake.seldom"]
    assert found["data"][0]["reflectionRequestBody"]["name"] == "AutoRef_often_raw"

    body = {"reflection": {"name": "Mine", "displayFields": []}, "recommendationId": "lake.often"}
    reflection = yard("POST", f"{BY_USAGE}/", body)
    assert (reflection["name"], reflection["type"], len(reflection["displayFields"])) == ("Mine", "RAW", 4)
    assert [one["recommendationId"] for one in yard("GET", BY_USAGE)["data"]] == ["lake.seldom"]
    assert yard.refusal("POST", BY_USAGE, body)[0] == 400


def test_usage_is_nothing_that_is_collected(yard: Yard) -> None:
    assert yard.send("POST", f"{BY_USAGE}/refresh/").status == 202
    status, text = yard.refusal("DELETE", BY_USAGE)
    assert (status, "nothing is collected" in text) == (400, True)
