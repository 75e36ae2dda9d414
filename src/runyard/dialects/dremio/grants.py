"""Privileges by object, which cannot be kept here: whoever may start a job may read every file of the workspace."""

from __future__ import annotations

from http import HTTPStatus

from runyard.dialects.dremio import catalog
from runyard.dialects.dremio.calls import Call, Operation
from runyard.dialects.dremio.catalog_operations import entity
from runyard.dialects.dremio.errors import Refusal
from runyard.runtime.dremio_sql.recording import BY_ROLES

REFUSED = f"Privileges on one object are neither kept nor shown by this server: {BY_ROLES}."
SUMMARY = "Refused: who may do what follows from roles"


def refuse_grants(call: Call) -> None:
    """Refuse to say or change who may do what with one object; of one that is not there, say that."""
    catalog.read(call, lambda shelves: entity(shelves, call.text("id")))
    raise Refusal(HTTPStatus.BAD_REQUEST, REFUSED)


OPERATIONS: tuple[Operation, ...] = tuple(
    Operation(id=name, method=method, path="catalog/{id}/grants", handle=refuse_grants, summary=SUMMARY)
    for name, method in (("getGrants", "GET"), ("setGrants", "PUT"))
)
