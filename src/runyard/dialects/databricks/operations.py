"""Every operation of the language: the routes, the OpenAPI document and the tests are made of this table."""

from __future__ import annotations

from runyard.dialects.databricks import (
    account,
    cluster_operations,
    dbfs,
    dbfs_streams,
    files,
    job_operations,
    permissions,
    personal_tokens,
    run_operations,
    secrets,
    submission,
    warehouses,
    workspace_files,
)
from runyard.dialects.databricks.calls import Operation

AREAS = (
    job_operations,
    run_operations,
    submission,
    permissions,
    workspace_files,
    dbfs,
    dbfs_streams,
    files,
    secrets,
    cluster_operations,
    warehouses,
    account,
    personal_tokens,
)
"""The modules that each export the operations of their area."""

OPERATIONS: tuple[Operation, ...] = tuple(operation for area in AREAS for operation in area.OPERATIONS)
