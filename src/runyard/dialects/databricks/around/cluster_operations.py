"""The operations on clusters, on what they could be made of, and on their libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from runyard.dialects.databricks.around import clusters
from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.machine import NODE_TYPE, SPARK_VERSIONS, cores, memory_mb

Members = dict[str, Any]


def list_spark_versions(_: Call) -> Members:
    """List the names of runtimes that a cluster may be asked for."""
    return {"versions": [{"key": key, "name": name} for key, name in SPARK_VERSIONS.items()]}


def list_node_types(_: Call) -> Members:
    """List the one machine that there is."""
    machine = {
        "node_type_id": NODE_TYPE,
        "instance_type_id": NODE_TYPE,
        "description": "The machine that runyard runs on",
        "category": "General Purpose",
        "memory_mb": memory_mb(),
        "num_cores": float(cores()),
        "num_gpus": 0,
        "is_deprecated": False,
        "is_hidden": False,
        "node_instance_type": {
            "instance_type_id": NODE_TYPE,
            "local_disks": 1,
            "local_disk_size_gb": 0,
            "local_nvme_disks": 0,
            "local_nvme_disk_size_gb": 0,
        },
    }
    return {"node_types": [machine]}


def list_zones(_: Call) -> Members:
    """List the one place that there is."""
    return {"zones": ["local"], "default_zone": "local"}


def library_statuses(call: Call) -> Members:
    """Show that a cluster has no libraries of its own: tasks bring theirs."""
    return {"cluster_id": clusters.get_cluster(call)["cluster_id"], "library_statuses": []}


def all_library_statuses(_: Call) -> Members:
    """Show the same of every cluster."""
    return {"statuses": []}


def install_libraries(_: Call) -> Members:
    """Refuse: what is installed here is installed for a task."""
    raise Refusal(
        "FEATURE_DISABLED",
        "Clusters have no libraries of their own here. Name them at the task: it gets an environment with them.",
    )


_ID: Mapping[str, str] = {"cluster_id": "string!"}
_SPEC: Mapping[str, str] = {
    "cluster_name": "string",
    "spark_version": "string!",
    "node_type_id": "string",
    "driver_node_type_id": "string",
    "num_workers": "int",
    "autoscale": "object",
    "autotermination_minutes": "int",
    "spark_conf": "object",
    "spark_env_vars": "object",
    "custom_tags": "object",
    "init_scripts": "array",
    "data_security_mode": "string",
    "policy_id": "string",
    "single_user_name": "string",
}
_DETAILS: Mapping[str, str] = {
    "cluster_id": "string",
    "cluster_name": "string",
    "state": "string",
    "spark_version": "string",
    "node_type_id": "string",
    "num_workers": "int",
    "creator_user_name": "string",
    "start_time": "int",
}


def _operation(
    operation_id: str,
    name: str,
    handle: Callable[[Call], Members],
    summary: str,
    *,
    method: str = "POST",
    **members: Mapping[str, str],
) -> Operation:
    return Operation(
        id=operation_id,
        method=method,
        path=f"clusters/{name}",
        handle=handle,
        summary=summary,
        takes=members.get("takes", _ID),
        gives=members.get("gives", {}),
        versions=clusters.VERSIONS,
    )


_EVENTS: Mapping[str, str] = {
    **_ID,
    "start_time": "int",
    "end_time": "int",
    "order": "string",
    "event_types": "array",
    "offset": "int",
    "limit": "int",
}

OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "createCluster",
        "create",
        clusters.create_cluster,
        "Note a cluster, which runs at once",
        takes=_SPEC,
        gives={"cluster_id": "string"},
    ),
    _operation("getCluster", "get", clusters.get_cluster, "Get a cluster", method="GET", gives=_DETAILS),
    _operation(
        "listClusters",
        "list",
        clusters.list_clusters,
        "List clusters",
        method="GET",
        takes={"page_size": "int", "page_token": "string"},
        gives={"clusters": "array", "next_page_token": "string"},
    ),
    _operation("editCluster", "edit", clusters.edit_cluster, "Replace a cluster's settings", takes={**_ID, **_SPEC}),
    _operation(
        "updateCluster",
        "update",
        clusters.update_cluster,
        "Change some of a cluster's settings",
        takes={**_ID, "update_mask": "string!", "cluster": "object"},
    ),
    _operation(
        "resizeCluster",
        "resize",
        clusters.resize_cluster,
        "Note another size",
        takes={**_ID, "num_workers": "int", "autoscale": "object"},
    ),
    _operation("startCluster", "start", clusters.start_cluster, "Start a terminated cluster"),
    _operation("restartCluster", "restart", clusters.restart_cluster, "Restart a cluster"),
    _operation("deleteCluster", "delete", clusters.delete_cluster, "Terminate a cluster"),
    _operation("permanentlyDeleteCluster", "permanent-delete", clusters.permanently_delete_cluster, "Forget a cluster"),
    _operation("pinCluster", "pin", clusters.pin_cluster, "Pin a cluster"),
    _operation("unpinCluster", "unpin", clusters.unpin_cluster, "Unpin a cluster"),
    _operation(
        "listClusterEvents",
        "events",
        clusters.list_events,
        "List what happened to a cluster",
        takes=_EVENTS,
        gives={"events": "array", "total_count": "int", "next_page": "object"},
    ),
    _operation(
        "listSparkVersions",
        "spark-versions",
        list_spark_versions,
        "List the names of runtimes",
        method="GET",
        takes={},
        gives={"versions": "array"},
    ),
    _operation(
        "listNodeTypes",
        "list-node-types",
        list_node_types,
        "List kinds of machines",
        method="GET",
        takes={},
        gives={"node_types": "array"},
    ),
    _operation(
        "listZones",
        "list-zones",
        list_zones,
        "List places of machines",
        method="GET",
        takes={},
        gives={"zones": "array", "default_zone": "string"},
    ),
    Operation(
        id="getLibraryStatuses",
        method="GET",
        path="libraries/cluster-status",
        handle=library_statuses,
        summary="List the libraries of a cluster",
        takes=_ID,
        gives={"cluster_id": "string", "library_statuses": "array"},
    ),
    Operation(
        id="listLibraryStatuses",
        method="GET",
        path="libraries/all-cluster-statuses",
        handle=all_library_statuses,
        summary="List the libraries of every cluster",
        gives={"statuses": "array"},
    ),
    Operation(
        id="installLibraries",
        method="POST",
        path="libraries/install",
        handle=install_libraries,
        summary="Refused: libraries belong to tasks here",
        takes={**_ID, "libraries": "array"},
    ),
)
