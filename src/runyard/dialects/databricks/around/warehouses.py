"""SQL warehouses: the one that is this server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from runyard.dialects.databricks.calls import Call, Operation
from runyard.dialects.databricks.errors import Refusal

Members = dict[str, Any]

WAREHOUSE = "runyard"


def list_warehouses(call: Call) -> Members:
    """List the one warehouse."""
    return {"warehouses": [_shown(call)]}


def get_warehouse(call: Call) -> Members:
    """Show the one warehouse."""
    if call.members["id"] != WAREHOUSE:
        raise Refusal("RESOURCE_DOES_NOT_EXIST", f"SQL warehouse {call.members['id']} does not exist.")
    return _shown(call)


def _shown(call: Call) -> Members:
    place = urlsplit(call.request.url)
    return {
        "id": WAREHOUSE,
        "name": "runyard",
        "state": "RUNNING",
        "warehouse_type": "PRO",
        "enable_serverless_compute": False,
        "enable_photon": False,
        "num_clusters": 1,
        "min_num_clusters": 1,
        "max_num_clusters": 1,
        "auto_stop_mins": 0,
        "odbc_params": {
            "hostname": place.hostname,
            "port": place.port,
            "path": f"/sql/1.0/warehouses/{WAREHOUSE}",
            "protocol": place.scheme,
        },
        "health": {"status": "HEALTHY"},
    }


_WAREHOUSE = {"id": "string", "name": "string", "state": "string", "warehouse_type": "string", "odbc_params": "object"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="listWarehouses",
        method="GET",
        path="sql/warehouses",
        handle=list_warehouses,
        summary="List SQL warehouses",
        gives={"warehouses": "array"},
    ),
    Operation(
        id="getWarehouse",
        method="GET",
        path="sql/warehouses/{id}",
        handle=get_warehouse,
        summary="Get a SQL warehouse",
        takes={"id": "string!"},
        gives=_WAREHOUSE,
    ),
)
