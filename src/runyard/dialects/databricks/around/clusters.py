"""Clusters as clients expect to find them: this machine, under the names that they give it.

A cluster here is a record; what names it runs on this server. So one is RUNNING as soon as it is asked for.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from runyard.dialects.databricks.calls import Call
from runyard.dialects.databricks.errors import Refusal
from runyard.dialects.databricks.kept import Kept, kept
from runyard.dialects.databricks.machine import CLUSTER_ID as OWN
from runyard.dialects.databricks.machine import NODE_TYPE, SPARK_VERSION, cores, memory_mb
from runyard.dialects.tokens import read_token, write_token

Members = dict[str, Any]

VERSIONS = ("2.0", "2.1")
RUNNING, TERMINATED = "RUNNING", "TERMINATED"
LARGEST_PAGE = 100
MOST_EVENTS = 500  # an answer holds, and a cluster remembers
EVENTS_BY_DEFAULT = 50


def create_cluster(call: Call) -> Members:
    """Note a cluster; it runs at once."""
    now = datetime.now(UTC)
    cluster_id = f"{now:%m%d-%H%M%S}-{secrets.token_hex(4)}"
    spec = {"cluster_name": "", **call.members}
    fresh = {**_facts(call.request.user, _now()), "spec": spec, "events": []}

    def add(clusters: Members) -> None:
        clusters[cluster_id] = fresh
        _happened(fresh, "CREATING")
        _happened(fresh, "RUNNING")

    _clusters(call).change(add)
    return {"cluster_id": cluster_id}


def get_cluster(call: Call) -> Members:
    """Show a cluster."""
    cluster_id = call.members["cluster_id"]
    return _shown(cluster_id, _find(_known(call), cluster_id))


def list_clusters(call: Call) -> Members:
    """List the clusters, the newest first; page by page from 2.1 on."""
    known = sorted(_known(call).items(), key=lambda one: (-one[1]["start_time"], one[0]))
    shown = [_shown(cluster_id, cluster) for cluster_id, cluster in known]
    if call.version == "2.0":
        return {"clusters": shown}
    token, size = call.members.get("page_token"), min(call.members.get("page_size") or LARGEST_PAGE, LARGEST_PAGE)
    start = read_token("clusters", token, size=1)[0] if token else 0
    end = start + size
    return {
        "clusters": shown[start:end],
        **({"next_page_token": write_token("clusters", (end,))} if end < len(shown) else {}),
    }


def edit_cluster(call: Call) -> Members:
    """Replace what a cluster was asked to be."""
    spec = {name: value for name, value in call.members.items() if name != "cluster_id"}

    def change(cluster: Members) -> None:
        cluster["spec"] = spec
        _happened(cluster, "EDITED")

    return _change(call, change)


def update_cluster(call: Call) -> Members:
    """Change some of what a cluster was asked to be."""
    mask = [name for name in call.members["update_mask"].replace(" ", "").split(",") if name]
    new = call.members.get("cluster", {})
    names = list(new) if mask == ["*"] else mask

    def change(cluster: Members) -> None:
        kept_spec = {name: value for name, value in cluster["spec"].items() if name not in names}
        cluster["spec"] = {**kept_spec, **{name: new[name] for name in names if name in new}}
        _happened(cluster, "EDITED")

    return _change(call, change)


def resize_cluster(call: Call) -> Members:
    """Note another size; this machine stays as large as it is."""
    size = {name: call.members[name] for name in ("num_workers", "autoscale") if name in call.members}

    def change(cluster: Members) -> None:
        rest = {name: value for name, value in cluster["spec"].items() if name not in ("num_workers", "autoscale")}
        cluster["spec"] = {**rest, **size}
        _happened(cluster, "RESIZING")
        _happened(cluster, "UPSIZE_COMPLETED")

    return _change(call, change, only_in=RUNNING)


def start_cluster(call: Call) -> Members:
    """Let a terminated cluster run again."""

    def change(cluster: Members) -> None:
        cluster.update(state=RUNNING, start_time=_now(), terminated_time=None)
        _happened(cluster, "STARTING")
        _happened(cluster, "RUNNING")

    return _change(call, change, only_in=TERMINATED)


def restart_cluster(call: Call) -> Members:
    """Note that a running cluster was restarted; tasks that run go on."""

    def change(cluster: Members) -> None:
        cluster["last_restarted_time"] = _now()
        _happened(cluster, "RESTARTING")
        _happened(cluster, "RUNNING")

    return _change(call, change, only_in=RUNNING)


def delete_cluster(call: Call) -> Members:
    """Terminate a cluster; its record stays, and tasks that run go on."""

    def change(cluster: Members) -> None:
        if cluster["state"] == RUNNING:
            cluster.update(state=TERMINATED, terminated_time=_now())
            _happened(cluster, "TERMINATING")

    return _change(call, change)


def permanently_delete_cluster(call: Call) -> Members:
    """Forget a cluster; the one that is always there begins anew."""
    cluster_id = call.members["cluster_id"]

    def remove(clusters: Members) -> None:
        _find({OWN: None, **clusters}, cluster_id)
        clusters.pop(cluster_id, None)

    _clusters(call).change(remove)
    return {}


def pin_cluster(call: Call) -> Members:
    """Note that a cluster is not to be forgotten, which none is here."""
    return _change(call, lambda cluster: _happened(cluster, "PINNED"))


def unpin_cluster(call: Call) -> Members:
    """Note that a cluster is pinned no more."""
    return _change(call, lambda cluster: _happened(cluster, "UNPINNED"))


def list_events(call: Call) -> Members:
    """List what happened to a cluster, the newest first unless asked otherwise."""
    cluster_id, asked = call.members["cluster_id"], call.members
    events = [
        {"cluster_id": cluster_id, **event, "details": {}}
        for event in _find(_known(call), cluster_id)["events"]
        if asked.get("start_time", 0) <= event["timestamp"] <= asked.get("end_time", event["timestamp"])
        and event["type"] in asked.get("event_types", (event["type"],))
    ]
    if asked.get("order", "DESC").upper() != "ASC":
        events.reverse()
    start, size = asked.get("offset", 0), min(asked.get("limit") or EVENTS_BY_DEFAULT, MOST_EVENTS)
    end = start + size
    more = {"next_page": {**asked, "offset": end, "limit": size}} if end < len(events) else {}
    return {"events": events[start:end], "total_count": len(events), **more}


# records


def _clusters(call: Call) -> Kept:
    return kept(call, "clusters")


def _known(call: Call) -> Members:
    return {OWN: _own(call), **_clusters(call).read()}


def _own(call: Call) -> Members:
    spec = {"cluster_name": "runyard", "spark_version": SPARK_VERSION, "node_type_id": NODE_TYPE, "num_workers": 0}
    return {**_facts("runyard", call.workspace.created_at), "spec": spec, "events": []}


def _facts(creator: str, now: int) -> Members:
    return {"creator_user_name": creator, "state": RUNNING, "start_time": now}


def _find(clusters: Members, cluster_id: str) -> Any:
    if cluster_id not in clusters:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"Cluster {cluster_id} does not exist")
    return clusters[cluster_id]


def _change(call: Call, change: Callable[[Members], Any], *, only_in: str = "") -> Members:
    """Change a cluster's record, or refuse if it is not in the state that this needs."""
    cluster_id = call.members["cluster_id"]

    def changed(clusters: Members) -> None:
        if cluster_id == OWN:
            clusters.setdefault(OWN, _own(call))
        cluster = _find(clusters, cluster_id)
        if only_in and cluster["state"] != only_in:
            state = cluster["state"].capitalize()
            raise Refusal("INVALID_STATE", f"Cluster {cluster_id} is in unexpected state {state}.")
        change(cluster)

    _clusters(call).change(changed)
    return {}


def _happened(cluster: Members, kind: str) -> None:
    cluster["events"] = [*cluster["events"], {"timestamp": _now(), "type": kind}][-MOST_EVENTS:]


def _shown(cluster_id: str, cluster: Members) -> Members:
    spec = cluster["spec"]
    name = spec.get("cluster_name", "")
    size = {"cluster_cores": float(cores()), "cluster_memory_mb": memory_mb()} if cluster["state"] == RUNNING else {}
    reason = {"code": "USER_REQUEST", "type": "SUCCESS"}
    return {
        **spec,
        "cluster_id": cluster_id,
        "driver_node_type_id": spec.get("driver_node_type_id", spec.get("node_type_id", NODE_TYPE)),
        "cluster_source": "API",
        "default_tags": {"Vendor": "runyard", "ClusterName": name, "ClusterId": cluster_id},
        **size,
        **{fact: value for fact, value in cluster.items() if fact not in ("spec", "events") and value is not None},
        "state_message": "",
        "spec": spec,
        **({"termination_reason": reason} if cluster["state"] == TERMINATED else {}),
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
