"""Statements about reflections as they are recorded, counts of their use, and the system's tables about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dremio_lake import finish, jobs, look, made, open_lake
from dremio_yard import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with open_lake(tmp_path) as yard:
        yield yard


def keep(yard: Yard, *changes: dict[str, Any]) -> dict[str, Any]:
    """Let a statement end with these changes, and return its job."""
    job = yard.submit("ALTER TABLE lake.t …")
    yard.begin(job)
    return yard.end(
        job, output={"changes": [{"kind": "reflection", "path": ["lake", "t"], **each} for each in changes]}
    )


def test_statements_add_enable_refresh_and_drop_reflections(yard: Yard) -> None:
    fields = made(yard, name="first")
    held = {name: fields[name] for name in ("dimensionFields", "measureFields", "sortFields", "partitionFields",
                                            "distributionFields", "partitionDistributionStrategy")}  # fmt: skip
    create = {
        "op": "create_reflection",
        "type": "AGGREGATION",
        "name": "second",
        "reflection": {**held, "displayFields": []},
    }
    assert keep(yard, create)["jobState"] == "COMPLETED"
    assert [one["name"] for one in yard("GET", "reflection")["data"]] == ["first", "second"]

    again = keep(yard, create)
    assert again["jobState"] == "FAILED"
    assert again["errorMessage"].startswith(
        "VALIDATION ERROR: [lake.t] has a reflection [second] already\n\n[Error Id: "
    )
    keep(yard, {"op": "toggle_reflections", "type": "AGGREGATION", "enabled": False, "name": "x"})
    assert [one["enabled"] for one in yard("GET", "reflection")["data"]] == [False, False]
    raw = {"type": "RAW", "name": "Raw Reflection", "reflection": {**held, "displayFields": [{"name": "g"}]}}
    keep(yard, {"op": "toggle_reflections", "enabled": True, **raw})
    assert [one["name"] for one in yard("GET", "reflection")["data"]][2:] == ["Raw Reflection"]
    finish(yard, jobs(yard)[0])
    keep(yard, {"op": "refresh_reflections"})
    assert len(jobs(yard)) == 1
    keep(yard, {"op": "drop_reflection", "name": "SECOND"})
    assert [one["name"] for one in yard("GET", "reflection")["data"]] == ["first", "Raw Reflection"]
    assert keep(yard, {"op": "drop_reflection", "name": "second"})["jobState"] == "FAILED"


def test_refreshes_are_routed_to_the_queue_that_a_statement_names(yard: Yard) -> None:
    keep(yard, {"op": "route_reflections", "queue": "LARGE"})
    made(yard)

    assert jobs(yard)[0].settings["routingQueue"] == "LARGE"


def test_each_job_is_counted_by_how_far_a_reflection_came(yard: Yard) -> None:
    reflection = made(yard)
    for state in ("CONSIDERED", "MATCHED", "CHOSEN", "CHOSEN"):
        job = yard.submit("SELECT 1")
        yard.begin(job)
        relation = {"datasetId": reflection["datasetId"], "reflectionId": reflection["id"], "relationship": state}
        ended = yard.end(job, output={"acceleration": [relation]})
        assert ended["acceleration"] == {"reflectionRelationships": [relation]}

    shown = look(yard, reflection["id"])
    assert (shown["consideredCount"], shown["matchedCount"], shown["acceleratedCount"]) == (4, 3, 2)
    assert shown["tag"] == reflection["tag"]


def test_the_tables_of_the_system_tell_of_reflections(yard: Yard) -> None:
    reflection = made(yard)
    finish(yard, jobs(yard)[0])
    sql = "SELECT * FROM sys.reflections, sys.materializations, sys.refreshes, sys.project.reflection_dependencies"

    system = yard.context(yard.submit(sql))["catalog"]["system"]
    tables = {".".join(each["path"]): each for each in system}
    assert len(tables) == 8

    def rows(name: str) -> list[dict[str, Any]]:
        names = [column["name"] for column in tables[name]["columns"]]
        return [dict(zip(names, row, strict=True)) for row in tables[name]["rows"]]

    (shown,) = rows("sys.reflections")
    assert (shown["reflection_id"], shown["status"], shown["dimensions"]) == (reflection["id"], "CAN_ACCELERATE", "g")
    (held,) = rows("sys.project.materializations")
    assert (held["state"], held["size_bytes"], held["last_refresh_duration_millis"]) == ("DONE", 70, 0)
    assert rows("sys.refreshes")[0]["output_records"] == 7
    assert rows("sys.reflection_dependencies")[0]["dependency_path"] == "[lake, t]"
