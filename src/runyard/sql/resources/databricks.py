"""The resources of a Databricks workspace, from the table of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runyard.dialects.databricks.calls import Operation
from runyard.dialects.databricks.operations import OPERATIONS
from runyard.sql.catalog import Column, Method, Parameter, Resource, Wire
from runyard.sql.resources.rows import COLUMN_TYPES, Row, resource, rows

PROVIDER = "databricks_workspace"
CONNECTION = "deployment_name"
TOKEN = ("page_token", "next_page_token")

ROWS = rows(
    ("getJobRun", "jobs.job_runs", "get", "select"),
    ("listJobRuns", "jobs.job_runs", "list", "select"),
    ("submitRun", "jobs.job_runs", "submit", "insert"),
    ("deleteJobRun", "jobs.job_runs", "delete", "delete"),
    ("cancelJobRun", "jobs.job_runs", "cancel", "exec"),
    ("cancelAllJobRuns", "jobs.job_runs", "cancel_all", "exec"),
    ("exportJobRun", "jobs.job_runs", "export", "exec"),
    ("repairJobRun", "jobs.job_runs", "repair", "exec"),
    ("getJob", "jobs.jobs", "get", "select"),
    ("listJobs", "jobs.jobs", "list", "select"),
    ("createJob", "jobs.jobs", "create", "insert"),
    ("updateJob", "jobs.jobs", "update", "update"),
    ("resetJob", "jobs.jobs", "reset", "replace"),
    ("deleteJob", "jobs.jobs", "delete", "delete"),
    ("runJobNow", "jobs.jobs", "run_now", "exec"),
    ("getJobRunOutput", "jobs.job_run_output", "get_output", "select"),
    ("getJobPermissions", "jobs.job_permissions", "get", "select"),
    ("setJobPermissions", "jobs.job_permissions", "set", "replace"),
    ("updateJobPermissions", "jobs.job_permissions", "update", "update"),
    ("listJobPermissionLevels", "jobs.job_permission_levels", "get", "select"),
    ("getWorkspaceStatus", "workspace.workspace", "get_status", "exec"),
    ("listWorkspaceObjects", "workspace.workspace", "list", "select"),
    ("importWorkspaceObject", "workspace.workspace", "import", "insert"),
    ("exportWorkspaceObject", "workspace.workspace", "export", "exec"),
    ("makeWorkspaceDirectory", "workspace.workspace", "mkdirs", "exec"),
    ("deleteWorkspaceObject", "workspace.workspace", "delete", "delete"),
    ("listDbfsFiles", "files.dbfs", "list", "select"),
    ("getDbfsStatus", "files.dbfs", "get_status", "exec"),
    ("readDbfsFile", "files.dbfs", "read", "exec"),
    ("putDbfsFile", "files.dbfs", "put", "insert"),
    ("deleteDbfsFile", "files.dbfs", "delete", "delete"),
    ("makeDbfsDirectory", "files.dbfs", "mkdirs", "exec"),
    ("moveDbfsFile", "files.dbfs", "move", "exec"),
    ("listSecretScopes", "workspace.secret_scopes", "list", "select"),
    ("createSecretScope", "workspace.secret_scopes", "create", "insert"),
    ("deleteSecretScope", "workspace.secret_scopes", "delete", "delete"),
    ("listSecrets", "workspace.secrets", "list", "select"),
    ("putSecret", "workspace.secrets", "put", "insert"),
    ("deleteSecret", "workspace.secrets", "delete", "delete"),
    ("getSecretAcl", "workspace.secret_acls", "get", "select"),
    ("listSecretAcls", "workspace.secret_acls", "list", "select"),
    ("putSecretAcl", "workspace.secret_acls", "put", "insert"),
    ("deleteSecretAcl", "workspace.secret_acls", "delete", "delete"),
    ("getCluster", "compute.clusters", "get", "select"),
    ("listClusters", "compute.clusters", "list", "select"),
    ("createCluster", "compute.clusters", "create", "insert"),
    ("updateCluster", "compute.clusters", "update", "update"),
    ("editCluster", "compute.clusters", "edit", "replace"),
    ("deleteCluster", "compute.clusters", "delete", "delete"),
    ("permanentlyDeleteCluster", "compute.clusters", "permanent_delete", "exec"),
    ("resizeCluster", "compute.clusters", "resize", "exec"),
    ("startCluster", "compute.clusters", "start", "exec"),
    ("restartCluster", "compute.clusters", "restart", "exec"),
    ("pinCluster", "compute.clusters", "pin", "exec"),
    ("unpinCluster", "compute.clusters", "unpin", "exec"),
    ("listClusterEvents", "compute.cluster_events", "list", "select"),
    ("listSparkVersions", "compute.spark_versions", "list", "select"),
    ("listNodeTypes", "compute.node_types", "list", "select"),
    ("listZones", "compute.zones", "list", "select"),
    ("getLibraryStatuses", "compute.libraries", "cluster_status", "select"),
    ("listLibraryStatuses", "compute.libraries", "all_cluster_statuses", "select"),
    ("installLibraries", "compute.libraries", "install", "exec"),
    ("getWarehouse", "sql.warehouses", "get", "select"),
    ("listWarehouses", "sql.warehouses", "list", "select"),
    ("getCurrentUser", "iam.current_user", "me", "select"),
)
"""Every operation that is natural in SQL, as the newer provider names it."""

OLDER = rows(
    ("getJobRun", "workflows.job_runs", "getrun", "select"),
    ("listJobRuns", "workflows.job_runs", "listruns", "select"),
    ("deleteJobRun", "workflows.job_runs", "deleterun", "delete"),
    ("cancelJobRun", "workflows.job_runs", "cancelrun", "exec"),
    ("cancelAllJobRuns", "workflows.job_runs", "cancelallruns", "exec"),
    ("exportJobRun", "workflows.job_runs", "exportrun", "exec"),
    ("repairJobRun", "workflows.job_runs", "repairrun", "exec"),
    ("getJob", "workflows.jobs", "get", "select"),
    ("listJobs", "workflows.jobs", "list", "select"),
    ("createJob", "workflows.jobs", "create", "insert"),
    ("updateJob", "workflows.jobs", "update", "update"),
    ("resetJob", "workflows.jobs", "reset", "replace"),
    ("deleteJob", "workflows.jobs", "delete", "delete"),
    ("runJobNow", "workflows.jobs", "runnow", "exec"),
    ("submitRun", "workflows.jobs", "submit", "exec"),
    ("getJobRunOutput", "workflows.job_run_output", "getrunoutput", "select"),
    ("getJobPermissions", "workflows.job_permissions", "getjobpermissions", "select"),
    ("setJobPermissions", "workflows.job_permissions", "setjobpermissions", "replace"),
    ("updateJobPermissions", "workflows.job_permissions", "updatejobpermissions", "update"),
    ("listJobPermissionLevels", "workflows.job_permission_levels", "getjobpermissionlevels", "select"),
)
"""The same as the older provider named it, whose reference page people still follow."""

_BYTES = "its body is content, which no statement carries; use the file's own API"
_STREAM = "a stream of blocks is no statement; put writes a file whole"
NOT_OFFERED: Mapping[str, str] = {
    "importWorkspaceFile": _BYTES,
    "uploadFile": _BYTES,
    "downloadFile": _BYTES,
    "getFileMetadata": "it answers in headers",
    "getDirectoryMetadata": "the same",
    "deleteFile": _BYTES,
    "createDirectory": _BYTES,
    "deleteDirectory": _BYTES,
    "listDirectoryContents": "its path is a part of the URL; files.dbfs lists the same files",
    "createDbfsFile": _STREAM,
    "addDbfsBlock": _STREAM,
    "closeDbfsFile": _STREAM,
    **dict.fromkeys(("createToken", "listTokens", "deleteToken"), "a token is shown once, and no result is the place"),
    "getSecret": "a statement's result is shown, logged and copied; secrets are for code",
}
"""Operations that are not offered in SQL, and why."""

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "jobs.job_permission_levels": {"permission_level": "string", "description": "string"},
    "workspace.workspace": {
        "path": "string",
        "object_type": "string",
        "object_id": "int",
        "resource_id": "string",
        "language": "string",
        "size": "int",
        "created_at": "int",
        "modified_at": "int",
    },
    "files.dbfs": {"path": "string", "is_dir": "bool", "file_size": "int", "modification_time": "int"},
    "workspace.secret_scopes": {"name": "string", "backend_type": "string", "keyvault_metadata": "object"},
    "workspace.secrets": {"key": "string", "last_updated_timestamp": "int"},
    "workspace.secret_acls": {"principal": "string", "permission": "string"},
    "compute.cluster_events": {"cluster_id": "string", "timestamp": "int", "type": "string", "details": "object"},
    "compute.spark_versions": {"key": "string", "name": "string"},
    "compute.node_types": {
        "node_type_id": "string",
        "description": "string",
        "memory_mb": "int",
        "num_cores": "number",
        "instance_type_id": "string",
        "category": "string",
        "is_deprecated": "bool",
    },
    "compute.zones": {"zones": "array", "default_zone": "string"},
}
"""The columns of resources whose operations only say that they give an array."""
WHOLE = frozenset({"listZones"})
"""Operations whose answer is one row although it holds an array."""
_LIBRARIES = {"getLibraryStatuses": "", "listLibraryStatuses": "statuses"}

_BY_ID: Mapping[str, Operation] = {one.id: one for one in OPERATIONS}


def resources() -> tuple[Resource, ...]:
    """Return the resources under both names of the provider's service."""
    return tuple(_resource(path, table) for table in (ROWS, OLDER) for path in dict.fromkeys(r.resource for r in table))


