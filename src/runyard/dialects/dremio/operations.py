"""Every operation of the language: the routes, the OpenAPI document and the reference are made of this table."""

from __future__ import annotations

from runyard.dialects.dremio import (
    catalog_operations,
    collaboration,
    engine_rules,
    grants,
    lineage,
    login,
    machine,
    people,
    results,
    search,
    sources,
    sql_jobs,
    workload,
)
from runyard.dialects.dremio.calls import Operation
from runyard.dialects.dremio.reflections import listing, recommending
from runyard.dialects.dremio.reflections import operations as reflections

AREAS = (
    login, sql_jobs, results, collaboration, grants, search, lineage, listing, recommending, reflections,
    catalog_operations, sources, workload, engine_rules, machine, people,
)  # fmt: skip
"""The modules that each export the operations of their area; where two paths fit, the first is meant."""

OPERATIONS: tuple[Operation, ...] = tuple(operation for area in AREAS for operation in area.OPERATIONS)
