"""The columns of SQL are those of the vendors' own models, with types that fit."""

from __future__ import annotations

import dataclasses
import typing
from enum import Enum
from typing import Any

from botocore.loaders import Loader
from databricks.sdk.service import jobs as sdk

from runyard.dialects.databricks.views import RUN
from runyard.sql.local.registry import TABLES

OF_SDK = {int: "bigint", str: "text", bool: "boolean", float: "double"}
OF_AWS = {
    "string": "text",
    "integer": "bigint",
    "long": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "structure": "json",
    "map": "json",
    "list": "json",
}


def type_of(annotation: Any) -> str:
    inner = next((one for one in typing.get_args(annotation) if one is not type(None)), annotation)
    if isinstance(inner, type) and issubclass(inner, Enum):
        return "text"
    return OF_SDK.get(inner, "json")


def test_the_columns_of_a_job_run_are_the_fields_of_the_sdk_and_have_their_types() -> None:
    hints = typing.get_type_hints(sdk.Run, vars(sdk))
    fields = {one.name: type_of(hints[one.name]) for one in dataclasses.fields(sdk.Run)}
    columns = {one.name: one.type for one in TABLES["databricks_workspace.jobs.job_runs"].shown}

    assert columns.pop("deployment_name") == "text"
    assert {name: fields[name] for name in columns} == columns
    assert set(fields) - set(columns) == set(RUN.not_shown) & set(fields)


def test_the_columns_of_a_job_are_fields_of_the_sdk_and_have_their_types() -> None:
    hints = typing.get_type_hints(sdk.Job, vars(sdk))
    columns = {one.name: one.type for one in TABLES["databricks_workspace.jobs.jobs"].shown}

    assert columns.pop("deployment_name") == "text"
    assert {name: type_of(hints[name]) for name in columns} == columns


def test_the_columns_of_glue_are_members_of_aws_s_model_and_have_their_types() -> None:
    shapes = Loader().load_service_model("glue", "service-2")["shapes"]
    for path, shape in (("aws.glue.job_runs", "JobRun"), ("aws.glue.jobs", "Job")):
        members = {name: shapes[part["shape"]]["type"] for name, part in shapes[shape]["members"].items()}
        columns = {one.name: one.type for one in TABLES[path].shown}
        assert columns.pop("region") == "text"
        assert {name: OF_AWS[members[name]] for name in columns} == columns
