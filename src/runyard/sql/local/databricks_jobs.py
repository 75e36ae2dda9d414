"""Databricks' jobs over the ledger: those that its language made."""

from __future__ import annotations

from collections.abc import Mapping

from runyard.dialects.databricks import versions
from runyard.dialects.databricks.jobs import settings
from runyard.sql.local.databricks_runs import CONNECTION
from runyard.sql.local.tables import HERE, Branch, LocalColumn, LocalTable, literal

PATH = "databricks_workspace.jobs.jobs"
TYPES: Mapping[str, str] = {"int": "bigint", "string": "text", "bool": "boolean", "object": "json", "array": "json"}
_BESIDE = ", ".join(literal(f"$.{name}") for name in sorted(settings.NOT_SETTINGS))
_CREATOR = "coalesce(json_extract(j.settings, '$.creator_user_name'), '')"
_RUN_AS = ", ".join(
    f"nullif(json_extract(j.settings, '$.run_as.{name}'), '')" for name in ("user_name", "service_principal_name")
)
_VALUES: Mapping[str, str] = {
    "job_id": "j.id",
    "creator_user_name": _CREATOR,
    "run_as_user_name": f"coalesce({_RUN_AS}, {_CREATOR})",
    "created_time": "j.created_at",
    "settings": f"json_set(json_remove(j.settings, {_BESIDE}), '$.format', {literal(versions.MULTI_TASK)})",
    "has_more": "NULL",
    "next_page_token": "NULL",
    "settings.name": "j.name",
    "workspace_id": "j.workspace_id",
    "updated_at": "j.updated_at",
    CONNECTION: HERE,
}

JOBS = LocalTable(
    path=PATH,
    columns=(
        *(
            LocalColumn(
                name=name,
                type=TYPES[type_],
                members={"name": "settings.name"} if name == "settings" else {},
            )
            for name, type_ in settings.JOB.items()
        ),
        LocalColumn(name=CONNECTION, description="The connection that was asked."),
        LocalColumn(name="settings.name", is_hidden=True),
        LocalColumn(name="workspace_id", type="bigint", is_hidden=True),
        LocalColumn(name="updated_at", type="bigint", is_hidden=True),
    ),
    branches=(
        Branch(
            source=f"FROM job AS j WHERE j.workspace_id = :workspace AND j.language = {literal(settings.LANGUAGE)}",
            values=_VALUES,
        ),
    ),
    description="The jobs of the workspace.",
)
