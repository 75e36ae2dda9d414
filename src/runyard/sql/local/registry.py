"""All local tables, by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runyard.sql.local import databricks_jobs, databricks_runs, glue, ledger
from runyard.sql.local.tables import LocalTable

NEWER, OLDER = "databricks_workspace.jobs.", "databricks_workspace.workflows."
_DATABRICKS = (databricks_runs.JOB_RUNS, databricks_jobs.JOBS)

TABLES: Mapping[str, LocalTable] = {
    one.path: one
    for one in (
        *ledger.TABLES,
        *_DATABRICKS,
        *(replace(one, path=one.path.replace(NEWER, OLDER)) for one in _DATABRICKS),
        *glue.TABLES,
    )
}
