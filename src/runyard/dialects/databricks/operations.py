"""Every operation of the language: the routes, the OpenAPI document and the tests are made of this table."""

from __future__ import annotations

from runyard.dialects.databricks import account, job_operations, run_operations, submission
from runyard.dialects.databricks.calls import Operation

AREAS = (
    account,
    job_operations,
    submission,
    run_operations,
)
"""The modules that each export the operations of their area."""

OPERATIONS: tuple[Operation, ...] = tuple(operation for area in AREAS for operation in area.OPERATIONS)
