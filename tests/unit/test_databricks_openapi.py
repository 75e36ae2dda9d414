"""The OpenAPI document says what the table of operations says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from runyard.dialects.databricks.openapi import described
from runyard.dialects.databricks.operations import OPERATIONS

# What workflows and tables of other tools call the operations on jobs.
PROMISED = {
    "createJob": ("post", "jobs/create"),
    "getJob": ("get", "jobs/get"),
    "listJobs": ("get", "jobs/list"),
    "updateJob": ("post", "jobs/update"),
    "resetJob": ("post", "jobs/reset"),
    "deleteJob": ("post", "jobs/delete"),
    "runJobNow": ("post", "jobs/run-now"),
    "submitRun": ("post", "jobs/runs/submit"),
    "getJobRun": ("get", "jobs/runs/get"),
    "listJobRuns": ("get", "jobs/runs/list"),
    "cancelJobRun": ("post", "jobs/runs/cancel"),
    "cancelAllJobRuns": ("post", "jobs/runs/cancel-all"),
    "deleteJobRun": ("post", "jobs/runs/delete"),
    "exportJobRun": ("get", "jobs/runs/export"),
    "getJobRunOutput": ("get", "jobs/runs/get-output"),
    "repairJobRun": ("post", "jobs/runs/repair"),
}


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(described(OPERATIONS))


def test_the_document_is_valid(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()

    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize("operation_id", PROMISED)
def test_an_operation_on_jobs_has_its_promised_name_at_its_newest_path(document: Any, operation_id: str) -> None:
    method, path = PROMISED[operation_id]

    assert document["paths"][f"/api/2.2/{path}"][method]["operationId"] == operation_id
    assert document["paths"][f"/api/2.1/{path}"][method]["operationId"] == f"{operation_id}V21"


def test_what_is_asked_for_stands_in_the_query_or_in_the_body(document: Any) -> None:
    get = document["paths"]["/api/2.2/jobs/runs/get"]["get"]
    run_now = document["paths"]["/api/2.2/jobs/run-now"]["post"]

    named = {one["name"]: (one["in"], one["required"]) for one in get["parameters"]}
    schema = run_now["requestBody"]["content"]["application/json"]["schema"]
    assert named["run_id"] == ("query", True)
    assert "requestBody" not in get
    assert run_now["parameters"] == []
    assert schema["required"] == ["job_id"]
    assert schema["properties"]["job_id"] == {"type": "integer", "format": "int64"}


def test_content_is_content(document: Any) -> None:
    file = document["paths"]["/api/2.0/fs/files/{path}"]

    assert list(file["put"]["requestBody"]["content"]) == ["application/octet-stream"]
    assert list(file["get"]["responses"]["200"]["content"]) == ["application/octet-stream"]
    assert [one["name"] for one in file["put"]["parameters"]] == ["path", "overwrite"]


def test_every_operation_says_how_it_refuses(document: Any) -> None:
    operations = [one for path in document["paths"].values() for one in path.values()]

    assert len(operations) == sum(len(one.versions) for one in OPERATIONS)
    for one in operations:
        schema = one["responses"]["default"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Error"}
