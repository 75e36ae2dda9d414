"""Sources by the calls that are for them alone, which older clients make: each is one of the catalog's."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from runyard.dialects.dremio import catalog, catalog_operations, entities
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog import SOURCE
from runyard.dialects.dremio.errors import missing

NOT_FOUND = "Could not find source with id [{id}]"


def list_sources(call: Call) -> dict[str, Any]:
    """List the sources, without what is in them."""
    found = catalog.read(call, catalog.every)
    return {
        "data": [entities.whole(one, []) | catalog_operations.state(call, one) for one in found if one.kind == SOURCE]
    }


def create(call: Call) -> dict[str, Any]:
    """Add a source."""
    return catalog_operations.create(replace(call, members={**call.members, "entityType": SOURCE}))


def get(call: Call) -> dict[str, Any]:
    """Show a source."""
    return catalog_operations.get_by_id(_of_source(call))


def update(call: Call) -> dict[str, Any]:
    """Change a source that the caller has seen as it is now."""
    return catalog_operations.update(_of_source(call))


def delete(call: Call) -> None:
    """Remove a source from the catalog; what it reads stays."""
    catalog_operations.delete(_of_source(call))


def _of_source(call: Call) -> Call:
    """Return the call again; refuse one for what is no source."""
    found = catalog.read(call, lambda shelves: catalog_operations.entity(shelves, call.text("id")))
    if found.kind != SOURCE:
        raise missing(NOT_FOUND.format(id=call.text("id")))
    return call


_GIVES = {"id": "string!", "entityType": "string!", "name": "string!", "type": "string!", "config": "object"}
_TAKES = {"name": "string", "type": "string", "config": "object", "metadataPolicy": "object", "tag": "string"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="listSources",
        method="GET",
        path="source",
        handle=list_sources,
        summary="List the sources",
        gives={"data": "array!"},
    ),
    Operation(
        id="createSource",
        method="POST",
        path="source",
        handle=create,
        summary="Add a source",
        takes={**_TAKES, "name": "string!", "type": "string!"},
        gives=_GIVES,
    ),
    Operation(id="getSource", method="GET", path="source/{id}", handle=get, summary="Show a source", gives=_GIVES),
    Operation(
        id="updateSource",
        method="PUT",
        path="source/{id}",
        handle=update,
        summary="Change a source",
        takes=_TAKES,
        gives=_GIVES,
    ),
    Operation(
        id="deleteSource",
        method="DELETE",
        path="source/{id}",
        handle=delete,
        summary="Remove a source",
        takes={"tag": "string"},
        status=HTTPStatus.NO_CONTENT,
    ),
)
