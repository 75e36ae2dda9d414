"""The one cluster and the engines that there are here, in Dremio's words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from runyard.core.ids import moment_of
from runyard.dialects.dremio.calls import CLOUD, ROOT, Call, Operation
from runyard.dialects.dremio.errors import Refusal, missing
from runyard.dialects.dremio_ids import entity_id, project_id

CLUSTER = "runyard"
ENGINE = "default"
"""The engine of this machine: every query runs on it, whatever its queue."""
NO_ENGINE = "Could not find engine {id}; there are {names}, of which the first is this machine."
FIXED = "Engines are this machine and those of the server's settings; no call makes, changes or removes one."


def list_projects(call: Call) -> list[dict[str, Any]]:
    """List the projects that the token is good for: one."""
    return [_project(call)]


def get_project(call: Call) -> dict[str, Any]:
    """Show a project."""
    return _project(call)


def list_engines(call: Call) -> list[dict[str, Any]]:
    """List the engines: this machine, and those elsewhere that the settings name."""
    return [_engine(call), *(_elsewhere(call, name) for name in call.engine.settings.dremio.engines)]


def get_engine(call: Call) -> dict[str, Any]:
    """Show an engine."""
    known = list_engines(call)
    found = next((one for one in known if call.text("id") in (one["id"], one["name"])), None)
    if found is None:
        names = ", ".join(one["name"] for one in known)
        raise missing(
            f"Could not find engine {call.text('id')}; there are {names}, of which the first is this machine."
        )
    return found


def refuse_engine(_: Call) -> None:
    """Refuse to make an engine."""
    raise Refusal(HTTPStatus.BAD_REQUEST, FIXED)


def refuse_change(call: Call) -> None:
    """Refuse to change or remove an engine; one that is not there is said not to be."""
    get_engine(call)
    refuse_engine(call)


def _project(call: Call) -> dict[str, Any]:
    made_at = _java_date(moment_of(call.workspace.id))
    return {
        "id": project_id(call.workspace.name),
        "name": call.workspace.name,
        "state": "ACTIVE",
        "createdBy": entity_id(call.workspace.id),
        "createdAt": made_at,
        "modifiedAt": made_at,
        "type": "QUERY_ENGINE",
        "cloudId": CLUSTER,
        "cloudType": "UNKNOWN",
    }


def _engine(call: Call) -> dict[str, Any]:
    moment = _java_date(moment_of(call.workspace.id))
    return {
        "id": entity_id(call.workspace.id),
        "name": ENGINE,
        "description": "This machine",
        "size": "XX_SMALL_V1",
        "minReplicas": 1,
        "maxReplicas": 1,
        "activeReplicas": 1,
        "runningReplicas": 1,
        "autoStopDelaySeconds": 0,
        "queueTimeLimitSeconds": 0,
        "runTimeLimitSeconds": 0,
        "drainTimeLimitSeconds": 0,
        "maxConcurrency": call.engine.places,
        "state": "ENABLED",
        "queriedAt": moment,
        "statusChangedAt": moment,
        "instanceFamily": "M5D",
        "additionalEngineStateInfo": "NONE",
    }


def _elsewhere(call: Call, name: str) -> dict[str, Any]:
    url = call.engine.settings.dremio.engines[name].url
    return {**_engine(call), "id": name, "name": name, "description": f"Spark Connect at {url}"}


def _java_date(moment: int) -> str:
    """Spell a moment as Java's Date.toString does, which strict clients read."""
    return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(moment / 1000))


_ENGINE_GIVES: Mapping[str, str] = {"id": "string!", "name": "string!", "state": "string!", "size": "string"}
_REFUSED = (
    ("createEngine", "POST", "engines"),
    ("updateEngine", "PUT", "engines/{id}"),
    ("deleteEngine", "DELETE", "engines/{id}"),
    ("enableEngine", "PUT", "engines/{id}/enable"),
    ("disableEngine", "PUT", "engines/{id}/disable"),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="listProjects",
        method="GET",
        path="v0/projects",
        handle=list_projects,
        summary="List the projects of the token",
        bases=(ROOT,),
    ),
    Operation(
        id="getProject",
        method="GET",
        path="v0/projects/{project_id}",
        handle=get_project,
        summary="Show a project",
        gives={"id": "string!", "name": "string!", "state": "string"},
        bases=(ROOT,),
    ),
    Operation(
        id="listEngines", method="GET", path="engines", handle=list_engines, summary="List the engines", bases=(CLOUD,)
    ),
    Operation(
        id="getEngine",
        method="GET",
        path="engines/{id}",
        handle=get_engine,
        summary="Show an engine",
        gives=_ENGINE_GIVES,
        bases=(CLOUD,),
    ),
    *(
        Operation(
            id=operation,
            method=method,
            path=path,
            handle=refuse_change if "{id}" in path else refuse_engine,
            summary="Refused: engines are this machine and those of the settings",
            bases=(CLOUD,),
        )
        for operation, method, path in _REFUSED
    ),
)
