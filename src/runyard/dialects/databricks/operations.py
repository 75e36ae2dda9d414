"""Every operation of the language: the routes, the OpenAPI document and the tests are made of this table."""

from __future__ import annotations

from runyard.dialects.databricks.around import account, cluster_operations, personal_tokens, secrets, warehouses
from runyard.dialects.databricks.calls import Operation
from runyard.dialects.databricks.jobs import job_operations, permissions
from runyard.dialects.databricks.runs import run_operations, submission
from runyard.dialects.databricks.trees import dbfs, dbfs_streams, files, workspace_files

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