def _resource(path: str, table: tuple[Row, ...]) -> Resource:
    own = [row for row in table if row.resource == path]
    newer = path.replace("workflows.", "jobs.")
    columns = [Column(name=name, type=COLUMN_TYPES[type_]) for name, type_ in _columns(newer, own).items()]
    return resource(f"{PROVIDER}.{path}", map(_method, own), columns=columns, connection=CONNECTION)


def _columns(path: str, own: list[Row]) -> Mapping[str, str]:
    if path in COLUMNS:
        return COLUMNS[path]
    given = (_BY_ID[row.operation] for row in own if row.verb == "select")
    return {name: type_ for one in given if not _rows_of(one) for name, type_ in one.gives.items()}


def _method(row: Row) -> Method:
    one = _BY_ID[row.operation]
    wire = Wire(
        protocol="databricks",
        operation=one.id,
        method=one.method,
        path=f"/api/{one.versions[-1]}/{one.path}",
        rows=_rows_of(one),
        token=TOKEN if TOKEN[0] in one.takes and TOKEN[1] in one.gives and _rows_of(one) else None,
    )
    return Method(name=row.method, verb=row.verb, wire=wire, parameters=tuple(_parameters(one)), summary=one.summary)


def _parameters(one: Operation) -> Iterator[Parameter]:
    for name, type_ in one.takes.items():
        bare = type_.removesuffix("!")
        yield Parameter(name=name, type="string" if bare == "bytes" else bare, is_required=type_.endswith("!"))


def _rows_of(one: Operation) -> str:
    """Return the member of an answer that holds its rows: the only array of a list."""
    if one.id in _LIBRARIES:
        return _LIBRARIES[one.id]
    arrays = [name for name, type_ in one.gives.items() if type_ == "array"]
    return arrays[0] if one.id.startswith("list") and len(arrays) == 1 and one.id not in WHOLE else ""
